# SPDX-License-Identifier: Apache-2.0
"""Reads what a request carries: headers, query and body, strictly and within limits, into their types.

It refuses what two readers could understand differently: a header that matters given twice, a query name given
twice, a body that is not declared as JSON, JSON that `canon.parse` refuses, members nobody knows.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from gyges import canon
from gyges.errors import Malformed
from gyges.web.call import Gone, Header, Receive
from gyges.web.problems import TooLarge, WrongType

T = TypeVar("T")
_ONCE = frozenset({b"authorization", b"host", b"content-type", b"idempotency-key"})


def read_headers(raw: Iterable[Header]) -> Mapping[bytes, bytes]:
    """Names to values; raise `Malformed` where a header that matters stands twice."""
    pairs = list(raw)
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        for name in _ONCE:
            if names.count(name) > 1:
                raise Malformed(f"the header {name.decode()} stands twice")
    return found


def read_query(raw: bytes, into: type[T]) -> T:
    """The query string as `into`; raise `Malformed`."""
    if not raw:
        return _build({}, into, "query")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=20,
        )
    except ValueError:
        raise Malformed("the query string cannot be read") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a name stands twice in the query")
    return _build(found, into, "query")


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body of at most `limit` bytes; raise `TooLarge` as soon as it is more."""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:20]) > limit:
        raise TooLarge(f"the body is over the limit of {limit} bytes")
    message = await receive()
    body: bytes = message.get("body", b"")
    parts = [body]
    size = len(body)
    while message.get("more_body") and size <= limit:
        message = await receive()
        body = message.get("body", b"")
        size += len(body)
        parts.append(body)
    if message["type"] == "http.disconnect":
        raise Gone
    if size > limit:
        raise TooLarge(f"the body is over the limit of {limit} bytes")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_json(headers: Mapping[bytes, bytes], body: bytes, into: type[T], *, optional: bool) -> T:
    """The body as `into`; raise `WrongType` or `Malformed`."""
    if not body and optional:
        return _build({}, into, "body")
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json" and kind.split(b";")[0].strip().lower() != b"application/json":
        raise WrongType("the body must come as application/json")
    return _build(canon.parse_object(body, limit=len(body)), into, "body", strict=True)


def idempotency_key(headers: Mapping[bytes, bytes]) -> str:
    """The Idempotency-Key: a quoted string as the draft has it, or the bare text; "" for none."""
    given = headers.get(b"idempotency-key")
    if given is None:
        return ""
    text = given.decode("latin-1").strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not 1 <= len(text) <= 255 or not all(" " <= char <= "~" for char in text):
        raise Malformed("Idempotency-Key must be 1 to 255 printable ASCII characters")
    return text


def _build(value: object, into: type[T], where: str, *, strict: bool = False) -> T:
    try:
        return msgspec.convert(value, into, strict=strict)
    except msgspec.ValidationError as error:
        raise Malformed(f"{where}: {error}") from None
