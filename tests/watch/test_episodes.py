# SPDX-License-Identifier: Apache-2.0
"""Episodes: opened once, closed once, by their agent or by silence, and everything about them in the log."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.episode import Event, Kind, Running
from gyges.errors import Conflict, Forbidden, NotFound, StoreDown, Unprocessable
from gyges.gate.ids import new_id
from gyges.ports import Change, EventQuery
from gyges.settings import Settings
from gyges.testing import FakeClock
from gyges.watch.episodes import Episodes, Opening, Parts
from gyges.watch.features import derive
from gyges.watch.measures import Measure, measure
from tests.ledger.store_files import opened
from tests.watch.hall import (
    ALICE,
    AUDREY,
    BOT,
    CUE,
    GATE,
    IDLE_S,
    OTHER,
    RING,
    Hall,
    proposal,
)

OURS = (Kind.EPISODE_OPENED, Kind.EPISODE_CLOSED)
WHOLE = Opening(
    id="e-1", session="s-1", task="bills", claims={"model": "m-3", "prompt": ""}, ring=True
)
TOLD = {
    "agent": "bot", "episode": "e-1", "session": "s-1", "task": "bills", "design": "d-1",
    "claims": {"model": "m-3"}, "gate": GATE,
}  # fmt: skip


async def test_an_opening_is_written_down_without_its_arm() -> None:
    """Session, task, what the agent claims and what the gate knows, the design; nothing tells the arm."""
    hall = Hall(ring=RING)
    answer = await hall.episodes.open(WHOLE, by=BOT)
    (recorded,) = await hall.log()
    assert recorded.event == Event(
        kind=Kind.EPISODE_OPENED, at=hall.clock.now(), subject=recorded.event.subject,
        agent="bot", episode="e-1", body={**TOLD, "ring": True},
    )  # fmt: skip
    assert (answer.id, answer.session, answer.cue) == ("e-1", "s-1", RING.told("s-1"))


async def test_what_is_left_out_is_made() -> None:
    """An id of our own, which is the session as well; without `ring` there is no cue and no design."""
    hall = Hall(ring=RING)
    first = await hall.episodes.open(Opening(), by=BOT)
    second = await hall.episodes.open(Opening(), by=BOT)
    assert first.id.startswith("e-")
    assert first.id != second.id
    assert (first.session, first.cue) == (first.id, "")
    assert [found.event.body["design"] for found in await hall.log()] == ["", ""]


async def test_strangers_see_no_word_of_the_agents_in_the_log() -> None:
    """Subjects are public: all events of an episode have one, which is random and not the id."""
    hall = Hall()
    await hall.episodes.open(Opening(id="secret", session="secret"), by=BOT)
    said = Measure(id="secret", grader="g", version="1", values={"x": 1})
    await measure(hall.parts, said, by=AUDREY)
    await hall.episodes.close("secret", by=BOT)
    subjects = {found.event.subject for found in await hall.log()}
    assert len(subjects) == 1
    assert re.fullmatch(r"episode:e-[0-9a-z]{26}", subjects.pop())


async def test_the_same_opening_again_is_the_same_episode() -> None:
    """A client that did not hear the answer asks again, also after the close: one event, the same answer."""
    hall = Hall(ring=RING)
    first = await hall.episodes.open(WHOLE, by=BOT)
    assert await hall.episodes.open(WHOLE, by=BOT) == first
    await hall.episodes.close("e-1", by=BOT)
    assert await hall.episodes.open(WHOLE, by=BOT) == first
    assert len(await hall.log(Kind.EPISODE_OPENED)) == 1
    assert await hall.store.idle(hall.clock.now() + 10**9, 10) == []


@pytest.mark.parametrize(
    "other",
    [
        {"session": "s-2"},
        {"task": "letters"},
        {"claims": {"model": "m-4"}},
        {"ring": False},
    ],
    ids=str,
)
async def test_other_words_for_the_same_episode_are_refused(other: dict[str, object]) -> None:
    """An episode does not change its session, task, model or test."""
    hall = Hall(ring=RING)
    await hall.episodes.open(WHOLE, by=BOT)
    with pytest.raises(Unprocessable, match=f"another {next(iter(other))}"):
        await hall.episodes.open(replace(WHOLE, **other), by=BOT)  # type: ignore[arg-type]
    assert len(await hall.log()) == 1


async def test_an_id_belongs_to_one_agent() -> None:
    """Two agents have an episode of one id each; neither closes the other's."""
    hall = Hall()
    await hall.episodes.open(Opening(id="e-1"), by=BOT)
    with pytest.raises(NotFound):
        await hall.episodes.close("e-1", by=OTHER)
    await hall.episodes.open(Opening(id="e-1"), by=OTHER)
    await hall.episodes.close("e-1", by=OTHER)
    assert [found.event.agent for found in await hall.log(Kind.EPISODE_CLOSED)] == ["other"]


@pytest.mark.parametrize("who", [ALICE, AUDREY], ids=["approver", "auditor"])
async def test_only_agents_have_episodes(who: object) -> None:
    """Whatever else a key is for, it opens and closes none."""
    hall = Hall()
    with pytest.raises(Forbidden):
        await hall.episodes.open(Opening(), by=who)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        await hall.episodes.close("e-1", by=who)  # type: ignore[arg-type]


async def test_a_close_says_what_anybody_can_derive_again() -> None:
    """The opening's words, the derived values, and between which places of the log they stand; then it is final."""
    hall = Hall(ring=RING)
    early = proposal("c-0", tool="before")
    await hall.happen(early)
    await hall.episodes.open(WHOLE, by=BOT)
    begin = hall.clock.now()
    mine = [proposal("c-1", begin + 5, tool="a"), proposal("c-2", begin + 9, tool="b")]
    strange = [proposal("c-3", episode="e-2"), proposal("c-4", agent="other")]
    planted = proposal("c-5", begin + 7, tool="trap")
    trap = Event(kind=Kind.PLANTED, at=begin, subject="gate", body={"case": "c-5", "by": "root"})
    await hall.happen(mine[0], *strange, trap, planted, mine[1])
    answer = await hall.episodes.close("e-1", by=BOT)
    await hall.happen(proposal("c-6", tool="after"))
    assert await hall.episodes.close("e-1", by=BOT) == answer
    (closed,) = await hall.log(Kind.EPISODE_CLOSED)
    assert (answer.closed, answer.index) == (closed.event.at, closed.index)
    assert closed.event.body == {
        **TOLD, "by": "agent", "v": 1, "opened": 1, "through": 7, "left_out": 0,
        "values": derive(begin, mine),
    }  # fmt: skip
    query = EventQuery(agent="bot", episode="e-1", first=2)
    within = [e.event for e in await hall.store.events(query) if e.index <= 7]
    assert derive(begin, within, {"c-5"}) == closed.event.body["values"]


async def test_silence_closes_an_episode() -> None:
    """Counted from its last event; what a grader says of it is none."""
    hall = Hall()
    await hall.episodes.open(Opening(id="e-1"), by=BOT)
    await hall.episodes.open(Opening(id="e-1"), by=OTHER)
    hall.clock.advance(seconds=IDLE_S - 1)
    assert await hall.episodes.tick() == 0
    await hall.happen(proposal("c-1", hall.clock.now()))
    said = Measure(id="e-1", agent="other", grader="g", version="1", values={"x": 1})
    await measure(hall.parts, said, by=AUDREY)
    hall.clock.advance(seconds=1)
    assert await hall.episodes.tick() == 2
    (closed,) = await hall.log(Kind.EPISODE_CLOSED)
    assert (closed.event.agent, closed.event.body["by"]) == ("other", "silence")
    hall.clock.advance(seconds=IDLE_S - 2)
    assert await hall.episodes.tick() == 0
    hall.clock.advance(seconds=1)
    assert await hall.episodes.tick() == 1
    assert len(await hall.log(Kind.EPISODE_CLOSED)) == 2
    assert await hall.store.next_due() == 0


async def test_more_episodes_than_one_look_are_all_closed() -> None:
    """A night without anybody: one tick closes them all."""
    hall = Hall()
    for n in range(120):
        await hall.episodes.open(Opening(id=f"e-{n}"), by=BOT)
    hall.clock.advance(seconds=IDLE_S)
    assert await hall.episodes.tick() == 120
    assert len(await hall.log(Kind.EPISODE_CLOSED)) == 120


async def test_a_timer_that_was_late_leaves_nothing_behind() -> None:
    """It put off an episode that its agent closed at that moment, or whose opening is gone: the row goes, no more."""
    hall = Hall()
    await hall.episodes.open(Opening(id="e-1"), by=BOT)
    await hall.episodes.close("e-1", by=BOT)
    late = Running(agent="bot", id="e-1", due=hall.clock.now())
    await hall.store.record(Change(events=(), running=(late, replace(late, id="e-2"))))
    assert await hall.episodes.tick() >= 1
    hall.clock.advance(seconds=IDLE_S)
    await hall.episodes.tick()
    assert await hall.store.next_due() == 0
    assert len(await hall.log(Kind.EPISODE_CLOSED)) == 1


async def test_the_cue_is_the_sessions_and_the_designs() -> None:
    """Episodes of one session are told the same; under another design an old opening is no answer any more."""
    hall = Hall(ring=RING)
    cues = set()
    for n in range(20):
        asked = replace(WHOLE, id=f"a-{n}", session=f"s-{n}")
        one = await hall.episodes.open(asked, by=BOT)
        two = await hall.episodes.open(replace(asked, id=f"b-{n}"), by=BOT)
        assert one.cue == two.cue
        cues.add(one.cue)
    assert cues == {"", CUE}
    hall.ring = replace(RING, design=replace(RING.design, id="d-2"))
    with pytest.raises(Conflict, match="d-1 of this episode is over"):
        await hall.episodes.open(replace(WHOLE, id="a-0", session="s-0"), by=BOT)


async def test_without_a_ring_test_nobody_is_told_anything() -> None:
    """Asking is harmless: an empty cue, no design."""
    hall = Hall()
    assert (await hall.episodes.open(WHOLE, by=BOT)).cue == ""
    assert (await hall.log())[0].event.body["design"] == ""


async def test_what_cannot_be_written_is_not_promised() -> None:
    """The store is down: no episode, no close, and afterwards everything goes on."""
    hall = Hall()
    await hall.episodes.open(Opening(id="e-1"), by=BOT)
    hall.store.down = "the disk is full"
    with pytest.raises(StoreDown):
        await hall.episodes.open(Opening(id="e-2"), by=BOT)
    with pytest.raises(StoreDown):
        await hall.episodes.close("e-1", by=BOT)
    hall.clock.advance(seconds=IDLE_S)
    with pytest.raises(StoreDown):
        await hall.episodes.tick()
    hall.store.down = ""
    assert await hall.episodes.tick() == 1


async def test_who_closes_at_once_closes_once(tmp_path: Path) -> None:
    """Two requests and a timer at the same moment, on a real disk: one event, one answer."""
    clock, store = FakeClock(), await opened(tmp_path / "gyges.db")
    parts = Parts(
        recorder=store, store=store, clock=clock, new_id=new_id, settings=Settings(),
        fingerprint=lambda: {**GATE},
    )  # fmt: skip
    episodes = Episodes(parts)
    both = await asyncio.gather(*(episodes.open(Opening(id="e-1"), by=BOT) for _ in range(2)))
    assert both[0] == both[1]
    clock.advance(seconds=parts.settings.episode_idle_seconds)
    close = [episodes.close("e-1", by=BOT) for _ in range(2)]
    one, two, _ = await asyncio.gather(*close, episodes.tick())
    assert one == two
    found = await store.events(EventQuery(kinds=OURS))
    kinds = [str(recorded.event.kind) for recorded in found]
    assert kinds == ["episode-opened", "episode-closed"]
    assert await store.next_due() == 0
    await store.close()


class Crash(Exception):
    """The process ends here."""


@pytest.mark.parametrize("at", [11, 12, 13, 14])
async def test_a_crash_at_any_step_leaves_one_opening_and_one_close(
    tmp_path: Path, at: int
) -> None:
    """On a real disk: the process ends at a step, another one opens the file, the client asks again."""

    def crash(step: int) -> None:
        if step == at:
            raise Crash

    clock, file = FakeClock(), tmp_path / "gyges.db"
    for step in (crash, lambda _: None):
        store = await opened(file)
        episodes = Episodes(
            Parts(
                recorder=store, store=store, clock=clock, new_id=new_id, settings=Settings(),
                fingerprint=lambda: {**GATE}, ring=RING, step=step,
            )
        )  # fmt: skip
        try:
            await episodes.open(WHOLE, by=BOT)
            await store.record(Change(events=(proposal(f"c-{step is crash}"),)))
            await episodes.close("e-1", by=BOT)
        except Crash:
            await store.close()
            continue
        found = await store.events(EventQuery(kinds=OURS))
        kinds = [str(recorded.event.kind) for recorded in found]
        assert kinds == ["episode-opened", "episode-closed"]
        assert await store.next_due() == 0
        await store.close()
        return
    raise AssertionError("it never came to its end")
