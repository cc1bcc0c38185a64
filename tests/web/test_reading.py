# SPDX-License-Identifier: Apache-2.0
"""What requests carry is read in one way only, or refused."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Malformed
from gyges.web import bodies
from gyges.web.call import Message, Nothing
from gyges.web.problems import TooLarge, WrongType
from gyges.web.reading import idempotency_key, read_body, read_headers, read_json, read_query

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=255)


@given(printable)
def test_a_quoted_idempotency_key_is_the_text_in_it(text: str) -> None:
    """The structured string of the draft is taken apart as RFC 8941 puts it together."""
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert idempotency_key({b"idempotency-key": quoted.encode()}) == text


@given(printable.filter(lambda text: text.strip() == text and '"' not in text))
def test_a_bare_idempotency_key_is_itself(text: str) -> None:
    """Many clients leave the quotes out; quoted or not, it is the same key."""
    assert idempotency_key({b"idempotency-key": text.encode()}) == text


def test_no_idempotency_key_is_none() -> None:
    """The header is optional."""
    assert idempotency_key({}) == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_a_key_or_refused(raw: bytes) -> None:
    """Whatever the header holds, the result is 1 to 255 printable characters or `Malformed`."""
    try:
        found = idempotency_key({b"idempotency-key": raw})
    except Malformed:
        return
    assert 1 <= len(found) <= 255
    assert found.isascii()
    assert found.isprintable()


@given(st.binary(max_size=200))
def test_any_query_is_read_or_refused(raw: bytes) -> None:
    """No query string makes the reader fail in another way than `Malformed`."""
    try:
        found = read_query(raw, bodies.ListQuery)
    except Malformed:
        return
    assert 1 <= found.limit <= 200


@given(agent=st.text(max_size=50), limit=st.integers(1, 200))
def test_a_query_comes_through_unchanged(agent: str, limit: int) -> None:
    """What a client encodes is what the handler gets."""
    found = read_query(urlencode({"agent": agent, "limit": limit}).encode(), bodies.ListQuery)
    assert (found.agent, found.limit) == (agent, limit)


def test_a_route_without_a_query_takes_none() -> None:
    """A query where none is known is a mistake that should be seen."""
    with pytest.raises(Malformed):
        read_query(b"x=1", Nothing)


@pytest.mark.parametrize("wait", ["nan", "inf", "-1", "61", "1e9", ""])
def test_a_wait_is_a_number_of_seconds_up_to_sixty(wait: str) -> None:
    """NaN and infinity are no numbers of seconds."""
    with pytest.raises(Malformed):
        read_query(f"wait={wait}".encode(), bodies.WaitQuery)


def test_headers_that_matter_stand_once() -> None:
    """Others may stand twice: the last one counts, and nobody here reads it."""
    assert read_headers([(b"accept", b"a"), (b"accept", b"b")]) == {b"accept": b"b"}
    for name in (b"host", b"authorization", b"content-type", b"idempotency-key"):
        with pytest.raises(Malformed, match="stands twice"):
            read_headers([(name, b"a"), (name, b"a")])


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=10), st.integers(0, 200))
async def test_a_body_in_pieces_is_the_whole_body(pieces: list[bytes], limit: int) -> None:
    """However the body arrives, it is put together whole, or refused as over the limit."""
    left = [*pieces]

    async def receive() -> Message:
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    whole = b"".join(pieces)
    if len(whole) > limit:
        with pytest.raises(TooLarge):
            await read_body({}, receive, limit)
    else:
        assert await read_body({}, receive, limit) == whole


@pytest.mark.parametrize("length", [b"99", b"-1", b"x", b"9" * 500, b"1e3"])
async def test_a_declared_length_over_the_limit_is_not_even_read(length: bytes) -> None:
    """The body is not touched when its length is too much, or is no number."""

    async def receive() -> Message:
        raise AssertionError("the body was read")

    with pytest.raises(TooLarge):
        await read_body({b"content-length": length}, receive, 50)


def test_an_optional_body_may_be_missing_and_nothing_else() -> None:
    """No body at all is fine where it is optional; a body of another type is not."""
    assert read_json({}, b"", bodies.Withdraw, optional=True) == bodies.Withdraw()
    with pytest.raises(WrongType):
        read_json({b"content-type": b"text/plain"}, b"{}", bodies.Withdraw, optional=True)
    with pytest.raises(WrongType):
        read_json({}, b"", bodies.Decide, optional=False)
