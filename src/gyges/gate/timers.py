# SPDX-License-Identifier: Apache-2.0
"""What time does to cases: escalate, expire, lapse, call unknown, and judge what a crash left unjudged.

The timers are the cases' own rows; each is carried out under compare-and-set, hence once, by whichever
process comes first and however often it crashes.
"""

import logging
from dataclasses import replace

from gyges.case import Case, State
from gyges.episode import Kind
from gyges.errors import Conflict, GygesError
from gyges.gate.judge import Judge, plain
from gyges.gate.states import move, stay
from gyges.ports import Change

BATCH = 100
logger = logging.getLogger("gyges.timers")


class Timers(Judge):
    """The half of the gate that time drives."""

    async def tick(self) -> int:
        """Carry out every timer that is due; return how many were."""
        done, last = 0, -1
        while done > last:
            last = done
            for case in await self.parts.store.due(self.now, BATCH):
                done += await self._one(case)
        return done

    async def _one(self, case: Case) -> int:
        try:
            await self._due(case)
        except Conflict:
            return 0  # somebody acted between the look and the act: the timer is theirs
        except GygesError:
            raise
        except Exception:
            # one case that cannot be carried on must not hold up the timers of all others
            logger.exception("the timer of case %s failed; it is tried again", case.id)
            return 0
        return 1

    async def _due(self, case: Case) -> Case:
        settings = self.parts.settings
        if case.deadline > self.now and case.escalate_at:
            return await self._escalate(case)
        match case.state:
            case State.PROPOSED:
                return await self.judge(case)
            case State.WAITING:
                reason = "nobody answered in time"
                return await self._end(case, State.EXPIRED, Kind.EXPIRED, reason)
            case State.GRANTED:
                reason = f"not used within {settings.grant_seconds} s"
                return await self._end(case, State.LAPSED, Kind.LAPSED, reason)
            case _:
                reason = f"no outcome was reported within {settings.outcome_seconds} s"
                return await self._end(case, State.UNKNOWN, Kind.UNKNOWN, reason)

    async def _end(self, case: Case, to: State, kind: Kind, reason: str) -> Case:
        return await self.write(move(case, to, reason=reason), kind, plain(reason=reason))

    async def _escalate(self, case: Case) -> Case:
        """One step of the ladder: the next group is asked as well. Whom people asked meanwhile is passed over."""
        settings, now = self.parts.settings, self.now
        began = case.deadline - settings.wait_seconds * 1000
        steps = [
            (began + seconds * 1000, group)
            for seconds, group in settings.steps
            if group not in case.escalated
        ]
        group = steps.pop(0)[1] if steps and steps[0][0] <= now else ""
        asked = (*case.escalated, group) if group else case.escalated
        after = stay(replace(case, escalate_at=steps[0][0] if steps else 0), escalated=asked)
        if group:
            return await self.write(after, Kind.ESCALATED, plain(groups=asked))
        receipt = await self.parts.recorder.record(Change(events=(), cases=(after,)))
        self.bell.ring(case.id)
        return after.stored(case.version + 1, (*receipt.indices, case.log_index)[0])
