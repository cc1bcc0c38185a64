# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every numbered step of a commit, under load: what was acknowledged is there, whole."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gyges.case import State
from gyges.ledger import log
from gyges.ledger.sqlite import SqliteStore
from gyges.ledger.verify import verify_log
from gyges.ports import CaseQuery, EventQuery
from tests.ledger.store_words import ORIGIN, SIGNER, a_case, a_change, all_pages

ROOT = Path(__file__).resolve().parents[2]
STEPS = (101, 102, 103, 104)


def killed(file: Path, step: int, times: int, run: str = "a") -> dict[str, tuple[int, int]]:
    """Run the writer until it dies; case id -> (version, log index) of the last acknowledgement."""
    command = [sys.executable, "-m", "tests.ledger.kill_me", str(file), str(step), str(times), run]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=600, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    return {name: (int(version), int(index)) for name, version, index in lines}


async def check(store: SqliteStore, told: dict[str, tuple[int, int]]) -> None:
    """Nothing acknowledged is missing, nothing is half there, the tree is that of the entries."""
    for name, (version, index) in told.items():
        case = await store.case(name)
        assert case is not None, f"{name} was acknowledged"
        assert case.version >= version
        assert f'"subject":"{name}"'.encode() in (await store.entry(index) or b"")
    events = await store.events(EventQuery(limit=10_000))
    assert [event.index for event in events] == list(range(len(events)))
    for name in await all_pages(store, CaseQuery(limit=500)):
        case = await store.case(name)
        assert case is not None
        assert (case.version == 2) == (case.state is State.REDEEMED)
        assert await store.claimed(f"n-{name}") == (case.version == 2)
        mine = [event.index for event in events if event.event.subject == name]
        assert (len(mine), mine[-1]) == (case.version, case.log_index)
    disk = store._disk
    report = verify_log(
        lambda path: log.read(disk.reader(), path),
        [SIGNER.verifier],
        payloads=lambda index: log.payload(disk.reader(), index),
    )
    assert report.findings == ()
    assert (report.entries, report.payloads) == (len(events), len(events))


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_loses_nothing_acknowledged(tmp_path: Path, step: int) -> None:
    """Killed twice at one step, a little later the second time, then opened and written again."""
    file = tmp_path / "gyges.db"
    for times in (1, 60):
        told = killed(file, step, times)
        store = await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER)
        await check(store, told)
        before = len(await store.events(EventQuery(limit=10_000)))
        receipt = await store.record(a_change(a_case(f"c-after-{times}")))
        assert receipt.indices == (before,)
        await store.close()
        for name in ("gyges.db", "gyges.db-wal", "gyges.db-shm", "gyges.db.lock"):
            (tmp_path / name).unlink(missing_ok=True)


@pytest.mark.slow
async def test_a_second_run_goes_on_where_the_first_was_killed(tmp_path: Path) -> None:
    """Two killed processes in a row write one log without a gap."""
    file = tmp_path / "gyges.db"
    first = killed(file, 103, 20)
    assert first
    store = await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER)
    size = len(await store.events(EventQuery(limit=10_000)))
    await store.close()
    second = killed(file, 101, 40, "b")
    store = await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER)
    await check(store, first | second)
    assert len(await store.events(EventQuery(limit=10_000))) > size
    await store.close()
