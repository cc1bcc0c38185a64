# SPDX-License-Identifier: Apache-2.0
"""Canonical bytes (RFC 8785, JCS) and digests: the one way to read, write and hash a JSON value.

    {"b": 1.0, "a": "x"}   parse   {"b": 1, "a": "x"}   encode   b'{"a":"x","b":1}'   digest   sha256:...

`parse` refuses what two parsers could read differently: duplicate keys, NaN and infinities, lone
surrogates, numbers of magnitude 2^53 and beyond, nesting deeper than 64, bytes that are not UTF-8.
What it returns is a fixed point: `parse(encode(parse(b))) == parse(b)`, and two accepted values have
the same bytes exactly when they are the same JSON value. It does not normalise Unicode.
"""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

import msgspec
import rfc8785

from gyges.errors import Malformed

if TYPE_CHECKING:
    Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
else:
    Json = Any  # msgspec cannot read a recursive alias; `clean` has checked what it would

LIMIT = 2**53  # beyond it a double cannot tell neighbours apart, so readers disagree
DEPTH = 64
MEGABYTE = 1 << 20
_HIGH = bytes(range(0xEE, 0x100))
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SURROGATE = re.compile(r"\\u[dD]")
_sorted = msgspec.json.Encoder(order="sorted").encode


def parse(data: bytes | str, *, limit: int = 4 * MEGABYTE) -> Json:
    """Read one JSON value of at most `limit` bytes; raise `Malformed` saying what is wrong."""
    if len(data) > limit:
        raise Malformed(f"JSON of {len(data)} bytes is over the limit of {limit}")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = _decode(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise Malformed(f"not JSON: {_brief(error)}") from None
    # What came from UTF-8 without an escaped surrogate, and cannot be too deep, is clean: numbers are.
    shallow = text.count("{") + text.count("[") <= DEPTH
    if shallow and isinstance(data, bytes) and not _SURROGATE.search(text):
        return cast("Json", value)
    return clean(value)


def parse_object(data: bytes | str, *, limit: int = 4 * MEGABYTE) -> dict[str, Json]:
    """`parse`, and refuse anything but an object."""
    value = parse(data, limit=limit)
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    return value


def clean(value: object, depth: int = 0) -> Json:
    """The same value with every number in its canonical type; raise `Malformed` on what JSON cannot say."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if depth >= DEPTH:
        raise Malformed(f"nested deeper than {DEPTH}")
    if isinstance(value, (list, tuple)):
        return [clean(item, depth + 1) for item in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {_key(key): clean(item, depth + 1) for key, item in items}
    raise Malformed(f"{type(value).__name__} is not a JSON type")


def encode(value: Json) -> bytes:
    """RFC 8785 bytes of `value`; raise `Malformed` on what has none."""
    try:
        return _quick(value) or rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeError) as error:
        raise Malformed(f"no canonical form: {_brief(error)}") from None


def digest(value: Json) -> str:
    """`digest_bytes(encode(value))`."""
    return digest_bytes(encode(value))


def digest_bytes(data: bytes) -> str:
    """SHA-256 of `data` as text: "sha256:" and 64 lower-case hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    """Whether `text` has the form that `digest_bytes` gives."""
    return _DIGEST.fullmatch(text) is not None


def _quick(value: Json) -> bytes:
    """The canonical bytes of most values, ten times as fast as `rfc8785`; b"" where it cannot be sure.

    msgspec writes strings and integers as RFC 8785 does. It sorts keys by code point where the RFC sorts
    UTF-16 units: the same order unless a character is beyond U+DFFF, whose UTF-8 begins with 0xEE or more.
    Fractions are left to `rfc8785`, and so is whatever is not exactly a JSON type.
    """
    if not _is_plain(value):
        return b""
    data = _sorted(value)
    return data if data.isascii() or len(data.translate(None, _HIGH)) == len(data) else b""


def _is_plain(value: object) -> bool:
    kind = type(value)
    if kind is dict:
        for key, item in cast("dict[object, object]", value).items():
            # Most members are texts, and a call for each would cost more than all the rest.
            if type(key) is not str or (type(item) is not str and not _is_plain(item)):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_is_plain, cast("Sequence[object]", value)))
    if kind is int:
        return -LIMIT < cast("int", value) < LIMIT
    return kind is str or kind is bool or value is None


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"the key {twice!r} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not a JSON number")


_decode = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant).decode


def _text(value: str) -> str:
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("a string holds half of a surrogate pair") from None
    return value


def _key(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed("an object key is not a string")
    return _text(value)


def _number(value: float) -> int | float:
    if not math.isfinite(value) or abs(value) >= LIMIT:
        raise Malformed("a number is not finite or has magnitude 2^53 or more")
    return int(value) if value == int(value) else value


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__


_decode = json.JSONDecoder(
    object_pairs_hook=_pairs,
    parse_constant=_constant,
    parse_float=lambda text: _number(float(text)),
    parse_int=lambda text: _number(int(text)),
).decode
