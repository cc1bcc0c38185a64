# SPDX-License-Identifier: Apache-2.0
"""Checkpoints (C2SP tlog-checkpoint): a log's signed promise of its size and root.

    gate.example/log                                 <- origin: which log this is
    7                                                <- tree size, decimal
    qxTgIH7VTUNOSBMhM3gbYpmTh9lYQNVO0bJv2NR4TVw=     <- root hash, base64 of 32 bytes
                                                        [any further lines are extensions]
                                                     <- blank line, then the signatures of `note`

`parse` accepts exactly the text that `marshal` writes. A checkpoint is signed by a key named like
its origin, and `open_checkpoint` insists on that, so the key of one log cannot speak for another.
Whether two checkpoints agree is for `merkle.verify_consistency` to say.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gyges.errors import BadProof, Malformed
from gyges.ledger import note
from gyges.ledger.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its `origin`, the number of its leaves and their 32-byte root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or any(char < " " for char in line) for line in lines):
            raise Malformed("checkpoint: an empty line, or one with control characters")
        if not 0 <= self.size <= MAX_SIZE or len(self.root) != HASH_SIZE:
            raise Malformed("checkpoint: the size or the length of the root hash is out of range")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("checkpoint: an empty tree with the root of another")


def marshal(checkpoint: Checkpoint) -> str:
    """The note text of a checkpoint."""
    root = base64.b64encode(checkpoint.root).decode("ascii")
    lines = (checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions)
    return "".join(line + "\n" for line in lines)


def parse(text: str) -> Checkpoint:
    """Read a note text strictly; raise `BadProof` unless `marshal` gives it back."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "":
        raise BadProof("checkpoint: expected origin, size and root, each on a line of its own")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise BadProof(f"checkpoint of {origin}: {size[:40]!r} is not a tree size")
    try:
        found = Checkpoint(
            origin=origin,
            size=int(size),
            root=base64.b64decode(root, validate=True),
            extensions=tuple(extensions),
        )
    except (Malformed, binascii.Error, ValueError) as error:
        raise BadProof(f"checkpoint of {origin}: {error}") from None
    if marshal(found) != text:
        raise BadProof(f"checkpoint of {origin}: the root hash has another base64 spelling")
    return found


def sign(
    checkpoint: Checkpoint, signers: Sequence[note.Signer], others: Iterable[note.Signature] = ()
) -> bytes:
    """The signed note of a checkpoint. One signer at least must bear the log's name.

    `others` are signatures that witnesses made of the same text.
    """
    if all(signer.verifier.name != checkpoint.origin for signer in signers):
        raise Malformed(f"checkpoint of {checkpoint.origin}: no signer has that name")
    return note.sign_note(marshal(checkpoint), signers, others)


def open_checkpoint(raw: bytes, verifiers: Iterable[note.Verifier]) -> Checkpoint:
    """Read and verify a signed checkpoint; raise `BadProof` unless the log itself signed it."""
    opened = note.open_note(raw, verifiers)
    found = parse(opened.text)
    if all(signature.name != found.origin for signature in opened.verified):
        raise BadProof(f"checkpoint of {found.origin}: not signed by a key of that name")
    return found
