# SPDX-License-Identifier: Apache-2.0
"""A reader looks at the file of a store that is being written, takes nothing over and changes nothing."""

import asyncio
from pathlib import Path

import pytest

from gyges.episode import Event, Kind
from gyges.errors import Misconfigured, StoreDown
from gyges.ledger.sqlite import SqliteStore
from gyges.ledger.sqlite_reader import SqliteReader
from gyges.ports import CaseQuery, Change, EventQuery
from tests import patience
from tests.ledger.store_files import opened
from tests.ledger.store_words import ORIGIN, SIGNER, a_case, a_change, promised


async def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    """Each look shows what is committed by then, under the checkpoint of that moment."""
    file = tmp_path / "gyges.db"
    store = await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER)
    reader = await SqliteReader.look_at(file)
    assert reader.origin == ORIGIN
    for count in (1, 2):
        await store.record(a_change(a_case(f"c-{count}")))
        assert await reader.case(f"c-{count}") is not None
        assert await reader.checkpoint() == await store.checkpoint()
        assert len((await reader.cases(CaseQuery())).cases) == count
        assert len(await reader.events(EventQuery())) == count
    await reader.close()
    await store.record(a_change(a_case("c-3")))
    assert (await promised(store)).size == 3
    await store.close()
    with pytest.raises(StoreDown, match="closed"):
        await reader.case("c-1")


async def test_a_file_at_rest_can_be_read(tmp_path: Path) -> None:
    """No writer, no write-ahead log: all is there, and nothing is left behind that was not."""
    file = tmp_path / "gyges.db"
    store = await SqliteStore.open(file, origin=ORIGIN, signer=SIGNER)
    await store.record(a_change(a_case("c-1")))
    await store.close()
    before = file.read_bytes()
    reader = await SqliteReader.look_at(file)
    assert await reader.case("c-1") is not None
    await reader.close()
    assert file.read_bytes() == before


async def test_what_is_no_store_is_not_read(tmp_path: Path) -> None:
    """A missing file and an empty one are told apart."""
    file = tmp_path / "gyges.db"
    with pytest.raises(StoreDown, match="No such file"):
        await SqliteReader.look_at(file)
    file.touch()
    with pytest.raises(Misconfigured, match="no store of Gyges"):
        await SqliteReader.look_at(file)


async def test_a_list_of_several_kinds_is_of_one_moment(tmp_path: Path) -> None:
    """What is recorded between the statements of one question is in none of them: a follower would miss the rest."""
    store = await opened(tmp_path / "gyges.db")
    first, second = Kind.EPISODE_CLOSED, Kind.MEASURED
    events = tuple(Event(kind=kind, at=1, subject="s", body={}) for kind in (first, second))
    loop, asked = asyncio.get_running_loop(), list[str]()

    def between(sql: str) -> None:
        if "FROM events" in sql:
            asked.append(sql)
            if len(asked) == 2:
                writing = store.record(Change(events=events))
                asyncio.run_coroutine_threadsafe(writing, loop).result(patience.S)

    store._disk.scanner().set_trace_callback(between)
    assert list(await store.events(EventQuery(kinds=(first, second)))) == []
    assert len(asked) == 2
    store._disk.scanner().set_trace_callback(None)
    found = await store.events(EventQuery(kinds=(first, second)))
    assert [recorded.event.kind for recorded in found] == [first, second]
    await store.close()
