# SPDX-License-Identifier: Apache-2.0
"""Retention: payloads go when their time is over, and the log says so. Nobody's clock is read here.

A case keeps its words until it is closed and its latest event is old enough, then loses all of them
at once. What explains the log itself (policies, keys of the signer, passkeys, ring tests, alarms of drift, redactions,
starts) stays. Proofs never change: the tree holds salted digests only.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from gyges.canon import Json
from gyges.case import Case
from gyges.episode import Event, Kind, Recorded
from gyges.errors import Conflict, Misconfigured
from gyges.ledger import entry as entries
from gyges.ledger.rows import UNDERWAY
from gyges.ports import EventQuery, Log, Store

LEAST_DAYS = 183  # Regulation (EU) 2024/1689, articles 19(1) and 26(6): at least six months
KEPT = frozenset(
    {
        *(Kind.POLICY_LOADED, Kind.SIGNER_ROTATED, Kind.REDACTED, Kind.GATE_STARTED),
        *(Kind.PASSKEY_ADDED, Kind.PASSKEY_REMOVED, Kind.RING_DESIGN),
        *(Kind.DRIFT_ALARM, Kind.DRIFT_SETTLED, Kind.DRIFT_BASELINE),
    }
)
PAGE = 1000
DAY_MS = 86_400_000


class Shelf(Protocol):
    """What retention looks at: parts of `ports.Store` and `ports.Log`."""

    async def case(self, id: str) -> Case | None:
        """See `ports.Store`."""
        ...

    async def events(self, query: EventQuery) -> Sequence[Recorded]:
        """See `ports.Store`."""
        ...

    async def entry(self, index: int) -> bytes | None:
        """See `ports.Log`."""
        ...


class Eraser(Store, Log, Protocol):
    """What it takes to redact."""


async def due_for_redaction(shelf: Shelf, *, now: int, days: int) -> AsyncIterator[list[int]]:
    """Indices of payloads whose time is over, up to 1000 at a time.

    Raise `Misconfigured` for fewer than 183 days.
    """
    if days < LEAST_DAYS:
        raise Misconfigured(f"payloads are kept at least {LEAST_DAYS} days, not {days}")
    before, first = now - days * DAY_MS, 0
    while True:
        page = await shelf.events(EventQuery(until=before, first=first, limit=PAGE))
        if indices := await _over(shelf, page, before):
            yield indices
        if len(page) < PAGE:
            return
        first = page[-1].index + 1


async def retain(shelf: Eraser, *, now: int, days: int, by: str) -> int:
    """Redact every payload whose time is over; how many that were. Safe to repeat and to interrupt."""
    done = 0
    async for indices in due_for_redaction(shelf, now=now, days=days):
        done += await redact(shelf, indices, now=now, by=by, reason=f"kept for {days} days")
    return done


async def redact_case(shelf: Eraser, id: str, *, now: int, by: str, reason: str) -> int:
    """Redact all that the log still says about one closed case; raise `Conflict` while it is open."""
    case, first, indices = await shelf.case(id), 0, list[int]()
    if case is not None and case.state in UNDERWAY:
        raise Conflict(f"case {id} is still {case.state}: it cannot be redacted")
    while True:
        page = await shelf.events(EventQuery(subject=id, first=first, limit=PAGE))
        indices += [e.index for e in page if not e.redacted and e.event.kind not in KEPT]
        if len(page) < PAGE:
            break
        first = page[-1].index + 1
    return await redact(shelf, indices, now=now, by=by, reason=reason, subject=id)


async def redact(
    shelf: Log, indices: Sequence[int], *, now: int, by: str, reason: str, subject: str = "gate"
) -> int:
    """Delete these payloads, and record who did and why."""
    if not indices:
        return 0
    body: dict[str, Json] = {"by": by, "reason": reason, "indices": [*indices]}
    event = Event(kind=Kind.REDACTED, at=now, subject=subject, body=body)
    await shelf.redact(indices, event)
    return len(indices)


async def _over(shelf: Shelf, page: Sequence[Recorded], before: int) -> list[int]:
    """Those of a page that may go."""
    closed: dict[str, bool] = {}
    for name in {found.event.subject for found in page}:
        case = await shelf.case(name)
        closed[name] = case is None or await _closed(shelf, case, before)
    return [
        found.index
        for found in page
        if not found.redacted and found.event.kind not in KEPT and closed[found.event.subject]
    ]


async def _closed(shelf: Shelf, case: Case, before: int) -> bool:
    if case.state in UNDERWAY:
        return False
    latest = await shelf.entry(case.log_index)
    return latest is None or entries.parse(latest).at < before
