# SPDX-License-Identifier: Apache-2.0
"""A store on disk with one case in it, for the tests of what may happen to its file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.ledger.sqlite import SqliteStore
from tests.ledger.store_files import opened
from tests.ledger.store_words import a_case, a_change


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "gyges.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SqliteStore]:
    """A store that holds one case."""
    found = await opened(file)
    await found.record(a_change(a_case("c-first")))
    yield found
    await found.close()
