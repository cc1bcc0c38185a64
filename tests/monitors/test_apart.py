# SPDX-License-Identifier: Apache-2.0
"""A monitor's own thread: whoever blocks, hangs or will not stop holds up itself and nobody else."""

import asyncio
import gc
import threading
from collections.abc import Callable

import pytest

from gyges.monitors.apart import BACKLOG, room_of
from gyges.monitors.panel import look
from gyges.verdict import Look
from tests import patience
from tests.monitors.company import ACTION, EPISODE, Answers, Blocks, Waits, good, one
from tests.patience import until

pytestmark = pytest.mark.anyio


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Blocks, lambda: Waits(stubborn=True)])
async def test_a_monitor_that_will_not_stop_holds_up_nobody(kind: Callable[[], Waits]) -> None:
    """One that blocks or ignores its cancellation is LATE; the others' answers are in, in order."""
    held, quick = kind(), Answers(good("a"), name="a")
    await one(quick)  # its thread runs before the budget does
    third_one = Answers(good("c"), name="c", instant=True)
    first, second, third = await look([quick, held, third_one], ACTION, EPISODE, budget_s=5)
    assert held.began.is_set()
    held.go.set()
    assert [first.look, second.look, third.look] == [Look.DONE, Look.LATE, Look.DONE]
    assert [v.monitor for v in (first, second, third)] == ["a", held.name, "c"]


async def test_a_monitor_that_hangs_for_good_is_soon_not_waited_for() -> None:
    """Beyond the backlog its verdict is LATE at once, so a dead monitor costs neither time nor memory."""
    held = Blocks()
    for _ in range(BACKLOG):
        assert (await one(held, 0.0)).look is Look.LATE
    verdict = await one(held)
    held.go.set()
    assert verdict.look is Look.LATE
    assert "earlier looks have not ended" in verdict.reasons[0]


async def test_a_monitor_recovers_when_its_backlog_is_gone() -> None:
    """Late looks are counted out again, those that were cancelled before they began included."""
    held = Blocks()
    for _ in range(BACKLOG):
        await one(held, 0.0)
    held.go.set()
    room = room_of(held, held.name)
    await until(lambda: room.busy == 0, "the end of the late looks")
    assert (await one(held)).look is Look.DONE


@pytest.mark.slow
async def test_a_collected_monitor_takes_its_thread_with_it() -> None:
    """Rooms do not pile up as policies and their monitors are replaced."""
    monitor = Answers(good("fleeting"), name="fleeting")
    await one(monitor)
    (thread,) = [t for t in threading.enumerate() if t.name == "monitor fleeting"]
    del monitor
    gc.collect()
    await asyncio.to_thread(thread.join, patience.S)
    assert not thread.is_alive()
