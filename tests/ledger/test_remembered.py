# SPDX-License-Identifier: Apache-2.0
"""What the embedded store remembers of keys and kill switches: never longer than it is true."""

from dataclasses import replace
from pathlib import Path

import pytest

from gyges.episode import Event, Kind
from gyges.errors import StoreDown
from gyges.ledger.note import Signer
from gyges.ledger.sqlite import SqliteStore
from gyges.ports import Change
from gyges.principal import Key, Scope
from gyges.standing import Stop

ORIGIN = "test.example/log"
SIGNER = Signer.from_seed(ORIGIN, b"\x05" * 32)
KEY = Key(id="k-1", name="ann", scope=Scope.APPROVER, hash="sha256:" + "a" * 64, created=1)
STOP = Stop(scope="all", by="root", at=1, reason="fire")
EVENT = Event(kind=Kind.STOPPED, at=1, subject="all", body={})


async def opened(folder: Path) -> SqliteStore:
    """A store in `folder`."""
    return await SqliteStore.open(folder / "gyges.db", origin=ORIGIN, signer=SIGNER)


async def test_a_kill_switch_holds_for_the_next_look(tmp_path: Path) -> None:
    """A stop is seen as soon as it is recorded, and gone as soon as its lifting is."""
    store = await opened(tmp_path)
    assert list(await store.stops()) == []
    await store.record(Change(events=(EVENT,), stops=(STOP,)))
    assert list(await store.stops()) == [STOP]
    other = replace(STOP, reason="still")
    await store.record(Change(events=(EVENT,), stops=(other,)))
    assert list(await store.stops()) == [other]
    await store.record(Change(events=(EVENT,), lifted=("all",)))
    assert list(await store.stops()) == []
    await store.close()


async def test_a_revoked_key_is_seen_as_revoked_at_once(tmp_path: Path) -> None:
    """A key that was asked for before is read anew after it changed; an unknown one may come to be known."""
    store = await opened(tmp_path)
    assert await store.key_by_hash(KEY.hash) is None
    await store.record(Change(events=(EVENT,), keys=(KEY,)))
    assert await store.key_by_hash(KEY.hash) == KEY
    assert await store.key_by_hash(KEY.hash) == KEY
    ended = replace(KEY, revoked=5)
    await store.record(Change(events=(EVENT,), keys=(ended,)))
    assert await store.key_by_hash(KEY.hash) == ended
    await store.close()


async def test_a_closed_store_remembers_nothing(tmp_path: Path) -> None:
    """After closing, what was known is not told any more."""
    store = await opened(tmp_path)
    await store.record(Change(events=(EVENT,), keys=(KEY,), stops=(STOP,)))
    assert await store.key_by_hash(KEY.hash) == KEY
    assert list(await store.stops()) == [STOP]
    await store.close()
    with pytest.raises(StoreDown):
        await store.key_by_hash(KEY.hash)
    with pytest.raises(StoreDown):
        await store.stops()
