# SPDX-License-Identifier: Apache-2.0
"""Time: cases escalate, expire, lapse and become unknown, once, also across a restart."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gyges.case import Case, State
from gyges.errors import Expired, PermitRefused
from gyges.ports import Change
from gyges.settings import Settings
from tests import patience
from tests.gate.world import World, world

pytestmark = pytest.mark.anyio
LADDER = Settings(
    wait_seconds=100, escalate_seconds=40, escalate_to="board", grant_seconds=50, outcome_seconds=30
)

STEPS = replace(LADDER, escalate_then=("60=owners",))


async def later(w: World, seconds: int) -> int:
    """Time passes, timers run; how many did."""
    w.clock.advance(seconds * 1000)
    return await w.corridor.tick()


async def test_silence_denies(tmp_path: Path) -> None:
    """Nobody answers: expired, and too late to approve, even before the timer ran."""
    async with world(tmp_path) as w:
        case = await w.propose("send_mail", to="x", body="y")
        assert await later(w, 99) == 0
        w.clock.advance(1000)
        with pytest.raises(Expired):
            await w.approve(case, "rex")
        assert await w.corridor.tick() == 1
        assert (await w.corridor.found(case.id)).state is State.EXPIRED
        assert await w.corridor.tick() == 0


async def test_a_grant_that_is_not_used_lapses(tmp_path: Path) -> None:
    """After its time a grant cannot be redeemed, even before the timer ran."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a")
        permit = await w.permit(case)
        w.clock.advance(50_000)
        with pytest.raises(PermitRefused):
            await w.redeem(case, permit)
        assert await w.corridor.tick() == 1
        assert (await w.corridor.found(case.id)).state is State.LAPSED


async def test_silence_of_the_executor_is_unknown(tmp_path: Path) -> None:
    """No report in time is not guessed at."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a")
        await w.redeem(case, await w.permit(case))
        assert await later(w, 30) == 1
        assert (await w.corridor.found(case.id)).state is State.UNKNOWN


async def test_escalation_asks_another_group_once_and_the_deadline_stays(tmp_path: Path) -> None:
    """The board may fill in for finance after 40 s; at 100 s it is over all the same."""
    async with world(tmp_path, settings=LADDER) as w:
        case = await w.propose("pay", to="bob", amount=900)
        other = await w.propose("pay", to="eve", amount=900)
        assert await later(w, 40) == 2
        escalated = await w.corridor.found(case.id)
        assert (escalated.state, escalated.escalated) == (State.WAITING, ("board",))
        assert escalated.deadline == case.deadline
        assert await w.corridor.tick() == 0
        half = await w.approve(case, "zoe")
        assert (half.approvals(), half.votes[0].via) == ({"finance": 1}, "board")
        assert (await w.approve(case, "ann")).state is State.GRANTED
        assert await later(w, 49) == 0
        assert await later(w, 11) == 2  # one lapses, one expires
        assert (await w.corridor.found(other.id)).state is State.EXPIRED
        notices = await w.store.notices(10)
        assert [(n.kind, n.groups) for n in notices] == [
            ("waiting", ("finance",)), ("waiting", ("finance",)),
            ("escalated", ("board",)), ("escalated", ("board",)),
            ("granted", ("finance", "board")), ("expired", ("finance", "board")),
        ]  # fmt: skip


async def test_a_ladder_asks_one_group_after_the_other(tmp_path: Path) -> None:
    """At 40 s the board, at 60 s the owners, at 90 s nobody new; each is told once, and the first not again."""
    async with world(tmp_path, settings=STEPS) as w:
        case = await w.propose("pay", to="bob", amount=900)
        for seconds, asked in ((40, ("board",)), (20, ("board", "owners"))):
            assert await later(w, seconds) == 1
            assert (await w.corridor.found(case.id)).escalated == asked
        assert await later(w, 30) == 0
        told = [(n.kind, n.groups) for n in await w.store.notices(10)]
        assert told == [
            ("waiting", ("finance",)), ("escalated", ("board",)), ("escalated", ("owners",)),
        ]  # fmt: skip


async def test_a_ladder_catches_up_after_an_outage(tmp_path: Path) -> None:
    """Two steps are past at once: both are taken, in their order."""
    async with world(tmp_path, settings=STEPS) as w:
        case = await w.propose("pay", to="bob", amount=900)
        assert await later(w, 70) == 2
        assert (await w.corridor.found(case.id)).escalated == ("board", "owners")


async def test_a_step_that_a_person_took_is_passed_over(tmp_path: Path) -> None:
    """Somebody asked the board by hand: its time passes without a word, and the owners keep theirs."""
    async with world(tmp_path, settings=STEPS) as w:
        case = await w.propose("pay", to="bob", amount=900)
        asked = replace(await w.corridor.found(case.id), escalated=("board",))
        await w.store.record(Change(events=(), cases=(asked,)))
        assert await later(w, 40) == 1
        passed = await w.corridor.found(case.id)
        assert (passed.escalated, passed.log_index) == (("board",), case.log_index)
        assert [n.kind for n in await w.store.notices(10)] == ["waiting"]
        assert await later(w, 20) == 1
        assert (await w.corridor.found(case.id)).escalated == ("board", "owners")


async def test_after_a_long_outage_a_case_expires_without_being_escalated(tmp_path: Path) -> None:
    """Both timers are past: nobody is asked about what is over."""
    async with world(tmp_path, settings=LADDER) as w:
        case = await w.propose("send_mail", to="x", body="y")
        assert await later(w, 500) == 1
        assert await w.kinds(case) == ["proposed", "decided", "expired"]


async def test_timers_run_once_however_many_run_them(tmp_path: Path) -> None:
    """Many tickers at one moment: each timer is carried out exactly once."""
    async with world(tmp_path) as w:
        cases = [await w.propose("send_mail", to=str(i), body="y") for i in range(12)]
        w.clock.advance(100_000)
        assert sum(await asyncio.gather(*(w.corridor.tick() for _ in range(8)))) == 12
        for case in cases:
            assert await w.kinds(case) == ["proposed", "decided", "expired"]


async def test_timers_survive_a_restart(tmp_path: Path) -> None:
    """What was waiting before a restart waits after it, and expires at its own time."""
    async with world(tmp_path) as w:
        case = await w.propose("send_mail", to="x", body="y")
    async with world(tmp_path) as w:
        assert (await w.corridor.found(case.id)).state is State.WAITING
        assert await w.store.next_due() == case.deadline
        assert await later(w, 100) == 1
        assert (await w.corridor.found(case.id)).state is State.EXPIRED


async def test_a_case_that_a_crash_left_unjudged_is_judged(tmp_path: Path) -> None:
    """A gate that died after writing the proposal down: its successor finishes the work."""

    class Crash(Exception):
        pass

    def crash(step: int) -> None:
        if step == 3:
            raise Crash

    async with world(tmp_path, step=crash) as w:
        with pytest.raises(Crash):
            await w.propose("read_file", key="k", path="a")
    async with world(tmp_path) as w:
        left = await w.propose("read_file", key="k", path="a")
        assert left.state is State.PROPOSED
        assert await later(w, 10) == 1
        assert (await w.corridor.found(left.id)).state is State.GRANTED
        assert await w.kinds(left) == ["proposed", "decided"]


async def test_a_case_that_breaks_its_judge_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error nobody foresaw, in one case's timer: the others run, and it is tried again."""
    async with world(tmp_path) as w:
        first = await w.propose("send_mail", to="x", body="y")
        second = await w.propose("send_mail", to="z", body="y")
        w.clock.advance(100_000)
        end = w.corridor._end

        async def breaks(case: Case, *more: Any) -> Case:
            if case.id == first.id:
                raise RuntimeError("unforeseen")
            return await end(case, *more)

        monkeypatch.setattr(w.corridor, "_end", breaks)
        assert await w.corridor.tick() == 1
        assert (await w.corridor.found(second.id)).state is State.EXPIRED
        assert first.id in caplog.text
        monkeypatch.undo()
        assert await w.corridor.tick() == 1
        assert (await w.corridor.found(first.id)).state is State.EXPIRED


async def test_waiting_ends_when_somebody_decides(tmp_path: Path) -> None:
    """A waiter is woken by the answer, not by its timeout."""
    async with world(tmp_path) as w:
        case = await w.propose("pay", to="bob", amount=900)
        news = asyncio.create_task(w.corridor.wait(case.id, timeout_ms=600_000, seen=case.version))
        end = asyncio.create_task(w.corridor.wait(case.id, timeout_ms=600_000))
        await asyncio.sleep(0)
        await w.approve(case, "ann")
        assert (await asyncio.wait_for(news, patience.S)).approvals() == {"finance": 1}
        assert not end.done()
        await w.approve(case, "bea")
        assert (await asyncio.wait_for(end, patience.S)).state is State.GRANTED
        assert (await w.corridor.wait(case.id, timeout_ms=0)).state is State.GRANTED
