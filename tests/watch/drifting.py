# SPDX-License-Identifier: Apache-2.0
"""A log with agents whose behaviour changes or does not, and a book beside it. It tests nothing itself."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gyges.canon import Json
from gyges.drift.alarms import Act, Alarm
from gyges.drift.words import Kind as Sort
from gyges.episode import Event, Kind, Recorded
from gyges.gate.ids import new_id
from gyges.ports import Change, EventQuery
from gyges.principal import Key, Scope
from gyges.testing.clock import FakeClock
from gyges.testing.memory import MemoryStore
from gyges.watch.acts import Parts as ActParts
from gyges.watch.acts import settle
from gyges.watch.arms import Arms
from gyges.watch.book import Book, Parts
from gyges.watch.docket import Docket
from gyges.watch.fold import KINDS, Fold, loud
from gyges.watch.plan import Plan, Watched

DENIED = Watched(name="denied", kind=Sort.SHARE)
PLAN = Plan(features=(DENIED,), sessions=10_000, reference=60, tell=("reviewers",))
MINUTE = 60_000


def person(scope: Scope = Scope.APPROVER, name: str = "alice") -> Key:
    """Somebody with a key."""
    return Key(id=f"k-{name}", name=name, scope=scope, hash="0" * 64, created=0)


@dataclass(slots=True)
class Town:
    """A store, a clock, and what closes episodes in it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)
    rng: random.Random = field(default_factory=lambda: random.Random(5))
    count: int = 0

    async def book(
        self, plan: Plan = PLAN, key: bytes | None = None, step: Callable[[int], None] | None = None
    ) -> Book:
        """A book that has just been opened on the log, as after a start."""
        docket = Docket()
        await docket.load(self.store)
        parts = Parts(
            recorder=self.store, store=self.store, clock=self.clock, new_id=new_id, docket=docket,
            plan=plan, arms=Arms(key), step=step or (lambda _: None), seed=lambda: "seed",
        )  # fmt: skip
        return Book(parts)

    def acts(self, book: Book) -> ActParts:
        """What people's acts are written with."""
        return ActParts(recorder=self.store, clock=self.clock, docket=book.parts.docket)

    async def closed(self, agent: str = "bot", **more: Json) -> None:
        """One episode that closed a minute after the one before."""
        self.count += 1
        self.clock.advance(MINUTE)
        name = f"e-{self.count}"
        values = more.pop("values", {"denied": 0.0, "steps": 4})
        body: dict[str, Json] = {
            "agent": agent, "episode": name, "session": name, "task": "", "design": "",
            "claims": {"model": "m1"}, "gate": {"policy": "p1", "monitors": ["rules"]}, "v": 1,
            "left_out": 0, "values": values, **more,
        }  # fmt: skip
        await self.write(Kind.EPISODE_CLOSED, body, agent)

    async def denied(self, rate: float, sessions: int, agent: str = "bot") -> None:
        """So many sessions of four calls, each denied at this rate."""
        for _ in range(sessions):
            share = sum(self.rng.random() < rate for _ in range(4)) / 4
            await self.closed(agent, values={"denied": share, "steps": 4})

    async def write(self, kind: Kind, body: dict[str, Json], agent: str = "") -> None:
        """Any event."""
        subject = f"episode:{body['episode']}" if "episode" in body else "ring:d1"
        event = Event(kind=kind, at=self.clock.now(), subject=subject, body=body, agent=agent)
        await self.store.record(Change(events=(event,)))

    async def events(self, *kinds: Kind) -> Sequence[Recorded]:
        """What the log holds of these kinds."""
        return await self.store.events(EventQuery(kinds=kinds, limit=10_000))

    async def muted(self) -> Book:
        """A book on a bot that was quiet, then denied everything: what rang was muted, as known."""
        book = await self.book()
        await self.denied(0, 70)
        await self.denied(1, 20)
        await book.catch_up()
        for noted in book.parts.docket.of("bot"):
            await settle(self.acts(book), noted.id, Act.MUTE, by=person(), reason="known")
        return book

    async def alarms(self) -> list[str]:
        """Ids of the alarms in the log, in order."""
        return [str(r.event.body["alarm"]) for r in await self.events(Kind.DRIFT_ALARM)]


async def replayed(town: Town, plan: Plan = PLAN) -> list[str]:
    """Ids of the alarms that this log comes to, folded in one go by nobody's book."""
    seed = str((await town.events(Kind.DRIFT_BASELINE))[0].event.body["seed"])
    fold = Fold(plan, seed, Arms(None))
    rang = [one for recorded in await town.events(*KINDS) for one in loud(fold.take(recorded))]
    return [one.id for one in rang if isinstance(one, Alarm)]


async def state_of(book: Book) -> bytes:
    """The whole state of the fold."""
    return await book.ask(lambda fold: fold.state())
