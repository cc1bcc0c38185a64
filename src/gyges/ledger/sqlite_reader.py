# SPDX-License-Identifier: Apache-2.0
"""The reading half of the embedded store: the ports Store and Log over one SQLite file.

Point reads take 10-20 us and run on the event loop; lists run in a thread, over a connection of
their own. A reader by itself takes no lock and changes nothing, so it may look at the file of a gate
that runs; it answers from what is committed at that moment.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeAlias, TypeVar

from gyges.case import Case
from gyges.episode import Recorded, Running
from gyges.errors import NotFound, StoreDown
from gyges.ledger import log, outbox, people, reads, schema, search
from gyges.ledger.disk import Disk
from gyges.person import Link, Person, Session
from gyges.ports import (
    CaseQuery,
    CaseSearch,
    Delivery,
    DeliveryQuery,
    EventQuery,
    Found,
    Idempotency,
    Notice,
    Page,
    Tally,
)
from gyges.principal import Key
from gyges.standing import Grant, Stop

P = ParamSpec("P")
T = TypeVar("T")
Question: TypeAlias = Callable[Concatenate[sqlite3.Connection, P], T]


class SqliteReader:
    """Store and Log. Raises `StoreDown` when the file is gone or fails, and then tries anew."""

    def __init__(self, disk: Disk, origin: str, again: Callable[[], None]) -> None:
        self.origin = origin
        self._disk = disk
        self._again = again  # opens the file once more
        self._turn = asyncio.Lock()  # one transaction, or opening anew, at a time
        self._scanner = ThreadPoolExecutor(1, "gyges-scan")
        self._proofs = log.Proofs(self._tile)
        self._closed = False

    @classmethod
    async def look_at(cls, path: str | Path) -> Self:
        """Open the store at `path` to read only; raise `StoreDown` or `Misconfigured`."""
        disk = Disk(Path(path), write=False)

        def again() -> None:
            disk.open(lambda conn: schema.check(conn, disk.path))

        await asyncio.to_thread(again)
        return cls(disk, log.origin(disk.reader()), again)

    async def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        self._scanner.shutdown()
        self._disk.close()

    # --- Store ---

    async def case(self, id: str) -> Case | None:
        """See `ports.Store`, here and below."""
        return await self._ask(reads.case, id)

    async def idempotency(self, agent: str, key: str) -> Idempotency | None:  # noqa: D102
        return await self._ask(reads.idempotency, agent, key)

    async def cases(self, query: CaseQuery) -> Page:  # noqa: D102
        return await self._scan(reads.cases, query)

    async def search(self, query: CaseSearch) -> Found:  # noqa: D102
        low, high = await self._scan(search.bounds, query)
        limit = min(max(query.limit, 1), search.MOST_FOUND)
        found: list[tuple[int, Case]] = []
        for _ in range(search.MOST_LOOKED):
            if high < low or len(found) >= limit:
                break
            top, high = high, max(low, high - search.WINDOW + 1) - 1
            found += await self._scan(search.look, query, high + 1, top, limit - len(found))
        if len(found) >= limit:
            high = found[-1][0] - 1
        more = high >= low
        return Found(
            cases=tuple(case for _, case in found),
            next=reads.make_cursor((-high - 1,)) if more else "",
            reached=await self._scan(search.created, high + 1) if more else 0,
        )

    async def tallies(self, agent: str = "", latest: int = 1000) -> Sequence[Tally]:  # noqa: D102
        return await self._scan(search.tallies, agent, latest)

    async def due(self, now: int, limit: int) -> Sequence[Case]:  # noqa: D102
        return await self._ask(reads.due, now, limit)

    async def next_due(self) -> int:  # noqa: D102
        return await self._ask(reads.next_due)

    async def idle(self, now: int, limit: int) -> Sequence[Running]:  # noqa: D102
        return await self._ask(reads.idle, now, limit)

    async def grant(self, id: str) -> Grant | None:  # noqa: D102
        return await self._ask(reads.grant, id)

    async def grants(self, agent: str = "", tool: str = "") -> Sequence[Grant]:  # noqa: D102
        return await self._ask(reads.grants, agent, tool)

    async def stops(self) -> Sequence[Stop]:  # noqa: D102
        return await self._ask(reads.stops)

    async def key_by_hash(self, hash: str) -> Key | None:  # noqa: D102
        return await self._ask(reads.key_by_hash, hash)

    async def keys(self) -> Sequence[Key]:  # noqa: D102
        return await self._ask(reads.keys)

    async def person(self, name: str) -> Person | None:  # noqa: D102
        return await self._ask(people.person, name)

    async def people(self) -> Sequence[Person]:  # noqa: D102
        return await self._ask(people.people)

    async def person_by_oidc(self, oidc: str) -> Person | None:  # noqa: D102
        return await self._ask(people.person_by_oidc, oidc)

    async def person_by_passkey(self, credential: str) -> Person | None:  # noqa: D102
        return await self._ask(people.person_by_passkey, credential)

    async def session(self, hash: str) -> Session | None:  # noqa: D102
        return await self._ask(people.session, hash)

    async def sessions(self, person: str) -> Sequence[Session]:  # noqa: D102
        return await self._ask(people.sessions, person)

    async def link(self, hash: str) -> Link | None:  # noqa: D102
        return await self._ask(people.link, hash)

    async def claimed(self, name: str) -> bool:  # noqa: D102
        return await self._ask(reads.claimed, name)

    async def notices(self, limit: int) -> Sequence[Notice]:  # noqa: D102
        return await self._ask(reads.notices, limit)

    async def deliveries(self, query: DeliveryQuery) -> Sequence[Delivery]:  # noqa: D102
        return await self._ask(outbox.deliveries, query)

    async def events(self, query: EventQuery) -> Sequence[Recorded]:  # noqa: D102
        return await self._scan(reads.events, query)

    # --- Log ---

    async def checkpoint(self) -> bytes:
        """See `ports.Log`, here and below."""
        return await self._ask(log.checkpoint)

    async def tile(self, path: str) -> bytes | None:  # noqa: D102
        return await self._ask(log.tile, path)

    async def inclusion(self, index: int, size: int) -> Sequence[bytes]:  # noqa: D102
        await self._published(size)
        return self._proofs.inclusion(index, size)

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:  # noqa: D102
        await self._published(new)
        return self._proofs.consistency(old, new)

    async def entry(self, index: int) -> bytes | None:  # noqa: D102
        return await self._ask(log.entry, index)

    async def payload(self, index: int) -> bytes | None:
        """The exported file of a payload (`entry.encode_payload`); None when there is none any more."""
        return await self._ask(log.payload, index)

    async def _published(self, size: int) -> None:
        if size > (known := await self._ask(log.size)):
            raise NotFound(f"the log has {known} entries, not {size}")

    def _tile(self, path: str) -> bytes | None:
        return self._now(log.tile, path)

    # --- how questions are asked ---

    async def _ask(self, question: Question[P, T], *args: P.args, **kw: P.kwargs) -> T:
        """A point read on the event loop."""
        await self._ready()
        return self._now(question, *args, **kw)

    async def _scan(self, question: Question[P, T], *args: P.args, **kw: P.kwargs) -> T:
        """A read of many rows, in a thread; however many statements it takes, they see one moment."""
        await self._ready()

        def scan() -> T:
            with self._disk.asked():
                conn = self._disk.scanner()
                conn.execute("BEGIN")
                try:
                    return question(conn, *args, **kw)
                finally:
                    conn.execute("ROLLBACK")  # nothing was written

        return await asyncio.get_running_loop().run_in_executor(self._scanner, scan)

    def _now(self, question: Question[P, T], *args: P.args, **kw: P.kwargs) -> T:
        with self._disk.asked():
            return question(self._disk.reader(), *args, **kw)

    async def _ready(self) -> None:
        if self._closed:
            raise StoreDown("the store is closed")
        if not self._disk.ready:
            async with self._turn:
                if not self._disk.ready:
                    loop = asyncio.get_running_loop()
                    await loop.run_in_executor(self._scanner, self._again)
