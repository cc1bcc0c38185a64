# SPDX-License-Identifier: Apache-2.0
"""The embedded store keeps the contract, and one file is one store: opened, shared, reopened."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.ledger import stage
from gyges.ledger.sqlite import SqliteStore
from gyges.ports import Change
from tests.ledger.store_suite import StoreSuite
from tests.ledger.store_words import ORIGIN, SIGNER, a_case, an_event

FULL = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store in a fresh folder."""
    opened = await SqliteStore.open(tmp_path / "gyges.db", origin=ORIGIN, signer=SIGNER)
    yield opened
    await opened.close()


class TestSqliteStore(StoreSuite):
    """The suite of `ports`."""


async def test_heavy_changes_go_out_in_several_batches(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a batch has no room for keeps its place in the order, and is written by the next one."""
    monkeypatch.setattr(stage, "HEAVIEST", 5000)
    event = an_event("c-1", body={"x": "y" * 2000})
    steps = [
        Change(events=(event,), cases=(a_case(version=version),)) for version in (*range(20), 0)
    ]
    done = await asyncio.gather(*map(store.record, steps), return_exceptions=True)
    sizes = [getattr(receipt, "size", 0) for receipt in done[:-1]]
    assert sizes == list(range(1, 21))
    assert type(done[-1]).__name__ == "Conflict"
    case = await store.case("c-1")
    assert case is not None
    assert case.version == 20


async def test_a_commit_is_on_the_disk_when_it_returns(store: SqliteStore) -> None:
    """The connection that writes waits for the disk at each commit: a receipt outlives the machine's power."""
    conn = store._disk.writer()
    found = [
        conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    ]
    assert found == ["wal", FULL]
