# SPDX-License-Identifier: Apache-2.0
"""A store that is full, read-only, locked or gone denies clearly, and recovers by itself."""

# Tests may touch files on the loop: nothing else runs on it.
# ruff: noqa: ASYNC240

import asyncio
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.errors import Malformed, StoreDown
from gyges.ledger import sqlite
from gyges.ledger.sqlite import SqliteStore
from gyges.ports import Change
from tests import patience
from tests.ledger.store_files import opened, set_aside, works
from tests.ledger.store_words import (
    a_case,
    a_change,
    an_event,
    promised,
)


async def test_a_full_store_denies_still_reads_and_recovers(store: SqliteStore) -> None:
    """SQLite's own limit on pages: every caller of the batch is told, room makes it work again."""
    conn = store._disk.writer()
    pages = conn.execute("PRAGMA page_count").fetchone()[0]
    conn.execute(f"PRAGMA max_page_count={pages}")
    big = [Change(events=(an_event(f"c-{n}", body={"x": "y" * 9000}),)) for n in range(9)]
    outcomes = await asyncio.gather(*map(store.record, big), return_exceptions=True)
    assert all(isinstance(o, StoreDown) and "the disk is full" in str(o) for o in outcomes)
    assert await store.case("c-first") is not None
    assert (await promised(store)).size == 1
    conn.execute("PRAGMA max_page_count=1000000")
    await works(store)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of one megabyte, where the tests may mount one."""
    folder = Path(tempfile.mkdtemp())
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        folder.rmdir()
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


async def test_a_full_disk_denies_still_reads_and_recovers(small_disk: Path) -> None:
    """A file system without a free byte; freeing some is all the repair there is."""
    store = await opened(small_disk / "gyges.db")
    await store.record(a_change(a_case("c-first")))
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * (1 << 20))
    changes = [a_change(a_case(f"c-{n}")) for n in range(1000)]
    outcomes = await asyncio.gather(*map(store.record, changes), return_exceptions=True)
    assert isinstance(outcomes[-1], StoreDown)
    assert await store.case("c-first") is not None
    size = (await promised(store)).size
    filler.unlink()
    await store.record(a_change(a_case("c-after")))
    assert (await promised(store)).size == size + 1
    await store.close()


async def test_a_store_turned_read_only_denies_and_recovers(store: SqliteStore) -> None:
    """A file that refuses writes under us: denied with the cause, and tried anew on the next call."""
    store._disk.writer().execute("PRAGMA query_only=ON")
    with pytest.raises(StoreDown, match="it is read-only"):
        await store.record(a_change(a_case("c-2")))
    await works(store)


@contextmanager
def nobody() -> Iterator[None]:
    """Without the powers of root, if we have them."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


async def test_a_read_only_file_is_not_opened() -> None:
    """Without the right to write there is no gate; with it, there is one, as it was."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = await opened(folder / "gyges.db")
        await store.record(a_change(a_case("c-first")))
        await store.close()
        (folder / "gyges.db").chmod(0o444)
        (folder / "gyges.db.lock").chmod(0o666)
        folder.chmod(0o555)
        with nobody(), pytest.raises(StoreDown, match=r"read-only|Permission denied"):
            await opened(folder / "gyges.db")
        folder.chmod(0o755)
        (folder / "gyges.db").chmod(0o644)
        store = await opened(folder / "gyges.db")
        await works(store)
        await store.close()


async def test_a_locked_store_denies_and_recovers(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the write lock for longer than we wait."""
    monkeypatch.setattr(sqlite, "WAIT_MS", 20)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreDown, match="another process has locked it"):
        await store.record(a_change(a_case("c-2")))
    assert await store.case("c-first") is not None
    other.execute("ROLLBACK")
    other.close()
    await works(store)


async def test_a_short_lock_is_waited_for(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that finishes in time delays a change and does not refuse it."""
    monkeypatch.setattr(sqlite, "WAIT_MS", patience.MS)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    task = asyncio.ensure_future(store.record(a_change(a_case("c-2"))))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    other.execute("ROLLBACK")
    other.close()
    assert (await task).indices == (1,)


async def test_a_store_that_is_gone_denies_and_recovers(store: SqliteStore, file: Path) -> None:
    """A write into a file that nobody can find again is no write; nor is a read an answer."""
    with set_aside(file):
        for _ in range(2):
            with pytest.raises(StoreDown, match="No such file"):
                await store.record(a_change(a_case("c-2")))
            with pytest.raises(StoreDown, match="No such file"):
                await store.case("c-first")
            assert not file.exists(), "a missing log must never be replaced by a new one"
    await works(store)


async def test_a_write_ahead_log_that_is_gone_denies(store: SqliteStore, file: Path) -> None:
    """What went into a deleted write-ahead log is not acknowledged."""
    file.with_name("gyges.db-wal").unlink()
    with pytest.raises(StoreDown):
        await store.record(a_change(a_case("c-2")))
    await works(store)


async def test_a_value_that_no_row_can_hold_fails_alone(store: SqliteStore) -> None:
    """A number beyond 64 bits is its caller's problem, not its neighbours'."""
    cases = [a_case("c-1"), replace(a_case("c-2"), risk=2**70), a_case("c-3")]
    outcomes = await asyncio.gather(
        *(store.record(a_change(case)) for case in cases), return_exceptions=True
    )
    assert isinstance(outcomes[1], Malformed)
    assert await store.case("c-2") is None
    assert await store.case("c-1") is not None
    assert await store.case("c-3") is not None
    assert (await promised(store)).size == 3
    await works(store)


async def test_a_closed_store_finishes_what_was_asked_and_then_denies(file: Path) -> None:
    """Changes already handed in are written; later calls are told that it is closed."""
    store = await opened(file)
    early = [asyncio.ensure_future(store.record(a_change(a_case(f"c-{n}")))) for n in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert [(await task).indices for task in early] == [(n,) for n in range(5)]
    for late in (store.record(a_change(a_case("c-9"))), store.case("c-1")):
        with pytest.raises(StoreDown, match="closed"):
            await late
