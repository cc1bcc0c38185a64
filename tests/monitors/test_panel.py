# SPDX-License-Identifier: Apache-2.0
"""The panel against monitors that are late, wrong, broken and hostile. Every monitor here is a real one."""

import asyncio
import math
import threading

import pytest

from gyges.action import Action
from gyges.episode import Episode
from gyges.monitors.panel import look, reads_past
from gyges.verdict import Look, Span, Verdict
from tests import patience
from tests.monitors.company import ACTION, EPISODE, LONG, SHORT, Answers, Waits, good, one

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("instant", [True, False])
async def test_an_answer_in_time_is_kept_whole(instant: bool) -> None:
    """Suspicion, reasons and spans come through; the time is stamped by the panel."""
    spans = (Span(pointer="/arguments/to", start=0, end=4),)
    verdict = await one(
        Answers(good(reasons=("because",), spans=spans, took_ms=-5), instant=instant)
    )
    assert (verdict.look, verdict.suspicion, verdict.reasons) == (Look.DONE, 0.2, ("because",))
    assert verdict.spans == spans
    assert verdict.took_ms >= 0


@pytest.mark.parametrize("instant", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        None,
        0.0,
        {"suspicion": 0.0},
        good("somebody-else"),
        good(suspicion=math.nan),
        good(suspicion=math.inf),
        good(suspicion=-0.1),
        good(suspicion=1.1),
        good(suspicion=True),
        good(suspicion="0"),
        good(suspicion=None),
        good(look="done"),
        good(reasons=["a list"]),
        good(reasons=("x" * 1_000_000,)),
        good(reasons=("x",) * 1000),
        good(reasons=(1,)),
        good(reasons=("half a pair: \ud800",)),
        good(spans=(("/arguments/to", 0, 1),)),
        good(spans=(Span(pointer="/a", start=3, end=1),)),
        good(spans=(Span(pointer="/a"),) * 1000),
    ],
    ids=lambda answer: repr(answer)[:60],
)
async def test_nonsense_is_broken(answer: object, instant: bool) -> None:
    """Whatever is not a whole, sane verdict of this very monitor is BROKEN, small, and says why."""
    verdict = await one(Answers(answer, instant=instant))
    assert verdict.look is Look.BROKEN
    assert verdict.monitor == "m"
    assert verdict.reasons[0].startswith("answered nonsense: ")
    assert len(repr(verdict)) < 400


class Liar(Verdict):
    """A verdict that shows one suspicion to whoever checks and another to whoever weighs."""

    @property
    def sane(self) -> bool:
        return True


async def test_a_subclass_of_verdict_is_nonsense() -> None:
    """A monitor cannot bring its own idea of sanity."""
    assert (await one(Answers(Liar(monitor="m", suspicion=-9.0)))).look is Look.BROKEN


@pytest.mark.parametrize("instant", [True, False])
@pytest.mark.parametrize(
    "error",
    [ValueError("the IBAN is secret"), RecursionError(), StopIteration(), TimeoutError()],
)
async def test_an_exception_is_broken_and_keeps_its_words_to_itself(
    error: Exception, instant: bool
) -> None:
    """Only the class's name is recorded: a message may quote what the monitor was shown."""
    verdict = await one(Answers(error, instant=instant))
    assert verdict.look is Look.BROKEN
    assert "IBAN" not in repr(verdict)
    assert "raised" in verdict.reasons[0]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_an_exit_ends_neither_the_gate_nor_the_monitors_thread(error: BaseException) -> None:
    """A monitor that exits is BROKEN, and can be asked again."""
    monitor = Answers(error)
    assert (await one(monitor)).look is Look.BROKEN
    monitor.answer = good()
    assert (await one(monitor)).look is Look.DONE


async def test_a_late_monitor_is_cancelled() -> None:
    """No answer within the budget is LATE, and the monitor is told to stop."""
    monitor = Waits()
    async with asyncio.timeout(patience.S):
        while not monitor.began.is_set():  # the budget may be over before the monitor's thread runs
            assert (await one(monitor, SHORT)).look is Look.LATE
    assert await asyncio.to_thread(monitor.cancelled.wait, patience.S)


async def test_cancelling_the_look_cancels_the_monitors() -> None:
    """Who gives up waiting is free at once, and so is the monitor."""
    monitor = Waits()
    task = asyncio.create_task(one(monitor))
    assert await asyncio.to_thread(monitor.began.wait, patience.S)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(monitor.cancelled.wait, patience.S)


class Scribbles:
    """A monitor that changes what it is shown."""

    name = "scribbles"

    async def look(self, action: Action, episode: Episode) -> Verdict:
        action.arguments["amount"] = 1
        return Verdict(monitor=self.name)


async def test_a_monitor_cannot_change_the_action() -> None:
    """It looks at a copy: what is approved and run stays what was proposed."""
    before = ACTION.digest
    assert (await one(Scribbles())).look is Look.DONE
    assert ACTION.digest == before


class Nameless:
    """A monitor without a usable name whose look is no coroutine."""

    @property
    def name(self) -> str:
        raise RuntimeError("no name")

    def look(self, action: Action, episode: Episode) -> Verdict:
        return Verdict(monitor="Nameless")


async def test_a_monitor_without_name_or_coroutine_is_broken_under_its_class_name() -> None:
    """It is still on the panel: whatever is wrong with it tightens."""
    verdict = await one(Nameless())
    assert (verdict.monitor, verdict.look) == ("Nameless", Look.BROKEN)


async def test_an_instant_monitor_that_waits_is_broken() -> None:
    """The promise is checked: in place nothing is awaited."""
    monitor = Waits()
    monitor.instant = True  # type: ignore[attr-defined]
    verdict = await one(monitor)
    assert verdict.look is Look.BROKEN


async def test_nobody_is_asked_when_there_is_nobody() -> None:
    """An empty panel has no verdicts."""
    assert await look([], ACTION, EPISODE, budget_s=LONG) == ()


async def test_monitors_run_at_the_same_time() -> None:
    """Two monitors that wait for each other both answer."""
    meeting = threading.Barrier(2, timeout=patience.S)

    class Meets:
        def __init__(self, name: str) -> None:
            self.name = name

        async def look(self, action: Action, episode: Episode) -> Verdict:
            meeting.wait()
            return Verdict(monitor=self.name)

    verdicts = await look([Meets("a"), Meets("b")], ACTION, EPISODE, budget_s=LONG)
    assert [v.look for v in verdicts] == [Look.DONE, Look.DONE]


async def test_who_does_not_say_whether_it_reads_the_past_is_shown_it() -> None:
    """Only a monitor that says so itself, without fault, goes without the episode's events."""

    class Says(Answers):
        def reads_past(self, tool: str) -> bool:
            return bool(self.answer[tool])  # type: ignore[index]

    says = Says({"pay": False, "send": True})
    assert not reads_past([], "pay")
    assert not reads_past([says], "pay")
    assert reads_past([says], "send")
    assert reads_past([says], "unheard-of")
    assert reads_past([says, Answers(good())], "pay")
