# SPDX-License-Identifier: Apache-2.0
"""The log as HTTP serves it: C2SP checkpoint and tiles, proofs, and for auditors events and evidence.

Checkpoint, tiles and proofs hold digests only, so they need no key: strangers check the operator with them.
Nothing is computed here; `ports.Log` serves only what is under a published checkpoint.
"""

from collections.abc import AsyncGenerator, AsyncIterator

from gyges import __version__
from gyges.episode import Kind
from gyges.errors import Malformed, NotFound, Unprocessable
from gyges.ledger import checkpoint, note
from gyges.ledger.export import Selection, export
from gyges.ports import EventQuery, Log
from gyges.web import bodies
from gyges.web.call import Call, Nothing, Reply, reply

SOFTWARE = f"gyges {__version__}"
ATTACHED = ((b"content-disposition", b'attachment; filename="gyges-evidence.jsonl"'),)
FOREVER = b"public, max-age=31536000, immutable"


async def latest(call: Call[None, Nothing]) -> Reply:
    """The latest signed checkpoint (C2SP tlog-checkpoint)."""
    raw = await call.gate.log.checkpoint()
    return Reply(body=raw, type=b"text/plain; charset=utf-8", cache=b"public, no-cache")


async def tile(call: Call[None, Nothing]) -> Reply:
    """A tile or an entry bundle (C2SP tlog-tiles); its bytes never change."""
    try:
        found = await call.gate.log.tile("tile/" + call.params[0])
    except Malformed:
        found = None
    if found is None:
        raise NotFound("the log has no such tile")
    return Reply(body=found, type=b"application/octet-stream", cache=FOREVER)


async def inclusion(call: Call[None, bodies.ProofQuery]) -> Reply:
    """An inclusion proof (RFC 6962 2.1.1) of the entry with this index."""
    text = call.params[0]
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotFound("the index of an entry is a decimal number")
    index = int(text)
    raw, size = await _sized(call.gate.log, call.query.size)
    if index >= size:
        raise NotFound(f"a log of size {size} has no entry {index}")
    hashes = await call.gate.log.inclusion(index, size)
    found = {"index": index, "size": size, "hashes": [h.hex() for h in hashes], "checkpoint": raw}
    return reply(found)


async def consistency(call: Call[None, bodies.ConsistencyQuery]) -> Reply:
    """A consistency proof (RFC 6962 2.1.2) between two sizes."""
    raw, size = await _sized(call.gate.log, call.query.new)
    old = call.query.old
    if old > size:
        raise Unprocessable(f"old ({old}) is larger than new ({size})")
    hashes = await call.gate.log.consistency(old, size)
    return reply({"old": old, "new": size, "hashes": [h.hex() for h in hashes], "checkpoint": raw})


async def events(call: Call[None, bodies.EventsQuery]) -> Reply:
    """A page of recorded events, oldest first, with their payloads and salts where not redacted."""
    q = call.query
    kinds = tuple(name for name in q.kind.split(",") if name)
    if not set(kinds) <= set(Kind):
        raise Malformed("kind: one or more of " + ", ".join(Kind))
    found = await call.gate.store.events(
        EventQuery(
            subject=q.subject, agent=q.agent, episode=q.episode, kinds=kinds, since=q.since,
            until=q.until, first=q.first, limit=q.limit,
        )
    )  # fmt: skip
    more = len(found) == q.limit
    return reply({"items": found, "next": str(found[-1].index + 1) if more else ""})


async def evidence(call: Call[None, bodies.EvidenceQuery]) -> Reply:
    """An evidence bundle (JSON Lines with proofs) of one case, one episode or one span of time."""
    q = call.query
    selection = Selection(case=q.case, episode=q.episode, since=q.since, until=q.until)
    lines = export(call.gate.store, call.gate.log, selection, created=call.now, software=SOFTWARE)
    first = await anext(lines)  # what is wrong with the request shows here, before the answer began
    return Reply(type=b"application/jsonl", headers=ATTACHED, chunks=_after(first, lines))


async def _after(first: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield first
    async for line in lines:
        yield line


async def _sized(log: Log, asked: int) -> tuple[str, int]:
    """The latest checkpoint, and the size asked for or else the checkpoint's."""
    raw = await log.checkpoint()
    size = checkpoint.parse(note.parse(raw).text).size
    if asked > size:
        raise Unprocessable(f"the log has size {size}, not yet {asked}")
    return raw.decode(), asked or size
