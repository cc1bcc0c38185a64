# SPDX-License-Identifier: Apache-2.0
"""The verifier against an operator who changes whatever can be changed without the log's key."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges import canon
from gyges.errors import BadProof
from gyges.ledger import checkpoint, entry, merkle, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.entry import Entry
from gyges.ledger.merkle import Frontier, Getter
from gyges.ledger.note import Signer
from gyges.ledger.verify import Report, verify_entry, verify_log

ORIGIN = "gate.example/log"
KEY = Signer.from_seed(ORIGIN, b"L" * 32)
THIEF = Signer.from_seed(ORIGIN, b"T" * 32)
SIZES = st.integers(1, 600) | st.sampled_from([255, 256, 257, 511, 512, 513])


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


@given(SIZES, st.data())
def test_an_honest_log_holds(size: int, data: st.DataObject) -> None:
    """An unmodified log holds, with every earlier checkpoint and every tile that one left behind."""
    stages = data.draw(st.lists(st.integers(0, size), max_size=4))
    report = Log(size, stages).verify()
    assert report.findings == ()
    assert report.held
    assert (report.origin, report.size, report.entries) == (ORIGIN, size, size)
    assert (report.payloads, report.withheld, report.earlier) == (size, 0, len(stages))
    assert report.tiles == len(list(tiles.tiles_of(size)))
    assert report.ahead == 0


def test_an_empty_log_holds() -> None:
    """A log without entries has a checkpoint and nothing else."""
    report = look(files_of([]), [signed([])])
    assert report.held
    assert (report.size, report.earlier) == (0, 1)


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


@given(SIZES, st.data())
def test_any_single_byte_is_missed_by_nobody(size: int, data: st.DataObject) -> None:
    """Whatever byte of whatever file is changed, added or lost, the log does not hold."""
    log = Log(size, [size // 2])
    path = data.draw(st.sampled_from(sorted(log.files)))
    raw = log.files[path]
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))
    bent = [raw[:at] + bytes([byte]) + raw[at + 1 :], raw[:at] + raw[at + 1 :], raw[:at]]
    bent += [raw[:at] + bytes([byte]) + raw[at:]]
    log.files[path] = data.draw(st.sampled_from(bent))
    assert not log.verify().held


@given(SIZES, st.data())
def test_a_lost_file_is_missed(size: int, data: st.DataObject) -> None:
    """Without one of the files the signed size needs, the log does not hold; payloads may go."""
    log = Log(size)
    path = data.draw(st.sampled_from(sorted(log.files)))
    del log.files[path]
    report = log.verify()
    if path.startswith("payload/"):
        assert report.held
        assert (report.payloads, report.withheld) == (size - 1, 1)
    else:
        assert not report.held
        assert any(path in finding.where for finding in report.findings)


def changed(kind: str, entries: list[bytes], at: int, other: int) -> list[bytes]:
    """A history told differently."""
    before, one, after = entries[:at], entries[at], entries[at + 1 :]
    if kind == "changed":
        return [*before, entry_of(10_000 + at), *after]
    if kind == "dropped":
        return before + after
    if kind == "doubled":
        return [*before, one, one, *after]
    if kind == "truncated":
        return before
    swapped = list(entries)
    swapped[at], swapped[other] = swapped[other], swapped[at]
    return swapped


KINDS = st.sampled_from(["changed", "dropped", "doubled", "truncated", "swapped"])


@given(st.integers(2, 600), KINDS, st.data())
def test_a_rewritten_history_does_not_hold(size: int, kind: str, data: st.DataObject) -> None:
    """Rewriting entries and every tile to match does not help without the key to sign a root."""
    entries = [entry_of(index) for index in range(size)]
    at = data.draw(st.integers(0, size - 2))
    told = changed(kind, entries, at, data.draw(st.integers(at + 1, size - 1)))
    files = files_of(told)
    files[tiles.CHECKPOINT] = signed(entries)
    assert not look(files, listed=False).held
    files[tiles.CHECKPOINT] = signed(told, THIEF)
    assert not look(files, listed=False).held


@given(st.integers(2, 600), KINDS, st.data())
def test_the_operator_with_the_key_is_caught_by_who_kept_a_checkpoint(
    size: int, kind: str, data: st.DataObject
) -> None:
    """A rewritten, properly signed history contradicts the checkpoint that somebody kept."""
    entries = [entry_of(index) for index in range(size)]
    at = data.draw(st.integers(0, size - 2))
    told = changed(kind, entries, at, data.draw(st.integers(at + 1, size - 1)))
    files = files_of(told)
    assert look(files).held
    report = look(files, [signed(entries)])
    assert [finding.where for finding in report.findings] == ["known checkpoint 1"]


def test_a_rollback_is_named() -> None:
    """An older, honest state of the log is not the state that a newer checkpoint promised."""
    entries = [entry_of(index) for index in range(20)]
    report = look(files_of(entries[:12]), [signed(entries)])
    assert [(f.where, f.what) for f in report.findings] == [
        ("known checkpoint 1", "signed 20 entries: the log went back to 12")
    ]


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


@pytest.mark.parametrize("what", ["unsigned", "foreign", "missing", "other origin"])
def test_a_checkpoint_nobody_vouches_for(what: str) -> None:
    """Without a checkpoint signed by the log under its own name nothing else is looked at."""
    files = files_of([entry_of(0)])
    if what == "unsigned":
        files[tiles.CHECKPOINT] = files[tiles.CHECKPOINT].partition(b"\n\n")[0] + b"\n"
    elif what == "foreign":
        files[tiles.CHECKPOINT] = signed([entry_of(0)], THIEF)
    elif what == "missing":
        del files[tiles.CHECKPOINT]
    else:
        files[tiles.CHECKPOINT] = files[tiles.CHECKPOINT].replace(b"gate.", b"gale.")
    report = look(files)
    assert [f.where for f in report.findings] == ["checkpoint"]
    assert (report.size, report.entries) == (0, 0)


def test_a_known_checkpoint_of_another_log() -> None:
    """Checkpoints that were kept must be of this log."""
    other = Signer.from_seed("other.example/log", b"O" * 32)
    point = Checkpoint(origin="other.example/log", size=1, root=bytes(32))
    note = checkpoint.sign(point, [other])
    files = files_of([entry_of(0)])
    for keys in ([KEY.verifier], [KEY.verifier, other.verifier]):
        report = verify_log(files.get, keys, known=[note])
        assert [f.where for f in report.findings] == ["known checkpoint 1"]


def test_a_signed_entry_that_is_not_an_entry() -> None:
    """Even under a good signature, a leaf that is not a canonical entry is found."""
    loose = entry_of(1).replace(b'"v":1', b'"v": 1')
    report = look(files_of([entry_of(0), loose]))
    assert [(f.where, f.what) for f in report.findings] == [
        ("entry 1", "is not an entry in canonical form")
    ]


def test_payloads_of_other_entries() -> None:
    """A payload under another entry's number is found, and the right ones are counted."""
    log = Log(10)
    log.files["payload/3"], log.files["payload/4"] = log.files["payload/4"], log.files["payload/3"]
    report = log.verify()
    assert [f.where for f in report.findings] == ["payload/3", "payload/4"]
    assert report.payloads == 8


def test_redaction_leaves_every_proof_valid() -> None:
    """With all payloads gone the log still holds, and says how many it did not see."""
    log = Log(300)
    for index in range(300):
        del log.files[tiles.payload_path(index)]
    report = log.verify()
    assert report.held
    assert (report.payloads, report.withheld) == (0, 300)


def test_findings_do_not_fill_the_memory() -> None:
    """Beyond a thousand, findings are counted and no longer kept; the log does not hold either way."""
    report = look(files_of([b"junk %d" % index for index in range(1500)]))
    assert (len(report.findings), report.more_findings) == (1000, 500)
    assert not report.held


def test_one_entry_with_its_proof() -> None:
    """An evidence bundle's entry, proof and note hold together, and in no other combination."""
    entries = [entry_of(index) for index in range(300)]
    _, get = tree_of(entries)
    note, proof = signed(entries), merkle.inclusion_proof(77, 300, get)
    keys = [KEY.verifier]
    assert verify_entry(entries[77], 77, proof, note, keys).size == 300
    wrong: list[Callable[[], object]] = [
        lambda: verify_entry(entries[78], 77, proof, note, keys),
        lambda: verify_entry(entries[77], 78, proof, note, keys),
        lambda: verify_entry(entries[77], 77, proof[::-1], note, keys),
        lambda: verify_entry(entries[77], 77, proof, signed(entries[:299]), keys),
        lambda: verify_entry(entries[77], 77, proof, signed(entries, THIEF), keys),
        lambda: verify_entry(entries[77], 77, proof, note, []),
    ]
    for attempt in wrong:
        with pytest.raises(BadProof):
            attempt()


def test_an_inner_node_is_not_an_entry() -> None:
    """A leaf hash that was made of something else than an entry proves nothing, however it fits."""
    junk = [b"left", b"right"]
    with pytest.raises(BadProof, match="canonical"):
        verify_entry(junk[0], 0, [merkle.leaf_hash(junk[1])], signed(junk), [KEY.verifier])


def test_the_verifier_imports_nothing_that_it_checks() -> None:
    """Of Gyges, only the formats are loaded: not the gate, not the store, no network."""
    code = (
        "import sys, gyges.ledger.verify; "
        "print(*sorted(m for m in sys.modules if m.startswith('gyges')), "
        "*({'sqlite3', 'httpx', 'asyncio', 'socket', 'subprocess'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    formats = ["checkpoint", "entry", "keys", "merkle", "note", "tiles", "verify", "walk"]
    rooms = ["gyges", "gyges.canon", "gyges.errors", "gyges.ledger"]
    assert out.stdout.split() == sorted(rooms + [f"gyges.ledger.{name}" for name in formats])
