# SPDX-License-Identifier: Apache-2.0
"""What people are shown of drift: families counted apart, what is muted, and alarms on what is not watched any more."""

from dataclasses import replace

import pytest

from gyges.drift.alarms import Act, Family, Reference
from gyges.drift.words import Unusable
from gyges.episode import Event, Kind
from gyges.ports import Change
from gyges.watch.acts import settle, unmute
from gyges.watch.asked import AgentDrift, FeatureDrift, agent_drift, feature_drift, fleet
from gyges.watch.book import Book
from gyges.watch.docket import body_of, ring_body
from tests.watch.drifting import Town, person
from tests.watch.test_acts import ALARM

pytestmark = pytest.mark.anyio


async def changed() -> tuple[Town, Book]:
    """An agent whose calls are denied far more often than before."""
    town = Town()
    await town.denied(0.05, 120)
    await town.denied(0.9, 30)
    book = await town.book()
    await book.catch_up()
    return town, book


async def agent_now(book: Book, name: str = "bot") -> AgentDrift:
    """The agent as it is shown."""
    return await book.ask(lambda fold: agent_drift(fold, book.parts.docket, name))


async def feature_now(book: Book, feature: str) -> FeatureDrift:
    """The feature as it is shown."""
    return await book.ask(lambda fold: feature_drift(fold, book.parts.docket, "bot", feature))


async def test_muted_references_are_told_until_somebody_unmutes() -> None:
    """A muted alarm's reference is named, the other one still looks, and unmuting ends it."""
    town, book = await changed()
    found = {n.alarm.reference: n for n in (await agent_now(book)).alarms if n.alarm}
    past = found[Reference.PAST]
    assert (await feature_now(book, "denied")).feature.muted == ()
    await settle(town.acts(book), past.id, Act.MUTE, by=person(), reason="known")
    await book.catch_up()
    assert (await feature_now(book, "denied")).feature.muted == (Reference.PAST,)
    await unmute(town.acts(book), "bot", "denied", by=person(), reason="again")
    await book.catch_up()
    assert (await feature_now(book, "denied")).feature.muted == ()


async def test_families_are_counted_apart() -> None:
    """An agent's alarms of drift and of a ring test are two numbers each: all, and those nobody settled."""
    town = Town()
    told = {"feature": "denied", "evidence": 900.0, "limit": 380.0, "unit": "e-7"}
    bodies = [body_of(ALARM), ring_body("bot", "d1", **told)]  # type: ignore[arg-type]
    for at, body in enumerate(bodies):
        event = Event(kind=Kind.DRIFT_ALARM, at=at, subject=f"drift:{at}", body=body, agent="bot")
        await town.store.record(Change(events=(event,)))
    book = await town.book()
    await settle(town.acts(book), "a1", Act.KEEP, by=person(), reason="seen")
    (seen,) = fleet(None, book.parts.docket)
    assert seen.rang == {Family.DRIFT: 1, Family.CUE: 1}
    assert seen.open == {Family.CUE: 1}


async def test_what_is_not_watched_any_more_is_shown_with_its_alarms() -> None:
    """So that somebody can settle them; what nobody ever heard of is refused."""
    town = Town()
    body = body_of(replace(ALARM, feature="gone"))
    event = Event(kind=Kind.DRIFT_ALARM, at=1, subject="drift:1", body=body, agent="bot")
    await town.store.record(Change(events=(event,)))
    await town.closed()
    book = await town.book()
    docket = book.parts.docket
    assert agent_drift(None, docket, "bot").alarms == docket.of("bot") != ()
    assert feature_drift(None, docket, "bot", "gone").alarms == docket.of("bot")
    for name, feature in (("nobody", "gone"), ("bot", "never")):
        with pytest.raises(Unusable):
            feature_drift(None, docket, name, feature)
    with pytest.raises(Unusable):
        agent_drift(None, docket, "nobody")
    await book.catch_up()
    found = await feature_now(book, "gone")
    assert (found.feature.kind, found.feature.state, found.line.at) == ("", "alarm", ())
    assert (await feature_now(book, "denied")).feature.kind == "share"


async def test_the_fleet_counts_each_agents_sessions_once() -> None:
    """However many features look at them; an agent that only the log's alarms tell of has none."""
    town = Town()
    await town.denied(0.1, 7)
    await town.denied(0.1, 3, "other")
    body = body_of(replace(ALARM, agent="gone"))
    event = Event(kind=Kind.DRIFT_ALARM, at=1, subject="drift:1", body=body, agent="gone")
    await town.store.record(Change(events=(event,)))
    book = await town.book()
    await book.catch_up()
    seen = await book.ask(lambda fold: fleet(fold, book.parts.docket))
    assert {one.agent: (one.units, one.state) for one in seen} == {
        "bot": (7, "quiet"), "other": (3, "quiet"), "gone": (0, "alarm"),
    }  # fmt: skip
    assert book.knows("bot")
    assert not book.knows("gone")
