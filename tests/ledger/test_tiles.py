# SPDX-License-Identifier: Apache-2.0
"""Tiles: the specification's examples, exact paths and bundles, and a tree read back from files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import BadProof, NotFound
from gyges.ledger import merkle, tiles
from gyges.ledger.merkle import Frontier, Getter
from gyges.ledger.tiles import ENTRIES, Tile


def grown(size: int) -> tuple[Frontier, Getter]:
    """A tree of `size` in memory."""
    leaves = [merkle.leaf_hash(index.to_bytes(4, "big")) for index in range(size)]
    frontier, made = Frontier().extend(leaves)
    nodes = {(level, index): hash_ for level, index, hash_ in made}
    return frontier, lambda level, index: nodes[level, index]


def written(size: int) -> dict[str, bytes]:
    """The tile files of a tree of `size`."""
    _, get = grown(size)
    return {tile.path: tiles.tile_bytes(tile, get) for tile in tiles.tiles_of(size)}


any_tile = st.builds(
    Tile,
    st.integers(ENTRIES, 63),
    st.integers(0, 2**55) | st.integers(0, 1200),
    st.integers(1, 256),
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),  # the specification's index
        (Tile(0, 0), "tile/0/000"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1000, 1), "tile/1/x001/000.p/1"),
        (Tile(ENTRIES, 1234), "tile/entries/x001/234"),
        (Tile(ENTRIES, 0, 17), "tile/entries/000.p/17"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    """Paths are spelt as the specification spells them."""
    assert tile.path == path
    assert tiles.parse_tile_path(path) == tile


@given(any_tile)
def test_parse_is_the_inverse_of_path(tile: Tile) -> None:
    """Every tile's path leads back to the tile."""
    assert tiles.parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/-1/000",
        "tile/0/../000",
        "tile/0/\u0660\u0660\u0660",
        "tile/entry/000",
        "tile/0/" + "x001/" * 5000 + "001",
        "tile/0/x010/x000/x000/x000/x000/x000/000",
        "",
    ],
)
def test_other_spellings_are_no_paths(path: str) -> None:
    """What `tile_path` would not write is not a path."""
    with pytest.raises(BadProof):
        tiles.parse_tile_path(path)


def test_the_tree_of_seventy_thousand() -> None:
    """The specification's example: 273 full and one of 112, one full and one of 17, one of 1."""
    found = list(tiles.tiles_of(70_000))
    assert found[:273] == [Tile(0, index) for index in range(273)]
    assert found[273:] == [Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]


def test_a_tree_of_256() -> None:
    """The specification's other example: a full tile, and one of width 1 above it."""
    assert list(tiles.tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.bundles_of(256)) == [Tile(ENTRIES, 0)]
    assert list(tiles.tiles_of(0)) == []


@given(st.integers(0, 70_000), st.integers(0, 3000))
def test_what_growth_adds(since: int, more: int) -> None:
    """The tiles since an earlier size are exactly those that the earlier tree did not have."""
    size = since + more
    before = set(tiles.tiles_of(since)) | set(tiles.bundles_of(since))
    after = {*tiles.tiles_of(size), *tiles.bundles_of(size)}
    assert {*tiles.tiles_of(size, since), *tiles.bundles_of(size, since)} == after - before


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_come_back(entries: list[bytes]) -> None:
    """Entries packed are the entries unpacked, and the count must be right."""
    raw = tiles.pack_entries(entries)
    assert tiles.unpack_entries(raw, len(entries)) == entries
    with pytest.raises(BadProof):
        tiles.unpack_entries(raw, len(entries) + 1)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.data())
def test_a_bundle_cut_anywhere_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    """No proper beginning of a bundle passes for the bundle, nor does one with a tail."""
    raw = tiles.pack_entries(entries)
    for bent in (raw[: data.draw(st.integers(0, len(raw) - 1))], raw + b"\x00"):
        with pytest.raises(BadProof):
            tiles.unpack_entries(bent, len(entries))


def test_the_largest_entry() -> None:
    """65,535 bytes fit the length prefix, one more does not."""
    assert tiles.unpack_entries(tiles.pack_entries([bytes(65_535)]), 1) == [bytes(65_535)]
    with pytest.raises(BadProof, match="65535"):
        tiles.pack_entries([bytes(65_536)])


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 5, 255, 256, 257, 700, 66_000])
def test_a_tree_read_back_from_its_tiles(size: int) -> None:
    """Root and proofs from the files are those of the tree in memory."""
    frontier, direct = grown(size)
    get = tiles.getter(written(size).get, size)
    assert merkle.root_at(size, get) == frontier.root()
    for index in {0, size // 3, size - 1}:
        assert merkle.inclusion_proof(index, size, get) == merkle.inclusion_proof(
            index, size, direct
        )
        old = index + 1
        assert merkle.consistency_proof(old, size, get) == merkle.consistency_proof(
            old, size, direct
        )


def test_a_full_tile_stands_in_for_a_partial_one() -> None:
    """Once the log has grown, a reader at the old size may find only the full tile."""
    get = tiles.getter(written(256).get, 200)
    assert merkle.root_at(200, get) == grown(200)[0].root()


def test_what_the_getter_refuses() -> None:
    """A missing tile, one of a wrong length and a subtree outside the tree are errors."""
    files = written(5)
    with pytest.raises(NotFound, match="missing"):
        tiles.getter(dict[str, bytes]().get, 5)(0, 0)
    with pytest.raises(BadProof, match="160"):
        tiles.getter({path: raw[1:] for path, raw in files.items()}.get, 5)(0, 0)
    for level, index in [(0, 5), (1, 2), (2, 1), (8, 0)]:
        with pytest.raises(NotFound):
            tiles.getter(files.get, 5)(level, index)


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**63, 1), (0, 0, 0), (0, 0, 257)],
)
def test_there_are_no_such_tiles(level: int, index: int, width: int) -> None:
    """Levels, indices and widths out of range name nothing."""
    with pytest.raises(BadProof):
        Tile(level, index, width)
