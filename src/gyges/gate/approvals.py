# SPDX-License-Identifier: Apache-2.0
"""Who may approve what, and what their approvals amount to. Pure; it decides no case.

One person counts once in a case, for one group. Agent, agent's owner, principal and whoever edited the
action never count. A denial needs no group: nothing stands in the way of saying no.
"""

from collections.abc import Iterable

from gyges.case import Case, Say, State, Vote
from gyges.errors import Conflict, Expired, Forbidden
from gyges.principal import Key, Scope


def same(one: str, other: str) -> bool:
    """Whether two names mean one person: compared without regard to case and outer spaces."""
    return one.strip().casefold() == other.strip().casefold()


def barred(agent: str, *others: str) -> tuple[str, ...]:
    """The names that can never approve a case, each once, empty ones left out."""
    return tuple(dict.fromkeys(name for name in (agent, *others) if name.strip()))


def is_barred(case: Case, name: str) -> bool:
    """Whether `name` may not approve `case`."""
    return any(same(name, other) for other in (*case.barred, case.planted))


def vote(
    case: Case, key: Key, say: Say, *, digest: str, now: int, group: str = "", method: str = "key",
    signed: bool = False,
) -> Vote:  # fmt: skip
    """The vote that `key`'s holder may cast on `case` now.

    Raise `Conflict` when the case is settled, the digest is not the case's or the person has approved
    before; `Expired` when its time is over; `Forbidden` when this person may not. `signed` says that the
    caller has seen, or is about to see, that a passkey signed it.
    """
    check_open(case, now)
    if digest != case.digest:
        raise Conflict("the digest is not that of the action now waiting", expected=case.digest)
    if key.scope is not Scope.APPROVER:
        raise Forbidden("only an approver's key decides")
    if say is Say.DENY:
        return Vote(person=key.name, group=group, say=say, at=now, digest=digest, method=method)
    if is_barred(case, key.name):
        raise Forbidden(f"{key.name} requested, owns or edited this action and cannot approve it")
    if case.requirement.assurance and not signed:
        raise Forbidden(f"this approval must be signed with a {case.requirement.assurance}")
    if any(same(v.person, key.name) and case.counts(v) for v in case.votes):
        raise Conflict(f"{key.name} has already approved")
    counted, via = seat(case, key.groups, group)
    return Vote(
        person=key.name, group=counted, say=say, at=now, digest=digest, via=via, method=method
    )


def check_open(case: Case, now: int) -> None:
    """Raise `Conflict` naming who decided, or `Expired`, unless the case is waiting at `now`."""
    if case.state is not State.WAITING:
        by = f" by {case.votes[-1].person}" if case.votes else ""
        raise Conflict(f"case {case.id} is already {case.state}{by}", state=case.state)
    if case.deadline and now >= case.deadline:
        raise Expired(f"case {case.id} was to be answered earlier; it is denied")


def seat(case: Case, groups: Iterable[str], wanted: str = "") -> tuple[str, str]:
    """(group the approval counts for, group that gave the right if another); raise `Forbidden` if none."""
    held = tuple(groups)
    missing = case.requirement.missing(case.approvals())
    for group in missing:
        if group in held and wanted in ("", group):
            return group, ""
    stand_in = next((g for g in case.escalated if g in held and missing), "")
    if stand_in and wanted in ("", *missing):
        return wanted or next(iter(missing)), stand_in
    asked = ", ".join([*missing, *case.escalated]) or "nobody"
    raise Forbidden(f"this case asks {asked}; you approve for {', '.join(held) or 'no group'}")
