# SPDX-License-Identifier: Apache-2.0
"""One pass over a log's files from the left, comparing each step with the file that claims it.

    entries --hash--> tile/0/* --hash--> tile/1/* --hash--> ... --> root == signed checkpoint

Where a computed hash and a file differ, that is a finding, and the file's word is taken for the next
step: so one change is one finding, at the place where it was made. Memory is one open tile a level.
It reads through the caller's reader only, and verifies no signature: `verify` does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import TypeAlias

from gyges.errors import BadProof
from gyges.ledger import entry, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.merkle import HASH_SIZE, Frontier
from gyges.ledger.tiles import WIDTH, Reader, Tile

MAX_FINDINGS = 1000

PayloadReader: TypeAlias = Callable[[int], bytes | None]
"""payloads(index) -> the file `payload/<index>`, or None where it was redacted or withheld."""

Hashes: TypeAlias = "list[bytes | None]"
"""None where a hash is unknown because what it is computed from is missing or unreadable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold: where (a path, an entry, a checkpoint) and what."""

    where: str
    what: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a pass counted and found; no more than `MAX_FINDINGS`."""

    findings: list[Finding] = field(default_factory=list[Finding])
    entries: int = 0
    tiles: int = 0
    earlier: int = 0
    payloads: int = 0
    withheld: int = 0
    ahead: int = 0

    def find(self, where: str, what: str) -> None:
        """Note a finding, unless there are enough."""
        if not self.full:
            self.findings.append(Finding(where=where, what=what))

    @property
    def full(self) -> bool:
        """Whether there are so many findings that more would tell nobody anything."""
        return len(self.findings) >= MAX_FINDINGS


def _no_stops() -> dict[int, list[tuple[str, Checkpoint]]]:
    return {}


def _no_partials() -> dict[tuple[int, int], set[int]]:
    return {}


def _no_rows() -> list[Hashes]:
    return [[]]


@dataclass(slots=True, kw_only=True)
class Walk:
    """The state of one pass over everything that `signed` vouches for."""

    read: Reader
    payloads: PayloadReader | None
    signed: Checkpoint
    tally: Tally
    rows: list[Hashes] = field(default_factory=_no_rows)  # the open tile of each level
    stops: dict[int, list[tuple[str, Checkpoint]]] = field(default_factory=_no_stops)
    partials: dict[tuple[int, int], set[int]] = field(default_factory=_no_partials)

    def expect(self, where: str, point: Checkpoint) -> None:
        """Plan to meet this earlier checkpoint on the way, and the partial tiles served with it."""
        self.stops.setdefault(point.size, []).append((where, point))
        for tile in tiles.partials_of(point.size):
            self._plan(tile)

    def look_at(self, path: str) -> None:
        """Plan to check this file too, if it is a tile that the walk would not read by itself."""
        if not path.startswith("tile/"):
            return
        try:
            tile = tiles.parse_tile_path(path)
        except BadProof as error:
            self.tally.find(path, str(error))
            return
        if tile.index * WIDTH + tile.width > tiles.row_length(tile.level, self.signed.size):
            self.tally.ahead += 1
        else:
            self._plan(tile)

    def run(self, progress: Callable[[int], object]) -> None:
        """Walk from the first entry to the signed root, or until there are enough findings.

        Giving up keeps a log that signs an absurd size from holding the verifier for ever.
        """
        size = self.signed.size
        self._meet(0, [])
        for bundle in tiles.bundles_of(size):
            self._bundle(bundle)
            progress(bundle.index * WIDTH + bundle.width)
            if self.tally.full:
                return
        for level in range(1, len(self.rows)):
            if row := self.rows[level]:
                index = tiles.row_length(level, size) // WIDTH
                self.rows[level] = self._settle(Tile(level, index, len(row)), row)
        self._meet(size, self.rows[0])
        self._judge("checkpoint", self.signed, self._root(self.rows[0]))

    def _plan(self, tile: Tile) -> None:
        if tile.width < WIDTH:
            self.partials.setdefault((tile.level, tile.index), set()).add(tile.width)

    def _bundle(self, bundle: Tile) -> None:
        """One bundle of entries, up through every tile that it completes."""
        leaves = self._settle(Tile(0, bundle.index, bundle.width), self._leaves(bundle))
        first = bundle.index * WIDTH
        for place in range(1, bundle.width):
            if first + place in self.stops:
                self._meet(first + place, leaves[:place])
        if bundle.width < WIDTH:
            self.rows[0] = leaves
            return
        self._rise(Tile(0, bundle.index), leaves)
        if first + WIDTH < self.signed.size:
            self._meet(first + WIDTH, [])

    def _rise(self, tile: Tile, hashes: Hashes) -> None:
        """Hash a full tile into the row above it, and that one, if full now, into the next."""
        above = tile.level + 1
        if len(self.rows) == above:
            self.rows.append([])
        row = self.rows[above]
        row.append(_fold(hashes))
        if len(row) == WIDTH:
            self.rows[above] = []
            upper = Tile(above, tile.index // WIDTH)
            self._rise(upper, self._settle(upper, row))

    def _leaves(self, bundle: Tile) -> Hashes:
        """The leaf hashes of a bundle's entries, each of which must be in its canonical form."""
        path, raw = self._fetch(bundle)
        if raw is None:
            return [None] * bundle.width
        width = bundle.width if path == bundle.path else WIDTH
        try:
            entries = tiles.unpack_entries(raw, width)[: bundle.width]
        except BadProof as error:
            self.tally.find(path, str(error))
            return [None] * bundle.width
        self._compare_others(bundle, raw, lambda some: len(tiles.pack_entries(entries[:some])))
        self._check_entries(bundle.index * WIDTH, entries)
        return [sha256(b"\x00" + raw).digest() for raw in entries]

    def _check_entries(self, first: int, entries: Sequence[bytes]) -> None:
        self.tally.entries += len(entries)
        bad = [place for place, raw in enumerate(entries) if not entry.is_entry(raw)]
        for place in bad:
            self.tally.find(f"entry {first + place}", "is not an entry in canonical form")
        if self.payloads:
            for place in sorted(set(range(len(entries))).difference(bad)):
                self._check_payload(first + place, entries[place], self.payloads(first + place))

    def _check_payload(self, index: int, raw: bytes, file: bytes | None) -> None:
        if file is None:
            self.tally.withheld += 1
            return
        try:
            entry.check_payload(file, entry.parse(raw).digest)
            self.tally.payloads += 1
        except BadProof as error:
            self.tally.find(tiles.payload_path(index), str(error))

    def _settle(self, tile: Tile, computed: Hashes) -> Hashes:
        """Compare a hash tile with what it should hold; where they differ, go on with the tile."""
        path, raw = self._fetch(tile)
        if raw is None:
            return computed
        if len(raw) != (tile.width if path == tile.path else WIDTH) * HASH_SIZE:
            self.tally.find(path, f"has {len(raw)} bytes, not {HASH_SIZE} for each of its hashes")
            return computed
        self.tally.tiles += 1
        self._compare_others(tile, raw, lambda some: some * HASH_SIZE)
        raw = raw[: tile.width * HASH_SIZE]
        if b"".join([hash_ for hash_ in computed if hash_]) == raw:
            return computed
        claimed: Hashes = [raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE)]
        pairs = enumerate(zip(computed, claimed, strict=True))
        self._blame(tile, path, [place for place, (ours, its) in pairs if ours not in (None, its)])
        return claimed

    def _blame(self, tile: Tile, path: str, wrong: Sequence[int]) -> None:
        """Say which hashes of a tile are not those of what lies below it, neighbours together."""
        for _, group in groupby(enumerate(wrong), lambda pair: pair[1] - pair[0]):
            run = [tile.index * WIDTH + place for _, place in group]
            last = f"..{run[-1]}" if len(run) > 1 else ""
            if tile.level == 0:
                self.tally.find(f"entry {run[0]}{last}", f"does not fit its hash in {path}")
            else:
                below = tiles.tile_path(tile.level - 1, run[0])
                self.tally.find(path, f"hash {run[0]}{last} is not that of {below}")

    def _fetch(self, tile: Tile) -> tuple[str, bytes | None]:
        """A tile and where it was: a full one may have taken the place of a partial one."""
        for path in dict.fromkeys((tile.path, tiles.tile_path(tile.level, tile.index))):
            raw = self.read(path)
            if raw is not None:
                return path, raw
        self.tally.find(tile.path, "is missing")
        return tile.path, None

    def _compare_others(self, tile: Tile, raw: bytes, length: Callable[[int], int]) -> None:
        """Check the files that hold more or less of the same tile; `length(n)`: bytes of n items."""
        if tile.width < WIDTH:
            full = tiles.tile_path(tile.level, tile.index)
            larger = self.read(full)
            if larger is not None and not larger.startswith(raw[: length(tile.width)]):
                self.tally.find(full, f"does not begin with {tile.path}")
        for width in sorted(self.partials.pop((tile.level, tile.index), ())):
            path = tiles.tile_path(tile.level, tile.index, width)
            if width < tile.width and self.read(path) not in (None, raw[: length(width)]):
                self.tally.find(path, f"is not the beginning of {tile.path}")

    def _meet(self, size: int, low: Hashes) -> None:
        """Compare the root at `size` with every checkpoint of that size."""
        points = self.stops.pop(size, ())
        root = self._root(low) if points else None
        for where, point in points:
            self.tally.earlier += self._judge(where, point, root)

    def _judge(self, where: str, point: Checkpoint, root: bytes | None) -> bool:
        if root is None:
            self.tally.find(where, f"cannot be checked: files under size {point.size} are missing")
        elif root != point.root:
            self.tally.find(where, f"its root is not that of the tiles at size {point.size}")
        return root == point.root

    def _root(self, low: Hashes) -> bytes | None:
        """The root of the tree whose open tiles are the rows above and `low`."""
        edge = list[bytes]()
        for row in (*self.rows[:0:-1], low):
            known = [hash_ for hash_ in row if hash_ is not None]
            if len(known) < len(row):
                return None
            edge += Frontier().extend(known)[0].edge
        size = sum(
            len(row) << tiles.HEIGHT * level for level, row in enumerate([low, *self.rows[1:]])
        )
        return Frontier(size, tuple(edge)).root()


def _fold(hashes: Hashes) -> bytes | None:
    """The root of a full tile, unless one of its hashes is unknown."""
    row = [hash_ for hash_ in hashes if hash_]
    if len(row) < len(hashes):
        return None
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]
