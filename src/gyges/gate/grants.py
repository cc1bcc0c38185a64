# SPDX-License-Identifier: Apache-2.0
"""Standing grants: which of them speak for an action, and what one more use leaves of them. Pure.

A pin compares JSON values of one type exactly; text is never rendered to be matched. A grant's maker is
held to the same rules as a voter: see `approvals.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gyges.action import Action
from gyges.canon import Json, encode
from gyges.case import Case, Say, Vote
from gyges.errors import Unprocessable
from gyges.gate.approvals import is_barred, same
from gyges.person import Person, Role
from gyges.pointer import MISSING, Missing, find, parts
from gyges.principal import Key, Scope
from gyges.standing import Grant, Match, Pin


def matches(pin: Pin, action: Action) -> bool:
    """Whether the action's argument at the pin's pointer satisfies it."""
    found = find(action.arguments, pin.pointer)
    if isinstance(found, Missing):
        return False
    match pin.test:
        case Match.EQUALS:
            return encode(found) == encode(pin.value)
        case Match.ONE_OF:
            return isinstance(pin.value, list) and encode(found) in map(encode, pin.value)
        case Match.PREFIX:
            return (
                isinstance(found, str)
                and isinstance(pin.value, str)
                and found.startswith(pin.value)
            )
        case Match.AT_MOST:
            left, right = _number(found), _number(pin.value)
            return left is not None and right is not None and left <= right


def use(grant: Grant, action: Action, now: int) -> Grant | None:
    """The grant after this action used it once, or None where it does not cover the action."""
    if not grant.live(now) or (grant.agent, grant.tool) != (action.agent, action.tool):
        return None
    if action.edited_by or not all(matches(pin, action) for pin in grant.pins):
        return None
    if not grant.sum_pointer:
        return replace(grant, uses=grant.uses + 1)
    amount = _number(find(action.arguments, grant.sum_pointer))
    if amount is None or amount < 0 or grant.sum_used + amount > grant.sum_limit:
        return None
    return replace(grant, uses=grant.uses + 1, sum_used=grant.sum_used + amount)


def speak(
    case: Case, grants: Iterable[Grant], people: Sequence[Key], now: int
) -> tuple[tuple[Vote, ...], tuple[Grant, ...]]:
    """Votes that standing grants cast on `case`, at most one a person, none beyond what is missing."""
    if case.requirement.assurance:
        return (), ()  # leave given ahead is not signed for this action
    missing = dict(case.requirement.missing(case.approvals()))
    voters = [vote.person for vote in case.votes]
    votes: list[Vote] = []
    used: list[Grant] = []
    for grant in grants:
        after = use(grant, case.action, now)
        if after is None or not missing.get(grant.group) or not entitled(case, grant, people, now):
            continue
        if any(same(grant.person, voter) for voter in voters):
            continue
        votes.append(_vote(case, grant, now))
        used.append(after)
        voters.append(grant.person)
        missing[grant.group] -= 1
    return tuple(votes), tuple(used)


def approvers(people: Iterable[Person]) -> list[Key]:
    """The keys that act for those people who may approve now."""
    able = (p for p in people if Role.APPROVER in p.roles and not p.disabled)
    return [person.key(Scope.APPROVER) for person in able]


def entitled(case: Case, grant: Grant, people: Sequence[Key], now: int) -> bool:
    """Whether the grant's maker could still vote: enrolled, of the group, and not barred from the case."""
    if is_barred(case, grant.person):
        return False
    theirs = (key for key in people if key.name == grant.person and key.scope is Scope.APPROVER)
    return any(key.live(now) and grant.group in key.groups for key in theirs)


def check(grant: Grant, now: int) -> None:
    """Raise `Unprocessable` for a grant that is not narrow: it must name agent, tool, pins, count and end."""
    broken = [
        text
        for text, wrong in {
            "name the agent": not grant.agent,
            "name the tool": not grant.tool,
            "pin at least one argument": not grant.pins,
            "end within 30 days": not now < grant.expires <= now + 30 * 86_400_000,
            "allow 1 to 1000 uses": not 1 <= grant.max_uses <= 1000,
            "have a positive sum limit with its pointer": bool(grant.sum_pointer)
            != (grant.sum_limit > 0),
            "say why": not grant.reason.strip(),
        }.items()
        if wrong
    ]
    if broken:
        raise Unprocessable("a standing grant must " + "; ".join(broken))
    for pin in grant.pins:
        _check_pin(pin)
    parts(grant.sum_pointer)


def _check_pin(pin: Pin) -> None:
    parts(pin.pointer)
    fits = {
        Match.EQUALS: True,
        Match.ONE_OF: isinstance(pin.value, list) and bool(pin.value),
        Match.PREFIX: isinstance(pin.value, str) and bool(pin.value),
        Match.AT_MOST: _number(pin.value) is not None,
    }
    if not pin.pointer or not fits[pin.test]:
        raise Unprocessable(f"the pin at {pin.pointer!r} has no sense with test {pin.test}")


def _vote(case: Case, grant: Grant, now: int) -> Vote:
    return Vote(
        person=grant.person, group=grant.group, say=Say.APPROVE, at=now, digest=case.digest,
        grant=grant.id, method="grant", reason=grant.reason,
    )  # fmt: skip


def _number(value: Json | Missing) -> float | None:
    if value is MISSING or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
