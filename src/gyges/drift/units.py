# SPDX-License-Identifier: Apache-2.0
"""Episodes of one agent to units of analysis: a session is one unit, and closes explicitly or after an idle gap.

Time is the data's own. A session that never ends would never be looked at, so one of `LONGEST` episodes closes
itself; what comes after is another unit. An episode without a session is a session of its own. An id that comes
twice, a clock that goes backwards, a wrong type or NaN is refused by name, before anything has changed. It bets on
nothing.

An id is known again among the agent's last `RECENT` episodes; an older one that comes back with its own time is
refused by the clock.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gyges.drift import layout
from gyges.drift.revive import episode_from, episode_tree
from gyges.drift.tree import Tree
from gyges.drift.words import Episode, Feature, Unusable

RECENT = 1024
LONGEST = 500
MOST_MS = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is analysed as one: its episodes, and when the last of them closed (ms)."""

    id: str
    session: str
    at: int
    stratum: str
    episodes: tuple[Episode, ...]


class Sessions:
    """The open sessions of one agent."""

    __slots__ = ("_ids", "_taken", "idle_ms", "last", "open")

    def __init__(self, idle_ms: int) -> None:
        """A session without an episode for longer than `idle_ms` is closed by the next thing that happens."""
        if idle_ms < 0:
            raise Unusable(f"sessions: an idle gap of {idle_ms} ms")
        self.idle_ms = idle_ms
        self.last = 0
        self.open: dict[str, list[Episode]] = {}
        self._ids = np.zeros(RECENT, dtype=np.uint64)
        self._taken = 0

    def check(self, features: Iterable[Feature], episode: Episode) -> None:
        """Refuse what cannot be taken; nothing changes.

        Raises:
            Unusable: names the episode and what is wrong with it.
        """
        _check_fields(episode)
        layout.check(features, episode)
        self.check_clock(episode.at, f"episode {episode.id}")
        if (self._ids == _digest(episode.id)).any():
            raise Unusable(f"episode {episode.id}: came before, from agent {episode.agent}")

    def check_clock(self, at: int, where: str) -> None:
        """Refuse a time that is none, or that lies before what was seen."""
        if type(at) is not int or not 0 <= at < MOST_MS:
            raise Unusable(f"{where}: {at!r} is no time in ms")
        if at < self.last:
            raise Unusable(f"{where}: the clock went backwards, from {self.last} to {at}")

    def take(self, episode: Episode) -> list[Unit]:
        """Take a checked episode; the units that are complete now, in order."""
        self._ids[self._taken % RECENT] = _digest(episode.id)
        self._taken += 1
        closed = self.idle(episode.at)
        if not episode.session:
            return [*closed, _unit([episode])]
        kept = self.open.setdefault(episode.session, [])
        kept.append(episode)
        if len(kept) < LONGEST:
            return closed
        return [*closed, _unit(self.open.pop(episode.session))]

    def idle(self, at: int) -> list[Unit]:
        """Move the clock; the sessions that have been idle for too long, longest first."""
        self.last = at
        old = [s for s, kept in self.open.items() if at - kept[-1].at > self.idle_ms]
        old.sort(key=lambda s: self.open[s][-1].at)
        return [_unit(self.open.pop(s)) for s in old]

    def close(self, session: str, at: int) -> list[Unit]:
        """Close this session at `at`, and whatever is idle by then.

        Raises:
            Unusable: no such session is open, or the clock went backwards.
        """
        self.check_clock(at, f"session {session}")
        if session not in self.open:
            raise Unusable(f"session {session}: is not open")
        mine = _unit(self.open.pop(session))
        return [*self.idle(at), mine]

    def tree(self) -> Tree:
        """All of it, as plain values."""
        return {
            "last": self.last, "ids": self._ids, "taken": self._taken,
            "open": [[s, [episode_tree(e) for e in kept]] for s, kept in self.open.items()],
        }  # fmt: skip

    def restore(self, tree: Tree) -> None:
        """The inverse of `tree`."""
        self.last, self._ids, self._taken = tree["last"], tree["ids"], tree["taken"]
        self.open = {s: [episode_from(e) for e in kept] for s, kept in tree["open"]}


def units_of(episodes: Iterable[Episode], features: Iterable[Feature], idle_ms: int) -> list[Unit]:
    """One agent's episodes in order, as units by session; whatever is open at the end closes.

    Raises:
        Unusable: an episode that cannot be taken, or of another agent.
    """
    found: list[Unit] = []
    kept, sessions = tuple(features), Sessions(idle_ms)
    agent = None
    for episode in episodes:
        agent = agent or episode.agent
        if episode.agent != agent:
            raise Unusable(f"episode {episode.id}: is of agent {episode.agent}, not {agent}")
        sessions.check(kept, episode)
        found += sessions.take(episode)
    return found + sessions.idle(MOST_MS + idle_ms)


def single(episode: Episode) -> Unit:
    """An episode as a unit of its own."""
    return _unit([episode])


def _unit(episodes: list[Episode]) -> Unit:
    first = episodes[0]
    name = f"{first.session}/{first.id}" if first.session else first.id
    return Unit(
        id=name, session=first.session, at=episodes[-1].at, stratum=first.stratum,
        episodes=tuple(episodes),
    )  # fmt: skip


def _check_fields(episode: Episode) -> None:
    texts: dict[str, object] = {
        "id": episode.id,
        "agent": episode.agent,
        "session": episode.session,
    }
    texts |= {"stratum": episode.stratum} | dict(episode.fingerprint)
    for name, text in texts.items():
        if not (isinstance(text, str) and _is_unicode(text)):
            raise Unusable(f"episode {episode.id!r}: {name} is {text!r}, which is no text")
    if not episode.id or not episode.agent:
        raise Unusable(f"episode {episode.id!r} of agent {episode.agent!r}: both need an id")


def _is_unicode(text: str) -> bool:
    """Whether it has bytes: a lone surrogate has none."""
    try:
        return bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False


def _digest(name: str) -> np.uint64:
    """64 bits of the id; never 0, which an empty place holds."""
    found = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
    return np.uint64(found or 1)
