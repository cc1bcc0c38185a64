# SPDX-License-Identifier: Apache-2.0
"""Entries and payload files: the grammar against the canonical form, and the salted digest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges import canon
from gyges.canon import Json
from gyges.errors import BadProof, Malformed
from gyges.ledger import entry
from gyges.ledger.entry import Entry

DIGEST = "sha256:" + "0f" * 32
ENTRY = Entry(at=1764028800000, digest=DIGEST, kind="proposed", subject="case-1")
SALT = bytes(range(16))

entries = st.builds(
    Entry,
    at=st.integers(0, 2**53 - 1),
    digest=st.binary(min_size=32, max_size=32).map(lambda raw: "sha256:" + raw.hex()),
    kind=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    subject=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text('ab"\\{}:,\n\u00e9'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab:{}"'), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text('ab:{}",'), values, max_size=4)


def test_an_entry_by_hand() -> None:
    """The bytes of one entry, letter for letter."""
    raw = (
        b'{"at":1764028800000,"digest":"sha256:' + b"0f" * 32 + b'","kind":"proposed",'
        b'"subject":"case-1","v":1}'
    )
    assert entry.encode(ENTRY) == raw
    assert entry.parse(raw) == ENTRY


@given(entries)
def test_entries_are_canonical_json_and_come_back(original: Entry) -> None:
    """What is written is what RFC 8785 would write, and is read back the same."""
    raw = entry.encode(original)
    fields: dict[str, Json] = {
        "v": 1,
        "subject": original.subject,
        "kind": original.kind,
        "digest": original.digest,
        "at": original.at,
    }
    assert raw == canon.encode(fields)
    assert entry.parse(raw) == original


@given(entries, st.data())
def test_what_the_grammar_accepts_is_canonical(original: Entry, data: st.DataObject) -> None:
    """With bytes replaced anywhere, what still parses is canonical JSON, byte for byte."""
    raw = entry.encode(original)
    at = data.draw(st.integers(0, len(raw)))
    size = data.draw(st.integers(0, 3))
    piece = data.draw(
        st.binary(max_size=2)
        | st.sampled_from([b"\\n", b"\\/", b"\\u000a", b"\\u001f", b"\\ud800"])
    )
    bent = raw[:at] + piece + raw[at + size :]
    if entry.is_entry(bent):
        assert canon.encode(canon.parse(bent)) == bent
        assert entry.encode(entry.parse(bent)) == bent


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"at":1', b'"at":01'),
        (b'"at":1764028800000', b'"at":9007199254740992'),
        (b'"at":1764028800000', b'"at":1764028800000.0'),
        (b'"at":1764028800000', b'"at":-1'),
        (b'"at":1764028800000', b'"at":1764028800000,"at":1764028800000'),
        (b'{"at"', b' {"at"'),
        (b'"v":1}', b'"v":1}\n'),
        (b"0f0f", b"0F0f"),
        (b"sha256", b"sha512"),
        (b"proposed", b"Proposed"),
        (b"proposed", b""),
        (b"case-1", b"case\n1"),
        (b"case-1", b"case\\u00411"),
        (b"case-1", b"case\xff1"),
        (b"case-1", b"case\xed\xa0\x80"),
        (b"case-1", b'case"1'),
        (b"case-1", b"case\\"),
    ],
)
def test_other_spellings_are_not_entries(old: bytes, new: bytes) -> None:
    """Another version, field, order, number or escape is refused."""
    bent = entry.encode(ENTRY).replace(old, new, 1)
    assert not entry.is_entry(bent)
    with pytest.raises(BadProof):
        entry.parse(bent)


def test_an_entry_fits_a_bundle() -> None:
    """65,535 bytes is the most an entry can be, written or read."""
    room = 65_535 - len(entry.encode(ENTRY)) + len(ENTRY.subject)
    raw = entry.encode(Entry(at=ENTRY.at, digest=DIGEST, kind=ENTRY.kind, subject="s" * room))
    assert len(raw) == 65_535
    assert entry.is_entry(raw)
    assert not entry.is_entry(raw.replace(b"ss", b"sss", 1))
    with pytest.raises(Malformed, match="over the limit"):
        entry.encode(Entry(at=ENTRY.at, digest=DIGEST, kind=ENTRY.kind, subject="s" * (room + 1)))


@pytest.mark.parametrize(
    "bad",
    [
        Entry(at=-1, digest=DIGEST, kind="k", subject="s"),
        Entry(at=2**53, digest=DIGEST, kind="k", subject="s"),
        Entry(at=1, digest=DIGEST.upper(), kind="k", subject="s"),
        Entry(at=1, digest=DIGEST, kind="K", subject="s"),
        Entry(at=1, digest=DIGEST, kind="k\n", subject="s"),
        Entry(at=1, digest=DIGEST, kind="k", subject="\ud800"),
    ],
)
def test_what_cannot_be_an_entry(bad: Entry) -> None:
    """What could not be read back is not written."""
    with pytest.raises(Malformed):
        entry.encode(bad)


@given(objects, st.binary(min_size=16, max_size=32))
def test_a_payload_file_comes_back_and_fits_its_digest(value: dict[str, Json], salt: bytes) -> None:
    """The exported file is canonical JSON itself, and holds salt and payload."""
    payload = canon.encode(value)
    raw = entry.encode_payload(salt, payload)
    assert raw == canon.encode({"payload": value, "salt": salt.hex()})
    assert entry.parse_payload(raw) == (salt, payload)
    entry.check_payload(raw, canon.digest_bytes(salt + payload))


@pytest.mark.slow
@given(objects, st.integers(-16, 16).filter(bool))
def test_no_other_split_into_salt_and_payload(value: dict[str, Json], shift: int) -> None:
    """Bytes moved between salt and payload keep the hash, but never make another payload."""
    salt, payload = bytes(range(100, 120)), canon.encode(value)
    cut = len(salt) + shift
    both = salt + payload
    with pytest.raises((BadProof, Malformed)):
        entry.parse_payload(
            b'{"payload":' + both[cut:] + b',"salt":"' + both[:cut].hex().encode() + b'"}'
        )


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats()
    | st.text(st.sampled_from('ab"\\\n\x7f\x1f\u00e9\ue000\ufffd\U0001f600\ud800')),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.sampled_from("ab\u00e9\ue000\U0001f600\ud800")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow
@given(st.dictionaries(st.text("ab"), anything, max_size=3), st.booleans(), st.booleans())
def test_the_quick_look_at_a_payload_agrees_with_the_slow_one(
    value: dict[str, object], ascii_only: bool, sort: bool
) -> None:
    """A payload written by the standard library is accepted exactly if it is canonical."""
    text = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort, separators=(",", ":"))
    payload = text.encode("utf-8", "surrogatepass")
    try:
        canonical = canon.encode(canon.parse(payload)) == payload
    except Malformed:
        canonical = False
    raw = b'{"payload":' + payload + b',"salt":"' + SALT.hex().encode() + b'"}'
    try:
        accepted = entry.parse_payload(raw) == (SALT, payload)
    except BadProof:
        accepted = False
    assert accepted == canonical


@pytest.mark.parametrize(
    ("payload", "canonical"),
    [
        (b'{"a":1}', True),
        (b'{"a":1,"a":1}', False),
        (b'{"a":-0}', False),
        (b'{"a":1.0}', False),
        (b'{"a":1e-7}', True),
        (b'{"a":1e-07}', False),
        (b'{"a":NaN}', False),
        (b'{"a":-Infinity}', False),
        (b'{"a":9007199254740991}', True),
        (b'{"a":9007199254740992}', False),
        (b'{"a":"NaN 1.5 1234567890123456"}', True),
        ('{"\U0001f600":1,"\ufb33":2}'.encode(), True),
        ('{"\ufb33":2,"\U0001f600":1}'.encode(), False),
        (b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", True),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", False),
        (b'{"a":"\xff"}', False),
        (b'{"a":"\\ud800"}', False),
    ],
)
def test_payloads_where_readers_disagree(payload: bytes, canonical: bool) -> None:
    """Duplicate keys, other numbers, other orders and depths are not payloads."""
    raw = b'{"payload":' + payload + b',"salt":"' + SALT.hex().encode() + b'"}'
    if canonical:
        assert entry.parse_payload(raw) == (SALT, payload)
    else:
        with pytest.raises(BadProof):
            entry.parse_payload(raw)


@given(objects, st.data())
def test_a_changed_payload_file_does_not_fit(value: dict[str, Json], data: st.DataObject) -> None:
    """Any byte changed in a payload file is noticed."""
    payload = canon.encode(value)
    digest, raw = entry.payload_digest(SALT, payload), entry.encode_payload(SALT, payload)
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))
    with pytest.raises(BadProof):
        entry.check_payload(raw[:at] + bytes([byte]) + raw[at + 1 :], digest)


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"payload":[],"salt":"' + b"00" * 16 + b'"}',
        b'{"payload":{},"salt":"' + b"00" * 15 + b'"}',
        b'{"payload":{},"salt":"' + b"00" * 33 + b'"}',
        b'{"payload":{},"salt":"' + b"0A" * 16 + b'"}',
        b'{"payload":{"b":1,"a":1},"salt":"' + b"00" * 16 + b'"}',
        b'{"payload":{"a":1,"a":1},"salt":"' + b"00" * 16 + b'"}',
        b'{"payload":{} ,"salt":"' + b"00" * 16 + b'"}',
        b'{"payload":{},"salt":"' + b"00" * 16 + b'"}\n',
    ],
)
def test_what_is_not_a_payload_file(raw: bytes) -> None:
    """Anything but an object in canonical form and a salt of 16 to 32 bytes is refused."""
    with pytest.raises(BadProof):
        entry.parse_payload(raw)


def test_no_digest_without_salt_or_object() -> None:
    """A short salt, and a payload that is not an object, get no digest."""
    for salt, payload in [(bytes(15), b"{}"), (bytes(33), b"{}"), (bytes(16), b"[]")]:
        with pytest.raises(Malformed):
            entry.payload_digest(salt, payload)


def test_strings_are_escaped_as_rfc_8785_does() -> None:
    """All control characters, quotes and beyond, against the standard library's reader."""
    subject = "".join(map(chr, range(0x80))) + "\u20ac\U0001f600"
    raw = entry.encode(Entry(at=0, digest=DIGEST, kind="k", subject=subject))
    assert json.loads(raw)["subject"] == subject
    assert entry.parse(raw).subject == subject
