# SPDX-License-Identifier: Apache-2.0
"""The in-memory store keeps the contract of the real ones, and can be told to fail."""

import pytest

from gyges.errors import StoreDown
from gyges.testing import MemoryStore
from tests.ledger.store_suite import StoreSuite
from tests.ledger.store_words import ORIGIN, SIGNER, a_case, a_change


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore(ORIGIN, SIGNER)


class TestMemoryStore(StoreSuite):
    """The suite of `ports`."""


async def test_a_store_that_is_down_says_so_and_comes_back(store: MemoryStore) -> None:
    """While `down` names a cause nothing is written or read; afterwards all is as before."""
    await store.record(a_change(a_case()))
    store.down = "the disk is full"
    with pytest.raises(StoreDown, match="the disk is full"):
        await store.record(a_change(a_case("c-2")))
    with pytest.raises(StoreDown):
        await store.case("c-1")
    store.down = ""
    assert await store.case("c-1") is not None
    assert await store.case("c-2") is None
