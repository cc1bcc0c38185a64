# SPDX-License-Identifier: Apache-2.0
"""What the store refuses to build upon: other files, older copies, second writers, changed logs."""

# Tests may touch files on the loop: nothing else runs on it.
# ruff: noqa: ASYNC240

import shutil
import sqlite3
from pathlib import Path

import pytest

from gyges.errors import Misconfigured, StoreDown
from gyges.ledger.note import Signer
from gyges.ledger.sqlite import SqliteStore
from tests.ledger.store_files import opened, set_aside, works
from tests.ledger.store_words import (
    ORIGIN,
    SIGNER,
    a_case,
    a_change,
    promised,
)


async def test_an_older_copy_put_back_is_refused(store: SqliteStore, file: Path) -> None:
    """A gate that promised 2 entries does not go on from a copy that has 1."""
    old = file.with_name("copy.db")
    with sqlite3.connect(file) as source, sqlite3.connect(old) as copy:
        source.backup(copy)
    source.close()
    copy.close()
    await store.record(a_change(a_case("c-2")))
    away = [file, file.with_name("gyges.db-wal"), file.with_name("gyges.db-shm")]
    with set_aside(*away):
        shutil.copy(old, file)
        with pytest.raises(StoreDown, match="is gone"):
            await store.record(a_change(a_case("c-3")))
        for _ in range(2):
            with pytest.raises(StoreDown, match="went back from 2 entries to 1"):
                await store.record(a_change(a_case("c-3")))
        for name in away:
            name.unlink(missing_ok=True)
    await works(store)


async def test_another_log_in_its_place_is_refused(store: SqliteStore, file: Path) -> None:
    """As long as ours or longer, and signed by our key: still not what we promised."""
    other_file = file.with_name("other.db")
    other = await opened(other_file)
    for n in range(3):
        await other.record(a_change(a_case(f"c-other-{n}")))
    await other.close()
    with set_aside(file, file.with_name("gyges.db-wal"), file.with_name("gyges.db-shm")):
        shutil.copy(other_file, file)
        for cause in ("is gone", "not those that were signed"):
            with pytest.raises(StoreDown, match=cause):
                await store.record(a_change(a_case("c-3")))
        file.unlink()
        for rest in ("gyges.db-wal", "gyges.db-shm"):
            file.with_name(rest).unlink(missing_ok=True)
    await works(store)


async def test_one_process_writes(store: SqliteStore, file: Path) -> None:
    """A second writer is refused with the reason, and welcome once the first is gone."""
    with pytest.raises(StoreDown, match="another process is its writer"):
        await opened(file)
    await works(store)
    await store.close()
    second = await opened(file)
    await works(second)
    await second.close()


async def test_a_foreign_write_is_noticed(store: SqliteStore, file: Path) -> None:
    """Somebody cut the log behind our back: nothing more is signed on top of it."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("DELETE FROM events WHERE idx = 0")
    other.execute("UPDATE head SET size = 0, edge = x''")
    other.close()
    with pytest.raises(StoreDown, match="the log does not hold"):
        await store.record(a_change(a_case("c-2")))


TAMPERED = {
    "entry lost": "DELETE FROM events WHERE idx = 2",
    "hash changed": "UPDATE events SET hash = zeroblob(32) WHERE idx = 2",
    "edge changed": "UPDATE head SET edge = zeroblob(64)",
    "edge cut": "UPDATE head SET edge = x''",
    "size changed": "UPDATE head SET size = 2",
    "entry added": "INSERT INTO events SELECT 3, hash, entry, kind, at, subject, agent, episode"
    " FROM events WHERE idx = 2",
}


@pytest.mark.parametrize("sql", TAMPERED.values(), ids=TAMPERED.keys())
async def test_a_log_that_does_not_hold_is_not_opened(file: Path, sql: str) -> None:
    """The right edge, the entries and the signed root must agree before anything is added."""
    store = await opened(file)
    for n in range(3):
        await store.record(a_change(a_case(f"c-{n}")))
    await store.close()
    with sqlite3.connect(file) as other:
        other.execute(sql)
    other.close()
    with pytest.raises(StoreDown, match="the log does not hold"):
        await opened(file)


async def test_a_checkpoint_by_another_key_is_not_built_upon(file: Path) -> None:
    """A new key alone does not open the log; named beside the old one it goes on signing."""
    store = await opened(file)
    await store.record(a_change(a_case("c-first")))
    await store.close()
    new = Signer.from_seed(ORIGIN, b"n" * 32)
    with pytest.raises(StoreDown, match="no signature by a key known here"):
        await SqliteStore.open(file, origin=ORIGIN, signer=new)
    store = await SqliteStore.open(file, origin=ORIGIN, signer=new, trusted=[SIGNER.verifier])
    await store.record(a_change(a_case("c-2")))
    await store.close()
    store = await SqliteStore.open(file, origin=ORIGIN, signer=new)
    assert await store.case("c-first") is not None
    await store.close()


async def test_a_log_that_was_lost_is_not_begun_anew(file: Path) -> None:
    """A database deleted or emptied between two starts is a loss to be told, not a first start."""
    store = await opened(file)
    await store.record(a_change(a_case("c-first")))
    await store.close()
    kept = file.read_bytes()
    file.unlink()
    with pytest.raises(StoreDown, match="No such file"):
        await opened(file)
    assert not file.exists()
    file.touch()
    with pytest.raises(Misconfigured, match="no store of Gyges"):
        await opened(file)
    file.write_bytes(kept)
    store = await opened(file)
    await works(store)
    await store.close()


async def test_a_start_that_was_cut_short_is_made_again(file: Path) -> None:
    """Killed after its first files and before its tables, the store can still be made."""
    file.with_name("gyges.db.lock").touch()
    file.touch()
    store = await opened(file)
    await store.record(a_change(a_case("c-first")))
    await works(store)
    assert (await promised(store)).size == 2
    await store.close()


async def test_files_of_others_are_left_alone(file: Path) -> None:
    """Another application's database, a newer schema, no database at all, nothing: each says so."""
    with pytest.raises(StoreDown, match="No such file"):
        await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER, create=False)
    file.touch()
    with pytest.raises(Misconfigured, match="no store of Gyges"):
        await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER, create=False)
    file.write_bytes(b"not a database, only text that is long enough to look at " * 99)
    with pytest.raises(StoreDown, match="it is not a database"):
        await opened(file)
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    with pytest.raises(Misconfigured, match="no store of Gyges"):
        await opened(file)
    file.unlink()
    await (await opened(file)).close()
    with sqlite3.connect(file) as other:
        other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(Misconfigured, match="version 99, newer"):
        await opened(file)


async def test_a_corrupt_store_denies_and_recovers(store: SqliteStore, file: Path) -> None:
    """Pages of rubbish are named as such; the file as it was is taken up again."""
    await store.close()
    good = file.read_bytes()
    file.write_bytes(good[:4096] + b"\xa5" * (len(good) - 4096))
    with pytest.raises(StoreDown, match="it is corrupt"):
        await opened(file)
    file.write_bytes(good)
    store = await opened(file)
    await works(store)
    await store.close()
