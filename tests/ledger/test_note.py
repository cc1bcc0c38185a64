# SPDX-License-Identifier: Apache-2.0
"""Signed notes: the worked examples of others, the exact inverse, and what is not believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import BadProof, Malformed
from gyges.ledger import note
from gyges.ledger.note import Note, Signature, Signer, Verifier

# The example at the head of C2SP signed-note.
C2SP_EXAMPLE = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC\
+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""

# The example in the documentation of Go's note package, made by another implementation.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6\
KE6RyyBwJnAM=
"""

ANNE = Signer.from_seed("anne.example/log", b"A" * 32)
BERT = Signer.from_seed("bert.example/witness", b"B" * 32)
TEXT = "one\n\ntwo\n"

names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+"), min_size=1
)
signatures = st.builds(
    Signature,
    name=names,
    key_id=st.binary(min_size=4, max_size=4),
    value=st.binary(min_size=1, max_size=80),
)
texts = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]))).map(
    lambda lines: "".join(line + "\n" for line in [*lines, "end"])
)
notes = st.builds(
    Note, text=texts, signatures=st.lists(signatures, min_size=1, max_size=4).map(tuple)
)


def test_the_example_of_the_specification() -> None:
    """The poem is read with its inner blank line, one signature, and written back byte for byte."""
    poem = note.parse(C2SP_EXAMPLE.encode())
    assert poem.text.endswith("sole:\n\ned è subito sera.\n")
    assert [(s.name, s.key_id.hex(), len(s.value)) for s in poem.signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]
    assert note.marshal(poem) == C2SP_EXAMPLE.encode()


def test_the_example_of_another_implementation() -> None:
    """Go's example key opens Go's example note; its secret key writes the very same bytes."""
    verifier, signer = note.parse_verifier(GO_PUBLIC), note.parse_signer(GO_SECRET)
    opened = note.open_note(GO_NOTE.encode(), [verifier])
    assert opened.text == GO_NOTE.partition("\n\n")[0] + "\n"
    assert signer.verifier == verifier
    assert verifier.text() == GO_PUBLIC
    assert signer.secret_text() == GO_SECRET
    assert note.sign_note(opened.text, [signer]) == GO_NOTE.encode()


@given(notes)
def test_parse_is_the_inverse_of_marshal(original: Note) -> None:
    """Every note that can be written is read back the same."""
    assert note.parse(note.marshal(original)) == original


@given(notes.map(note.marshal), st.data())
def test_what_parses_is_what_marshal_writes(raw: bytes, data: st.DataObject) -> None:
    """Bytes with one byte changed, added or lost are refused, or are another note's exact bytes."""
    at = data.draw(st.integers(0, len(raw) - 1))
    middle = data.draw(st.binary(max_size=2))
    bent = raw[:at] + middle + raw[at + 1 :]
    try:
        found = note.parse(bent)
    except BadProof:
        return
    assert note.marshal(found) == bent


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        "text\n\n\u2014 a AAAAAAA=".encode(),  # no last newline
        "text\n\u2014 a AAAAAAA=\n".encode(),  # no blank line
        "text\n\n\u2014 a AAAAAAA=\n\n".encode(),  # a blank line after the signatures
        b"text\n\n- a AAAAAAA=\n",  # a hyphen instead of the em dash
        "text\n\n\u2014 a  AAAAAAA=\n".encode(),  # two spaces
        "text\n\n\u2014 a\u00a0b AAAAAAA=\n".encode(),  # a no-break space in the name
        "text\n\n\u2014 a+b AAAAAAA=\n".encode(),  # a plus in the name
        "text\n\n\u2014  AAAAAAA=\n".encode(),  # no name
        "text\n\n\u2014 a AAAAAA==\n".encode(),  # a key id without a signature
        "text\n\n\u2014 a AAAAAAB=\n".encode(),  # stray bits behind the base64
        "text\n\n\u2014 a AAAAAAA\n".encode(),  # padding left out
        "te\txt\n\n\u2014 a AAAAAAA=\n".encode(),  # a control character
        "te\rxt\n\n\u2014 a AAAAAAA=\n".encode(),
        b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAA=\n",  # not UTF-8
        b"text\n\n" + "\u2014 a AAAAAAA=\n".encode() * 65,
        b"x" * (1 << 20) + "\n\n\u2014 a AAAAAAA=\n".encode(),
    ],
)
def test_what_is_not_a_note(raw: bytes) -> None:
    """Every other spelling is refused, and so is what is too large."""
    with pytest.raises(BadProof):
        note.parse(raw)


def test_sixteen_signatures_and_more_are_read() -> None:
    """The specification wants at least 16 signatures to be accepted; 64 are."""
    raw = b"text\n\n" + "\u2014 a AAAAAAA=\n".encode() * 64
    assert len(note.parse(raw).signatures) == 64


def test_unknown_signatures_are_ignored_and_reported() -> None:
    """A note by two is opened by who knows one of them; the other is listed as unknown."""
    raw = note.sign_note(TEXT, [ANNE, BERT])
    opened = note.open_note(raw, [ANNE.verifier])
    assert opened.text == TEXT
    assert [s.name for s in opened.verified] == ["anne.example/log"]
    assert [s.name for s in opened.unknown] == ["bert.example/witness"]


@pytest.mark.parametrize("same", ["name", "key"])
def test_a_key_is_its_name_and_its_id(same: str) -> None:
    """A signature that shares only the name, or only the key, with a known one is unknown."""
    seed = b"A" * 32 if same == "key" else b"C" * 32
    name = "anne.example/log" if same == "name" else "carl.example/log"
    raw = note.sign_note(TEXT, [Signer.from_seed(name, seed)])
    with pytest.raises(BadProof, match="no signature by a key known here"):
        note.open_note(raw, [ANNE.verifier])


def test_no_verifier_opens_nothing() -> None:
    """Without a known key there is nothing to believe."""
    with pytest.raises(BadProof, match="no signature"):
        note.open_note(note.sign_note(TEXT, [ANNE]), [])


def test_a_bad_signature_of_a_known_key_refuses_the_note() -> None:
    """One good signature does not outweigh a known bad one."""
    forged = Signature(
        name=BERT.verifier.name, key_id=BERT.verifier.key_id, value=ANNE.sign(TEXT).value
    )
    raw = note.sign_note(TEXT, [ANNE], [forged])
    assert note.open_note(raw, [ANNE.verifier]).unknown == (forged,)
    with pytest.raises(BadProof, match=r"bert\.example/witness does not hold"):
        note.open_note(raw, [ANNE.verifier, BERT.verifier])


def test_a_key_that_signs_twice_refuses_the_note() -> None:
    """Two signature lines by one known key are not two signatures."""
    raw = note.sign_note(TEXT, [ANNE], [ANNE.sign(TEXT)])
    with pytest.raises(BadProof, match="twice"):
        note.open_note(raw, [ANNE.verifier])


@given(st.integers(0, len(TEXT) - 1), st.characters(exclude_categories=["Cs", "Cc"]))
def test_a_changed_text_does_not_open(at: int, char: str) -> None:
    """Any other character anywhere in the text breaks the signature."""
    raw = note.sign_note(TEXT, [ANNE]).decode()
    bent = raw[:at] + char + raw[at + 1 :]
    if bent != raw:
        with pytest.raises(BadProof):
            note.open_note(bent.encode(), [ANNE.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        GO_PUBLIC.replace("c74f20a3", "C74F20A3"),
        GO_PUBLIC.replace("c74f20a3", "c74f20a4"),
        GO_PUBLIC.replace("PeterNeumann", "PeterNewman"),
        GO_PUBLIC.replace("PeterNeumann", "Peter Neumann"),
        GO_PUBLIC.replace("+ARpc", "+BBpc"),
        GO_PUBLIC[:-4],
        GO_PUBLIC + "\n",
    ],
)
def test_a_bent_verifier_key_is_refused(text: str) -> None:
    """A key text with a wrong name, hash, type, length or spelling is not a key."""
    with pytest.raises(Malformed):
        note.parse_verifier(text)


def test_a_small_order_key_cannot_be_enrolled() -> None:
    """No verifier can be made of a key that anyone could sign for."""
    with pytest.raises(Malformed, match="small order"):
        Verifier(name="anne.example/log", public=bytes(32))


def test_the_secret_shows_neither_in_repr_nor_in_errors() -> None:
    """What is logged by accident does not hold the key."""
    secret = GO_SECRET.rpartition("+")[2]
    assert secret not in repr(note.parse_signer(GO_SECRET))
    for bent in (GO_SECRET.replace("c74f20a3", "c74f20a4"), GO_SECRET[:-4], GO_SECRET[8:]):
        with pytest.raises(Malformed) as caught:
            note.parse_signer(bent)
        assert secret[:20] not in str(caught.value)


@pytest.mark.parametrize("text", ["", "no newline at its end", "tab\there\n", "half \ud800\n"])
def test_nothing_else_is_signed(text: str) -> None:
    """A text that could not be read back is not signed."""
    with pytest.raises(Malformed):
        note.sign_note(text, [ANNE])
