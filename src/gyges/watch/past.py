# SPDX-License-Identifier: Apache-2.0
"""Where an episode's facts stand in the log, and how they are read back: its opening, its close, what graders said.

An episode is its agent's: two agents may have one id, so each question names both. It writes nothing.
"""

from dataclasses import replace

from gyges import canon
from gyges.canon import Json
from gyges.episode import Event, Kind, Recorded
from gyges.ports import EventQuery, Store

PAGE = 1000


def subject_of(id: str) -> str:
    """The subject of an episode's own events."""
    return f"episode:{id}"


def claim_of(what: str, *names: str) -> str:
    """The name that can be claimed once, ever: for `what` happened to whatever goes by `names`."""
    return f"episode-{what}:{canon.encode(list(names)).decode()}"


def event_of(kind: Kind, at: int, agent: str, id: str, body: dict[str, Json]) -> Event:
    """An event that belongs to the episode."""
    return Event(kind=kind, at=at, subject=subject_of(id), body=body, agent=agent, episode=id)


async def first(store: Store, kind: Kind, id: str, agent: str) -> Recorded | None:
    """The agent's only event of this kind about the episode."""
    query = EventQuery(subject=subject_of(id), kinds=(kind,), agent=agent, limit=1)
    found = await store.events(query)
    return found[0] if found else None


async def everything(store: Store, query: EventQuery) -> list[Recorded]:
    """All events that match, however many."""
    found: list[Recorded] = []
    while True:
        page = await store.events(replace(query, limit=PAGE))
        found += page
        if len(page) < PAGE:
            return found
        query = replace(query, first=page[-1].index + 1)
