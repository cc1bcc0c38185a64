# SPDX-License-Identifier: Apache-2.0
"""What a running gate does besides answering: it carries out timers that are due and tells notices.

Both are driven by rows in the store, so nothing is lost or done twice by a crash: a loop that starts anew finds
what is due. Neither loop ends because the store is down; each tries again.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

from gyges.errors import GygesError
from gyges.gate.bell import EVERY
from gyges.ports import Change, Notice, Notifier

if TYPE_CHECKING:
    from gyges.wiring import Gate

logger = logging.getLogger("gyges.running")
LONGEST_MS = 30_000  # another process may have written a timer that no bell of ours rang for
SHORTEST_MS = 100  # many changes in a moment are one reason to look
RETRY_MS = 1_000
BATCH = 100


class Announcer:
    """The notifier that is always there: one line in the program's log for each notice."""

    async def tell(self, notice: Notice) -> None:
        """Say which case waits for whom; what it is about stays behind the key."""
        asks = notice.kind in ("waiting", "escalated")
        text = "%s: case %s waits for %s" if asks else "%s: case %s, said to %s"
        logger.info(text, notice.kind, notice.case, ", ".join(notice.groups))


class Everyone:
    """One notifier for several. All are told; where one raises, all are told again."""

    def __init__(self, *notifiers: Notifier) -> None:
        """In the order in which they are told."""
        self._notifiers = notifiers

    async def tell(self, notice: Notice) -> None:
        """See `ports.Notifier`."""
        for notifier in self._notifiers:
            await notifier.tell(notice)


async def keep_time(gate: "Gate") -> None:
    """Carry out timers as they become due, for ever."""
    while True:
        rung = gate.corridor.bell.listen(EVERY)
        try:
            await gate.corridor.tick()
            await gate.episodes.tick()
            due = await gate.store.next_due()
            left = due - gate.clock.now() if due else LONGEST_MS
        except GygesError as error:
            logger.warning("timers: %s", error)
            left = RETRY_MS
        await _pause(gate, rung, left)


async def tell_people(gate: "Gate", notifier: Notifier) -> None:
    """Hand every notice to `notifier`, at least once, and again after it raised, for ever."""
    while True:
        rung = gate.corridor.bell.listen(EVERY)
        left = LONGEST_MS
        try:
            waiting = await gate.store.notices(BATCH)
            told = [notice.id for notice in waiting if await _told(notifier, notice)]
            if told:
                change = Change(events=(), told=tuple(told))
                await gate.corridor.parts.recorder.record(change)
            if len(told) < len(waiting):
                left = RETRY_MS
        except GygesError as error:
            logger.warning("notices: %s", error)
            left = RETRY_MS
        await _pause(gate, rung, left)


async def _told(notifier: Notifier, notice: Notice) -> bool:
    try:
        await notifier.tell(notice)
    except Exception:  # noqa: BLE001 - a foreign channel may fail in any way; the notice stays
        logger.warning("notice %s was not delivered and will be tried again", notice.id)
        return False
    return True


async def _pause(gate: "Gate", rung: "asyncio.Future[None]", left_ms: int) -> None:
    await asyncio.sleep(SHORTEST_MS / 1000)
    await gate.corridor.bell.wait(rung, max(0, min(left_ms, LONGEST_MS) - SHORTEST_MS))
