# SPDX-License-Identifier: Apache-2.0
"""Checks a whole log, or one entry of it, without trusting whoever keeps it.

`verify_log` reads every entry and every tile under the signed checkpoint (`walk` says how), and finds
what was changed, lost, added, moved or cut off since it was signed. Earlier checkpoints that somebody
kept must be roots of the same tree on the way: a log that goes back, or shows two histories, is
found by whoever kept one. Memory stays flat; a million entries take some seconds.

It imports the formats and nothing else of ours, opens no file and asks no clock: the caller reads.
It cannot know of events that never went into the log, nor of a history shown only to others: for
that, compare checkpoints with them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gyges.errors import BadProof
from gyges.ledger import checkpoint, entry, merkle, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.note import Verifier
from gyges.ledger.tiles import Reader
from gyges.ledger.walk import Finding, PayloadReader, Tally, Walk

__all__ = ["Finding", "PayloadReader", "Reader", "Report", "verify_entry", "verify_log"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was checked, and what did not hold."""

    origin: str = ""
    size: int = 0
    root: bytes = b""
    entries: int = 0  # read, parsed and hashed
    tiles: int = 0  # hash tiles compared, other sizes of the same tile not counted
    earlier: int = 0  # known checkpoints that are roots of the same tree
    payloads: int = 0  # that fit the digest in their entry
    withheld: int = 0  # entries whose payload was not given: redacted, or not ours to see
    ahead: int = 0  # listed tiles of a larger tree than the signed one: nothing vouches for them
    findings: tuple[Finding, ...] = ()
    gave_up: bool = False  # after 1000 findings: the rest was not looked at

    @property
    def held(self) -> bool:
        """Whether nothing at all was found."""
        return not self.findings


def verify_log(
    read: Reader,
    verifiers: Iterable[Verifier],
    *,
    known: Sequence[bytes] = (),
    payloads: PayloadReader | None = None,
    listing: Iterable[str] = (),
    progress: Callable[[int], object] | None = None,
) -> Report:
    """Check everything under the log's own signed checkpoint; what it reads makes it never raise.

    `known`: signed checkpoints that the caller kept or got from witnesses. `listing`: the paths of
    all files, where the caller can tell; without it, partial tiles are looked for only where the
    checkpoints imply them. `progress` is told the number of entries done, bundle by bundle.
    """
    keys, tally = tuple(verifiers), Tally()
    signed = _open("checkpoint", read(tiles.CHECKPOINT), keys, tally)
    if signed is None:
        return _report(tally)
    walk = Walk(read=read, payloads=payloads, signed=signed, tally=tally)
    for number, raw in enumerate(known, 1):
        where = f"known checkpoint {number}"
        point = _open(where, raw, keys, tally)
        if point and _may_precede(where, point, signed, tally):
            walk.expect(where, point)
    for path in listing:
        walk.look_at(path)
    walk.run(progress or _quiet)
    return _report(tally, signed)


def verify_entry(
    raw: bytes,
    index: int,
    proof: Sequence[bytes],
    checkpoint_note: bytes,
    verifiers: Iterable[Verifier],
) -> Checkpoint:
    """Raise `BadProof` unless `raw` is entry `index` of the log that signed `checkpoint_note`.

    Gives the checkpoint. The payload, where there is one, is checked by `entry.check_payload`.
    """
    signed = checkpoint.open_checkpoint(checkpoint_note, verifiers)
    entry.parse(raw)
    merkle.verify_inclusion(merkle.leaf_hash(raw), index, signed.size, proof, signed.root)
    return signed


def _open(
    where: str, raw: bytes | None, keys: Sequence[Verifier], tally: Tally
) -> Checkpoint | None:
    if raw is None:
        tally.find(where, "is missing")
        return None
    try:
        return checkpoint.open_checkpoint(raw, keys)
    except BadProof as error:
        tally.find(where, str(error))
        return None


def _may_precede(where: str, known: Checkpoint, signed: Checkpoint, tally: Tally) -> bool:
    if known.origin != signed.origin:
        tally.find(where, f"is of {known.origin}, not of {signed.origin}")
    elif known.size > signed.size:
        tally.find(where, f"signed {known.size} entries: the log went back to {signed.size}")
    else:
        return True
    return False


def _quiet(_: int) -> None:
    """Progress that nobody watches."""


def _report(tally: Tally, signed: Checkpoint | None = None) -> Report:
    return Report(
        origin=signed.origin if signed else "",
        size=signed.size if signed else 0,
        root=signed.root if signed else b"",
        entries=tally.entries,
        tiles=tally.tiles,
        earlier=tally.earlier,
        payloads=tally.payloads,
        withheld=tally.withheld,
        ahead=tally.ahead,
        findings=tuple(tally.findings),
        gave_up=tally.full,
    )
