# SPDX-License-Identifier: Apache-2.0
"""Conditions on the fields of an action: does one hold, and where? Pure.

A pointer (RFC 6901) starts at the action: "/arguments/to", "/purpose", "/context". One that finds nothing
holds nothing. All tests but `equals` look at every value at or below the pointer (tests of text: also at every
key), so that wrapping an address in a list hides nothing. Matching is on fields, never on a rendering of them.

When an action is too large to be looked through, `Scene.spend` raises `TooLarge`, and the rule that asked
counts as holding. It reads no rule file and gives no verdict.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from gyges.canon import Json, encode
from gyges.monitors.patterns import Pattern
from gyges.monitors.scene import Leaf, Scene, plain
from gyges.pointer import Missing
from gyges.verdict import Span

SHORTEST = 5  # characters; shorter texts stand in any document by chance


class Check(StrEnum):
    """What is asked of the values at a pointer, or of the episode."""

    EQUALS = "equals"
    ONE_OF = "one_of"
    NOT_IN = "not_in"
    PREFIX = "prefix"
    CONTAINS = "contains"
    REGEX = "regex"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    LONGER_THAN = "longer_than"
    FROM_UNTRUSTED = "from_untrusted"  # value: shortest text that counts
    PROPOSED_BEFORE = "proposed_before"  # value: names of tools; no pointer
    MORE_THAN = "more_than"  # value: earlier proposals of this tool in the episode; no pointer


ON_EPISODE = frozenset({Check.PROPOSED_BEFORE, Check.MORE_THAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One test. `pattern` is the compiled value of a regex, prefix or contains, `names` that of proposed_before."""

    test: Check
    pointer: str = ""
    value: Json = None
    pattern: Pattern | None = None
    names: tuple[str, ...] = ()


def named(tool: str, names: tuple[str, ...]) -> bool:
    """Whether one of `names` is `tool`, or is a form of it with `*` for any characters."""
    return any(name == tool or ("*" in name and fnmatchcase(tool, name)) for name in names)


def holds(condition: Condition, scene: Scene) -> tuple[Span, ...] | None:
    """Where `condition` holds (perhaps nowhere in particular), or None where it does not."""
    if condition.test is Check.PROPOSED_BEFORE:
        return () if any(named(tool, condition.names) for tool in scene.tools) else None
    if condition.test is Check.MORE_THAN:
        limit = _number(condition.value)
        before = scene.tools.count(scene.action.tool)
        return () if limit is not None and before > limit else None
    if condition.test is Check.EQUALS:
        value = scene.at(condition.pointer)
        same = not isinstance(value, Missing) and encode(value) == encode(condition.value)
        return (Span(pointer=condition.pointer),) if same else None
    check = _CHECKS[condition.test]
    for leaf in scene.leaves(condition.pointer):
        if spans := check(condition, leaf, scene):
            return spans
    return None


Spans = tuple[Span, ...]


def _whole(leaf: Leaf, held: bool) -> Spans:
    size = len(leaf.value) if isinstance(leaf.value, str) else 0
    return (Span(pointer=leaf.pointer, start=0, end=size),) if held else ()


def _listed(condition: Condition, leaf: Leaf, scene: Scene) -> Spans:
    scene.spend(1)
    if leaf.key:
        return ()
    listed = condition.value if isinstance(condition.value, list) else []
    inside = any(_same(leaf.value, item) for item in listed)
    return _whole(leaf, inside is (condition.test is Check.ONE_OF))


def _searched(condition: Condition, leaf: Leaf, scene: Scene) -> Spans:
    pattern = condition.pattern
    if not isinstance(leaf.value, str) or pattern is None:
        return ()
    scene.spend(1 + pattern.ways * len(leaf.value) // 4)
    found = pattern.expression.search(leaf.value)
    return (Span(pointer=leaf.pointer, start=found.start(), end=found.end()),) if found else ()


def _measured(condition: Condition, leaf: Leaf, scene: Scene) -> Spans:
    scene.spend(1)
    number, limit = _number(leaf.value), _number(condition.value)
    if number is None or limit is None:
        return ()
    return _whole(leaf, number <= limit if condition.test is Check.AT_MOST else number >= limit)


def _long(condition: Condition, leaf: Leaf, scene: Scene) -> Spans:
    scene.spend(1)
    limit = _number(condition.value)
    return _whole(
        leaf, isinstance(leaf.value, str) and limit is not None and len(leaf.value) > limit
    )


def _from_untrusted(condition: Condition, leaf: Leaf, scene: Scene) -> Spans:
    provenance = scene.action.provenance
    if leaf.key or not (provenance or scene.read):
        return ()
    sources = _sources(leaf.pointer, provenance) if provenance else ()
    if any(source not in scene.trusted for source in sources):
        return _whole(leaf, True)
    # A caller who says "the user" is not believed: the text is looked for all the same.
    text = plain(_written(leaf.value))
    shortest = _number(condition.value) or SHORTEST
    if len(text) < shortest:
        return ()
    scene.spend(1 + (len(scene.read) + len(scene.told)) // 50)
    return _whole(leaf, text in scene.read and text not in scene.told)


_CHECKS: Mapping[Check, Callable[[Condition, Leaf, Scene], Spans]] = {
    Check.ONE_OF: _listed,
    Check.NOT_IN: _listed,
    Check.PREFIX: _searched,
    Check.CONTAINS: _searched,
    Check.REGEX: _searched,
    Check.AT_MOST: _measured,
    Check.AT_LEAST: _measured,
    Check.LONGER_THAN: _long,
    Check.FROM_UNTRUSTED: _from_untrusted,
}


def _sources(pointer: str, provenance: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The declared sources of the value at `pointer` or of what it is part of, nearest first."""
    inner = pointer.removeprefix("/arguments")
    while inner:
        for name in (inner, "/arguments" + inner):
            if name in provenance:
                return provenance[name]
        inner = inner.rpartition("/")[0]
    return provenance.get("", ()) or provenance.get("/arguments", ())


def _written(value: Json) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return value if isinstance(value, str) else encode(value).decode()


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and one == other


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
