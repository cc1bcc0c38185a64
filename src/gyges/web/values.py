# SPDX-License-Identifier: Apache-2.0
"""Arguments as rows of a page: every value typed, long ones folded one by one with size and digest. Pure.

Nothing is left out in silence: what is folded says how long it is and what it hashes to, and can be opened.
It knows nothing of tools or risk.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from gyges.canon import Json, digest
from gyges.web.visible import notes, pieces

SHORT = 400  # characters shown as they are
FOLDED = 8_000  # beyond this a value opens on a page of its own
HEAD, TAIL = 240, 120
LINES = 12  # a text of more lines is folded however short it is
ROWS = 300  # rows of one page; the rest is one folded row
_TYPES = {bool: "true or false", int: "number", float: "number", str: "text", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value and its place: `pointer` is RFC 6901."""

    pointer: str
    value: Json


def leaves(value: Json, pointer: str = "") -> Iterator[Leaf]:
    """Every value below `value`, in order; empty objects and lists are leaves."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{pointer}/{index}")
    else:
        yield Leaf(pointer, value)


def rows(arguments: dict[str, Json]) -> list[dict[str, Json]]:
    """One row a value, at most `ROWS`; what is beyond is a last row with its count and digest."""
    if not arguments:
        return []
    every = list(leaves(arguments))
    found = [row(leaf) for leaf in every[:ROWS]]
    rest = len(every) - ROWS
    return [*found, _rest(arguments, rest)] if rest > 0 else found


def row(leaf: Leaf) -> dict[str, Json]:
    """A value as the page shows it: `fold` is "", "here" (opens in place) or "page" (opens on its own)."""
    text = written(leaf.value)
    fold = _fold(text)
    found: dict[str, Json] = {
        "pointer": leaf.pointer,
        "label": pieces(leaf.pointer.removeprefix("/")),
        "type": kind(leaf.value),
        "size": len(text),
        "lines": text.count("\n") + 1,
        "digest": digest(leaf.value),
        "notes": [*notes(leaf.pointer), *notes(text)],
        "fold": fold,
        "shown": pieces(text) if fold != "page" else [],
        "head": pieces(text[:HEAD]) if fold else [],
        "tail": pieces(text[-TAIL:]) if fold else [],
        "between": max(len(text) - HEAD - TAIL, 0) if fold else 0,
    }
    return found


def written(value: Json) -> str:
    """A text as itself, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def kind(value: Json) -> str:
    """What type a value has, in a word or two."""
    if isinstance(value, list):
        return "empty list" if not value else "list"
    if isinstance(value, dict):
        return "empty object" if not value else "object"
    return _TYPES[type(value)]


def _fold(text: str) -> str:
    if len(text) > FOLDED:
        return "page"
    return "here" if len(text) > SHORT or text.count("\n") >= LINES else ""


def _rest(arguments: dict[str, Json], count: int) -> dict[str, Json]:
    return {
        **row(Leaf("", "")),
        "label": [f"and {count:,} more values"],
        "type": "rest",
        "size": count,
        "digest": digest(arguments),
        "fold": "page",
        "notes": ["not every value is on this page: open them before you approve"],
    }
