# SPDX-License-Identifier: Apache-2.0
"""Keeps drift beside a running gate: reads what the log says, folds it, writes down each alarm once.

    log -> fold -> drift-alarm, with a notice      after a crash the fold is made anew from the log

It runs in the background and in threads: no decision waits for it, and a fault in it is logged and shown. Without
NumPy (the extra `drift`) nothing is folded, and alarms that are in the log still hold. It settles nothing.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from gyges.canon import Json
from gyges.drift.alarms import Alarm
from gyges.drift.words import Unusable
from gyges.episode import Event, Kind, Recorded
from gyges.errors import Conflict, GygesError, Misconfigured, NotFound
from gyges.ports import Change, Clock, EventQuery, Notice, Recorder, Store
from gyges.watch.arms import Arms
from gyges.watch.docket import PLAN, Docket, body_of, ring_body
from gyges.watch.plan import Plan, plan_from, same

if TYPE_CHECKING:
    from gyges.watch.fold import Fold, Rang

logger = logging.getLogger("gyges.drift")
PAGE = 100  # events folded between two looks of others
EVERY_S = 2.0  # closes wake nobody: many of them are folded together
RETRY_S = 60.0  # after a fault
MISSING = "NumPy is not installed: pip install gyges[drift]"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the book is kept with. `rung` is called when a notice waits to be told; `seed` makes a plan's seed."""

    recorder: Recorder
    store: Store
    clock: Clock
    new_id: Callable[[str, int], str]
    docket: Docket
    plan: Plan
    arms: Arms
    rung: Callable[[], None] = lambda: None
    seed: Callable[[], str] = lambda: secrets.token_hex(16)
    step: Callable[[int], None] = lambda _: None


def ready() -> bool:
    """Whether what drift needs is installed."""
    return find_spec("numpy") is not None


class Book:
    """Drift's state beside the gate. `why` says why it is off, "" while it is on; `fault` what broke last."""

    def __init__(self, parts: Parts, *, on: bool | None = None) -> None:
        """`on` None: where NumPy is installed. Raise `Misconfigured` for a plan that keeps no promise."""
        self.parts, self.plan = parts, parts.plan
        self.why = "" if (ready() if on is None else on) else MISSING
        self.fault = ""
        self.next = 0  # the lowest index of the log that is not folded yet
        self._quiet = -1  # up to this place the log is learnt from, and rings for nobody
        self._loud = False  # whether that is over
        self._planned = False  # whether the log has a plan
        self._fold: Fold | None = None
        self._owed: deque[Rang] = deque()  # rang, and not yet written down
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        if not self.why:
            _checked(parts.plan, parts.arms)

    @property
    def standing(self) -> str:
        """One phrase for those who keep the gate."""
        if self.why:
            return f"off: {self.why}"
        return f"fault: {self.fault}" if self.fault else "on"

    @property
    def begun(self) -> bool:
        """Whether it can be asked."""
        return not self.why and self._fold is not None

    def knows(self, agent: str) -> bool:
        """Whether a session of the agent has been looked at; from memory."""
        return self._fold is not None and self._fold.knows(agent)

    def adopt(self, plan: Plan) -> None:
        """Watch by another plan, which the log will keep; raise `Misconfigured` for one that keeps no promise."""
        if not self.why:
            _checked(plan, self.parts.arms)
        self.plan = plan
        self.wake()

    def wake(self) -> None:
        """Somebody acted, and is waiting to see it."""
        self._news.set()

    async def run(self) -> None:
        """Keep up with the log, for ever. Whatever fails here must not end the gate."""
        if self.why:
            logger.warning("drift is off: %s", self.why)
            return
        while True:
            self._news.clear()
            pause = EVERY_S
            try:
                await self.catch_up()
                self.fault = ""
            except GygesError as error:
                logger.warning("drift: %s", error)
                self.fault = str(error)
            except Exception as error:
                logger.exception("drift failed; it begins anew from the log in a minute")
                self.fault, self._fold, pause = f"{type(error).__name__}: {error}", None, RETRY_S
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def catch_up(self) -> int:
        """Fold all that the log holds, and record what rang; how many events were folded."""
        if self.why:
            return 0
        done = 0
        while True:
            async with self._turn:
                fold = self._fold or await self._begin()
                await self._pay()
                events = await self._following()
                if events:
                    await self._page(fold, events)
                    done += len(events)
                    continue
                if not await self._plan():
                    return done

    async def ask(self, question: "Callable[[Fold], _T]") -> _T:
        """What the fold says, asked in a thread; raise `NotFound` while drift is off."""
        async with self._turn:
            if self.why or self._fold is None:
                raise NotFound(f"drift is off: {self.why or 'it has not begun yet'}")
            fold = self._fold
            try:
                return await asyncio.to_thread(question, fold)
            except Unusable as error:
                raise NotFound(str(error)) from None

    async def behind(self) -> bool:
        """Whether the log holds something that is not folded yet."""
        return not self.why and (self._fold is None or bool(await self._following(1)))

    async def _begin(self) -> "Fold":
        """An empty fold of the plan that the log keeps; of ours where it keeps none."""
        from gyges.watch.fold import Fold

        plans = await self._plans()
        body = plans[-1].event.body if plans else {}
        plan = plan_from(body["plan"]) if plans else self.plan
        self._planned = bool(plans)
        self._quiet, self._loud, self.next = await self._past(plans), False, 0
        self._owed.clear()
        self._fold = Fold(plan, str(body.get("seed", "")), self.parts.arms)
        return self._fold

    async def _past(self, plans: Sequence[Recorded]) -> int:
        """The place up to which another plan, or episodes that are redacted now, had rung what there was to ring."""
        query = EventQuery(kinds=(Kind.REDACTED,), limit=1, latest=True)
        redacted = await self.parts.store.events(query)
        return max([-1, *(found.index for found in (*plans[1:], *redacted))])

    async def _following(self, limit: int = PAGE) -> Sequence[Recorded]:
        """The next events to fold; none before there is a plan in the log: its seed is part of the fold."""
        if not self._planned:
            return ()
        from gyges.watch.fold import KINDS

        query = EventQuery(kinds=KINDS, first=self.next, limit=limit)
        return await self.parts.store.events(query)

    async def _page(self, fold: "Fold", events: Sequence[Recorded]) -> None:
        try:
            self._owed += await asyncio.to_thread(self._folded, fold, events)
        except Exception:
            self._fold = None  # it stopped in the middle: begin anew from the log
            raise
        self.next = events[-1].index + 1
        for recorded in events:
            self.parts.docket.take(recorded)
        await self._pay()

    async def _pay(self) -> None:
        """Write down what rang; what cannot be written now stays owed."""
        while self._owed:
            await self._note(self._owed[0])
            self._owed.popleft()

    def _folded(self, fold: "Fold", events: Sequence[Recorded]) -> "list[Rang]":
        """In a thread. What rings before `_quiet` is not told: it rang then, if it was to ring."""
        from gyges.watch.fold import loud

        found: list[Rang] = []
        for recorded in events:
            if recorded.index > self._quiet and not self._loud:
                fold.hush()
                self._loud = True
            rang = loud(fold.take(recorded))
            if recorded.index > self._quiet:
                found += rang
        return found

    async def _note(self, rang: "Rang") -> None:
        """Write an alarm down, unless the log has it."""
        if isinstance(rang, Alarm):
            body = body_of(rang)
        else:
            found = rang.rung
            body = ring_body(
                rang.agent, rang.design, feature=found.feature, evidence=found.evidence,
                limit=found.limit, unit=found.unit,
            )  # fmt: skip
        name, agent, feature = (str(body[key]) for key in ("alarm", "agent", "feature"))
        if self.parts.docket.get(name) is not None:
            return
        now = self.parts.clock.now()
        # subjects are public, and an agent could work out an alarm's id: the log calls it otherwise
        mark = self.parts.new_id("d", now)
        event = Event(
            kind=Kind.DRIFT_ALARM, at=now, subject=f"drift:{mark}", body=body, agent=agent
        )
        self.parts.step(21)
        notices = self._notices(agent, feature, str(body["family"]))
        change = Change(events=(event,), claims=(f"drift-alarm:{name}",), notices=notices)
        try:
            receipt = await self.parts.recorder.record(change)
        except Conflict:
            await self.parts.docket.load(self.parts.store)  # another process was first
            return
        self.parts.step(22)
        self.parts.docket.take(Recorded(index=receipt.indices[-1], event=event, digest=""))
        self.parts.rung()
        logger.warning("an alarm of drift: %s of agent %s", feature, agent)

    def _notices(self, agent: str, feature: str, family: str) -> tuple[Notice, ...]:
        """A pointer to the page: names only. Until somebody settles it, an alarm that goes on is told once."""
        now, groups = self.parts.clock.now(), self.plan.tell
        if self.parts.docket.told(agent, feature, family):
            return ()
        where = f"drift:{quote(agent, safe='')}/{quote(feature, safe='')}"
        notice = Notice(
            id=self.parts.new_id("n", now), at=now, kind="drift", case=where, groups=groups
        )
        return (notice,) if groups else ()

    async def _plans(self) -> Sequence[Recorded]:
        """The plan that holds, as the log has it, after the one before it."""
        query = EventQuery(
            kinds=(Kind.DRIFT_BASELINE,), subject=f"drift:{PLAN}", limit=2, latest=True
        )
        found = await self.parts.store.events(query)
        if found and found[-1].redacted:
            raise Misconfigured("the plan of drift is redacted in the log: change drift.toml")
        return found

    async def _plan(self) -> bool:
        """Whether our plan is another than the log's: then it is written down, and the fold begins anew."""
        plans = await self._plans()
        if plans and same(self.plan, plans[-1].event.body.get("plan")):
            return False
        body: dict[str, Json] = {
            "choice": PLAN, "by": "gate", "plan": self.plan.document(), "seed": self.parts.seed(),
        }  # fmt: skip
        event = Event(
            kind=Kind.DRIFT_BASELINE, at=self.parts.clock.now(), subject=f"drift:{PLAN}", body=body
        )
        self.parts.step(23)
        await self.parts.recorder.record(Change(events=(event,)))
        self.parts.step(24)
        await self._begin()
        return True


def _checked(plan: Plan, arms: Arms) -> None:
    from gyges.watch.fold import Fold

    try:
        Fold(plan, "", arms)
    except Unusable as error:
        raise Misconfigured(f"drift.toml: {error}") from None
