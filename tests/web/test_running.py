# SPDX-License-Identifier: Apache-2.0
"""The loops beside the server: timers when they are due, notices until they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gyges.gate.bell import EVERY
from gyges.ports import Notice
from gyges.settings import Settings
from gyges.testing import FakeClock
from gyges.web import running
from gyges.web.app import make_app
from gyges.web.running import Announcer, Everyone, keep_time, tell_people
from gyges.wiring import open_gate
from tests import patience
from tests.web.conftest import MAIL, House, enrol_all, make_folder, next_turns, speaking


class Messenger:
    """A notifier that fails as often as it is told to, and then remembers what it delivered."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.delivered: list[Notice] = []
        self.changed = asyncio.Event()

    async def tell(self, notice: Notice) -> None:
        """Fail, or deliver."""
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the channel is down")
        self.delivered.append(notice)
        self.changed.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops that look as soon as there is reason, and try again at once."""
    monkeypatch.setattr(running, "SHORTEST_MS", 1)
    monkeypatch.setattr(running, "RETRY_MS", 1)


@asynccontextmanager
async def beside(*loops: asyncio.Task[None]) -> AsyncIterator[None]:
    """Run until the end of the block; a loop that ended by itself is an error."""
    try:
        yield
        assert not any(loop.done() for loop in loops)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def test_a_notice_is_told_until_it_arrives_and_then_no_more(house: House) -> None:
    """A channel that fails twice gets the notice a third time; it names the case and nothing of its content."""
    messenger = Messenger(failures=2)
    async with beside(asyncio.create_task(tell_people(house.gate, messenger))):
        case = await house.propose(MAIL)
        async with asyncio.timeout(patience.S):
            await messenger.changed.wait()
            while await house.gate.store.notices(10):
                await next_turns()
    assert [(n.case, n.groups) for n in messenger.delivered] == [(case["id"], ("reviewers",))]
    assert str(MAIL["tool"]) not in repr(messenger.delivered)


async def test_several_are_told_and_the_log_says_what(caplog: pytest.LogCaptureFixture) -> None:
    """Each notifier gets each notice; the line in the program's log says who is asked, or only that it ended."""
    messenger = Messenger(failures=0)
    everyone = Everyone(messenger, Announcer())
    with caplog.at_level("INFO", logger="gyges.running"):
        for kind in ("waiting", "granted"):
            await everyone.tell(Notice(id=kind, at=1, kind=kind, case="c-1", groups=("finance",)))
    assert [notice.kind for notice in messenger.delivered] == ["waiting", "granted"]
    assert caplog.messages == [
        "waiting: case c-1 waits for finance", "granted: case c-1, said to finance"
    ]  # fmt: skip


async def test_notices_survive_a_restart(house: House) -> None:
    """What was written before a loop started is told by it: the rows are the memory."""
    case = await house.propose(MAIL)
    messenger = Messenger(failures=0)
    async with beside(asyncio.create_task(tell_people(house.gate, messenger))):
        async with asyncio.timeout(patience.S):
            await messenger.changed.wait()
    assert [n.case for n in messenger.delivered] == [case["id"]]


async def test_a_case_expires_when_its_time_comes(tmp_path: Path) -> None:
    """The loop wakes for the deadline of a case: nobody answered, so it is denied; not a moment before."""
    clock = FakeClock()
    settings = Settings(data=str(make_folder(tmp_path / "data")), wait_seconds=60)
    gate = await open_gate(settings, clock=clock)
    try:
        app = make_app(gate)
        async with speaking(app) as client:
            house = House(gate, app, client, await enrol_all(gate))
            async with beside(asyncio.create_task(keep_time(gate))):
                case = await house.propose(MAIL)
                clock.advance(seconds=59)
                gate.corridor.bell.ring(EVERY)
                await next_turns(200)
                path = f"/v1/actions/{case['id']}"
                assert (await house.call("bot", "GET", path)).json()["state"] == "waiting"
                clock.advance(seconds=2)
                gate.corridor.bell.ring(EVERY)
                ended = await house.call("bot", "GET", f"{path}?wait=30")
                assert (ended.json()["state"], ended.json()["effect"]) == ("expired", "deny")
    finally:
        await gate.close()


async def test_the_loops_outlive_a_store_that_is_down(house: House) -> None:
    """While the database is away the loops go on trying, and they work again when it is back."""
    messenger = Messenger(failures=0)
    loops = (
        asyncio.create_task(tell_people(house.gate, messenger)),
        asyncio.create_task(keep_time(house.gate)),
    )
    file = house.gate.folder / "gyges.db"
    async with beside(*loops):
        away = file.rename(file.with_suffix(".away"))
        house.gate.corridor.bell.ring(EVERY)
        await next_turns(500)
        away.rename(file)
        case = await house.propose(MAIL)
        async with asyncio.timeout(patience.S):
            await messenger.changed.wait()
    assert [n.case for n in messenger.delivered] == [case["id"]]
