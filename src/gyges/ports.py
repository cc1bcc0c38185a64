# SPDX-License-Identifier: Apache-2.0
"""The sockets between the rooms. Each comment is a contract that a shared suite tests; nothing runs here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gyges.action import Action
from gyges.case import Case
from gyges.decision import Facts, Ruling
from gyges.episode import Episode, Event, Recorded, Running
from gyges.lookup import (
    CaseQuery,
    CaseSearch,
    DeliveryQuery,
    EventQuery,
    Found,
    Page,
    Tally,
)
from gyges.person import Link, Person, Session
from gyges.principal import Key
from gyges.standing import Grant, Stop
from gyges.verdict import Verdict

__all__ = [
    "CaseQuery",
    "CaseSearch",
    "Change",
    "Clock",
    "Delivery",
    "DeliveryQuery",
    "EventQuery",
    "Found",
    "Idempotency",
    "Log",
    "Monitor",
    "Notice",
    "Notifier",
    "Page",
    "Policy",
    "Receipt",
    "Recorder",
    "Store",
    "Tally",
]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...


class Policy(Protocol):
    """One loaded, validated policy set. Pure: same arguments, same ruling."""

    @property
    def digest(self) -> str:
        """Digest of everything that can change a ruling: rules, tool definitions, groups."""
        ...

    def rule(self, action: Action, facts: Facts) -> Ruling:
        """Never raises for an action: what cannot be evaluated is denied, with the reason."""
        ...

    def risk(self, tool: str) -> str:
        """The tool's risk class; "unknown" for a tool nobody approved."""
        ...

    def schema_digest(self, tool: str) -> str:
        """Digest of the tool's approved definition; "" for a tool nobody approved."""
        ...


class Monitor(Protocol):
    """One that looks. It may be late, wrong, broken or hostile: the panel expects all four."""

    name: str

    async def look(self, action: Action, episode: Episode) -> Verdict:
        """What it thinks of `action`, given what the agent did before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something a person should know; a pointer, never the arguments, never the power to decide."""

    id: str
    at: int  # ms
    kind: str  # "waiting", "escalated", "expired", ...
    case: str
    groups: tuple[str, ...]


class Notifier(Protocol):
    """Carries notices out. Called at least once for each; must tolerate repetition."""

    async def tell(self, notice: Notice) -> None:
        """Deliver, or raise to be called again later."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one channel owes one addressee because of one notice. Times are ms, 0 means none."""

    id: str  # names notice, channel and target: the same intent is the same row
    notice: str
    kind: str  # of the notice
    case: str
    at: int  # of the notice
    channel: str
    target: str  # whom the channel tells; "" where it has one addressee only
    groups: tuple[str, ...] = ()
    amends: str = ""  # the delivery whose message this one rewrites
    due: int = 0  # when it is to be tried next; 0: it is finished
    attempts: int = 0
    done: int = 0
    ok: bool = False  # it arrived, as far as the channel can tell
    ref: str = ""  # what the channel calls the message
    token: str = ""  # digest of the secret that the message's button carries
    said: str = ""  # one line: what went wrong, or why it was no longer needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """Binds an agent's idempotency key to the digest it first came with and the case that was made."""

    agent: str
    key: str
    digest: str
    case: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one step does to the world: all of it in one durable transaction, or nothing.

    `cases` and `grants` are compare-and-set: the store writes each only if its present version equals
    the `version` the value carries (0: it must not exist), and stores `version + 1`. A name in `claims`
    may be claimed once, ever. Every event gets the next place in the log's tree.
    """

    events: tuple[Event, ...]
    cases: tuple[Case, ...] = ()
    idempotency: Idempotency | None = None
    claims: tuple[str, ...] = ()
    grants: tuple[Grant, ...] = ()
    stops: tuple[Stop, ...] = ()
    lifted: tuple[str, ...] = ()  # scopes of stops to take off
    keys: tuple[Key, ...] = ()  # inserted, or replaced by id
    people: tuple[Person, ...] = ()  # compare-and-set on `version`, by name without case
    sessions: tuple[
        Session, ...
    ] = ()  # inserted, or replaced by id; one that ended stays as it ended
    links: tuple[Link, ...] = ()  # inserted, or replaced by hash
    notices: tuple[Notice, ...] = ()
    told: tuple[str, ...] = ()  # ids of notices that were delivered
    deliveries: tuple[Delivery, ...] = ()  # inserted, unless one with the id is there
    attempts: tuple[Delivery, ...] = ()  # replaced by id; one that is not there stays away
    forgotten: tuple[str, ...] = ()  # ids of deliveries to delete
    running: tuple[Running, ...] = ()  # inserted, or replaced by agent and id; `due` 0 deletes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof for ourselves that a change is durable and in the tree: indices of its events, and the tree's size."""

    indices: tuple[int, ...]
    size: int


class Recorder(Protocol):
    """The one way to write."""

    async def record(self, change: Change) -> Receipt:
        """Return only when `change` is on disk and in the tree.

        Raise `Conflict` when a version, a claim or an idempotency key does not fit (nothing was written),
        `StoreDown` when nothing could be written durably. A cancelled caller leaves the change either
        whole or absent, never half. Changes are applied in the order in which `record` was called.
        """
        ...


class Store(Protocol):
    """What can be read. Reads see every change whose `record` has returned. Raise `StoreDown` when gone."""

    async def case(self, id: str) -> Case | None: ...

    async def idempotency(self, agent: str, key: str) -> Idempotency | None: ...

    async def cases(self, query: CaseQuery) -> Page: ...

    async def search(self, query: CaseSearch) -> Found: ...

    async def tallies(self, agent: str = "", latest: int = 1000) -> Sequence[Tally]:
        """What every agent with a case did, by name; with `agent`, that one alone, cases or not."""
        ...

    async def due(self, now: int, limit: int) -> Sequence[Case]:
        """Cases whose `next_at` is not 0 and not after `now`, earliest first."""
        ...

    async def next_due(self) -> int:
        """The earliest `next_at` of all cases, or `due` of all running episodes; 0 for none."""
        ...

    async def idle(self, now: int, limit: int) -> Sequence[Running]:
        """Running episodes whose `due` is not after `now`, earliest first."""
        ...

    async def grant(self, id: str) -> Grant | None: ...

    async def grants(self, agent: str = "", tool: str = "") -> Sequence[Grant]: ...

    async def stops(self) -> Sequence[Stop]: ...

    async def key_by_hash(self, hash: str) -> Key | None: ...

    async def keys(self) -> Sequence[Key]: ...

    async def person(self, name: str) -> Person | None:
        """By name, without regard to case."""
        ...

    async def people(self) -> Sequence[Person]:
        """All of them, disabled ones too, in the order in which they were added."""
        ...

    async def person_by_oidc(self, oidc: str) -> Person | None: ...

    async def person_by_passkey(self, credential: str) -> Person | None: ...

    async def session(self, hash: str) -> Session | None: ...

    async def sessions(self, person: str) -> Sequence[Session]:
        """Those that have not ended, newest first; expired ones may be among them."""
        ...

    async def link(self, hash: str) -> Link | None: ...

    async def claimed(self, name: str) -> bool: ...

    async def notices(self, limit: int) -> Sequence[Notice]:
        """Not yet told, oldest first."""
        ...

    async def deliveries(self, query: DeliveryQuery) -> Sequence[Delivery]: ...

    async def events(self, query: EventQuery) -> Sequence[Recorded]: ...


class Log(Protocol):
    """What a verifier may read of the log. Everything served is under a signed checkpoint already published."""

    origin: str

    async def checkpoint(self) -> bytes:
        """The latest signed note (C2SP tlog-checkpoint)."""
        ...

    async def tile(self, path: str) -> bytes | None:
        """The bytes at a C2SP tlog-tiles path ("tile/0/000", "tile/entries/000.p/5"), None if there are none."""
        ...

    async def inclusion(self, index: int, size: int) -> Sequence[bytes]: ...

    async def consistency(self, old: int, new: int) -> Sequence[bytes]: ...

    async def entry(self, index: int) -> bytes | None: ...

    async def redact(self, indices: Sequence[int], event: Event) -> Receipt:
        """Delete payloads and salts of `indices` and record `event` that says so, in one transaction."""
        ...
