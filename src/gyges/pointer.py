# SPDX-License-Identifier: Apache-2.0
"""JSON pointers (RFC 6901): the one way to name a place inside an action's arguments. Reads, never writes."""

from gyges.canon import Json
from gyges.errors import Malformed


class Missing:
    """What `find` returns when the pointer leads nowhere; `None` is a JSON value."""


MISSING = Missing()


def find(value: Json, pointer: str) -> Json | Missing:
    """The value at `pointer` in `value`, or `MISSING`; raise `Malformed` for a bad pointer."""
    for part in parts(pointer):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and _is_index(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def parts(pointer: str) -> list[str]:
    """The unescaped reference tokens of `pointer`; [] for the whole document."""
    if pointer == "":
        return []
    if not pointer.startswith("/") or "~" in pointer.replace("~0", "").replace("~1", ""):
        raise Malformed(f"{pointer!r} is not a JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and (part == "0" or part[0] != "0") and len(part) < 10
