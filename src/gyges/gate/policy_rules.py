# SPDX-License-Identifier: Apache-2.0
"""Rules out of Cedar text: each with its id, file, line, own words, and what of the context it looks at.

    @id("pay-two") @reason("Payments need two of finance.")
    permit (principal, action in Action::"risk:pay", resource) when { context.approvals.finance >= 2 };

It reads text, not files, and it does not validate against a schema: `policy.load` does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import cast

from cedarpy import PolicySet, policies_to_pst, pst

from gyges.errors import BadPolicy
from gyges.gate.policy_signed import fault_in

RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]{0,99}")
_ENDS = re.compile(r'//[^\n\r]*|"(?:\\.|[^"\\])*"|;', re.DOTALL)
ANNOTATIONS = ("assurance", "id", "reason")
_BLANK = re.compile(r"(?:\s+|//[^\n\r]*)*")

Path = tuple[str, ...]
"""Where a rule looks: ("approvals", "finance"), ("input", "amount"), ("input",) for the whole of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One Cedar policy under its `@id`. `line` is where it starts, `text` how it is written there."""

    id: str
    effect: str  # "permit" or "forbid"
    file: str
    line: int
    text: str
    node: pst.Template
    looks: frozenset[Path]
    reason: str = ""
    assurance: str = ""  # "passkey": it counts signed approvals only

    @property
    def where(self) -> str:
        """For messages: rule "pay-two" (pay.cedar:12)."""
        return f'rule "{self.id}" ({self.file}:{self.line})'

    @property
    def unconditional(self) -> bool:
        """Whether its scope alone decides."""
        return not self.node.clauses


def read_rules(sources: Mapping[str, str]) -> tuple[Rule, ...]:
    """All rules, by file name and place; raise `BadPolicy` naming file, line and rule."""
    found: dict[str, Rule] = {}
    for file in sorted(sources):
        _plain_to_see(file, sources[file])
        pieces = list(split(sources[file]))
        rules = [_rule(file, line, text) for line, text in pieces]
        _same_number(file, sources[file], len(rules))
        for rule in rules:
            if other := found.get(rule.id):
                raise BadPolicy(f"{rule.where}: the id is taken by {other.file}:{other.line}")
            found[rule.id] = rule
    return tuple(found.values())


def split(text: str) -> Iterator[tuple[int, str]]:
    """Each statement's line (from 1) and text, without the comments before it."""
    start = 0
    for end in _ENDS.finditer(text):
        if end.group() == ";":
            yield _piece(text, start, end.end())
            start = end.end()
    if _blank_to(text, start) < len(text):
        yield _piece(text, start, len(text))


def policy_set(nodes: Mapping[str, pst.Template]) -> PolicySet:
    """A parsed set in which every policy goes by the name given here."""
    return PolicySet.from_pst(
        pst.PolicySet(templates={}, static_policies=dict(nodes), template_links=())
    )


def looks_of(node: pst.Template) -> frozenset[Path]:
    """Every path into the context that the clauses of `node` may read."""
    return frozenset(path for part in walk(node.clauses) for path in _paths(part))


def walk(value: object) -> Iterator[object]:
    """`value` and every node under it; where a path into the context is read, its inner nodes are not."""
    stack = [value]
    while stack:
        part = stack.pop()
        if is_dataclass(part):
            yield part
        if _prefix(part) is None:
            stack.extend(children(part))


def children(part: object) -> Iterable[object]:
    """What stands directly under a node, a tuple or a mapping of nodes."""
    if isinstance(part, Mapping):
        return list(cast("Mapping[str, object]", part).values())
    if isinstance(part, tuple):
        return cast("tuple[object, ...]", part)
    names = cast("dict[str, object]", getattr(part, "__dataclass_fields__", {}))
    return [getattr(part, name) for name in names]


def _prefix(part: object) -> Path | None:
    """The path that an expression reads, if it is one: context.a.b -> ("a", "b")."""
    if isinstance(part, pst.Var) and part.name == "context":
        return ()
    if isinstance(part, pst.GetAttr):
        base = _prefix(part.base)
        return None if base is None else (*base, part.attr)
    if isinstance(part, pst.HasAttr):
        base = _prefix(part.base)
        return None if base is None else (*base, *part.attrs)
    return None


def _paths(part: object) -> Iterator[Path]:
    path = _prefix(part)
    if path is not None:
        yield path[:2]


def _rule(file: str, line: int, text: str) -> Rule:
    at = f"{file}:{line}"
    try:
        parsed = policies_to_pst(text)
    except ValueError as error:
        raise BadPolicy(f"{at}: {_id_in(text)}{_one_line(error)}") from None
    if parsed.templates or len(parsed.static_policies) != 1:
        raise BadPolicy(f"{at}: {_id_in(text)}templates (?principal, ?resource) are not supported")
    node = next(iter(parsed.static_policies.values()))
    name, reason = node.annotations.get("id", ""), node.annotations.get("reason", "")
    if not RULE_ID.fullmatch(name):
        raise BadPolicy(f'{at}: every rule needs an @id("...") of letters, digits and _ . / : -')
    if len(reason) > 300 or not reason.isprintable():
        raise BadPolicy(f'{at}: rule "{name}": @reason must be one line of at most 300 characters')
    looks, assurance = looks_of(node), node.annotations.get("assurance")
    if fault := _strange(node) or fault_in(assurance, looks):
        raise BadPolicy(f'{at}: rule "{name}": {fault}')
    return Rule(
        id=name,
        effect=node.effect,
        file=file,
        line=line,
        text=text,
        node=node,
        looks=looks,
        reason=reason,
        assurance=assurance or "",
    )


def _strange(node: pst.Template) -> str:
    """An annotation that nothing reads is one misspelt: what its author meant would be silently missing."""
    others = sorted(set(node.annotations) - set(ANNOTATIONS))
    known = ", ".join(f"@{name}" for name in ANNOTATIONS)
    return f"there is no annotation @{others[0][:80]}; known are {known}" if others else ""


def _plain_to_see(file: str, text: str) -> None:
    """Refuse characters that hide text or turn it round: who reads a rule must see what Cedar reads."""
    for number, line in enumerate(text.split("\n"), 1):
        hidden = next((c for c in line if not c.isprintable() and c not in "\t\r"), "")
        if hidden:
            raise BadPolicy(f"{file}:{number}: holds the invisible character U+{ord(hidden):04X}")


def _same_number(file: str, text: str, ours: int) -> None:
    """Cedar itself must see as many policies as we split: else we read the text differently."""
    try:
        whole = policies_to_pst(text)
    except ValueError as error:
        raise BadPolicy(f"{file}: {_one_line(error)}") from None
    if len(whole.static_policies) != ours:
        raise BadPolicy(f"{file}: cannot tell where one rule ends and the next begins")


def _piece(text: str, start: int, end: int) -> tuple[int, str]:
    start = _blank_to(text, start)
    return text.count("\n", 0, start) + 1, text[start:end]


def _blank_to(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    return found.end() if found else start


def _id_in(text: str) -> str:
    found = re.search(r'@id\s*\(\s*"([^"\\]{1,100})"\s*\)', text)
    return f'rule "{found.group(1)}": ' if found else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
