# SPDX-License-Identifier: Apache-2.0
"""Judges one case: rule, look, weigh, and the case that follows. The part that every way in shares.

It writes through `record` only, and never lets anything be granted that is not in the log. Which caller
may do what is decided by `corridor.py` and `desk.py`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import msgspec

from gyges.action import Action
from gyges.canon import Json
from gyges.case import Case, State
from gyges.decision import Decision, Effect, Facts, Ruling
from gyges.episode import Episode, Event, Kind
from gyges.errors import Conflict, NotFound
from gyges.gate import grants
from gyges.gate.bell import Bell
from gyges.gate.ids import new_id
from gyges.gate.notices import notices_of
from gyges.gate.permits import PermitSigner
from gyges.gate.states import move, stay
from gyges.gate.weigh import Thresholds, weigh
from gyges.person import Person
from gyges.ports import Change, Clock, EventQuery, Notice, Policy, Recorder, Store
from gyges.settings import Settings
from gyges.standing import Grant, Stop
from gyges.verdict import Verdict

Look = Callable[[Action, Episode], Awaitable[tuple[Verdict, ...]]]
RISKS = {
    "read": 5, "draft": 10, "recommend": 10, "write": 40, "send": 50, "execute": 70, "delete": 80,
    "pay": 80, "oversee": 100,
}  # fmt: skip
UNKNOWN_RISK = 60
TRIES = 16  # races on one case are few; more than this is not a race
GRACE_MS = 5_000  # how long after the monitors' budget a case may still be judged by whoever began


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the gate is made of. `step` is called at each numbered step, so that tests can crash there."""

    recorder: Recorder
    store: Store
    signer: PermitSigner
    clock: Clock
    settings: Settings
    look: Look
    origin: str
    step: Callable[[int], None] = lambda _: None
    past: Callable[[str], bool] = lambda _: True  # whether a monitor reads the past for this tool
    alarmed: Callable[[str], bool] = lambda _: (
        False
    )  # whether an alarm on this agent is unsettled; from memory, at once


class Judge:
    """Rules, looks, weighs and writes the decision down."""

    def __init__(self, parts: Parts, policy: Policy) -> None:
        """`policy` is the set in force until `swap`."""
        self.parts = parts
        self.policy = policy
        self.bell = Bell()
        s = parts.settings
        self._thresholds = Thresholds(
            ask_above=s.ask_above, deny_above=s.deny_above,
            worst=Effect(s.monitor_worst), reviewers=s.reviewers,
        )  # fmt: skip

    def swap(
        self,
        policy: Policy,
        *,
        signer: PermitSigner | None = None,
        look: Look | None = None,
        past: Callable[[str], bool] | None = None,
    ) -> None:
        """Put another policy set, signer or panel in force from the next judgement on."""
        self.policy = policy
        parts = self.parts
        self.parts = replace(
            parts, signer=signer or parts.signer, look=look or parts.look, past=past or parts.past
        )

    @property
    def now(self) -> int:
        """The clock, ms."""
        return self.parts.clock.now()

    async def found(self, id: str) -> Case:
        """The case, or `NotFound`."""
        case = await self.parts.store.case(id)
        if case is None:
            raise NotFound(f"there is no case {id}")
        return case

    async def judge(self, case: Case) -> Case:
        """Steps 3 to 5 for a case that is in the log as proposed; whoever is first decides."""
        for _ in range(TRIES):
            try:
                return await self._judge(case)
            except Conflict:  # a grant was used elsewhere, a timer judged this case, an alarm came
                case = await self.found(case.id)
                if case.state is not State.PROPOSED:
                    return case
        raise Conflict(f"case {case.id} changes too quickly; try again")

    async def _judge(self, case: Case) -> Case:
        stop = await self.stopped(case.action)
        verdicts = () if stop else await self.looked(case.action)
        self.parts.step(3)
        alarm = self.alarmed(case.action.agent)
        after, used = await self.weighed(case, verdicts, stop)
        more: tuple[Notice, ...] = ()
        if after.state is State.WAITING:
            after, more = await self.placed(after)
            used = used if after.state is State.WAITING else ()
        body = self.decided(after)
        if self.alarmed(case.action.agent) is not alarm:  # what is written down is what was weighed
            raise Conflict(
                f"the alarm on {case.action.agent} changed while case {case.id} was judged"
            )
        self.parts.step(4)
        stored = await self.write(after, Kind.DECIDED, body, used, more)
        self.parts.step(5)
        return stored

    async def placed(self, case: Case) -> tuple[Case, tuple[Notice, ...]]:
        """What becomes of a case that is about to wait for people, and notices beside the usual ones."""
        return case, ()

    async def weighed(
        self, case: Case, verdicts: tuple[Verdict, ...], stop: Stop | None
    ) -> tuple[Case, tuple[Grant, ...]]:
        """The case that follows, standing grants heard, and the grants as used."""
        if stop is not None:
            return self.denied(case, f"stopped by {stop.by}: {stop.reason or stop.scope}"), ()
        after = self.follow(case, verdicts)
        if after.state is not State.WAITING:
            return after, ()
        standing = await self.parts.store.grants(case.action.agent, case.action.tool)
        if not standing:
            return after, ()
        store = self.parts.store
        people = [*await store.keys(), *grants.approvers(await store.people())]
        votes, used = grants.speak(after, standing, people, self.now)
        return (self.follow(replace(case, votes=votes), verdicts), used) if votes else (after, ())

    def follow(self, case: Case, verdicts: tuple[Verdict, ...]) -> Case:
        """What becomes of `case` under the policy in force and these verdicts, given its votes."""
        ruling = self.policy.rule(case.action, self.facts(case))
        decision = self.weigh(ruling, verdicts)
        if decision.effect is Effect.DENY:
            return move(case, State.DENIED, decision=decision, reason=decision.reason)
        satisfied = ruling.effect is Effect.ALLOW and not decision.requirement.missing(
            case.approvals()
        )
        if satisfied or decision.effect is Effect.ALLOW:
            return self.granted(case, decision)
        return self.waiting(case, decision)

    def granted(self, case: Case, decision: Decision) -> Case:
        """Granted, to be used within `grant_seconds`, under a nonce of its own."""
        if case.planted:
            return self.denied(case, "a planted request never runs")
        now = self.now
        deadline = now + self.parts.settings.grant_seconds * 1000
        nonce = new_id("p", now)
        return move(
            case, State.GRANTED, decision=decision, nonce=nonce, deadline=deadline,
            reason=decision.reason,
        )  # fmt: skip

    def waiting(self, case: Case, decision: Decision) -> Case:
        """Waiting for people, or waiting still: the clock does not start again."""
        requirement = decision.requirement.join(case.requirement)
        if case.state is State.WAITING:
            return stay(case, decision=decision, requirement=requirement, reason=decision.reason)
        settings, now = self.parts.settings, self.now
        escalate = now + settings.steps[0][0] * 1000 if settings.steps else 0
        return move(
            case, State.WAITING, decision=decision, requirement=requirement, reason=decision.reason,
            deadline=now + settings.wait_seconds * 1000, escalate_at=escalate,
        )  # fmt: skip

    def denied(self, case: Case, reason: str) -> Case:
        """Denied for a reason that is not a rule's."""
        ruling = Ruling(effect=Effect.DENY, policy=self.policy.digest, reason=reason)
        decision = Decision(effect=Effect.DENY, ruling=ruling, reason=reason)
        return move(case, State.DENIED, decision=decision, reason=reason)

    def facts(self, case: Case) -> Facts:
        """What the gate knows about the case beyond the action."""
        risk = self.policy.risk(case.action.tool)
        return Facts(
            approvals=case.approvals(), signed=case.signed(), groups=case.agent_groups, risk=risk,
            alarm=self.alarmed(case.action.agent),
        )  # fmt: skip

    def alarmed(self, agent: str) -> bool:
        """Whether an alarm of drift on `agent` is unsettled."""
        return self.parts.alarmed(agent)

    def weigh(self, ruling: Ruling, verdicts: tuple[Verdict, ...]) -> Decision:
        """`gate.weigh` with this gate's thresholds."""
        return weigh(ruling, verdicts, thresholds=self._thresholds)

    async def looked(self, action: Action) -> tuple[Verdict, ...]:
        """What the monitors say, given what this episode has seen so far."""
        events: tuple[Event, ...] = ()
        if action.episode and self.parts.past(action.tool):
            query = EventQuery(agent=action.agent, episode=action.episode, latest=True)
            events = tuple(found.event for found in await self.parts.store.events(query))
        return await self.parts.look(
            action, Episode(id=action.episode, agent=action.agent, events=events)
        )

    async def stopped(self, action: Action) -> Stop | None:
        """The stop that covers the action, if one is on."""
        stops = await self.parts.store.stops()
        return next((s for s in stops if s.covers(action.agent, action.tool)), None)

    def risk(self, tool: str) -> int:
        """Where the inbox sorts an action of this tool, 0 to 100."""
        return RISKS.get(self.policy.risk(tool), UNKNOWN_RISK)

    async def write(
        self, case: Case, kind: Kind, body: dict[str, Json], used: tuple[Grant, ...] = (),
        more: tuple[Notice, ...] = (), people: tuple[Person, ...] = (),
        claims: tuple[str, ...] = (),
    ) -> Case:  # fmt: skip
        """Record one event and the case after it; return the case as stored, and wake who waits."""
        notices = (*notices_of(case, kind, self.now), *more)
        event = self.event(kind, case, body)
        change = Change(
            events=(event,), cases=(case,), grants=used, notices=notices, people=people,
            claims=claims,
        )  # fmt: skip
        receipt = await self.parts.recorder.record(change)
        self.bell.ring(case.id)
        return case.stored(case.version + 1, receipt.indices[-1])

    def event(self, kind: Kind, case: Case, body: dict[str, Json]) -> Event:
        """An event about `case`, now."""
        return Event(
            kind=kind, at=self.now, subject=case.id, body=body,
            agent=case.action.agent, episode=case.action.episode,
        )  # fmt: skip

    def decided(self, case: Case) -> dict[str, Json]:
        """The body of a decision's event: everything needed to judge the judgement later."""
        return plain(
            state=case.state, digest=case.digest, decision=case.decision, facts=self.facts(case),
            requirement=case.requirement, votes=case.votes, nonce=case.nonce, deadline=case.deadline,
        )  # fmt: skip


def plain(**fields: object) -> dict[str, Json]:
    """`fields` as JSON values."""
    found: dict[str, Json] = msgspec.to_builtins(fields)
    return found
