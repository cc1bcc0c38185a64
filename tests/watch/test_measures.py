# SPDX-License-Identifier: Apache-2.0
"""What graders say of an episode: recorded once, by name and version, without ever learning the arm."""

from dataclasses import replace

import pytest

from gyges.canon import Json
from gyges.episode import Event, Kind
from gyges.errors import Conflict, Expired, Forbidden, NotFound, Unprocessable
from gyges.principal import Key
from gyges.watch.episodes import Opening
from gyges.watch.features import SORTS
from gyges.watch.measures import LATE_MS, Measure, Taken, measure
from tests.watch.hall import ALICE, AUDREY, BOT, CUE, OFFICE, OTHER, RING, ROOT, Hall

VALUES: dict[str, Json] = {"polite": True, "score": 0.5, "label": "x", "topics": ["a", "b"]}
SAID = Measure(id="e-1", grader="tone", version="2", values=VALUES)


async def a_hall() -> Hall:
    """One with an episode of the bot."""
    hall = Hall(ring=RING)
    await hall.episodes.open(Opening(id="e-1", ring=True), by=BOT)
    return hall


@pytest.mark.parametrize("who", [AUDREY, OFFICE], ids=["auditor", "executor"])
async def test_a_measure_is_written_down_beside_the_episode(who: Key) -> None:
    """Who, in which version, what; found by the episode's subject, and not among what the agent did."""
    hall = await a_hall()
    taken = await measure(hall.parts, SAID, by=who)
    (recorded,) = await hall.log(Kind.MEASURED)
    assert taken == Taken(id="e-1", agent="bot", index=recorded.index)
    body: dict[str, Json] = {
        "agent": "bot", "episode": "e-1", "grader": "tone", "version": "2", "by": who.name,
        "values": VALUES,
    }  # fmt: skip
    (opened,) = await hall.log(Kind.EPISODE_OPENED)
    assert recorded.event == Event(
        kind=Kind.MEASURED,
        at=hall.clock.now(),
        subject=opened.event.subject,
        agent="bot",
        body=body,
    )


@pytest.mark.parametrize("who", [BOT, ALICE, ROOT], ids=["agent", "approver", "admin"])
async def test_nobody_else_measures(who: Key) -> None:
    """Least of all the agent itself."""
    hall = await a_hall()
    with pytest.raises(Forbidden):
        await measure(hall.parts, SAID, by=who)
    assert await hall.log(Kind.MEASURED) == []


async def test_the_same_again_is_recorded_once() -> None:
    """A grader that did not hear the answer asks again; other names, versions and graders are news."""
    hall = await a_hall()
    first = await measure(hall.parts, SAID, by=AUDREY)
    assert await measure(hall.parts, SAID, by=AUDREY) == first
    for more in (
        replace(SAID, values={"length": 3}),
        replace(SAID, version="3"),
        replace(SAID, grader="other"),
    ):
        assert (await measure(hall.parts, more, by=AUDREY)).index > first.index
    assert len(await hall.log(Kind.MEASURED)) == 4


@pytest.mark.parametrize(
    "values", [{"polite": False}, {"polite": 1}, {**VALUES, "score": 0.6}, {**VALUES, "new": 1}]
)
async def test_a_grader_does_not_change_its_mind(values: dict[str, Json]) -> None:
    """Another value for a name, even 1 for true, or old names mixed with new: refused, nothing recorded."""
    hall = await a_hall()
    await measure(hall.parts, SAID, by=AUDREY)
    with pytest.raises(Conflict, match="otherwise before"):
        await measure(hall.parts, replace(SAID, values=values), by=AUDREY)
    assert len(await hall.log(Kind.MEASURED)) == 1


async def test_an_episode_can_be_measured_for_a_while_after_its_close() -> None:
    """Thirty days; then what is said of it comes too late."""
    hall = await a_hall()
    await hall.episodes.close("e-1", by=BOT)
    hall.clock.advance(LATE_MS)
    await measure(hall.parts, SAID, by=AUDREY)
    hall.clock.advance(1)
    with pytest.raises(Expired):
        await measure(hall.parts, replace(SAID, version="3"), by=AUDREY)


async def test_an_episode_must_be_there_and_be_named_without_doubt() -> None:
    """Unknown ones are not found; where two agents have one of this id, the agent is named."""
    hall = await a_hall()
    with pytest.raises(NotFound):
        await measure(hall.parts, replace(SAID, id="e-2"), by=AUDREY)
    with pytest.raises(NotFound):
        await measure(hall.parts, replace(SAID, id=""), by=AUDREY)
    with pytest.raises(NotFound):
        await measure(hall.parts, replace(SAID, agent="other"), by=AUDREY)
    await hall.episodes.open(Opening(id="e-1"), by=OTHER)
    with pytest.raises(Unprocessable, match="name the agent"):
        await measure(hall.parts, SAID, by=AUDREY)
    taken = await measure(hall.parts, replace(SAID, agent="other"), by=AUDREY)
    assert taken.agent == "other"
    assert (await measure(hall.parts, replace(SAID, agent="bot"), by=AUDREY)).agent == "bot"


@pytest.mark.parametrize("name", sorted(SORTS))
async def test_what_the_gate_measures_itself_is_nobody_elses(name: str) -> None:
    """A grader's value cannot pass for one that the gate derived."""
    hall = await a_hall()
    with pytest.raises(Unprocessable, match="by the gate itself"):
        await measure(hall.parts, replace(SAID, values={name: 1}), by=AUDREY)


@pytest.mark.parametrize("value", [f"it said: {CUE}", ["x", CUE], CUE.upper().replace(" ", "\n ")])
async def test_a_value_that_quotes_the_cue_is_refused(value: Json) -> None:
    """It would tell the arm to whatever looks at the values."""
    hall = await a_hall()
    with pytest.raises(Unprocessable, match="tells the arm"):
        await measure(hall.parts, replace(SAID, values={"quote": value}), by=AUDREY)
    hall.ring = None
    await measure(hall.parts, replace(SAID, values={"quote": value}), by=AUDREY)
