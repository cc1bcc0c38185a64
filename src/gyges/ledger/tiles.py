# SPDX-License-Identifier: Apache-2.0
"""Tiles (C2SP tlog-tiles): a log as files that never change once they are full.

    checkpoint                      the signed checkpoint, the only file that does change
    tile/0/000                      leaf hashes 0..255 (256 x 32 bytes)
    tile/0/x001/234.p/17            leaf hashes 315904..315920: tile 1234, so far 17 wide
    tile/1/000.p/5                  the hashes of tiles tile/0/000 .. tile/0/004
    tile/entries/000                the entries 0..255, each with its length (uint16, big-endian)
    payload/17                      ours: the payload of entry 17 and its salt (see `entry`)

A tree of 70,000 has 273 full tiles and one of 112 at level 0, one full and one of 17 at level 1,
and one of 1 at level 2. Names and bytes only: what is read here is not verified here.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from gyges.errors import BadProof, NotFound
from gyges.ledger.merkle import HASH_SIZE, MAX_SIZE, Frontier, Getter

CHECKPOINT = "checkpoint"
HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRIES = -1  # the level of entry bundles, as Go's tlog counts
MAX_LEVEL = 63
MAX_ENTRY = 0xFFFF

Reader: TypeAlias = Callable[[str], bytes | None]
"""read(path) -> the file's bytes, or None where there is none."""

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of a tile: level 0..63 or `ENTRIES`, index from 0, width 1..256 (256 is full)."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        known_level = ENTRIES <= self.level <= MAX_LEVEL
        if not known_level or not 0 <= self.index <= MAX_SIZE or not 1 <= self.width <= WIDTH:
            raise BadProof(f"no tile has level {self.level}, index {self.index}, {self.width} wide")

    @property
    def path(self) -> str:
        """Where the tile is, relative to the log's prefix."""
        return tile_path(self.level, self.index, self.width)


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """The path of a tile or, at level `ENTRIES`, of an entry bundle."""
    digits = f"{index % 1000:03}"
    rest = index // 1000
    while rest:
        digits = f"x{rest % 1000:03}/{digits}"
        rest //= 1000
    where = "entries" if level == ENTRIES else str(level)
    return f"tile/{where}/{digits}" + (f".p/{width}" if width < WIDTH else "")


def payload_path(index: int) -> str:
    """Where an exported log keeps the payload of entry `index`."""
    return f"payload/{index}"


def parse_tile_path(path: str) -> Tile:
    """The exact inverse of `tile_path`; raise `BadProof` on any other spelling."""
    match = _PATH.fullmatch(path)
    if not match:
        raise BadProof(f"{path[:120]!r} is not the path of a tile")
    level = ENTRIES if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("x", "").replace("/", ""))
    tile = Tile(level, index, int(match[3] or WIDTH))
    if tile.path != path:
        raise BadProof(f"{path[:120]!r} is not how the path of that tile is written")
    return tile


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """The hash tiles of a tree of `size`, bottom up, that a tree of `since` did not have yet."""
    level = 0
    while size >> HEIGHT * level:
        yield from _row(level, size >> HEIGHT * level, since >> HEIGHT * level)
        level += 1


def bundles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """The entry bundles of a tree of `size` that a tree of `since` did not have yet."""
    yield from _row(ENTRIES, size, since)


def row_length(level: int, size: int) -> int:
    """How many hashes (or entries) a tree of `size` has at this level of tiles."""
    return size >> HEIGHT * max(level, 0)


def partials_of(size: int) -> Iterator[Tile]:
    """The partial tiles of a tree of `size`, its partial bundle first."""
    for level in range(ENTRIES, (size.bit_length() + HEIGHT - 1) // HEIGHT):
        index, width = divmod(row_length(level, size), WIDTH)
        if width:
            yield Tile(level, index, width)


def _row(level: int, hashes: int, since: int) -> Iterator[Tile]:
    if hashes == since:
        return
    full, rest = divmod(hashes, WIDTH)
    for index in range(since // WIDTH, full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)


def tile_bytes(tile: Tile, get: Getter) -> bytes:
    """The bytes of a hash tile, from stored subtrees."""
    first, level = tile.index * WIDTH, tile.level * HEIGHT
    return b"".join(get(level, first + place) for place in range(tile.width))


def pack_entries(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle of 1 to 256 entries; raise `BadProof` if one is over 65,535 bytes."""
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise BadProof(f"an entry is over {MAX_ENTRY} bytes, the most that a bundle can hold")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpack_entries(raw: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle; raise `BadProof` if there are more, fewer, or half of one."""
    entries, at, end = list[bytes](), 0, len(raw)
    while at < end:
        stop = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        if stop > end or at + 2 > end:
            raise BadProof(f"entry bundle: cut off within entry {len(entries)}")
        entries.append(raw[at + 2 : stop])
        at = stop
    if len(entries) != width:
        raise BadProof(f"entry bundle: {len(entries)} entries instead of {width}")
    return entries


def read_tile(read: Reader, tile: Tile) -> bytes | None:
    """The bytes at a tile's path or, once a partial tile is gone, the full tile that replaced it."""
    found = read(tile.path)
    if found is None and tile.width < WIDTH:
        return read(tile_path(tile.level, tile.index))
    return found


def getter(read: Reader, size: int, *, keep: int = 64) -> Getter:
    """Subtree hashes of a tree of `size` from its tiles, with the last `keep` tiles in memory.

    It raises `NotFound` for a missing tile and `BadProof` for one of the wrong length; whether the
    hashes are the log's own shows only against a verified root.
    """

    @lru_cache(maxsize=keep)
    def hashes(level: int, index: int) -> bytes:
        width = min(WIDTH, (size >> HEIGHT * level) - index * WIDTH)
        if width < 1:
            raise NotFound(f"a tree of {size} has no tile {tile_path(level, index)}")
        tile = Tile(level, index, width)
        raw = read_tile(read, tile)
        if raw is None:
            raise NotFound(f"{tile.path} is missing")
        if len(raw) not in (width * HASH_SIZE, WIDTH * HASH_SIZE):
            raise BadProof(f"{tile.path}: {len(raw)} bytes instead of {width * HASH_SIZE}")
        return raw[: width * HASH_SIZE]

    def get(level: int, index: int) -> bytes:
        row, above = divmod(level, HEIGHT)
        first = index << above
        raw = hashes(row, first // WIDTH)
        start, stop = first % WIDTH * HASH_SIZE, (first % WIDTH + (1 << above)) * HASH_SIZE
        if stop > len(raw):
            raise NotFound(f"a tree of {size} has no complete subtree ({level}, {index})")
        if not above:
            return raw[start:stop]
        cut = (raw[at : at + HASH_SIZE] for at in range(start, stop, HASH_SIZE))
        return Frontier().extend(cut)[0].root()

    return get
