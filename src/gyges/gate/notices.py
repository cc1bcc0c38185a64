# SPDX-License-Identifier: Apache-2.0
"""What people should be told of a step: that a case waits for them, and that it no longer does. Pure.

    waiting, escalated             somebody is to answer: the groups that are asked now
    granted, denied, expired, ...  nobody need answer any more: all who were asked

A case that no person was ever asked about is nobody's news.
"""

from gyges.case import Case, State
from gyges.episode import Kind
from gyges.gate.ids import new_id
from gyges.ports import Notice

_ENDS = frozenset({Kind.ANSWERED, Kind.EXPIRED, Kind.WITHDRAWN, Kind.SUPERSEDED})
_ENDED = frozenset({State.GRANTED, State.DENIED, State.EXPIRED, State.WITHDRAWN, State.SUPERSEDED})


def notices_of(case: Case, kind: Kind, now: int) -> tuple[Notice, ...]:
    """The notices of the step `kind` that led to `case`."""
    told, groups = _told(case, kind)
    groups = tuple(dict.fromkeys(groups))
    if not told or not groups:
        return ()
    return (Notice(id=new_id("n", now), at=now, kind=told, case=case.id, groups=groups),)


def _told(case: Case, kind: Kind) -> tuple[str, tuple[str, ...]]:
    asked = (*case.requirement.groups, *case.escalated)
    if kind is Kind.DECIDED and case.state is State.WAITING:
        return "waiting", asked
    if kind is Kind.ESCALATED:
        return "escalated", case.escalated[-1:]  # the others were told before
    if kind in _ENDS and case.state in _ENDED:
        return case.state.value, asked
    return "", ()
