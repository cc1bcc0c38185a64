# SPDX-License-Identifier: Apache-2.0
r"""Hostile text made safe for a terminal, and visible: what a person sees is what will run. Pure.

    "invoice\u202egpj.exe"   is shown with its backslash and digits: a character that does not show, moves the
                             cursor or turns the text round never reaches the terminal, but its escape does

A backslash is doubled, so an escape that is seen cannot be confused with one that was written. Long
values are folded one by one, with length and digest, so that none can push another out of sight. It
colours nothing and decides nothing.
"""

import json
import unicodedata
from collections.abc import Iterator

from gyges.canon import Json, digest

FOLD = 400  # characters of one value that are shown before it is folded
HEAD, TAIL = 240, 80
MARKS = 2  # combining marks on one letter
# Code points that count as printable and yet show nothing, or change how others show.
_UNSEEN = frozenset(
    (
        0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0,
        *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
    )
)  # fmt: skip
_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def visible(text: str) -> str:
    """`text` on one line, with escapes for whatever would not show as itself."""
    shown, stacked = "", 0
    for char in text:
        stacked = stacked + 1 if unicodedata.combining(char) else 0
        # A letter carries two marks in some scripts; a tower of them overwrites the lines above.
        shown += _escape(char) if stacked > MARKS else _char(char)
    return shown


def literal(value: Json) -> str:
    """A value as typed JSON on one line: text in quotes, with escapes; numbers and the rest as they are."""
    if isinstance(value, str):
        return '"' + visible(value).replace('"', '\\"') + '"'
    if isinstance(value, (dict, list)):
        return "{}" if isinstance(value, dict) else "[]"
    return json.dumps(value)


def folded(value: Json, *, full: bool = False) -> str:
    """`literal`, but of a long text only beginning, length, digest and end, unless `full`."""
    if full or not isinstance(value, str) or len(value) <= FOLD:
        return literal(value)
    middle = f"...[{len(value):,} characters in all, {digest(value)}]..."
    return f"{literal(value[:HEAD])} {middle} {literal(value[-TAIL:])}"


def rows(value: Json, pointer: str = "") -> Iterator[tuple[str, Json]]:
    """(JSON pointer, leaf) of every value below `value`, in order; empty objects and lists are leaves."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            escaped = key.replace("~", "~0").replace("/", "~1")
            yield from rows(item, f"{pointer}/{escaped}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from rows(item, f"{pointer}/{index}")
    else:
        yield pointer, value


def scripts(text: str) -> tuple[str, ...]:
    """The alphabets of the first word that mixes Latin with letters that look like it; () when none does."""
    for word in text.split():
        found = {unicodedata.name(c, "?").split()[0] for c in word if c.isalpha()}
        if "LATIN" in found and found & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH"}:
            return tuple(sorted(found))
    return ()


def span(ms: int) -> str:
    """A length of time in its two largest units: "2 h 05 min", "48 s"."""
    seconds = max(ms, 0) // 1000
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    hours = seconds // 3600
    if hours < 48:
        return f"{hours} h {seconds % 3600 // 60:02} min"
    return f"{hours // 24} d {hours % 24} h"


def ago(at: int, now: int) -> str:
    """How far `at` (ms) is from `now`, in words."""
    return f"{span(now - at)} ago" if at <= now else f"in {span(at - now)}"


def _char(char: str) -> str:
    if char in _NAMES:
        return _NAMES[char]
    if char.isprintable() and ord(char) not in _UNSEEN:
        return char
    return _escape(char)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
