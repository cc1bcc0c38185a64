# SPDX-License-Identifier: Apache-2.0
"""What people do: answer, edit, withdraw, give standing grants, pull and lift kill switches.

Every act is compare-and-set on the case: when two act at once the first wins and the other is told who
was first. An act that is refused for want of right is itself recorded.
"""

from dataclasses import dataclass, replace

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.case import Assertion, Attention, Case, Say, State, Vote
from gyges.decision import Effect
from gyges.episode import Event, Kind
from gyges.errors import (
    Conflict,
    Forbidden,
    GygesError,
    Hasty,
    NotFound,
    Overburdened,
    StoreDown,
    Unprocessable,
)
from gyges.gate import approvals, checks, grants, signing
from gyges.gate.attending import Attending
from gyges.gate.ids import new_id
from gyges.gate.judge import GRACE_MS, TRIES, plain
from gyges.gate.notices import notices_of
from gyges.gate.states import move
from gyges.person import Method, Person
from gyges.ports import Change, Idempotency
from gyges.principal import Key, Scope
from gyges.standing import ALL, Grant, Pin, Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantDraft:
    """A standing grant as its maker writes it; `group` may be left out where the maker has only one."""

    agent: str
    tool: str
    pins: tuple[Pin, ...]
    max_uses: int
    expires: int
    reason: str
    group: str = ""
    sum_pointer: str = ""
    sum_limit: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a person answered: identified by what, having looked how, signed with what."""

    method: str = "key"
    attention: Attention | None = None
    assertion: Assertion | None = None


HOW = How()
UNSIGNED = "passkey-session"  # how a vote says that a passkey opened the session and signed nothing


class Desk(Attending):
    """The half of the gate that people use."""

    async def answer(
        self, id: str, *, by: Key, say: Say, digest: str, group: str = "", reason: str = "",
        guidance: str = "", how: How = HOW,
    ) -> Case:  # fmt: skip
        """Approve or deny the waiting case `id`, whose digest must be the one that was shown.

        Who they are and how they looked must have been verified by the caller; a signature is verified here.
        """
        if say is Say.DENY and not (reason.strip() or guidance.strip()):
            raise Unprocessable("a denial needs a reason or guidance")
        for _ in range(TRIES):
            case = await self.found(id)
            try:
                vote = approvals.vote(
                    case, by, say, digest=digest, now=self.now, group=group, method=method_of(how),
                    signed=how.assertion is not None,
                )  # fmt: skip
                vote = replace(
                    vote, reason=reason, guidance=guidance, attention=how.attention,
                    assertion=how.assertion,
                )  # fmt: skip
                signer, claims = await self.signer(case, vote, group)
                vote = await self.heeded(case, vote)
            except (Forbidden, Hasty, Overburdened) as error:
                await self.refused(case, by, error)
                raise
            after = self.counted(case, vote)
            try:
                return await self.write(
                    after, Kind.ANSWERED, self.said(after, vote, by), people=signer, claims=claims
                )
            except Conflict:
                continue  # somebody else was first; look again
        raise Conflict(f"case {id} changes too quickly; try again")

    async def signer(
        self, case: Case, vote: Vote, group: str
    ) -> tuple[tuple[Person, ...], tuple[str, ...]]:
        """For a signed vote: its person with the passkey's counter moved on, and the claim on its nonce.

        Raise `Forbidden` if the signature does not hold, `Conflict` if something else was signed.
        """
        if vote.assertion is None:
            return (), ()
        person = await self.parts.store.person(vote.person)
        if person is None or person.disabled:
            raise Forbidden(f"{vote.person} has no account here to sign with")
        answer = signing.check_answer(vote, case, group)
        after = signing.use(person, vote.assertion, self.parts.settings.public_url)
        return (after,), (signing.claim(answer),)

    def counted(self, case: Case, vote: Vote) -> Case:
        """The case after `vote`."""
        if case.planted:
            return checks.ended(case, vote)
        votes = (*case.votes, vote)
        if vote.say is Say.DENY:
            return move(
                case, State.DENIED, votes=votes, guidance=vote.guidance,
                reason=f"denied by {vote.person}: {vote.reason or vote.guidance}",
            )  # fmt: skip
        verdicts = case.decision.verdicts if case.decision else ()
        return self.follow(replace(case, votes=votes), verdicts)

    def said(self, case: Case, vote: Vote, by: Key) -> dict[str, Json]:
        """The body of an answer's event."""
        measured = plain(vote=vote, key=by.id, risk=case.risk, created=case.created)
        check = plain(planted=case.planted) if case.planted else {}
        return {**self.decided(case), **measured, **check}

    async def edit(
        self, id: str, *, by: Key, digest: str, arguments: dict[str, Json], reason: str = ""
    ) -> Case:
        """Replace a waiting case by a new one with other arguments; return the new one, judged.

        The editor becomes an author and can approve neither this version nor a later one. An edit that
        policy would deny is refused, and the old case stays as it is.
        """
        old = await self.found(id)
        try:
            # An edit approves nothing, so it needs no signature.
            approvals.vote(old, by, Say.APPROVE, digest=digest, now=self.now, signed=True)
        except Forbidden as error:
            await self.refused(old, by, error)
            raise
        if old.planted:
            why = f"a planted request, edited by {by.name}; it could not have run"
            body = plain(by=by.name, reason=why, planted=old.planted)
            return await self.write(move(old, State.WITHDRAWN, reason=why), Kind.WITHDRAWN, body)
        action = replace(old.action, arguments=arguments, amends=old.id, edited_by=by.name)
        if canon.encode(arguments) == canon.encode(old.action.arguments):
            raise Unprocessable("the edit changes nothing")
        new = self.opened(
            action, groups=old.agent_groups, audience=old.audience,
            barred=approvals.barred(*old.barred, by.name),
        )  # fmt: skip
        ruling = self.policy.rule(action, self.facts(new))
        if ruling.effect is Effect.DENY:
            raise Unprocessable(f"the edited action would be denied: {ruling.reason}")
        gone = move(
            old,
            State.SUPERSEDED,
            replaced_by=new.id,
            reason=f"edited by {by.name}: {reason}".strip(": "),
        )
        body = plain(by=by.name, reason=reason)
        return await self.judge(await self.replaced(gone, new, body))

    def opened(
        self, action: Action, *, groups: tuple[str, ...], barred: tuple[str, ...], audience: str
    ) -> Case:
        """A new case: the agent's `groups`, who can never approve, and who may execute come from its key."""
        now = self.now
        budget = int(self.parts.settings.monitor_seconds * 1000) + GRACE_MS
        return Case(
            id=new_id("c", now), state=State.PROPOSED, action=action, digest=action.digest,
            created=now, agent_groups=groups, barred=barred, audience=audience,
            risk=self.risk(action.tool), amends=action.amends, deadline=now + budget,
        )  # fmt: skip

    async def replaced(
        self, gone: Case, new: Case, body: dict[str, Json], bond: Idempotency | None = None
    ) -> Case:
        """Record that `new` takes the place of `gone`, both in one change."""
        events = (
            self.event(Kind.SUPERSEDED, gone, {**body, "replaced_by": new.id}),
            self.event(Kind.PROPOSED, new, {**body, **proposed(new)}),
        )
        receipt = await self.parts.recorder.record(
            Change(
                events=events,
                cases=(gone, new),
                idempotency=bond,
                notices=notices_of(gone, Kind.SUPERSEDED, self.now),
            )
        )
        self.bell.ring(gone.id)
        return new.stored(1, receipt.indices[-1])

    async def withdraw(self, id: str, *, by: Key, reason: str = "") -> Case:
        """Take a case back that nobody has used yet; only its own agent may."""
        case = await self.found(id)
        if by.scope is not Scope.AGENT or by.name != case.action.agent:
            raise NotFound(f"there is no case {id}")
        to = State.LAPSED if case.state is State.GRANTED else State.WITHDRAWN
        after = move(case, to, reason=f"withdrawn by {by.name}: {reason}".strip(": "))
        return await self.write(after, Kind.WITHDRAWN, plain(by=by.name, reason=reason))

    async def grant(self, draft: GrantDraft, *, by: Key) -> Grant:
        """Make a standing grant in `by`'s own name; raise `Unprocessable` unless it is narrow."""
        now = self.now
        group = draft.group or (by.groups[0] if len(by.groups) == 1 else "")
        if by.scope is not Scope.APPROVER or group not in by.groups:
            raise Forbidden(
                f"{by.name} does not approve for {group or 'a group that was not named'}"
            )
        made = Grant(
            id=new_id("g", now), agent=draft.agent, tool=draft.tool, pins=draft.pins, person=by.name,
            group=group, created=now, expires=draft.expires, max_uses=draft.max_uses,
            sum_pointer=draft.sum_pointer, sum_limit=draft.sum_limit, reason=draft.reason,
        )  # fmt: skip
        grants.check(made, now)
        await self._grant_event(Kind.GRANT_MADE, made, by)
        return replace(made, version=1)

    async def revoke(self, id: str, *, by: Key) -> Grant:
        """End a standing grant now; its maker or an admin, or any approver of its group."""
        grant = await self.parts.store.grant(id)
        if grant is None:
            raise NotFound(f"there is no standing grant {id}")
        if by.scope is not Scope.ADMIN and grant.group not in by.groups:
            raise Forbidden(f"only approvers of {grant.group} and admins revoke this grant")
        if grant.revoked:
            return grant
        ended = replace(grant, revoked=self.now, revoked_by=by.name)
        await self._grant_event(Kind.GRANT_REVOKED, ended, by)
        return replace(ended, version=ended.version + 1)

    async def stop(self, scope: str, *, by: Key, reason: str) -> Stop:
        """Pull a kill switch: from the next request on, and for permits that are out already."""
        kind, _, name = scope.partition(":")
        if scope != ALL and (kind not in ("agent", "tool") or not name):
            raise Unprocessable(f'{scope!r} is not "all", "agent:NAME" or "tool:NAME"')
        if by.scope not in (Scope.ADMIN, Scope.APPROVER):
            raise Forbidden("only approvers and admins pull a kill switch")
        stop = Stop(scope=scope, by=by.name, at=self.now, reason=reason)
        event = self._about(Kind.STOPPED, scope, plain(by=by.name, reason=reason))
        await self.parts.recorder.record(Change(events=(event,), stops=(stop,)))
        return stop

    async def lift(self, scope: str, *, by: Key, reason: str = "") -> None:
        """Take a kill switch off; only an admin may."""
        if by.scope is not Scope.ADMIN:
            raise Forbidden("only an admin lifts a kill switch")
        if scope not in {stop.scope for stop in await self.parts.store.stops()}:
            raise NotFound(f"no kill switch is on for {scope}")
        event = self._about(Kind.LIFTED, scope, plain(by=by.name, reason=reason))
        await self.parts.recorder.record(Change(events=(event,), lifted=(scope,)))

    async def refused(self, case: Case, by: Key, error: GygesError) -> None:
        """Record an attempt without right. A store that is down must not hide the refusal itself."""
        body = plain(by=by.name, key=by.id, scope=by.scope, code=error.code, reason=str(error))
        try:
            await self.parts.recorder.record(Change(events=(self.event(Kind.REFUSED, case, body),)))
        except StoreDown:
            return

    async def _grant_event(self, kind: Kind, grant: Grant, by: Key) -> None:
        event = self._about(kind, grant.id, plain(grant=grant, by=by.name, key=by.id))
        await self.parts.recorder.record(Change(events=(event,), grants=(grant,)))

    def _about(self, kind: Kind, subject: str, body: dict[str, Json]) -> Event:
        return Event(kind=kind, at=self.now, subject=subject, body=body)


def method_of(how: How) -> str:
    """How a vote says that somebody was identified; "passkey" is for those that are signed with one."""
    if how.assertion is not None:
        return Method.PASSKEY.value
    return UNSIGNED if how.method == Method.PASSKEY else how.method


def proposed(case: Case) -> dict[str, Json]:
    """The body of a proposal's event."""
    return {
        "action": case.action.document(),
        "digest": case.digest,
        "barred": list(case.barred),
        "audience": case.audience,
    }
