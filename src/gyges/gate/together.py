# SPDX-License-Identifier: Apache-2.0
"""What an approver does beside answering one case: approve several, put one to others early, take one back.

Several are all or nothing: each is checked as it would be alone, then all are written in one transaction,
under compare-and-set on each. Which cases may be put together is for the surface to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gyges.case import Case, Say, State, Vote
from gyges.episode import Event, Kind
from gyges.errors import Conflict, Forbidden, GygesError, Overburdened, Unprocessable
from gyges.gate import approvals
from gyges.gate.desk import Desk, How, method_of
from gyges.gate.judge import plain
from gyges.gate.notices import notices_of
from gyges.gate.states import move, stay
from gyges.ports import Change
from gyges.principal import Key, Scope

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One case of several, as it was shown."""

    case: str
    version: int
    digest: str


async def approve_all(
    desk: Desk, items: Sequence[Item], *, by: Key, how: How, reason: str = ""
) -> list[Case]:
    """Approve every one of `items`, or none; raise what stands against the first that cannot be."""
    if not 1 <= len({item.case for item in items}) == len(items) <= MOST:
        raise Unprocessable(f"1 to {MOST} different cases can be approved together")
    await _room(desk, by, len(items))
    steps = [await _one(desk, item, by, how, reason) for item in items]
    cases = tuple(case for case, _ in steps)
    notices = tuple(n for case in cases for n in notices_of(case, Kind.ANSWERED, desk.now))
    try:
        receipt = await desk.parts.recorder.record(
            Change(events=tuple(event for _, event in steps), cases=cases, notices=notices)
        )
    except Conflict:
        raise Conflict("one of them was answered a moment ago; none is approved") from None
    for case in cases:
        desk.bell.ring(case.id)
    return [c.stored(c.version + 1, i) for c, i in zip(cases, receipt.indices, strict=True)]


async def escalate(desk: Desk, id: str, *, by: Key, to: str) -> Case:
    """Put a waiting case to the group `to` now, as its timer would later; approvers only."""
    case = await desk.found(id)
    approvals.check_open(case, desk.now)
    if by.scope is not Scope.APPROVER:
        raise Forbidden("only approvers put a case to others")
    if not to or to in case.escalated:
        raise Unprocessable("there is no further group to ask")
    asked = (*case.escalated, to)
    after = stay(replace(case, escalate_at=0), escalated=asked)
    return await desk.write(after, Kind.ESCALATED, plain(groups=asked, by=by.name))


async def take_back(desk: Desk, id: str, *, by: Key, reason: str = "") -> Case:
    """Let a granted case lapse before it runs, as somebody who approved it; the table of states refuses the rest."""
    case = await desk.found(id)
    mine = any(approvals.same(v.person, by.name) and v.say is Say.APPROVE for v in case.votes)
    if by.scope is not Scope.APPROVER or not mine:
        raise Forbidden(f"{by.name} has not approved case {id} and cannot take that back")
    after = move(case, State.LAPSED, reason=f"taken back by {by.name}: {reason}".strip(": "))
    return await desk.write(after, Kind.WITHDRAWN, plain(by=by.name, reason=reason))


async def _room(desk: Desk, by: Key, count: int) -> None:
    load = await desk.load(by.name)
    if load.most and load.approvals + count > load.most:
        left = max(load.most - load.approvals, 0)
        raise Overburdened(f"{by.name} has {left} approvals left within this hour, not {count}")


async def _one(desk: Desk, item: Item, by: Key, how: How, reason: str) -> tuple[Case, Event]:
    case = await desk.found(item.case)
    if case.version != item.version:
        raise Conflict(f"case {case.id} has changed since it was shown; none is approved")
    try:
        vote = await _vote(desk, case, item.digest, by, how)
    except GygesError as error:
        await desk.refused(case, by, error)
        raise
    after = desk.counted(case, replace(vote, reason=reason))
    return after, desk.event(
        Kind.ANSWERED, after, desk.said(after, replace(vote, reason=reason), by)
    )


async def _vote(desk: Desk, case: Case, digest: str, by: Key, how: How) -> Vote:
    vote = approvals.vote(case, by, Say.APPROVE, digest=digest, now=desk.now, method=method_of(how))
    return await desk.heeded(case, replace(vote, attention=how.attention))
