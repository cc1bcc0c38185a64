# SPDX-License-Identifier: Apache-2.0
r"""What a model wrote, made visible and inert: for the report's page, and for one line of plain text.

    "a\u202eb"   ->   on the page a, a marked "U+202E" with its name, b;   in a line  a[U+202E]b

A character that does not show, moves what follows or turns it round is replaced by its code point; line
breaks and tabs stay where there is room for them. Nothing of the text becomes markup. It judges nothing.
"""

import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

STACK = 2  # combining marks on one letter; a tower of them overwrites the lines above
ROOM = "\n\t"
# Printable by Unicode's word, yet they show nothing or change how others show.
_UNSEEN = frozenset(
    (
        0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0,
        *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
    )
)  # fmt: skip


def block(text: str) -> Markup:
    """`text` for a page that keeps its line breaks; marks are elements of the class `m`."""
    parts = [
        _mark(piece) if hidden else str(escape(piece)) for piece, hidden in _pieces(text, ROOM)
    ]
    return Markup("".join(parts))  # noqa: S704 - each piece was escaped above


def line(text: str) -> str:
    """`text` on one line without any element: for figures, attributes and titles; not yet escaped."""
    return "".join(
        f"[{_code(piece)}]" if hidden else piece for piece, hidden in _pieces(text, keep="")
    )


def _pieces(text: str, keep: str) -> Iterator[tuple[str, bool]]:
    """Runs of what shows as itself, and single characters that do not."""
    plain: list[str] = []
    stacked = 0
    for char in text:
        stacked = stacked + 1 if unicodedata.combining(char) else 0
        if char in keep or not (_hidden(char) or stacked > STACK):
            plain.append(char)
            continue
        yield "".join(plain), False
        yield char, True
        plain.clear()
    yield "".join(plain), False


def _hidden(char: str) -> bool:
    return not char.isprintable() or ord(char) in _UNSEEN


def _mark(char: str) -> str:
    name = unicodedata.name(char, "control character").lower()
    return f'<span class="m" title="{escape(name)}">{_code(char)}</span>'


def _code(char: str) -> str:
    return f"U+{ord(char):04X}"
