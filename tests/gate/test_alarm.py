# SPDX-License-Identifier: Apache-2.0
"""An alarm of drift on an agent is a fact that rules read: while nobody has settled it, the agent asks."""

from pathlib import Path

import pytest

from gyges.case import State
from tests.gate.world import World, world

pytestmark = pytest.mark.anyio


async def facts_of(w: World, case: str) -> list[object]:
    """Whether there was an alarm, as each decision of a case wrote it down."""
    bodies = [found.event.body for found in await w.events(case)]
    return [told.get("alarm") for body in bodies if isinstance(told := body.get("facts"), dict)]


async def test_an_agent_under_alarm_asks_for_what_it_did_alone(tmp_path: Path) -> None:
    """A read that nobody was asked about waits for a reviewer, of this agent only, until the alarm is settled."""
    unsettled: set[str] = set()
    async with world(tmp_path, alarmed=unsettled.__contains__) as w:
        before = await w.propose("read_file", path="a")
        unsettled.add("bot")
        during = await w.propose("read_file", path="a")
        others = await w.propose("read_file", by="other", path="a")
        unsettled.clear()
        after = await w.propose("read_file", path="a")
        states = [case.state for case in (before, during, others, after)]
        assert states == [State.GRANTED, State.WAITING, State.GRANTED, State.GRANTED]
        assert during.requirement.groups == {"reviewers": 1}
        assert [await facts_of(w, case.id) for case in (before, during)] == [[False], [True]]


async def test_an_alarm_that_comes_while_people_think_is_counted(tmp_path: Path) -> None:
    """Two of finance have approved a payment, and now a reviewer is asked as well; the log says why."""
    unsettled: set[str] = set()
    async with world(tmp_path, alarmed=unsettled.__contains__) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        unsettled.add("bot")
        case = await w.approve(case, "ann", "bea")
        assert (case.state, case.requirement.groups) == (
            State.WAITING,
            {"finance": 2, "reviewers": 1},
        )
        assert (await w.approve(case, "rex")).state is State.GRANTED
        assert await facts_of(w, case.id) == [False, True, True, True]


async def test_what_is_written_down_is_what_was_weighed(tmp_path: Path) -> None:
    """An alarm that comes in the middle of a judgement: it is judged anew, under the alarm."""
    calm = iter(
        [False, False]
    )  # at the beginning and in the weighing; from then on there is an alarm
    async with world(tmp_path, alarmed=lambda _: next(calm, True)) as w:
        case = await w.propose("read_file", path="a")
        assert (case.state, case.requirement.groups) == (State.WAITING, {"reviewers": 1})
        assert await facts_of(w, case.id) == [True]
        assert await w.kinds(case) == ["proposed", "decided"]
