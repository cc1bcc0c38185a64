# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a store, and what comes back in pages: the questions of `ports.Store`.

Empty fields do not filter. Cursors are opaque, and good for the list that gave them only.
"""

from dataclasses import dataclass

from gyges.case import Case, State


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseQuery:
    """A filtered, ordered page of cases; empty fields do not filter."""

    states: tuple[State, ...] = ()
    agent: str = ""
    tool: str = ""
    episode: str = ""
    digest: str = ""
    by_risk: bool = False  # True: risk descending, then deadline (the inbox); False: newest first
    after: str = ""  # opaque cursor from the page before
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`next` is the cursor of the following page, empty at the end."""

    cases: tuple[Case, ...]
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSearch:
    """Cases by what they say, newest first; empty fields do not filter. `until` is exclusive, both in ms.

    Each word of `text` must occur in what agents, people and rules said, A-Z without regard to case.
    """

    text: str = ""
    person: str = ""  # who answered
    states: tuple[State, ...] = ()
    agent: str = ""
    tool: str = ""
    episode: str = ""
    since: int = 0
    until: int = 0
    after: str = ""  # opaque cursor from the page before
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`next` is empty once every case was looked at. It may stand beside few cases, or none: a search stops
    after so many that do not match, having looked back to `reached` (ms).
    """

    cases: tuple[Case, ...]
    next: str = ""
    reached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one agent did: all its cases counted, and its newest `counted` ones by tool and state."""

    agent: str
    total: int
    last: int = 0  # ms, when it proposed last
    counted: int = 0
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Recorded events, oldest first; empty fields do not filter. `until` is exclusive, both in ms."""

    subject: str = ""
    agent: str = ""
    episode: str = ""
    kinds: tuple[str, ...] = ()
    since: int = 0
    until: int = 0
    first: int = 0  # lowest log index
    limit: int = 1000
    latest: bool = False  # the last `limit` instead of the first; oldest first all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """Deliveries, as they were made; those not finished by `due`. Empty fields do not filter."""

    id: str = ""
    channel: str = ""
    case: str = ""
    token: str = ""
    open: bool = False  # not finished
    due: int = 0  # not finished, and to be tried by then
    done: int = 0  # finished by then
    limit: int = 100
