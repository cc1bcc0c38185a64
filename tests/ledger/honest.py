# SPDX-License-Identifier: Apache-2.0
"""An honest log as files in memory, for tests that then tamper with it. It tests nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gyges import canon
from gyges.ledger import checkpoint, entry, merkle, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.entry import Entry
from gyges.ledger.merkle import Frontier, Getter
from gyges.ledger.note import Signer
from gyges.ledger.verify import Report, verify_log

ORIGIN = "gate.example/log"
KEY = Signer.from_seed(ORIGIN, b"L" * 32)
THIEF = Signer.from_seed(ORIGIN, b"T" * 32)


def payload_of(index: int) -> tuple[bytes, bytes]:
    """Salt and payload of entry `index`."""
    return index.to_bytes(16, "big"), canon.encode({"n": index, "text": "t" * (index % 7)})


def entry_of(index: int) -> bytes:
    """Entry `index` of the logs here."""
    digest = entry.payload_digest(*payload_of(index))
    subject = f"case-{index // 3} \u00e9" if index % 5 == 0 else f"case-{index // 3}"
    return entry.encode(
        Entry(at=1_764_000_000_000 + index, digest=digest, kind="proposed", subject=subject)
    )


def tree_of(entries: Sequence[bytes]) -> tuple[Frontier, Getter]:
    """The tree over these entries."""
    frontier, made = Frontier().extend(map(merkle.leaf_hash, entries))
    nodes = {(level, index): hash_ for level, index, hash_ in made}
    return frontier, lambda level, index: nodes[level, index]


def signed(entries: Sequence[bytes], signer: Signer = KEY) -> bytes:
    """The signed checkpoint of these entries."""
    point = Checkpoint(origin=ORIGIN, size=len(entries), root=tree_of(entries)[0].root())
    return checkpoint.sign(point, [signer])


def files_of(entries: Sequence[bytes], signer: Signer = KEY) -> dict[str, bytes]:
    """All files of a log, without payloads."""
    files = {tiles.CHECKPOINT: signed(entries, signer)}
    _, get = tree_of(entries)
    for tile in tiles.tiles_of(len(entries)):
        files[tile.path] = tiles.tile_bytes(tile, get)
    for tile in tiles.bundles_of(len(entries)):
        first = tile.index * tiles.WIDTH
        files[tile.path] = tiles.pack_entries(entries[first : first + tile.width])
    return files


@dataclass
class Log:
    """An honest log of `size` entries: one checkpoint at each of `stages` and at the end."""

    size: int
    stages: Sequence[int] = ()
    files: dict[str, bytes] = field(init=False)
    known: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        entries = [entry_of(index) for index in range(self.size)]
        self.files = {}
        for stage in sorted(self.stages):
            self.files.update(files_of(entries[:stage]))  # leaves its partial tiles behind
        self.files.update(files_of(entries))
        self.known = [signed(entries[:stage]) for stage in self.stages]
        for index in range(self.size):
            self.files[tiles.payload_path(index)] = entry.encode_payload(*payload_of(index))

    def verify(self) -> Report:
        """What the verifier says of the files as they are now."""
        return look(self.files, self.known)


def look(files: dict[str, bytes], known: Sequence[bytes] = (), *, listed: bool = True) -> Report:
    """Verify these files, with their listing and their payloads."""
    return verify_log(
        files.get,
        [KEY.verifier],
        known=known,
        payloads=lambda index: files.get(tiles.payload_path(index)),
        listing=list(files) if listed else (),
    )
