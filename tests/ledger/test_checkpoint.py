# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the specification's example, the exact inverse, and who may sign one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import BadProof, Malformed
from gyges.ledger import checkpoint, note
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.merkle import EMPTY_ROOT

# The example at the head of C2SP tlog-checkpoint.
C2SP_EXAMPLE = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q\
1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""
LOG = note.Signer.from_seed("gate.example/log", b"L" * 32)
OTHER = note.Signer.from_seed("other.example/log", b"O" * 32)
ROOT = bytes(range(32))
POINT = Checkpoint(origin="gate.example/log", size=7, root=ROOT)

lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
checkpoints = st.builds(
    Checkpoint,
    origin=lines,
    size=st.integers(1, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(lines, max_size=3).map(tuple),
)


def test_the_example_of_the_specification() -> None:
    """The example is read field by field, and written back byte for byte."""
    text = note.parse(C2SP_EXAMPLE.encode()).text
    found = checkpoint.parse(text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert found.root.hex()[:16] == "0ac5186a91863e8e"
    assert found.extensions == ()
    assert checkpoint.marshal(found) == text


@given(checkpoints)
def test_parse_is_the_inverse_of_marshal(original: Checkpoint) -> None:
    """Every checkpoint that can be written is read back the same."""
    assert checkpoint.parse(checkpoint.marshal(original)) == original


@given(checkpoints.map(checkpoint.marshal), st.data())
def test_what_parses_is_what_marshal_writes(text: str, data: st.DataObject) -> None:
    """A text with one character changed is refused, or is another checkpoint's exact text."""
    at = data.draw(st.integers(0, len(text) - 1))
    bent = (
        text[:at] + data.draw(st.sampled_from(["", "\n", "0", "A", " ", "\u0661"])) + text[at + 1 :]
    )
    try:
        found = checkpoint.parse(bent)
    except BadProof:
        return
    assert checkpoint.marshal(found) == bent


GOOD_ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n7\n",
        f"log\n7\n{GOOD_ROOT}",
        f"\n7\n{GOOD_ROOT}\n",
        f"log\n07\n{GOOD_ROOT}\n",
        f"log\n-7\n{GOOD_ROOT}\n",
        f"log\n+7\n{GOOD_ROOT}\n",
        f"log\n 7\n{GOOD_ROOT}\n",
        f"log\n7_0\n{GOOD_ROOT}\n",
        f"log\n\u0667\n{GOOD_ROOT}\n",
        f"log\n9223372036854775808\n{GOOD_ROOT}\n",
        f"log\n0\n{GOOD_ROOT}\n",
        f"log\n7\n{GOOD_ROOT[:-2]}J=\n",
        f"log\n7\n{GOOD_ROOT[:-1]}\n",
        f"log\n7\n{GOOD_ROOT[4:]}\n",
        f"log\n7\n{GOOD_ROOT}\n\n",
        f"log\n7\n{GOOD_ROOT}\n\nmore\n",
        f"log\r\n7\r\n{GOOD_ROOT}\r\n",
    ],
)
def test_what_is_not_a_checkpoint(text: str) -> None:
    """Every other spelling of origin, size or root is refused."""
    with pytest.raises(BadProof):
        checkpoint.parse(text)


def test_an_empty_log_has_a_checkpoint_too() -> None:
    """Size 0 goes with the root of nothing, and with no other."""
    empty = Checkpoint(origin="log", size=0, root=EMPTY_ROOT)
    assert checkpoint.parse(checkpoint.marshal(empty)) == empty
    with pytest.raises(Malformed):
        Checkpoint(origin="log", size=0, root=ROOT)


def test_signed_and_opened() -> None:
    """What the log signed is what its verifier gets; a witness beside it changes nothing."""
    raw = checkpoint.sign(POINT, [LOG], [OTHER.sign(checkpoint.marshal(POINT))])
    assert checkpoint.open_checkpoint(raw, [LOG.verifier]) == POINT
    assert checkpoint.open_checkpoint(raw, [LOG.verifier, OTHER.verifier]) == POINT


def test_a_rotated_key_of_the_same_name() -> None:
    """During a rotation both keys sign, and a client that knows either is content."""
    new = note.Signer.from_seed("gate.example/log", b"N" * 32)
    raw = checkpoint.sign(POINT, [LOG, new])
    for known in (LOG, new):
        assert checkpoint.open_checkpoint(raw, [known.verifier]) == POINT


def test_another_log_cannot_speak_for_this_one() -> None:
    """A trusted key of another name does not make a checkpoint of this log true."""
    raw = note.sign_note(checkpoint.marshal(POINT), [OTHER])
    with pytest.raises(BadProof, match="not signed by a key of that name"):
        checkpoint.open_checkpoint(raw, [LOG.verifier, OTHER.verifier])
    with pytest.raises(Malformed, match="no signer has that name"):
        checkpoint.sign(POINT, [OTHER])


def test_a_signed_note_that_is_no_checkpoint() -> None:
    """A good signature under some other text is not a checkpoint."""
    with pytest.raises(BadProof, match="checkpoint"):
        checkpoint.open_checkpoint(note.sign_note("hello\n", [LOG]), [LOG.verifier])
