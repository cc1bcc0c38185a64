# SPDX-License-Identifier: Apache-2.0
"""One pass over a log: that it names the place, follows every level, and gives up in time."""

import pytest

from gyges.ledger import checkpoint, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.verify import verify_log
from tests.ledger.honest import KEY, ORIGIN, Log, entry_of, files_of, look, signed


def test_one_change_is_one_finding() -> None:
    """A changed entry is named, and the rest of the log is not blamed for it."""
    log = Log(600)
    path = tiles.tile_path(tiles.ENTRIES, 1)
    log.files[path] = log.files[path].replace(
        entry_of(300), entry_of(300).replace(b"case", b"cape")
    )
    assert [(f.where, f.what) for f in log.verify().findings] == [
        ("entry 300", "does not fit its hash in tile/0/001")
    ]


def test_a_whole_new_history_is_blamed_on_the_checkpoint() -> None:
    """Where entries and tiles agree with each other, what does not fit them is the signed root."""
    files = files_of([entry_of(index) for index in range(1, 21)])
    files[tiles.CHECKPOINT] = signed([entry_of(index) for index in range(20)])
    assert [(f.where, f.what) for f in look(files).findings] == [
        ("checkpoint", "its root is not that of the tiles at size 20")
    ]


def test_neighbours_are_one_finding() -> None:
    """Entries that moved by one place are reported as a run."""
    entries = [entry_of(index) for index in range(100)]
    files = files_of(entries)
    path = tiles.tile_path(tiles.ENTRIES, 0, 100)
    files[path] = tiles.pack_entries([*entries[:90], *entries[91:], entries[90]])
    assert [f.where for f in look(files).findings] == ["entry 90..99"]


def test_a_bent_tile_is_between_two_fires() -> None:
    """A changed hash in a tile contradicts both the entry below it and the tile above it."""
    log = Log(600)
    raw = bytearray(log.files["tile/0/001"])
    raw[44 * 32] ^= 1
    log.files["tile/0/001"] = bytes(raw)
    assert [f.where for f in log.verify().findings] == ["entry 300", "tile/1/000.p/2"]


def test_stale_partial_tiles_are_found() -> None:
    """A partial tile of an earlier size that tells another story is found, listed or implied."""
    entries = [entry_of(index) for index in range(300)]
    for path in ("tile/0/000.p/100", "tile/entries/000.p/100"):
        log = Log(300, [100])
        log.files[path] = files_of([*entries[1:101]])[path]
        for report in (look(log.files), look(log.files, log.known, listed=False)):
            assert [f.where for f in report.findings] == [path]


def test_a_full_tile_must_begin_with_the_partial_one() -> None:
    """Where the log has grown past its checkpoint, the larger tile must continue the smaller."""
    entries = [entry_of(index) for index in range(256)]
    files = files_of(entries) | files_of(entries[:200])
    assert look(files).held
    assert look(files).ahead == 3  # full tile, full bundle, and the tile above them
    for path in ("tile/0/000", "tile/entries/000"):
        bent = files | {path: files_of(entries[::-1])[path]}
        assert [f.where for f in look(bent).findings] == [path]


def test_a_full_tile_may_stand_in_for_the_partial_one() -> None:
    """The specification lets a log delete partial tiles once the full one is there."""
    entries = [entry_of(index) for index in range(256)]
    files = files_of(entries) | {tiles.CHECKPOINT: signed(entries[:200])}
    report = look(files)
    assert report.held
    assert (report.size, report.entries) == (200, 200)


def test_a_listed_file_that_is_no_tile() -> None:
    """A stray name in the tile folder is reported, other files are none of our business."""
    files = files_of([entry_of(0)]) | {"tile/0/000.bak": b"", "README": b""}
    assert [f.where for f in look(files).findings] == ["tile/0/000.bak"]


def test_payloads_of_other_entries() -> None:
    """A payload under another entry's number is found, and the right ones are counted."""
    log = Log(10)
    log.files["payload/3"], log.files["payload/4"] = log.files["payload/4"], log.files["payload/3"]
    report = log.verify()
    assert [f.where for f in report.findings] == ["payload/3", "payload/4"]
    assert report.payloads == 8


def test_enough_findings_are_enough() -> None:
    """After a thousand findings the verifier gives up and says so; the log does not hold."""
    report = look(files_of([b"junk %d" % index for index in range(1500)]))
    assert len(report.findings) == 1000
    assert report.gave_up
    assert not report.held
    assert report.entries < 1500


def test_an_absurd_size_does_not_hold_the_verifier() -> None:
    """A log that signs more entries than could ever be read is soon given up."""
    point = Checkpoint(origin=ORIGIN, size=2**62, root=bytes(32))
    files = {tiles.CHECKPOINT: checkpoint.sign(point, [KEY])}
    report = look(files)
    assert report.gave_up
    assert report.findings[0].where == "tile/entries/000"


@pytest.mark.slow
def test_a_log_of_three_levels_holds() -> None:
    """70,000 entries: the levels above are climbed as well, and progress is told."""
    entries = [entry_of(0)] * 70_000
    files, told = files_of(entries), list[int]()
    known = [signed(entries[:65_536])]
    report = verify_log(files.get, [KEY.verifier], known=known, progress=told.append)
    assert report.held
    assert (report.tiles, report.earlier, told[-1]) == (277, 1, 70_000)
    path = tiles.tile_path(1, 0)
    files[path] = files[path][:32] + bytes(32) + files[path][64:]
    found = verify_log(files.get, [KEY.verifier], known=known).findings
    assert (found[0].where, found[0].what) == (
        "tile/1/000",
        "hash 1 is not that of tile/0/001",
    )


def test_a_signed_entry_that_is_not_an_entry() -> None:
    """Even under a good signature, a leaf that is not a canonical entry is found."""
    loose = entry_of(1).replace(b'"v":1', b'"v": 1')
    report = look(files_of([entry_of(0), loose]))
    assert [(f.where, f.what) for f in report.findings] == [
        ("entry 1", "is not an entry in canonical form")
    ]
