# SPDX-License-Identifier: Apache-2.0
"""Which numbers of approvals are worth trying: those where some rule's answer could change, fewest first.

`context.approvals.finance >= 2` changes at 2 and nowhere else, so 0 and 2 stand for all numbers. A rule
that uses a number in any other way (a sum, a comparison with an argument) makes every number up to the
largest literal count. It asks Cedar nothing; `policy.py` does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from cedarpy import pst

from gyges.gate.policy_rules import children, looks_of

CAP = 512
"""Most combinations tried for one action; beyond it the action is denied."""
FREE_LIMIT = 10
"""Most approvals of one group that a rule without plain comparisons can ask for."""

Approvals = dict[str, int]
_AT = {"greater_eq": (0,), "less": (0,), "greater": (1,), "less_eq": (1,)}
_MIRROR = {
    "greater_eq": "less_eq",
    "less_eq": "greater_eq",
    "greater": "less",
    "less": "greater",
}


class TooMany(Exception):
    """There are more combinations than `CAP`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Numbers of one group at which a rule's answer can change."""

    at: frozenset[int]


def marks_of(
    nodes: Iterable[pst.Template], looks: Iterable[tuple[str, ...]], groups: Iterable[str]
) -> dict[str, Marks]:
    """Group -> marks, for each group that the rules mention, by name."""
    paths = set(looks)
    whole = () in paths or ("approvals",) in paths
    mentioned = {path[1] for path in paths if path[0:1] == ("approvals",) and len(path) > 1}
    named = sorted(set(groups) if whole else mentioned & set(groups))
    found: dict[str, set[int]] = {name: set() for name in named}
    free = set(named) if whole else set[str]()
    literals = {0}
    for node in nodes:
        before = len(free)
        _read(node.clauses, found, free, literals)
        if len(free) > before and _looks_at_arguments(node):
            literals.add(FREE_LIMIT)
    top = min(max(literals) + 1, FREE_LIMIT)
    every = set(range(1, top + 1))
    return {
        name: Marks(at=frozenset(at | every if name in free else at)) for name, at in found.items()
    }


def candidates(
    marks: Mapping[str, Marks], given: Mapping[str, int], sizes: Mapping[str, int]
) -> list[Approvals]:
    """All sets that hold more than `given`, fewest people first, then by name; raise `TooMany`.

    `sizes` gives the number of people in a group, 0 where nobody has said.
    """
    levels = [_levels(marks[name], given.get(name, 0), sizes.get(name, 0)) for name in marks]
    if prod(len(level) for level in levels) > CAP:
        raise TooMany
    sets = [dict(zip(marks, numbers, strict=True)) for numbers in product(*levels)]
    more = [s for s in sets if any(n > given.get(name, 0) for name, n in s.items())]
    return sorted(more, key=_order)


def _levels(marks: Marks, given: int, size: int) -> list[int]:
    possible = {n for n in marks.at if n > given and (not size or n <= size)}
    return [given, *sorted(possible)]


def _order(approvals: Approvals) -> tuple[int, int, list[tuple[str, int]]]:
    asked = [(name, n) for name, n in sorted(approvals.items()) if n]
    return sum(approvals.values()), len(asked), asked


def _read(value: object, found: dict[str, set[int]], free: set[str], literals: set[int]) -> None:
    """Collect marks from plain comparisons; a group that shows up in any other place is free."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, pst.LongLit):
            literals.add(part.value)
        plain = _comparison(part)
        if plain:
            name, op, number = plain
            literals.add(number)
            steps = _AT.get(op, (0, 1))
            found.setdefault(name, set()).update(number + s for s in steps if number + s > 0)
        elif (group := _group(part)) is not None:
            free.add(group)
        else:
            stack.extend(children(part))


def _comparison(part: object) -> tuple[str, str, int] | None:
    """(group, operator, number) of `context.approvals.GROUP op NUMBER`, either way round."""
    if not isinstance(part, pst.BinaryOp) or part.op not in (*_AT, "eq", "not_eq"):
        return None
    left, right = _group(part.left), _group(part.right)
    if left is not None and isinstance(part.right, pst.LongLit):
        return left, part.op, part.right.value
    if right is not None and isinstance(part.left, pst.LongLit):
        return right, _MIRROR.get(part.op, part.op), part.left.value
    return None


def _group(part: object) -> str | None:
    if not isinstance(part, pst.GetAttr) or not isinstance(part.base, pst.GetAttr):
        return None
    base = part.base
    inside = base.attr == "approvals" and base.base == pst.Var(name="context")
    return part.attr if inside else None


def _looks_at_arguments(node: pst.Template) -> bool:
    return any(path[0:1] in ((), ("input",), ("amount",)) for path in looks_of(node))
