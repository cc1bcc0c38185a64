# SPDX-License-Identifier: Apache-2.0
"""Carries notices to people: the rows of the outbox are its memory, the channels its legs.

    tell    a notice becomes deliveries, in one change that is made once however often it is asked for
    carry   what is due on one channel is sent, and what came of it is written down

Intent is exactly once, delivery at least once: after a crash between sending and writing, the message
goes out again under the same id. No channel waits for another. It decides no case.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gyges.adapters.notify import plan
from gyges.adapters.notify.channel import Channel, Later, Message, Never
from gyges.adapters.notify.config import ENDING, Common, Mail
from gyges.adapters.notify.hours import Hours
from gyges.adapters.notify.outcome import arrived, event_of, failed, finished, message_id
from gyges.adapters.notify.telling import Telling, telling_of
from gyges.case import Case
from gyges.errors import GygesError
from gyges.ports import Change, Clock, Delivery, DeliveryQuery, Notice, Recorder, Store

logger = logging.getLogger("gyges.notify")
BATCH = 200
LONGEST_MS = 30_000  # how long a channel sleeps at most
RETRY_MS = 1_000  # after the store was down
LIMIT_S = 60  # for one message; channels give up sooner by themselves
KEEP_MS = 30 * 86_400_000  # how long finished deliveries are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One channel: how it is set, its quiet hours, and what sends."""

    plan: Common
    hours: Hours
    channel: Channel


async def send_test(leg: Leg, *, base: str, now: int, to: str = "") -> int:
    """Tell `to`, or each fixed addressee, that this is a test; how many. Raise what `send` raises."""
    row = Delivery(
        id=f"test/{leg.plan.name}/{now}", notice="", kind="test", case="", at=now,
        channel=leg.plan.name, target="",
    )  # fmt: skip
    telling = telling_of(row, None, base=base, level="low")
    fixed = leg.plan.to if isinstance(leg.plan, Mail) else ("",)
    targets = (to,) if to else fixed
    for target in targets:
        message = Message(id=message_id([row]), target=target, tellings=(telling,))
        await leg.channel.send(message, now)
    return len(targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A delivery with all that its message needs."""

    row: Delivery
    address: str
    telling: Telling
    ref: str = ""


class Courier:
    """A `ports.Notifier` over any number of channels; `run` one task for each of `legs`."""

    def __init__(
        self, *, store: Store, recorder: Recorder, clock: Clock, legs: Mapping[str, Leg],
        base: str, level: Callable[[Case], str],
    ) -> None:  # fmt: skip
        """`base` is where the pages are, without a slash at the end; `level` tells how much is at stake."""
        self.legs = legs
        self._store, self._recorder, self._clock = store, recorder, clock
        self.base, self._case_level = base, level
        self._news = {name: asyncio.Event() for name in legs}
        self._rests = dict.fromkeys(legs, 0)  # until when a channel asked to be left alone

    async def tell(self, notice: Notice) -> None:
        """See `ports.Notifier`: on return the deliveries are durable."""
        if not self.legs:
            return
        case = await self._case(notice.case)
        people = await self._store.people() if self._asks_people else ()
        level = self._level(case)
        rows = [
            delivery
            for leg in self.legs.values()
            for delivery in plan.spread(notice, leg.plan, level=level, case=case, people=people)
        ]
        rows += await self._rewritten(notice)
        if rows:
            await self._recorder.record(Change(events=(), deliveries=tuple(rows)))
            for row in rows:
                self._news[row.channel].set()

    async def run(self, name: str) -> None:
        """Carry what is due on one channel, for ever. Whatever fails here must not end the gate."""
        while True:
            self._news[name].clear()
            try:
                left = await self.carry(name)
            except GygesError as error:
                logger.warning("channel %s: %s", name, error)
                left = RETRY_MS
            except Exception:
                logger.exception("channel %s failed", name)
                left = LONGEST_MS
            try:
                async with asyncio.timeout(min(left, LONGEST_MS) / 1000):
                    await self._news[name].wait()
            except TimeoutError:
                continue

    async def carry(self, name: str) -> int:
        """Send all that is due on `name`; return after how many ms to look again."""
        leg, now = self.legs[name], self._clock.now()
        if now < self._rests[name]:
            return self._rests[name] - now
        due = await self._store.deliveries(DeliveryQuery(channel=name, due=now, limit=BATCH))
        looked = [await self._look(row, leg, now) for row in due]
        aside = tuple(found for found in looked if isinstance(found, Delivery))
        if aside:
            await self._recorder.record(Change(events=(), attempts=aside))
        ready = {found.row.id: found for found in looked if isinstance(found, Ready)}
        rows = [found.row for found in ready.values()]
        for batch in plan.batches(rows, collects=leg.channel.collects):
            if self._clock.now() >= self._rests[name]:
                await self._send([ready[row.id] for row in batch], leg)
        await self._forget(name, now)
        return await self._left(name)

    async def _look(self, row: Delivery, leg: Leg, now: int) -> Ready | Delivery:
        """The delivery made ready; or as it stands when it is not wanted any more, or not yet."""
        case = await self._case(row.case)
        if why := plan.stale(row, case):
            return finished(row, now, why)
        level = self._level(case)
        quiet = plan.held(now, leg.plan, leg.hours, level)
        if quiet > now and not row.amends:
            return replace(row, due=quiet)
        ref = ""
        if row.amends:
            first = await self._store.deliveries(DeliveryQuery(id=row.amends, limit=1))
            ref = first[0].ref if first and first[0].ok else ""
            if not ref:
                return finished(row, now, "there is no message to rewrite")
        address = await self._address(row)
        if address is None:
            return finished(row, now, "the account has no address any more, or does not approve")
        telling = telling_of(row, case, base=self.base, level=level)
        return Ready(row=row, address=address, telling=telling, ref=ref)

    async def _send(self, batch: Sequence[Ready], leg: Leg) -> None:
        rows = [ready.row for ready in batch]
        tellings = tuple(ready.telling for ready in batch)
        message = Message(
            id=message_id(rows), target=batch[0].address, tellings=tellings, ref=batch[0].ref
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                sent = await leg.channel.send(message, self._clock.now())
            after = [arrived(row, self._clock.now(), sent) for row in rows]
        except Never as error:
            after = [finished(row, self._clock.now(), str(error), tried=True) for row in rows]
        except Exception as error:  # noqa: BLE001 - a channel may fail in any way; the row stays
            after = [failed(row, self._clock.now(), error) for row in rows]
            asked = error.after_s if isinstance(error, Later) else 0
            self._rests[rows[0].channel] = self._clock.now() + asked * 1000
            logger.warning("channel %s: %s", rows[0].channel, after[0].said)
        events = tuple(event_of(row) for row in after if row.done and not row.amends)
        await self._recorder.record(Change(events=events, attempts=tuple(after)))

    async def _rewritten(self, notice: Notice) -> Sequence[Delivery]:
        amending = [name for name, leg in self.legs.items() if leg.channel.amends]
        if not notice.case or notice.kind not in ENDING:
            return ()
        queries = (DeliveryQuery(case=notice.case, channel=name, limit=BATCH) for name in amending)
        earlier = [row for query in queries for row in await self._store.deliveries(query)]
        return [plan.rewritten(row, notice) for row in earlier if plan.rewrites(row, notice)]

    async def _forget(self, name: str, now: int) -> None:
        query = DeliveryQuery(channel=name, done=now - KEEP_MS, limit=BATCH)
        if old := await self._store.deliveries(query):
            await self._recorder.record(
                Change(events=(), forgotten=tuple(delivery.id for delivery in old))
            )

    async def _left(self, name: str) -> int:
        following = await self._store.deliveries(DeliveryQuery(channel=name, open=True, limit=1))
        if not following:
            return LONGEST_MS
        return max(0, max(following[0].due, self._rests[name]) - self._clock.now())

    async def _address(self, row: Delivery) -> str | None:
        """Where to send it; None where that was somebody who is not to be told any more."""
        if not row.target.startswith(plan.PERSON):
            return row.target
        person = await self._store.person(row.target.removeprefix(plan.PERSON))
        return (person.email or None) if person and plan.reachable(person) else None

    async def _case(self, id: str) -> Case | None:
        return await self._store.case(id) if id else None

    def _level(self, case: Case | None) -> str:
        return self._case_level(case) if case else "medium"

    @property
    def _asks_people(self) -> bool:
        return any(isinstance(leg.plan, Mail) and leg.plan.people for leg in self.legs.values())
