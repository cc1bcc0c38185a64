# SPDX-License-Identifier: Apache-2.0
"""The embedded store: one SQLite file that holds the gate's state and the log, in one transaction.

Changes that arrive while a commit is on its way to the disk go out together with the next one. They
are staged on the event loop, where Python work is cheapest, and only the flush waits in a thread.
Point reads take 10-20 us and run on the loop; lists run in a thread, over a connection of their own.
When the disk fails everybody is told so, and each later call tries anew. It repairs nothing.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeAlias, TypeVar

from gyges.case import Case
from gyges.episode import Event, Recorded
from gyges.errors import GygesError, Malformed, NotFound, StoreDown
from gyges.ledger import log, reads, schema
from gyges.ledger.note import Signer, Verifier
from gyges.ledger.stage import Redaction, Work
from gyges.ledger.writer import POISON, Writer
from gyges.ports import (
    CaseQuery,
    Change,
    EventQuery,
    Idempotency,
    Notice,
    Page,
    Receipt,
)
from gyges.principal import Key
from gyges.standing import Grant, Stop

LARGEST_BATCH = 256
WAIT_MS = 2000  # how long another process may hold the write lock

P = ParamSpec("P")
T = TypeVar("T")
Question: TypeAlias = Callable[Concatenate[sqlite3.Connection, P], T]
Waiter = tuple[Work, "asyncio.Future[Receipt]"]


def _no_step(_: int) -> None:
    pass


class SqliteStore:
    """Recorder, Store and Log over one file. One event loop; one process at a time may write."""

    def __init__(self, writer: Writer, origin: str) -> None:
        self.origin = origin
        self._writer = writer
        self._pending: list[Waiter] = []
        self._draining: asyncio.Task[None] | None = None
        self._flusher = ThreadPoolExecutor(1, "gyges-flush")
        self._scanner = ThreadPoolExecutor(1, "gyges-scan")
        self._proofs = log.Proofs(self._tile)
        self._turn = asyncio.Lock()  # a transaction, or opening anew, at a time
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: str | Path,
        *,
        origin: str,
        signer: Signer,
        trusted: Sequence[Verifier] = (),
        create: bool = True,
        step: Callable[[int], None] = _no_step,
    ) -> Self:
        """Open the store, or make it if `create`.

        `signer` signs checkpoints and bears the name `origin`; `trusted` are earlier keys of this
        log. Raise `StoreDown` if it cannot be used or another process writes to it, `Misconfigured`
        if the file is somebody else's or of a newer version.
        """
        file = Path(path)
        writer = Writer(file, origin, signer, trusted, step)
        store = cls(writer, origin)
        try:
            await asyncio.to_thread(_open, writer, file, create=create)
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        self._closed = True
        if self._draining is not None:
            await asyncio.wait({self._draining})
        self._flusher.shutdown()
        self._scanner.shutdown()
        self._writer.disk.close()
        self._writer.disk.unlock()

    # --- Recorder ---

    async def record(self, change: Change) -> Receipt:
        """See `ports.Recorder`."""
        return await self._submit(change)

    async def redact(self, indices: Sequence[int], event: Event) -> Receipt:
        """See `ports.Log`; what the closed cases among them say is emptied as well."""
        receipt = await self._submit(Redaction(tuple(indices), event))
        await self._in_thread(self._flusher, self._empty_wal)
        return receipt

    def _submit(self, work: Work) -> "asyncio.Future[Receipt]":
        if self._closed:
            raise StoreDown("the store is closed")
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Receipt] = loop.create_future()
        self._pending.append((work, waiter))
        if self._draining is None:
            self._draining = loop.create_task(self._drain())
        return waiter

    async def _drain(self) -> None:
        batch: list[Waiter] = []
        try:
            while self._pending:
                batch = self._pending[:LARGEST_BATCH]
                del self._pending[:LARGEST_BATCH]
                _resolve(batch, await self._write([work for work, _ in batch]))
                batch = []
        finally:
            self._draining = None
            left, self._pending = batch + self._pending, []
            _resolve(left, [StoreDown("the store stopped before this was written")] * len(left))

    async def _write(self, works: list[Work]) -> Sequence[Receipt | GygesError]:
        """Outcomes of one batch, in order. Never raises for a fault of disk or data."""
        async with self._turn:
            try:
                return await self._try(works)
            except POISON as error:
                self._writer.abandon(error)
                poison = error
            except (sqlite3.Error, OSError, GygesError) as error:
                cause = str(self._writer.abandon(error))
                return [StoreDown(cause) for _ in works]
            except asyncio.CancelledError as error:
                self._writer.abandon(error)
                raise
        if len(works) == 1:
            return [Malformed(f"a value that cannot be stored: {poison}")]
        # One value is one that the database refuses: find it, and spare the others.
        return [(await self._write([work]))[0] for work in works]

    async def _try(self, works: list[Work]) -> Sequence[Receipt | GygesError]:
        writer = self._writer
        if not writer.disk.ready:
            await self._in_thread(self._flusher, writer.open)
        try:
            writer.begin()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await self._in_thread(self._flusher, writer.begin, WAIT_MS)
        batch = writer.stage(works)
        if not batch.empty:
            await self._in_thread(self._flusher, writer.commit)
        return batch.outcomes

    def _empty_wal(self) -> None:
        """Redacted bytes must not linger in the write-ahead log; it is cut when nobody reads."""
        try:
            self._writer.disk.writer().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except (sqlite3.Error, StoreDown) as error:
            raise schema.down(self._writer.disk.path, error) from None

    # --- Store ---

    async def case(self, id: str) -> Case | None:
        """See `ports.Store`, here and below."""
        return await self._ask(reads.case, id)

    async def idempotency(self, agent: str, key: str) -> Idempotency | None:  # noqa: D102
        return await self._ask(reads.idempotency, agent, key)

    async def cases(self, query: CaseQuery) -> Page:  # noqa: D102
        return await self._scan(reads.cases, query)

    async def due(self, now: int, limit: int) -> Sequence[Case]:  # noqa: D102
        return await self._ask(reads.due, now, limit)

    async def next_due(self) -> int:  # noqa: D102
        return await self._ask(reads.next_due)

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

    async def claimed(self, name: str) -> bool:  # noqa: D102
        return await self._ask(reads.claimed, name)

    async def notices(self, limit: int) -> Sequence[Notice]:  # noqa: D102
        return await self._ask(reads.notices, limit)

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
        if not self._writer.disk.ready:
            await self._reopen()
        return self._now(question, *args, **kw)

    async def _scan(self, question: Question[P, T], *args: P.args, **kw: P.kwargs) -> T:
        """A read of many rows, in a thread and over a connection of its own."""
        if not self._writer.disk.ready:
            await self._reopen()

        def scan() -> T:
            with self._writer.disk.asked():
                return question(self._writer.disk.scanner(), *args, **kw)

        return await self._in_thread(self._scanner, scan)

    def _now(self, question: Question[P, T], *args: P.args, **kw: P.kwargs) -> T:
        with self._writer.disk.asked():
            return question(self._writer.disk.reader(), *args, **kw)

    async def _reopen(self) -> None:
        if self._closed:
            raise StoreDown("the store is closed")
        async with self._turn:
            if not self._writer.disk.ready:
                await self._in_thread(self._flusher, self._writer.open)

    async def _in_thread(
        self, pool: ThreadPoolExecutor, work: Callable[..., T], *args: object
    ) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work, *args)


def _open(writer: Writer, file: Path, create: bool) -> None:
    writer.disk.lock()
    if create and not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    writer.open(create=create)


def _resolve(batch: Sequence[Waiter], outcomes: Sequence[Receipt | GygesError]) -> None:
    for (_, waiter), outcome in zip(batch, outcomes, strict=True):
        if waiter.done():
            continue  # the caller was cancelled
        if isinstance(outcome, GygesError):
            waiter.set_exception(outcome)
        else:
            waiter.set_result(outcome)
