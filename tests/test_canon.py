# SPDX-License-Identifier: Apache-2.0
"""Canonical bytes: the public vectors, the RFC's own example, and injectivity on what is accepted."""

import base64
import json
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gyges import canon
from gyges.canon import Json
from gyges.errors import Malformed

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15, allow_nan=False)
text = st.text(st.characters(exclude_categories=["Cs"]))
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


def same(one: Json, other: Json) -> bool:
    """JSON equality: numbers by value, booleans apart from numbers."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def rows(shared_data: Path) -> list[dict[str, str]]:
    """The public vectors of RFC 8785."""
    lines = (shared_data / "vectors" / "rfc8785-jcs.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_public_vectors_pass(shared_data: Path) -> None:
    """Each input has exactly the canonical form published for it; only numbers of 2^53 and more are refused."""
    refused = []
    for row in rows(shared_data):
        source, expected = (base64.b64decode(row[k]) for k in ("input_b64", "output_b64"))
        assert canon.encode(json.loads(source)) == expected, row["name"]
        try:
            assert canon.encode(canon.parse(source)) == expected, row["name"]
        except Malformed:
            refused.append(row["name"])
    assert refused == ["values.json"]


def test_the_example_of_the_rfc() -> None:
    """RFC 8785 section 3.2.2 and 3.2.3, but for its one number beyond 2^53."""
    source = r"""{"numbers": [4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}"""
    expected = (
        '{"literals":[null,true,false],"numbers":[4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canon.encode(canon.parse(source)).decode() == expected


@given(values)
def test_the_quick_way_gives_the_same_bytes(value: Json) -> None:
    """Whichever way a value is written, its bytes are those of the reference implementation."""
    assert canon.encode(value) == rfc8785.dumps(value)


@given(
    st.dictionaries(st.text(st.characters(min_codepoint=0xD000, exclude_categories=["Cs"])), text)
)
def test_keys_beyond_the_surrogates_are_in_the_order_of_utf_16(value: dict[str, Json]) -> None:
    """Where code points and UTF-16 units sort differently, the order is that of RFC 8785 section 3.2.3."""
    units = sorted(value, key=lambda key: key.encode("utf-16-be"))
    assert list(json.loads(canon.encode(value))) == units
    assert canon.encode(value) == rfc8785.dumps(value)


@given(st.text(st.characters(max_codepoint=0x2100)))
def test_every_character_is_escaped_as_the_rfc_says(value: str) -> None:
    """Controls, quotes, slashes, separators: the one spelling of RFC 8785 section 3.2.2.2."""
    assert canon.encode([value, {value: value}]) == rfc8785.dumps([value, {value: value}])


@given(values, values)
def test_canonical_bytes_are_injective(one: Json, other: Json) -> None:
    """Two accepted values have the same bytes exactly when they are the same JSON value."""
    first, second = canon.clean(one), canon.clean(other)
    assert (canon.encode(first) == canon.encode(second)) == same(first, second)


@given(values)
def test_reading_back_is_a_fixed_point(value: Json) -> None:
    """What is parsed, written and parsed again stays as it is, in value and in bytes."""
    data = canon.encode(canon.clean(value))
    assert canon.encode(canon.parse(data)) == data
    assert same(canon.parse(data), canon.clean(value))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":2}', "twice"),
        ('{"a":{"b":1,"b":1}}', "twice"),
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ("1e400", "2^53"),
        ("9007199254740992", "2^53"),
        ("-1e16", "2^53"),
        (r'"\ud800"', "surrogate"),
        (r'{"\udfff":1}', "surrogate"),
        ("[" * 70 + "]" * 70, "nested"),
        ("[" * 100_000, "JSON"),
        ("", "JSON"),
        ("{}x", "JSON"),
        ("'a'", "JSON"),
    ],
)
def test_what_readers_could_take_differently_is_refused(text: str, why: str) -> None:
    """Duplicate keys, numbers without a place, half characters, depth, rubbish: each by its name."""
    for given_as in (text, text.encode()):
        with pytest.raises(Malformed, match=why.replace("^", r"\^")):
            canon.parse(given_as)


@given(st.binary(max_size=64))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    """No input makes the parser fail in another way; what was read is the same when it is read again."""
    try:
        value = canon.parse(data)
    except Malformed:
        return
    assert canon.parse(canon.encode(value)) == value


def test_size_is_limited_before_reading() -> None:
    """A large body is refused by its size."""
    with pytest.raises(Malformed, match="limit"):
        canon.parse(b'"' + b"x" * 50 + b'"', limit=10)


@pytest.mark.parametrize("value", [b"x", object(), {1: 2}, [set()], float("inf")])
def test_only_json_types_are_clean(value: object) -> None:
    """What is not JSON is named and refused."""
    with pytest.raises(Malformed):
        canon.clean(value)


def test_digests_have_one_form() -> None:
    """The digest of the empty object, and what is not a digest."""
    known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert canon.digest({}) == known
    assert canon.is_digest(known)
    assert not any(map(canon.is_digest, ["", known.upper(), known[:-1], "md5:" + "0" * 64]))
