# SPDX-License-Identifier: Apache-2.0
"""The book beside a running gate: it keeps up by itself, shows what is wrong, and harms nobody by being off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gyges.drift.coin import commitment
from gyges.drift.words import Kind as Sort
from gyges.episode import Kind
from gyges.errors import Misconfigured, NotFound
from gyges.watch import asked
from gyges.watch.book import MISSING, Book
from gyges.watch.plan import Watched
from tests.patience import until
from tests.watch.drifting import PLAN, Town

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(book: Book) -> AsyncIterator[None]:
    """The book as a server runs it."""
    task = asyncio.create_task(book.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_beside_a_server_it_keeps_up_by_itself() -> None:
    """It survives a store that is down and says so meanwhile; once it is back, what closed is found."""
    town = Town()
    book = await town.book()
    town.store.down = "no disk"
    async with running(book):
        await until(lambda: "no disk" in book.standing, "the fault")
        town.store.down = ""
        await town.denied(0, 70)
        await town.denied(1, 20)
        book.wake()
        await until(lambda: book.parts.docket.on("bot"), "the alarm")
        await until(lambda: book.standing == "on", "the end of the fault")
        assert len(await town.alarms()) >= 1


async def test_a_fault_in_the_middle_of_a_page_begins_anew_from_the_log() -> None:
    """What cannot be folded is shown, changes no alarm, and is tried from the start: nothing is counted twice."""
    town = Town()
    await town.denied(0, 70)
    await town.denied(1, 20)
    key = bytes(32)
    broken = {"design": "d1", "share": "half", "cue": "", "commitment": commitment(key)}
    await town.write(Kind.RING_DESIGN, dict(broken))
    book = await town.book(key=key)
    async with running(book):
        await until(lambda: book.standing.startswith("fault: ring design"), "the fault")
        assert not book.begun
    assert await town.alarms() == []


async def test_without_numpy_alarms_still_hold() -> None:
    """The book says that it is off and folds nothing; what is unsettled in the log stays a fact."""
    town = Town()
    await town.denied(0.1, 100)
    await town.denied(0.9, 60)
    await (await town.book()).catch_up()
    parts = (await town.book()).parts
    off = Book(parts, on=False)
    assert await off.catch_up() == 0
    assert off.standing == f"off: {MISSING}"
    assert parts.docket.on("bot")
    with pytest.raises(NotFound, match="drift is off"):
        await off.ask(lambda fold: fold.state())
    assert [one.state for one in asked.fleet(None, parts.docket)] == ["alarm"]


async def test_a_plan_that_keeps_no_promise_is_refused_at_the_start() -> None:
    """A name that says the arm cannot be a feature: the book does not open."""
    told = Watched(name="unwatched", kind=Sort.BINARY, grader="x")
    with pytest.raises(Misconfigured, match="unwatched"):
        await Town().book(replace(PLAN, features=(told,)))
