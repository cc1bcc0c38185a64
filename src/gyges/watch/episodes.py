# SPDX-License-Identifier: Apache-2.0
"""Episodes as recorded facts: opened by their agent, closed by it or by silence.

    episode-opened   session, task, fingerprints, the ring test it is part of
    (the episode's own events)
    episode-closed   the same again, with the values that these events come to: enough to replay drift from

An episode belongs to one agent, and its id to it alone. It is opened once and closed once, whatever crashes. No
event holds an arm; nothing here decides anything, and an action may name an episode that nobody opened.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gyges.canon import Json
from gyges.episode import Event, Kind, Recorded, Running
from gyges.errors import Conflict, Forbidden, GygesError, NotFound, Unprocessable
from gyges.ports import Change, Clock, EventQuery, Recorder, Store
from gyges.principal import Key, Scope
from gyges.settings import Settings
from gyges.watch import features
from gyges.watch.past import claim_of, close_of, everything, opening_of, subject_of
from gyges.watch.ring import Ring

BATCH = 100
AGENT, SILENCE = "agent", "silence"
logger = logging.getLogger("gyges.episodes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an agent says when it begins; `claims` are its own words about model, prompt and tools."""

    id: str = ""  # empty: one is made
    session: str = ""  # or user, or whatever hangs together; empty: an episode of its own
    task: str = ""  # episodes of one task are compared with each other
    claims: Mapping[str, str] = field(default_factory=dict[str, str])
    ring: bool = False  # asks for the cue of the ring test


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The answer: `cue` goes into the system prompt as it is, or is empty."""

    id: str
    session: str
    cue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The answer: when (ms), and the place in the log."""

    id: str
    closed: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What episodes are kept with. `fingerprint` is what the gate knows of itself now: policy, monitors."""

    recorder: Recorder
    store: Store
    clock: Clock
    settings: Settings
    new_id: Callable[[str, int], str]
    fingerprint: Callable[[], dict[str, Json]]
    ring: Ring | None = None
    step: Callable[[int], None] = lambda _: None


class Episodes:
    """Opens and closes. Each answer is given after its event is in the log."""

    def __init__(self, parts: Parts) -> None:
        """The parts stay."""
        self.parts = parts

    async def open(self, asked: Opening, *, by: Key) -> Opened:
        """Open an episode of the agent `by`, or find the one that it opened with this id and the same words.

        Raise `Unprocessable` if it was opened with other words.
        """
        if by.scope is not Scope.AGENT:
            raise Forbidden("only an agent's key opens episodes")
        now, parts = self.parts.clock.now(), self.parts
        mark = parts.new_id("e", now)
        name = asked.id or mark
        body = self._opening(asked, by.name, name)
        event = Event(
            kind=Kind.EPISODE_OPENED, at=now, subject=subject_of(mark), body=body, agent=by.name,
            episode=name,
        )  # fmt: skip
        running = Running(agent=by.name, id=name, due=now + self._idle)
        parts.step(11)
        change = Change(
            events=(event,), claims=(claim_of("opened", by.name, name),), running=(running,)
        )
        try:
            await parts.recorder.record(change)
        except Conflict:
            body = await self._same(by.name, name, body)
        parts.step(12)
        return Opened(id=name, session=str(body["session"]), cue=self._cue(body))

    async def close(self, id: str, *, by: Key) -> Closed:
        """Close the agent's episode; one that is closed stays as it was. Raise `NotFound`."""
        if by.scope is not Scope.AGENT:
            raise Forbidden("only an agent's key closes its episodes")
        opened = await opening_of(self.parts.store, id, by.name)
        if opened is None:
            raise NotFound(f"there is no episode {id[:40]}")
        return await self._end(opened, AGENT)

    async def tick(self) -> int:
        """Close every episode that has been silent for `episode_idle_seconds`; return how many were looked at."""
        done, last = 0, -1
        while done > last:
            last = done
            for one in await self.parts.store.idle(self.parts.clock.now(), BATCH):
                done += await self._one(one)
        return done

    async def _one(self, one: Running) -> int:
        try:
            await self._due(one)
        except Conflict:
            return 0  # its agent closed it between the look and the act
        except GygesError:
            raise
        except Exception:
            # one episode that cannot be closed must not hold up all others
            logger.exception("episode %s could not be closed; it is tried again", one.id)
            return 0
        return 1

    async def _due(self, one: Running) -> None:
        store, now = self.parts.store, self.parts.clock.now()
        query = EventQuery(agent=one.agent, episode=one.id, limit=1, latest=True)
        latest = await store.events(query)
        due = latest[-1].event.at + self._idle if latest else 0
        if due > now:
            later = Running(agent=one.agent, id=one.id, due=due)
            await self.parts.recorder.record(Change(events=(), running=(later,)))
            return
        opened = await opening_of(store, one.id, one.agent)
        if opened is None:
            gone = Running(agent=one.agent, id=one.id, due=0)
            await self.parts.recorder.record(Change(events=(), running=(gone,)))
            return
        await self._end(opened, SILENCE)

    async def _end(self, opened: Recorded, by: str) -> Closed:
        agent, name = opened.event.agent, opened.event.episode
        body = await self._closing(opened, by)
        now = self.parts.clock.now()
        event = replace(opened.event, kind=Kind.EPISODE_CLOSED, at=now, body=body)
        gone = Running(agent=agent, id=name, due=0)
        self.parts.step(13)
        change = Change(events=(event,), claims=(claim_of("closed", agent, name),), running=(gone,))
        try:
            receipt = await self.parts.recorder.record(change)
        except Conflict:
            earlier = await close_of(self.parts.store, opened)
            if earlier is None:
                raise
            # a timer may have put it off at the very moment when it was closed
            await self.parts.recorder.record(Change(events=(), running=(gone,)))
            return Closed(id=name, closed=earlier.event.at, index=earlier.index)
        self.parts.step(14)
        return Closed(id=name, closed=now, index=receipt.indices[-1])

    def _opening(self, asked: Opening, agent: str, id: str) -> dict[str, Json]:
        ring = self.parts.ring
        return {
            "agent": agent, "episode": id, "session": asked.session or id, "task": asked.task,
            "ring": asked.ring, "design": ring.design.id if ring and asked.ring else "",
            "claims": {name: text for name, text in asked.claims.items() if text},
            "gate": self.parts.fingerprint(),
        }  # fmt: skip

    async def _closing(self, opened: Recorded, by: str) -> dict[str, Json]:
        """What the log says of an episode at its close: `through` is the last event that counts."""
        store, agent, name = self.parts.store, opened.event.agent, opened.event.episode
        begin = opened.index + 1
        found = await everything(store, EventQuery(agent=agent, episode=name, first=begin))
        planted = await everything(store, EventQuery(kinds=(Kind.PLANTED,), first=begin))
        values = features.derive(
            opened.event.at,
            [recorded.event for recorded in found],
            {str(recorded.event.body.get("case", "")) for recorded in planted},
        )
        told = ("session", "task", "design", "claims", "gate")
        said = opened.event.body
        kept = {part: said[part] for part in told if part in said}
        return {
            "session": name, **kept, "agent": agent, "episode": name, "by": by, "v": features.VERSION,
            "opened": opened.index, "through": found[-1].index if found else opened.index,
            "left_out": sum(recorded.redacted for recorded in found), "values": values,
        }  # fmt: skip

    async def _same(self, agent: str, id: str, body: dict[str, Json]) -> dict[str, Json]:
        """How the episode was opened before; raise `Unprocessable` if that was otherwise."""
        opened = await opening_of(self.parts.store, id, agent)
        if opened is None or opened.redacted:
            raise Conflict(f"episode {id} was opened before, and what was said then is gone")
        known = opened.event.body
        for name in ("session", "task", "ring", "claims"):
            if known.get(name) != body[name]:
                raise Unprocessable(f"episode {id} was opened with another {name} before")
        return known

    def _cue(self, body: Mapping[str, Json]) -> str:
        """The text for the session's system prompt; "" where no ring test is under way or none was asked for."""
        ring, design = self.parts.ring, body["design"]
        if not design:
            return ""
        if ring is None or ring.design.id != design:
            raise Conflict(f"the ring test {design} of this episode is over; open another episode")
        return ring.told(str(body["session"]))

    @property
    def _idle(self) -> int:
        return self.parts.settings.episode_idle_seconds * 1000
