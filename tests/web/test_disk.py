# SPDX-License-Identifier: Apache-2.0
"""A store that cannot write, seen from outside: nothing is granted, the cause is said, and it comes back."""

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from tests import patience
from tests.web.conftest import PAY, READ, House

pytestmark = pytest.mark.anyio


@contextmanager
def locked(db: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def gone(db: Path) -> Iterator[None]:
    """Somebody moves the file away, and back again."""
    names = [db, *(db.with_name(db.name + tail) for tail in ("-wal", "-shm"))]
    for name in names:
        name.rename(name.with_name("away-" + name.name))
    yield
    for name in names:
        name.with_name("away-" + name.name).rename(name)


@contextmanager
def full(_: Path) -> Iterator[None]:
    """The disk takes no further byte: every write fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def ready(house: House) -> None:
    """Come back once the gate says that it is ready; it looks at most once a second."""
    async with asyncio.timeout(patience.S):
        while (await house.call("", "GET", "/readyz")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [locked, gone, full], ids=lambda t: t.__name__)
async def test_a_store_in_trouble_denies_with_its_cause_and_recovers(
    house: House, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """Proposals, answers and redemptions fail with 503 meanwhile; afterwards everything goes on by itself."""
    db = house.gate.folder / "gyges.db"
    waiting, granted = await house.propose(PAY), await house.propose(READ)
    with trouble(db):
        for answer in (
            await house.call("bot", "POST", "/v1/actions", READ),
            await house.decide("alice", waiting),
        ):
            assert answer.status_code == 503, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "store-down"
            assert "gyges.db" in answer.json()["detail"]
        assert (await house.call("", "GET", "/readyz")).status_code == 503
    assert (await house.decide("alice", waiting)).status_code == 200
    assert (await house.decide("bob", waiting)).json()["state"] == "granted"
    assert (await house.propose(READ))["state"] == "granted"
    seen = await house.call("bot", "GET", f"/v1/actions/{granted['id']}")
    assert seen.json()["state"] == "granted"
    await ready(house)
