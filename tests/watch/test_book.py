# SPDX-License-Identifier: Apache-2.0
"""The book reads the log, finds the agent that changed, and writes each alarm down once, whatever crashes."""

from dataclasses import replace

import pytest

from gyges.drift.alarms import Act, Tier
from gyges.drift.words import Kind as Sort
from gyges.episode import Event, Kind
from gyges.testing.clock import FakeClock
from gyges.watch import asked
from gyges.watch.acts import settle
from gyges.watch.book import Book
from gyges.watch.docket import MOVES
from gyges.watch.plan import Watched
from tests.watch.drifting import MINUTE, PLAN, Town, person, replayed, state_of

pytestmark = pytest.mark.anyio


class Crash(Exception):
    """The process ended here."""


async def changed(town: Town) -> None:
    """One agent is denied more and more from its hundredth session on; another is as it was."""
    for rate in (0.1, 0.9):
        for _ in range(100):
            await town.denied(rate, 1)
            await town.denied(0.1, 1, "honest")


@pytest.mark.slow
async def test_the_agent_that_changed_is_found_and_the_other_is_not() -> None:
    """An alarm of the first, with before and after and its sessions; none of the second."""
    town = Town()
    await changed(town)
    book = await town.book()
    await book.catch_up()
    docket = book.parts.docket
    first = docket.of("bot")[-1].alarm
    assert first is not None
    assert (first.tier, first.feature) == (Tier.ALARM, "denied")
    assert first.before is not None
    assert first.now is not None
    assert first.before.mean < 0.3 < first.now.mean
    assert first.top
    assert docket.on("bot")
    assert not docket.on("honest")
    assert docket.of("honest") == ()
    seen = {one.agent: one.state for one in await book.ask(lambda f: asked.fleet(f, docket))}
    assert seen["bot"] == "alarm"
    assert seen["honest"] != "alarm"


async def test_an_alarm_is_told_by_name_and_link_alone() -> None:
    """Its notice goes to the plan's groups and says agent and feature, escaped: no number, no transcript."""
    town = Town()
    await town.denied(0.1, 100, "a/b")
    await town.denied(0.95, 60, "a/b")
    await (await town.book()).catch_up()
    notices = await town.store.notices(10)
    assert {(n.kind, n.case, n.groups) for n in notices} == {
        ("drift", "drift:a%2Fb/denied", ("reviewers",))
    }


@pytest.mark.slow
async def test_an_alarm_that_goes_on_is_told_once_until_it_is_settled() -> None:
    """Every cool-down writes an alarm more; one notice stands for all, and one more for the first after settling."""
    town = Town()
    await town.denied(0.1, 100)
    book = await town.book()
    await town.denied(0.95, 150)
    await book.catch_up()
    assert len(await town.alarms()) > len(await town.store.notices(10)) == 1
    for noted in book.parts.docket.of("bot"):
        await settle(town.acts(book), noted.id, Act.KEEP, by=person(), reason="we look into it")
    await town.denied(0.95, 150)
    await book.catch_up()
    assert len(await town.store.notices(10)) == 2


async def test_a_silent_session_is_over_when_any_agent_s_event_tells_so() -> None:
    """A session of two episodes counts half an hour after the second, though its agent never comes back."""
    town = Town()
    for _ in range(2):
        await town.closed("once", session="s")
    book = await town.book()
    await town.denied(0.1, 20, "other")
    await book.catch_up()
    assert await book.ask(lambda f: f.monitor.tally("once", "denied").units) == 0
    await town.denied(0.1, 20, "other")
    await book.catch_up()
    assert await book.ask(lambda f: f.monitor.tally("once", "denied").units) == 1
    assert await state_of(await fresh(town)) == await state_of(book)


async def test_two_closes_written_in_the_wrong_order_lose_nothing() -> None:
    """Half a second back is how two requests race; an hour back is a clock that was set, and is counted."""
    town = Town()
    await town.closed()
    now = town.clock.now()
    for back in (500, 3_600_000):
        town.clock = FakeClock(now - MINUTE - back)
        await town.closed()
    book = await fresh(town)
    assert await book.ask(lambda f: f.monitor.tally("bot", "denied").units) == 2
    assert await book.ask(lambda f: f.left_out["bot"]["refused"]) == 1


async def fresh(town: Town) -> Book:
    """A book that has read the whole log."""
    book = await town.book()
    await book.catch_up()
    return book


@pytest.mark.slow
async def test_a_book_that_starts_anew_is_where_it_was() -> None:
    """Folded at once, bit by bit, or after a restart: the same state, the same alarms, none twice."""
    town = Town()
    gradual = await town.book()
    for rate in (0.1, 0.1, 0.9, 0.9):
        await town.denied(rate, 50)
        await gradual.catch_up()
    before = await town.alarms()
    again = await town.book()
    await again.catch_up()
    assert await state_of(again) == await state_of(gradual)
    assert await town.alarms() == before
    assert len(before) == len(set(before)) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("at", [21, 22, 23, 24])
async def test_a_crash_between_any_two_lines_loses_no_alarm_and_doubles_none(at: int) -> None:
    """Wherever the process ends, the next one records what is owed, once, and ends in the same state."""
    town = Town()
    await town.denied(0.1, 80)
    await town.denied(0.95, 40)

    def step(number: int) -> None:
        if number == at:
            raise Crash

    with pytest.raises(Crash):
        await (await town.book(step=step)).catch_up()
    book = await town.book()
    await book.catch_up()
    assert await town.alarms() == await replayed(town) != []
    assert book.parts.docket.on("bot")
    assert len(await town.events(Kind.DRIFT_BASELINE)) == 1


@pytest.mark.slow
async def test_what_people_did_is_replayed_in_its_place() -> None:
    """Settled alarms stay settled after a restart, and the state is the same as without one."""
    town = Town()
    book = await town.book()
    await town.denied(0.1, 100)
    await town.denied(0.9, 60)
    await book.catch_up()
    for noted in book.parts.docket.of("bot"):
        assert noted.alarm is not None
        choice = Act.REBASELINE if noted.alarm.reference in MOVES else Act.KEEP
        await settle(town.acts(book), noted.id, choice, by=person(), reason="a new task")
    assert not book.parts.docket.on("bot")
    await town.denied(0.9, 60)
    await book.catch_up()
    again = await town.book()
    await again.catch_up()
    assert await state_of(again) == await state_of(book)
    assert again.parts.docket.on("bot") == book.parts.docket.on("bot")


@pytest.mark.slow
async def test_another_plan_learns_from_the_past_and_rings_for_the_future_alone() -> None:
    """A new plan begins with its own event: what came before is known to it, and is nobody's news again."""
    town = Town()
    await town.denied(0.1, 100)
    await town.denied(0.9, 60)
    await (await town.book()).catch_up()
    before = await town.alarms()
    other = replace(PLAN, sessions=9_000)
    book = await town.book(other)
    await book.catch_up()
    assert await town.alarms() == before != []
    assert [e.event.body["plan"] for e in await town.events(Kind.DRIFT_BASELINE)] == [
        PLAN.document(),
        other.document(),
    ]
    assert (await book.ask(lambda f: f.monitor.tally("bot", "denied"))).units == 160
    open_now = await book.ask(lambda f: [alarm.id for alarm in f.monitor.unsettled()])
    assert sorted(open_now) == sorted(before)
    assert book.parts.docket.on("bot"), "what is unsettled in the log stays so"


@pytest.mark.slow
async def test_what_was_muted_stays_muted_under_another_plan() -> None:
    """An act is about an alarm of the log: it holds even where the new plan would not have rung that alarm."""
    town = Town()
    await town.muted()
    other = await town.book(replace(PLAN, sessions=9_000))
    await other.catch_up()
    acts = await other.ask(lambda f: asked.agent_drift(f, other.parts.docket, "bot").acts)
    assert {(act.act, act.by) for act in acts} == {("mute", "alice")}
    before = await town.alarms()
    await town.denied(0, 60)
    await town.denied(1, 30)
    await other.catch_up()
    muted = {n.alarm.reference for n in other.parts.docket.of("bot") if n.alarm and n.settled}
    new = [n for n in other.parts.docket.of("bot") if n.id not in before]
    assert not [n for n in new if n.alarm and n.alarm.reference in muted]


async def test_redacted_episodes_ring_nothing_again() -> None:
    """After old episodes are redacted a restart learns from the rest, tells nobody anew, and knows what is open."""
    town = Town()
    book = await town.book()
    await town.denied(0, 70)
    await town.denied(1, 20)
    await book.catch_up()
    before = await town.alarms()
    old = [found.index for found in await town.events(Kind.EPISODE_CLOSED)][:5]
    gone = Event(kind=Kind.REDACTED, at=town.clock.now(), subject="gate", body={"indices": [*old]})
    await town.store.redact(old, gone)
    again = await town.book()
    await again.catch_up()
    assert await town.alarms() == before != []
    assert again.parts.docket.on("bot")
    found = await again.ask(lambda f: asked.agent_drift(f, again.parts.docket, "bot"))
    assert (found.seen.units, found.left_out) == (85, {"redacted": 5})
    open_now = await again.ask(lambda f: [alarm.id for alarm in f.monitor.unsettled()])
    assert sorted(open_now) == sorted(before)


async def test_measures_are_waited_for_and_late_ones_counted() -> None:
    """An episode is whole once its grader has spoken, before its close or after; later it is not waited for."""
    polite = Watched(name="polite", kind=Sort.BINARY, grader="tone")
    plan = replace(PLAN, features=(polite,), wait_ms=10 * MINUTE)
    town = Town()

    async def measured(number: int, value: bool, grader: str = "tone") -> None:
        body = {
            "agent": "bot", "episode": f"e-{number}", "grader": grader, "version": "1",
            "values": {"polite": value},
        }  # fmt: skip
        await town.write(Kind.MEASURED, dict(body), "bot")

    book = await town.book(plan)
    await measured(1, True)
    await town.closed()
    await town.closed()
    await measured(2, False, "somebody else")
    await book.catch_up()
    assert (await book.ask(lambda f: f.monitor.tally("bot", "polite"))).units == 1
    town.clock.advance(20 * MINUTE)
    await town.closed()
    await measured(2, True)
    await book.catch_up()
    tally = await book.ask(lambda f: f.monitor.tally("bot", "polite"))
    assert (tally.units, tally.missing) == (2, 1)
    found = await book.ask(lambda f: asked.agent_drift(f, book.parts.docket, "bot"))
    assert found.left_out == {"measured late": 1}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"values": {"denied": 7.0}}, "refused"),
        ({"left_out": 3}, "not whole"),
        ({"values": None}, "not whole"),
    ],
)
async def test_what_cannot_be_used_is_counted(more: dict[str, object], why: str) -> None:
    """A share of seven, an episode whose events are gone: an exclusion with a count, and the rest goes on."""
    town = Town()
    await town.closed()
    await town.closed(**more)  # type: ignore[arg-type]
    await town.closed()
    book = await town.book()
    await book.catch_up()
    found = await book.ask(lambda f: asked.agent_drift(f, book.parts.docket, "bot"))
    assert (found.seen.units, found.left_out) == (2, {why: 1})
