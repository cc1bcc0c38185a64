# SPDX-License-Identifier: Apache-2.0
"""Planted requests: cases that must be denied, put among the others to see who would notice. Never executed.

A planted case looks like any other and ends with the first answer: a denial caught it, an approval missed it.
Either way it is denied, and says then what it was. `planting.py` makes them; here is what became of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gyges.case import Case, Say, State, Vote
from gyges.episode import Kind
from gyges.gate.approvals import same
from gyges.gate.states import move
from gyges.ports import EventQuery, Store

DAY_MS = 86_400_000
COUNTS_MS = 30 * DAY_MS  # how long a missed one stands against somebody
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One planted case that somebody answered."""

    case: str
    person: str
    at: int  # ms
    caught: bool


def ended(case: Case, vote: Vote) -> Case:
    """A planted case after `vote`, whichever it was."""
    what = "caught" if vote.say is Say.DENY else "missed"
    reason = f"a planted request, {what} by {vote.person}; it could not have run"
    votes = (*case.votes, vote)
    return move(case, State.DENIED, votes=votes, guidance=vote.guidance, reason=reason)


async def planted(store: Store, since: int) -> list[str]:
    """Ids of the cases that were planted since then (ms), oldest first."""
    query = EventQuery(kinds=(Kind.PLANTED,), since=since, limit=MOST, latest=True)
    found = (recorded.event.body.get("case") for recorded in await store.events(query))
    return [name for name in found if isinstance(name, str)]


async def checked(store: Store, since: int) -> tuple[Checked, ...]:
    """What became of those planted since then, as far as anybody answered; oldest first."""
    cases = [await store.case(name) for name in await planted(store, since)]
    votes = [(case, case.votes[-1]) for case in cases if case and case.planted and case.votes]
    return tuple(
        Checked(case=case.id, person=vote.person, at=vote.at, caught=vote.say is Say.DENY)
        for case, vote in votes
    )


def failing(found: Iterable[Checked], person: str) -> bool:
    """Whether the latest planted case that `person` answered was missed."""
    own = sorted((c for c in found if same(c.person, person)), key=lambda check: check.at)
    return bool(own) and not own[-1].caught
