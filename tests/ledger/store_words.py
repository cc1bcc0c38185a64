# SPDX-License-Identifier: Apache-2.0
"""Small real words for the tests of the stores: cases, events and changes. No fakes."""

import asyncio
from dataclasses import replace
from typing import Protocol

from gyges.action import Action
from gyges.canon import Json
from gyges.case import Case, State
from gyges.episode import Event, Kind
from gyges.ledger.checkpoint import Checkpoint, open_checkpoint
from gyges.ledger.note import Signer
from gyges.ports import CaseQuery, Change, Log, Recorder, Store
from gyges.principal import Key, Scope
from gyges.standing import Grant, Match, Pin

NOW = 1_700_000_000_000
ORIGIN = "gyges.test/log"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))


def a_case(
    id: str = "c-1",
    *,
    state: State = State.WAITING,
    agent: str = "demo",
    tool: str = "pay",
    episode: str = "",
    risk: int = 0,
    deadline: int = 0,
    version: int = 0,
    arguments: dict[str, Json] | None = None,
) -> Case:
    """A case about one payment."""
    action = Action(
        agent=agent, tool=tool, arguments=arguments or {"amount": 4800, "to": id}, episode=episode
    )
    return Case(
        id=id,
        state=state,
        action=action,
        digest=action.digest,
        created=NOW,
        risk=risk,
        deadline=deadline,
        version=version,
    )


def an_event(
    subject: str = "c-1",
    *,
    kind: Kind = Kind.PROPOSED,
    at: int = NOW,
    agent: str = "demo",
    episode: str = "",
    body: dict[str, Json] | None = None,
) -> Event:
    """Something that happened to `subject`."""
    body = {"said": subject} if body is None else body
    return Event(kind=kind, at=at, subject=subject, body=body, agent=agent, episode=episode)


def a_change(*cases: Case, kind: Kind = Kind.PROPOSED, at: int = NOW) -> Change:
    """One event for each case, and the cases."""
    events = tuple(
        an_event(c.id, kind=kind, at=at, agent=c.action.agent, episode=c.action.episode)
        for c in cases
    )
    return Change(events=events, cases=cases)


def a_grant(id: str = "g-1", *, agent: str = "demo", tool: str = "pay", version: int = 0) -> Grant:
    """A standing grant of small payments."""
    return Grant(
        id=id,
        agent=agent,
        tool=tool,
        pins=(Pin(pointer="/amount", test=Match.AT_MOST, value=100),),
        person="alice",
        group="finance",
        created=NOW,
        expires=NOW + 1000,
        max_uses=3,
        version=version,
    )


def a_key(id: str = "k-1", *, hash: str = "", name: str = "alice") -> Key:
    """An approver's key."""
    return Key(
        id=id,
        name=name,
        scope=Scope.APPROVER,
        hash=hash or f"sha256:{id}",
        created=NOW,
        groups=("finance",),
    )


class Everything(Recorder, Store, Log, Protocol):
    """A store that fulfils all three ports, with its payloads readable."""

    async def payload(self, index: int) -> bytes | None:
        """The exported form."""
        ...


async def promised(store: Log) -> Checkpoint:
    """The checkpoint, verified."""
    return open_checkpoint(await store.checkpoint(), [SIGNER.verifier])


async def fill(store: Recorder, count: int, *, first: int = 0) -> None:
    """That many cases with one event each, in order."""
    changes = [a_change(a_case(f"c-{at}")) for at in range(first, first + count)]
    await asyncio.gather(*(store.record(change) for change in changes))


async def all_pages(store: Store, query: CaseQuery) -> list[str]:
    """Ids of all cases that match, page by page."""
    found: list[str] = []
    while True:
        page = await store.cases(query)
        found += [case.id for case in page.cases]
        if not page.next:
            return found
        query = replace(query, after=page.next)
