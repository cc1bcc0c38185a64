# SPDX-License-Identifier: Apache-2.0
"""Where an episode's facts stand in the log, and how they are read back: its opening, its close, what graders said.

An episode is its agent's: two agents may have one id, so each question names both. What strangers see of the log,
its subject, is a random mark, for agents choose the ids. It writes nothing.
"""

from dataclasses import replace

from gyges import canon
from gyges.episode import Kind, Recorded
from gyges.ports import EventQuery, Store

PAGE = 1000


def subject_of(mark: str) -> str:
    """The subject of an episode's own events."""
    return f"episode:{mark}"


def claim_of(what: str, *names: str) -> str:
    """The name that can be claimed once, ever: for `what` happened to whatever goes by `names`."""
    return f"episode-{what}:{canon.encode(list(names)).decode()}"


async def opening_of(store: Store, id: str, agent: str) -> Recorded | None:
    """How the agent opened the episode, if it did."""
    if not id:
        return None
    query = EventQuery(agent=agent, episode=id, kinds=(Kind.EPISODE_OPENED,), limit=1)
    found = await store.events(query)
    return found[0] if found else None


async def close_of(store: Store, opened: Recorded) -> Recorded | None:
    """How the episode was closed, if it was."""
    query = EventQuery(subject=opened.event.subject, kinds=(Kind.EPISODE_CLOSED,), limit=1)
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
