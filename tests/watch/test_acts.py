# SPDX-License-Identifier: Apache-2.0
"""Alarms are settled by a named person with a reason, once, and only as their kind allows."""

from dataclasses import replace

import pytest

from gyges.drift.alarms import Act, Alarm, Direction, Family, Reference, Tier
from gyges.episode import Event, Kind
from gyges.errors import Conflict, Forbidden, NotFound, Unprocessable
from gyges.ports import Change
from gyges.principal import Scope
from gyges.watch.acts import freeze, settle, unmute
from gyges.watch.book import Book
from gyges.watch.docket import body_of, ring_body
from tests.watch.drifting import PLAN, Town, person, state_of

pytestmark = pytest.mark.anyio
ALARM = Alarm(
    id="a1", family=Family.DRIFT, agent="bot", feature="denied", label="", direction=Direction.BOTH,
    tier=Tier.ALARM, reference=Reference.PAST, evidence=float("inf"), threshold=12_500.0, spent=0.1,
    at=5, unit="e-9",
)  # fmt: skip


async def rang(alarm: Alarm | None = ALARM) -> tuple[Town, Book]:
    """A log with one alarm in it: of drift, or of a ring test."""
    town = Town()
    told = {"feature": "asked", "evidence": 900.0, "limit": 380.0, "unit": "e-7"}
    body = body_of(alarm) if alarm else ring_body("bot", "d1", **told)  # type: ignore[arg-type]
    name = str(body["alarm"])
    event = Event(kind=Kind.DRIFT_ALARM, at=1, subject=f"drift:{name}", body=body, agent="bot")
    await town.store.record(Change(events=(event,)))
    return town, await town.book()


async def test_settling_ends_the_fact_and_says_who_and_why() -> None:
    """The agent is no longer under alarm, now and after a restart; the log has name, choice and reason."""
    town, book = await rang()
    assert book.parts.docket.on("bot")
    noted = await settle(town.acts(book), "a1", Act.KEEP, by=person(), reason="looked into")
    assert noted.settled is not None
    assert (noted.settled.by, noted.settled.reason) == ("alice", "looked into")
    assert not book.parts.docket.on("bot")
    assert not (await town.book()).parts.docket.on("bot")
    (event,) = [found.event for found in await town.events(Kind.DRIFT_SETTLED)]
    assert event.body["choice"] == "keep"


async def test_an_alarm_is_settled_once() -> None:
    """Who comes second is told who was first, and the log holds one act."""
    town, book = await rang()
    late = await town.book()
    await settle(town.acts(book), "a1", Act.MUTE, by=person(), reason="known")
    with pytest.raises(Conflict, match="alice: mute"):
        await settle(town.acts(book), "a1", Act.KEEP, by=person(name="bob"), reason="no")
    with pytest.raises(Conflict, match="a moment ago"):
        await settle(town.acts(late), "a1", Act.KEEP, by=person(name="bob"), reason="no")
    assert len(await town.events(Kind.DRIFT_SETTLED, Kind.DRIFT_BASELINE)) == 1


@pytest.mark.parametrize("scope", [Scope.AGENT, Scope.EXECUTOR, Scope.AUDITOR])
async def test_others_settle_nothing(scope: Scope) -> None:
    """No agent, executor or auditor settles an alarm or freezes a baseline."""
    town, book = await rang()
    with pytest.raises(Forbidden):
        await settle(town.acts(book), "a1", Act.KEEP, by=person(scope), reason="fine")
    with pytest.raises(Forbidden):
        await freeze(town.acts(book), "bot", by=person(scope), reason="fine")
    assert book.parts.docket.on("bot")


async def test_a_reason_and_an_alarm_are_needed() -> None:
    """Blank reasons and unknown alarms are refused."""
    town, book = await rang()
    with pytest.raises(Unprocessable, match="reason"):
        await settle(town.acts(book), "a1", Act.KEEP, by=person(), reason="  ")
    with pytest.raises(NotFound):
        await settle(town.acts(book), "a2", Act.KEEP, by=person(), reason="fine")


@pytest.mark.parametrize("reference", [Reference.FIRST, Reference.TOLERANCE])
async def test_what_never_moves_takes_no_new_baseline(reference: Reference) -> None:
    """The first reference and a stated band are kept or muted, never moved."""
    town, book = await rang(replace(ALARM, reference=reference))
    with pytest.raises(Unprocessable, match="never moves"):
        await settle(town.acts(book), "a1", Act.REBASELINE, by=person(), reason="new task")
    assert book.parts.docket.on("bot")


async def test_a_ring_tests_alarm_is_kept() -> None:
    """There is no baseline to move and nothing to mute: the finding stands, and is looked into."""
    town, book = await rang(None)
    (noted,) = book.parts.docket.of("bot")
    assert (noted.family, noted.design, noted.alarm) == (Family.CUE, "d1", None)
    for choice in (Act.REBASELINE, Act.MUTE):
        with pytest.raises(Unprocessable, match="ring test"):
            await settle(town.acts(book), noted.id, choice, by=person(), reason="no")
    await settle(town.acts(book), noted.id, Act.KEEP, by=person(), reason="stopped it")
    assert not book.parts.docket.on("bot")


async def test_evidence_without_bound_can_be_written_down() -> None:
    """JSON has no infinity: the log says 2^53 - 1, and the alarm comes back from it as it was otherwise."""
    _, book = await rang()
    noted = book.parts.docket.get("a1")
    assert noted is not None
    assert noted.evidence == 2**53 - 1
    assert noted.alarm == replace(ALARM, evidence=float(2**53 - 1))


@pytest.mark.slow
async def test_a_frozen_baseline_is_bet_against_from_then_on() -> None:
    """With a frozen baseline nothing rings before somebody freezes; then a change does, and a replay agrees."""
    town = Town()
    plan = replace(PLAN, baseline="frozen", reference=5_000)
    book = await town.book(plan)
    await town.denied(0.1, 60)
    await town.denied(0.9, 10)
    await town.denied(0.1, 60)
    await book.catch_up()
    assert await town.alarms() == []
    await freeze(town.acts(book), "bot", by=person(), reason="tested")
    await town.denied(0.95, 80)
    await book.catch_up()
    assert book.parts.docket.on("bot")
    found = book.parts.docket.of("bot")[-1].alarm
    assert found is not None
    assert found.reference is Reference.FROZEN
    again = await town.book(plan)
    await again.catch_up()
    assert await state_of(again) == await state_of(book)


@pytest.mark.slow
async def test_what_is_muted_rings_again_only_once_unmuted() -> None:
    """A muted feature stays silent through a change; unmuted it rings for the next, and a replay agrees."""
    town = Town()
    book = await town.muted()
    before = await town.alarms()
    await town.denied(1, 60)
    await book.catch_up()
    assert await town.alarms() == before != []
    await unmute(town.acts(book), "bot", "denied", by=person(), reason="fixed")
    await town.denied(1, 120)
    await book.catch_up()
    assert len(await town.alarms()) > len(before)
    again = await town.book()
    await again.catch_up()
    assert await state_of(again) == await state_of(book)


async def test_an_alarm_in_words_of_another_version_holds() -> None:
    """What cannot be read any more keeps the agent under alarm, and can be settled."""
    town, _ = await rang()
    body = {"alarm": "a9", "agent": "bot", "feature": "x", "said": {"id": "a9", "shape": "other"}}
    event = Event(kind=Kind.DRIFT_ALARM, at=2, subject="drift:d-9", body=body, agent="bot")
    await town.store.record(Change(events=(event,)))
    book = await town.book()
    await book.catch_up()
    noted = book.parts.docket.get("a9")
    assert noted is not None
    assert noted.alarm is None
    await settle(town.acts(book), "a9", Act.MUTE, by=person(), reason="old")
    assert [n.id for n in book.parts.docket.of("bot") if n.settled is None] == ["a1"]
