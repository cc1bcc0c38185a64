# SPDX-License-Identifier: Apache-2.0
"""The corridor, top to bottom: what happens to an action between an agent's wish and the world.

    agent proposes
      1  about to be recorded as proposed
      2  the receipt is in: from here on the case is durable
      3  monitors have looked
      4  policy has ruled, standing grants have spoken, all is weighed: the severer wins
      5  recorded as decided -> allow | deny | ask
    people answer (`desk.py`), time passes (`timers.py`)
    the executor redeems
      6  permit, bytes, audience, kill switches and policy checked
      7  recorded as redeemed, nonce claimed -> run it, there
      8  outcome checked
      9  recorded as done | failed | unknown

No receipt, no permit: every answer is given after its event is in the log's tree. The gate runs nothing.
A crash between any two lines leaves either no case, or one that a timer or the next request carries on.
"""

from dataclasses import replace
from typing import TypedDict

from gyges.action import Action
from gyges.answer import OPEN
from gyges.case import Case, Outcome, State
from gyges.decision import Effect
from gyges.episode import Kind
from gyges.errors import (
    Conflict,
    Forbidden,
    GygesError,
    NotFound,
    PermitRefused,
    PolicyRefused,
    Stopped,
    Unprocessable,
)
from gyges.gate.approvals import barred
from gyges.gate.desk import Desk, proposed
from gyges.gate.judge import plain
from gyges.gate.permits import permit_for
from gyges.gate.states import move
from gyges.gate.timers import Timers
from gyges.permit import check_action, read_permit
from gyges.ports import Change, Idempotency
from gyges.principal import Key, Scope


class Corridor(Desk, Timers):
    """Propose, wait, redeem, report; and, inherited, all that people and time do."""

    async def propose(self, action: Action, *, by: Key, idempotency: str = "") -> Case:
        """Judge an action; return its case: denied, granted or waiting.

        The same `idempotency` key with the same action gives the same case; with another action it is
        `Unprocessable`. `StoreDown` means that nothing was written, and nothing is granted.
        """
        if by.scope is not Scope.AGENT:
            raise Forbidden("only an agent's key proposes")
        schema = action.tool_schema or self.policy.schema_digest(action.tool)
        action = replace(action, agent=by.name, edited_by="", tool_schema=schema)
        case = self.opened(action, **standing_of(by, action))
        earlier = await self._earlier(case, idempotency)
        if earlier is not None:
            return earlier
        gone = await self._amended(case)
        try:
            return await self.judge(await self._begin(case, gone, idempotency))
        except Conflict:
            earlier = await self._earlier(case, idempotency)  # its twin was first
            if earlier is None:
                raise
            return earlier

    async def _begin(self, case: Case, gone: Case | None, key: str) -> Case:
        kept = None
        if key:
            kept = Idempotency(agent=case.action.agent, key=key, digest=case.digest, case=case.id)
        self.parts.step(1)
        if gone is not None:
            return await self.replaced(gone, case, {}, kept)
        event = self.event(Kind.PROPOSED, case, proposed(case))
        change = Change(events=(event,), cases=(case,), idempotency=kept)
        receipt = await self.parts.recorder.record(change)
        self.parts.step(2)
        return case.stored(1, receipt.indices[-1])

    async def _earlier(self, case: Case, key: str) -> Case | None:
        bond = await self.parts.store.idempotency(case.action.agent, key) if key else None
        if bond is None:
            return None
        if bond.digest != case.digest:
            raise Unprocessable(
                "this idempotency key came with another action before", case=bond.case
            )
        return await self.found(bond.case)

    async def _amended(self, case: Case) -> Case | None:
        if not case.amends:
            return None
        old = await self.found(case.amends)
        if old.action.agent != case.action.agent:
            raise NotFound(f"there is no case {case.amends}")
        return move(old, State.SUPERSEDED, replaced_by=case.id, reason="changed by its agent")

    async def wait(self, id: str, *, timeout_ms: int, seen: int = 0) -> Case:
        """The case as soon as it is settled, or newer than version `seen` where that is given; else at the timeout."""
        end = self.now + timeout_ms
        while True:
            rung = self.bell.listen(id)
            case = await self.found(id)
            left = end - self.now
            if case.state not in OPEN or (seen and case.version > seen) or left <= 0:
                rung.cancel()
                return case
            await self.bell.wait(rung, left)

    async def permit(self, case: Case, *, by: Key) -> str:
        """The permit of a granted case for the agent that proposed it; "" in every other case."""
        theirs = by.scope is Scope.AGENT and by.name == case.action.agent
        if not theirs or case.state is not State.GRANTED or self.now >= case.deadline:
            return ""
        if await self.stopped(case.action):
            return ""
        settings, now = self.parts.settings, self.now
        permit = permit_for(
            case, issuer=settings.issuer, origin=self.parts.origin, now=now,
            seconds=settings.permit_seconds,
        )  # fmt: skip
        return self.parts.signer.mint(permit)

    async def redeem(self, id: str, *, by: Key, permit: str, action: bytes) -> Case:
        """Use up the permit: after this returns, and only then, the executor may run `action`, once."""
        case = await self.found(id)
        if by.scope is not Scope.EXECUTOR or by.name != case.audience:
            raise NotFound(f"there is no case {id}")
        try:
            await self._check(case, by, permit, action)
        except GygesError as error:
            await self.refused(case, by, error)
            raise
        deadline = self.now + self.parts.settings.outcome_seconds * 1000
        after = move(case, State.REDEEMED, deadline=deadline)
        event = self.event(
            Kind.REDEEMED, case, plain(by=by.name, nonce=case.nonce, digest=case.digest)
        )
        self.parts.step(6)
        change = Change(events=(event,), cases=(after,), claims=(f"permit:{case.nonce}",))
        try:
            receipt = await self.parts.recorder.record(change)
        except Conflict:
            raise PermitRefused(f"the permit of case {id} was used a moment ago") from None
        self.parts.step(7)
        self.bell.ring(id)
        return after.stored(case.version + 1, receipt.indices[-1])

    async def _check(self, case: Case, by: Key, token: str, action: bytes) -> None:
        issuer, now = self.parts.settings.issuer, self.now
        permit = read_permit(
            token, self.parts.signer.keys, issuer=issuer, audience=by.name, now=now // 1000
        )
        check_action(permit, action)
        if (permit.case, permit.nonce, permit.digest) != (case.id, case.nonce, case.digest):
            raise PermitRefused(f"the permit is not that of case {case.id}")
        if case.state is not State.GRANTED:
            raise PermitRefused(f"case {case.id} is {case.state}; its permit cannot be used")
        if now >= case.deadline:
            raise PermitRefused(f"case {case.id} was not used in time")
        stop = await self.stopped(case.action)
        if stop:
            raise Stopped(f"{stop.scope} is stopped by {stop.by}: {stop.reason}")
        self._check_policy(case)

    def _check_policy(self, case: Case) -> None:
        """A policy that changed since the grant is asked again: what is no longer allowed does not run."""
        if case.decision is None or case.decision.ruling.policy == self.policy.digest:
            return
        ruling = self.policy.rule(case.action, self.facts(case))
        if ruling.effect is not Effect.ALLOW:
            raise PolicyRefused(f"the policy changed since the grant: {ruling.reason}")

    async def report(
        self, id: str, *, by: Key, ok: bool | None, result: str = "", summary: str = ""
    ) -> Case:
        """Record what came of it; `ok` None says that the executor does not know. Repeating is harmless."""
        case = await self.found(id)
        if by.scope is not Scope.EXECUTOR or by.name != case.audience:
            raise NotFound(f"there is no case {id}")
        to = State.UNKNOWN if ok is None else State.DONE if ok else State.FAILED
        outcome = Outcome(ok=bool(ok), at=self.now, result=result, summary=summary[:2000])
        if case.state is to and case.outcome and case.outcome.result == result:
            return case
        try:
            after = move(case, to, outcome=outcome, reason=summary[:200])
        except Conflict as error:
            await self.refused(case, by, error)
            raise
        self.parts.step(8)
        stored = await self.write(after, Kind(to.value), plain(by=by.name, outcome=outcome))
        self.parts.step(9)
        return stored


class Standing(TypedDict):
    """The part of a case that comes from the agent's key: groups, who is barred, who may execute."""

    groups: tuple[str, ...]
    barred: tuple[str, ...]
    audience: str


def standing_of(by: Key, action: Action) -> Standing:
    """What the key of the agent that proposes `action` says of it."""
    return Standing(
        groups=by.groups,
        barred=barred(by.name, by.owner, action.principal),
        audience=by.executor or action.server,
    )
