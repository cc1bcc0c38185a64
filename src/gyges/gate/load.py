# SPDX-License-Identifier: Apache-2.0
"""How much each person has approved within the hour, and who could still answer a case. Read from the log.

Approvals count, denials do not: saying no is never used up. A standing grant's vote is nobody's work.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gyges.canon import Json
from gyges.case import Case, Say
from gyges.episode import Kind
from gyges.gate.approvals import is_barred, same
from gyges.person import Role
from gyges.ports import EventQuery, Store
from gyges.principal import Scope

HOUR_MS = 3_600_000
MOST = 2_000  # answers of one hour that are counted; beyond them everybody has long been over


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One person's approvals within the last hour, of `most` that count; `most` 0 is any number."""

    approvals: int
    most: int

    @property
    def full(self) -> bool:
        """Whether a further approval does not count now."""
        return 0 < self.most <= self.approvals

    @property
    def heavy(self) -> bool:
        """Whether it is time for a break: four fifths are used."""
        return self.most > 0 and self.approvals * 5 >= self.most * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What waits for one group: `oldest` in ms, `free` of its `people` whose approvals count now."""

    group: str
    waiting: int
    oldest: int
    people: int
    free: int


async def loads(store: Store, now: int, most: int) -> dict[str, Load]:
    """Name in lower case -> load, of everybody who approved within the hour up to `now`."""
    query = EventQuery(kinds=(Kind.ANSWERED,), since=now - HOUR_MS, limit=MOST, latest=True)
    found = await store.events(query)
    people = Counter(_approver(recorded.event.body) for recorded in found)
    return {name: Load(approvals=n, most=most) for name, n in people.items() if name}


async def load_of(store: Store, person: str, now: int, most: int) -> Load:
    """The load of one person."""
    everybody = await loads(store, now, most) if most else {}
    return everybody.get(_key(person), Load(approvals=0, most=most))


async def exhausted(store: Store, case: Case, now: int, most: int) -> bool:
    """Whether for some group that `case` still asks, too few are left because the others are full."""
    missing = case.requirement.missing(case.approvals())
    full = {name for name, load in (await loads(store, now, most)).items() if load.full}
    if not full or not missing:
        return False
    able = [member for member in await _members(store, now) if _may(case, member[0])]
    for group, people in missing.items():
        names = [_key(name) for name, groups in able if group in groups]
        if len(names) >= people > sum(name not in full for name in names):
            return True
    return False


def _may(case: Case, name: str) -> bool:
    return not is_barred(case, name) and not any(
        same(vote.person, name) and case.counts(vote) for vote in case.votes
    )


async def queues(store: Store, waiting: Sequence[Case], now: int, most: int) -> tuple[Queue, ...]:
    """How much waits for each group, and how many are there to answer it; by what is asked, not by votes."""
    spent = {name for name, load in (await loads(store, now, most)).items() if load.full}
    members = await _members(store, now)
    asked: dict[str, list[int]] = {}
    for case in waiting:
        for group in (*case.requirement.groups, *case.escalated):
            asked.setdefault(group, []).append(case.created)
    found: list[Queue] = []
    for group, times in sorted(asked.items()):
        names = [_key(name) for name, groups in members if group in groups]
        free = sum(name not in spent for name in names)
        found.append(
            Queue(group=group, waiting=len(times), oldest=min(times), people=len(names), free=free)
        )
    return tuple(found)


async def _members(store: Store, now: int) -> list[tuple[str, frozenset[str]]]:
    """Everybody who may approve, by key or by account, once by name, with their groups."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    keys = [
        (k.name, k.groups) for k in await store.keys() if k.scope is Scope.APPROVER and k.live(now)
    ]
    accounts = [
        (person.name, person.groups)
        for person in await store.people()
        if Role.APPROVER in person.roles and not person.disabled
    ]
    for name, groups in (*keys, *accounts):
        held = found.get(_key(name), (name, frozenset[str]()))[1]
        found[_key(name)] = (name, held | set(groups))
    return list(found.values())


def _approver(body: dict[str, Json]) -> str:
    vote = body.get("vote")
    if not isinstance(vote, dict) or vote.get("say") != Say.APPROVE:
        return ""
    person = vote.get("person")
    return _key(person) if isinstance(person, str) else ""


def _key(name: str) -> str:
    return name.strip().casefold()
