# SPDX-License-Identifier: Apache-2.0
"""The embedded store keeps the contract, and one file is one store: opened, shared, reopened."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.ledger.sqlite import SqliteStore
from tests.ledger.store_suite import StoreSuite
from tests.ledger.store_words import ORIGIN, SIGNER


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store in a fresh folder."""
    opened = await SqliteStore.open(tmp_path / "gyges.db", origin=ORIGIN, signer=SIGNER)
    yield opened
    await opened.close()


class TestSqliteStore(StoreSuite):
    """The suite of `ports`."""
