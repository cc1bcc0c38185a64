# SPDX-License-Identifier: Apache-2.0
r"""Evidence bundles: what the log holds about one action, one episode or one span of time, with its proofs.

    {"type":"header","format":"gyges-evidence/1","origin":...,"size":...,"selection":...,...}
    {"type":"event","index":17,"entry":"{\"at\":...}","payload":{...},"salt":"..","proof":["..",..]}
    {"type":"record","id":"c-...",...}                        one a case: see `evidence`
    {"type":"checkpoint","note":"gate.example/log\n42\n..."}  the signed checkpoint, always last

JSON Lines, each line canonical (RFC 8785). The policies in force come along as the events that loaded
them, passkeys that signed as those that enrolled them. A redacted payload is null and its event still
proven. Everything is under the one checkpoint at the end; `bundle` checks all of it without us. It
decides nothing and may be run beside the gate.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gyges import canon
from gyges.canon import Json
from gyges.episode import Kind, Recorded
from gyges.errors import Malformed, NotFound
from gyges.ledger import checkpoint, note
from gyges.ledger.evidence import FIELDS, FORMAT, Happened, policies_of, population, records_of
from gyges.ledger.signatures import credentials_of
from gyges.ports import EventQuery, Store

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for: one case, or one episode, or a span of time [since, until) in ms."""

    case: str = ""
    episode: str = ""
    since: int = 0
    until: int = 0

    def __post_init__(self) -> None:
        """Refuse none and more than one."""
        span = bool(self.since or self.until)
        if [bool(self.case), bool(self.episode), span].count(True) != 1:
            raise Malformed("evidence is of one case, or one episode, or one span of time")
        if self.until and self.until <= self.since:
            raise Malformed("a span of time ends after it starts")

    def query(self, first: int) -> EventQuery:
        """The events themselves, from an index on."""
        return EventQuery(
            subject=self.case,
            episode=self.episode,
            since=self.since,
            until=self.until,
            first=first,
            limit=PAGE,
        )

    def document(self) -> dict[str, Json]:
        """The selection as JSON, without what was not asked."""
        pairs: dict[str, str | int] = {
            "case": self.case,
            "episode": self.episode,
            "since": self.since,
            "until": self.until,
        }
        return {name: value for name, value in pairs.items() if value}


class Provable(Protocol):
    """What a bundle takes of `ports.Log`."""

    origin: str

    async def checkpoint(self) -> bytes:
        """See `ports.Log`."""
        ...

    async def inclusion(self, index: int, size: int) -> Sequence[bytes]:
        """See `ports.Log`."""
        ...

    async def entry(self, index: int) -> bytes | None:
        """See `ports.Log`."""
        ...


async def export(
    store: Store, log: Provable, selection: Selection, *, created: int, software: str
) -> AsyncIterator[bytes]:
    """The lines of a bundle, each with its newline. Raise `NotFound` if nothing was recorded.

    `created` is the time now, ms; `software` says what made it. Events recorded while it runs are
    left out: the checkpoint at the start is the one at the end.
    """
    signed = await log.checkpoint()
    size = checkpoint.parse(note.parse(signed).text).size
    chosen = await _events(store, selection, size)
    if not chosen:
        raise NotFound("the log has recorded nothing of that")
    happened = [_happened(event) for event in chosen]
    loaded = await _policies(store, happened, size)
    enrolled = await _enrolments(store, happened, size)
    lines = {event.index: event for event in (*chosen, *loaded, *enrolled)}
    records = records_of(happened)
    header: dict[str, Json] = {
        "type": "header",
        "format": FORMAT,
        "origin": log.origin,
        "size": size,
        "created": created,
        "software": software,
        "selection": selection.document(),
        "events": len(lines),
        "population": population(records),
        "retention": "payloads at least 183 days; digests and proofs without end",
        "fields": dict(FIELDS),
    }
    yield _line(header)
    for index in sorted(lines):
        yield _line(await _proven(log, lines[index], size))
    for record in records:
        yield _line({"type": "record", **record})
    yield _line({"type": "checkpoint", "note": signed.decode()})


async def _events(store: Store, selection: Selection, size: int) -> list[Recorded]:
    found: list[Recorded] = []
    first = 0
    while True:
        page = [e for e in await store.events(selection.query(first)) if e.index < size]
        found += page
        if len(page) < PAGE:
            return found
        first = page[-1].index + 1


async def _policies(store: Store, happened: Sequence[Happened], size: int) -> list[Recorded]:
    """For each policy that ruled, the latest event before its first ruling that loaded it."""
    needed = policies_of(happened)
    loads: dict[str, Recorded] = {}
    first = 0
    while True:
        query = EventQuery(kinds=(Kind.POLICY_LOADED,), first=first, limit=PAGE)
        page = [e for e in await store.events(query) if e.index < size]
        for event in page:
            digest = str(event.event.body.get("digest"))
            if event.index < needed.get(digest, 0):
                loads[digest] = event
        if len(page) < PAGE:
            return list(loads.values())
        first = page[-1].index + 1


async def _enrolments(store: Store, happened: Sequence[Happened], size: int) -> list[Recorded]:
    """The events that added or took off a passkey which signed something here."""
    used, found, first = credentials_of(happened), list[Recorded](), 0
    while used:
        query = EventQuery(
            kinds=(Kind.PASSKEY_ADDED, Kind.PASSKEY_REMOVED), first=first, limit=PAGE
        )
        page = [e for e in await store.events(query) if e.index < size]
        found += (e for e in page if e.event.body.get("credential") in used)
        if len(page) < PAGE:
            break
        first = page[-1].index + 1
    return found


async def _proven(log: Provable, event: Recorded, size: int) -> dict[str, Json]:
    entry = await log.entry(event.index)
    if entry is None:
        raise NotFound(f"the log has no entry {event.index}")
    proof = await log.inclusion(event.index, size)
    return {
        "type": "event",
        "index": event.index,
        "entry": entry.decode(),
        "payload": None if event.redacted else event.event.body,
        "salt": None if event.redacted else event.salt,
        "proof": [hash_.hex() for hash_ in proof],
    }


def _happened(found: Recorded) -> Happened:
    event = found.event
    return Happened(
        index=found.index,
        at=event.at,
        kind=event.kind.value,
        subject=event.subject,
        body=None if found.redacted else event.body,
    )


def _line(document: dict[str, Json]) -> bytes:
    return canon.encode(document) + b"\n"
