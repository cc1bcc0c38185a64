# SPDX-License-Identifier: Apache-2.0
"""Compared with its tests: a family of its own, from the act in the log to what people are shown, and in a replay."""

from dataclasses import replace

import pytest

from gyges.drift.alarms import Act, Family
from gyges.episode import Kind
from gyges.errors import Unprocessable
from gyges.watch import asked
from gyges.watch.acts import freeze, settle
from gyges.watch.book import Book
from tests.watch.drifting import PLAN, Town, person, replayed, state_of

pytestmark = pytest.mark.anyio
LONG = replace(PLAN, reference=5_000)


async def deployed(sessions: int = 90) -> tuple[Town, Book]:
    """An agent that was tested as "candidate", denied one call of ten, and does otherwise from its first session on."""
    town = Town()
    book = await town.book(LONG)
    await town.denied(0.1, 80, "candidate")
    await book.catch_up()
    await freeze(town.acts(book), "bot", of="candidate", by=person(), reason="the release test")
    await town.denied(0.6, sessions)
    await book.catch_up()
    return town, book


@pytest.mark.slow
async def test_what_differs_from_its_tests_rings_in_a_family_of_its_own() -> None:
    """The act and the alarms are in the log, drift is quiet, and a replay gives the same bits."""
    town, book = await deployed()
    (act,) = [e.event for e in await town.events(Kind.DRIFT_BASELINE) if "of" in e.event.body]
    assert (act.body["of"], act.body["by"], act.agent) == ("candidate", "alice", "bot")
    bodies = [found.event.body for found in await town.events(Kind.DRIFT_ALARM)]
    assert {(body["family"], body["agent"]) for body in bodies} == {("deployment", "bot")}
    (noted, *_) = book.parts.docket.of("bot")
    assert noted.alarm is not None
    assert "Possible task mix" in noted.alarm.note
    again = await town.book(LONG)
    await again.catch_up()
    assert await state_of(again) == await state_of(book)
    assert set(await town.alarms()) <= set(await replayed(town, LONG))


async def test_people_are_shown_the_families_apart() -> None:
    """Fleet, agent and feature: drift is quiet beside an alarm against the tests, and the tests are named."""
    _, book = await deployed()
    docket = book.parts.docket
    seen, other = await book.ask(lambda fold: asked.fleet(fold, docket))
    assert (seen.agent, seen.state, other.state) == ("bot", "alarm", "quiet")
    assert seen.families == {"drift": "quiet", "cue": "quiet", "deployment": "alarm"}
    agent = await book.ask(lambda fold: asked.agent_drift(fold, docket, "bot"))
    assert agent.tests == "candidate"
    (drift,), (tested,) = agent.features, agent.deployment
    assert (drift.state, tested.state) == ("quiet", "alarm")
    feature = await book.ask(lambda fold: asked.feature_drift(fold, docket, "bot", "denied"))
    assert feature.tested == tested
    assert max(share or 0.0 for share in feature.line.deployment) >= 1 > max(feature.line.evidence)
    alone = await book.ask(lambda fold: asked.feature_drift(fold, docket, "candidate", "denied"))
    assert (alone.tested, alone.line.deployment) == (None, ())


async def test_an_agent_that_has_not_begun_is_shown() -> None:
    """Frozen before its first session, the tests wait for it; nothing is divided by nothing."""
    _, book = await deployed(0)
    docket = book.parts.docket
    (_, seen) = await book.ask(lambda fold: asked.fleet(fold, docket))
    assert (seen.agent, seen.units, seen.state) == ("bot", 0, "quiet")
    found = await book.ask(lambda fold: asked.feature_drift(fold, docket, "bot", "denied"))
    assert (found.line.at, found.line.deployment) == ((), ())
    assert found.tested is not None


async def test_an_alarm_against_tests_is_kept_or_muted() -> None:
    """What an agent does now cannot become its tests; muted, it rings no more there."""
    town, book = await deployed(30)
    (noted,) = book.parts.docket.of("bot")
    with pytest.raises(Unprocessable, match="freeze newer tests"):
        await settle(town.acts(book), noted.id, Act.REBASELINE, by=person(), reason="new tasks")
    await settle(town.acts(book), noted.id, Act.MUTE, by=person(), reason="other tasks")
    await town.denied(0.6, 150)
    await book.catch_up()
    assert await town.alarms() == [noted.id]
    agent = await book.ask(lambda fold: asked.agent_drift(fold, book.parts.docket, "bot"))
    assert agent.deployment[0].muted


async def test_what_are_no_tests_is_told() -> None:
    """An agent is not its own test; an act that cannot be done is counted with the reason, and changes nothing."""
    town = Town()
    book = await town.book(LONG)
    await town.denied(0.1, 12, "candidate")
    await town.denied(0.1, 2)
    with pytest.raises(Unprocessable, match="another agent"):
        await freeze(town.acts(book), "bot", of="bot", by=person(), reason="tested")
    await freeze(town.acts(book), "bot", of="candidate", by=person(), reason="tested")
    await book.catch_up()
    agent = await book.ask(lambda fold: asked.agent_drift(fold, book.parts.docket, "bot"))
    assert agent.left_out == {"freeze: could not be done": 1}
    assert "12 sessions of candidate are kept, not 30" in agent.told
    assert (agent.tests, agent.deployment) == ("", ())
    assert {f.value for f in Family} == set(agent.seen.families)
