# SPDX-License-Identifier: Apache-2.0
"""The verifier against an operator who changes whatever can be changed without the log's key."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gyges.errors import BadProof
from gyges.ledger import checkpoint, merkle, tiles
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.note import Signer
from gyges.ledger.verify import verify_entry, verify_log
from tests.ledger.honest import KEY, ORIGIN, THIEF, Log, entry_of, files_of, look, signed, tree_of

SIZES = st.integers(1, 600) | st.sampled_from([255, 256, 257, 511, 512, 513])


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@given(st.data())
def test_junk_is_a_finding_and_never_an_error(data: st.DataObject) -> None:
    """Whatever stands in the files and their names, the verifier answers, and the log is not held."""
    log = Log(300, [100])
    names = st.sampled_from(sorted(log.files))
    paths = data.draw(st.lists(names, min_size=1, max_size=6, unique=True))
    junk = st.binary(max_size=200) | st.sampled_from([log.files[path] for path in paths])
    for path in paths:
        raw = data.draw(junk)
        assume(raw != log.files[path])
        log.files[path] = raw
    log.files["tile/" + data.draw(st.text(max_size=12))] = data.draw(junk)
    assert not log.verify().held


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
    """A checkpoint that was kept must be of this log, even where its root is the same."""
    other = Signer.from_seed("other.example/log", b"O" * 32)
    point = Checkpoint(origin="other.example/log", size=1, root=merkle.leaf_hash(entry_of(0)))
    note = checkpoint.sign(point, [other])
    files = files_of([entry_of(0)])
    for keys in ([KEY.verifier], [KEY.verifier, other.verifier]):
        report = verify_log(files.get, keys, known=[note])
        assert [f.where for f in report.findings] == ["known checkpoint 1"]


def test_redaction_leaves_every_proof_valid() -> None:
    """With all payloads gone the log still holds, and says how many it did not see."""
    log = Log(300)
    for index in range(300):
        del log.files[tiles.payload_path(index)]
    report = log.verify()
    assert report.held
    assert (report.payloads, report.withheld) == (0, 300)


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
    formats = ["checkpoint", "entry", "merkle", "note", "tiles", "verify", "walk"]
    rooms = ["gyges", "gyges.canon", "gyges.ed25519", "gyges.errors", "gyges.ledger"]
    assert out.stdout.split() == sorted(rooms + [f"gyges.ledger.{name}" for name in formats])
