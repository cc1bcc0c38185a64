# SPDX-License-Identifier: Apache-2.0
"""Stores as files: opened, looked at, moved away and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gyges.ledger.sqlite import SqliteStore
from tests.ledger.store_words import (
    ORIGIN,
    SIGNER,
    Everything,
    a_case,
    a_change,
    promised,
)


async def opened(file: Path) -> SqliteStore:
    """The store at `file`."""
    return await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER)


async def works(store: Everything) -> None:
    """Assert that it writes and reads, and still has its first case."""
    name = f"c-works-{(await promised(store)).size}"
    await store.record(a_change(a_case(name)))
    assert await store.case(name) is not None
    assert await store.case("c-first") is not None


@contextmanager
def set_aside(*files: Path) -> Iterator[None]:
    """Move files away for a while."""
    for name in files:
        name.rename(f"{name}.away")
    yield
    for name in files:
        Path(f"{name}.away").rename(name)
