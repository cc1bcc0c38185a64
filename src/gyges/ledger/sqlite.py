# SPDX-License-Identifier: Apache-2.0
"""The embedded store: one SQLite file that holds the gate's state and the log, in one transaction.

Changes that arrive while a commit is on its way to the disk go out together with the next one. They
are staged on the event loop, where Python work is cheapest, and only the flush waits in a thread.
When the disk fails everybody is told so, and each later call tries anew. It repairs nothing; reading
is `sqlite_reader`'s.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from gyges.episode import Event
from gyges.errors import GygesError, Malformed, StoreDown
from gyges.ledger import schema
from gyges.ledger.flusher import Flusher
from gyges.ledger.note import Signer, Verifier
from gyges.ledger.sqlite_reader import SqliteReader
from gyges.ledger.stage import Redaction, Work
from gyges.ledger.writer import POISON, Writer
from gyges.ports import Change, Receipt
from gyges.principal import Key
from gyges.standing import Stop

LARGEST_BATCH = 256
WAIT_MS = 2000  # how long another process may hold the write lock

Waiter = tuple[Work, "asyncio.Future[Receipt]"]


def _no_step(_: int) -> None:
    pass


class SqliteStore(SqliteReader):
    """Recorder, Store and Log over one file. One event loop; one process at a time may write."""

    def __init__(self, writer: Writer, origin: str) -> None:
        super().__init__(writer.disk, origin, self._open_again)
        self._writer = writer
        self._pending: list[Waiter] = []
        self._draining: asyncio.Task[None] | None = None
        self._flusher = Flusher("gyges-flush")
        # What every request asks for and hardly ever changes. Nobody else writes to our file, so what
        # we read holds until a change of ours that touches it is durable, or the file is opened anew.
        self._stops: Sequence[Stop] | None = None
        self._keys: dict[str, Key] = {}

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
        if the file is somebody else's or of a newer version. A store that was there once and is
        gone is not made again, whatever `create` says: its log would silently begin anew.
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
        self._flusher.close()
        await super().close()
        self._disk.unlock()

    # --- Store, remembered ---

    async def stops(self) -> Sequence[Stop]:
        """See `ports.Store`, here and below."""
        if self._stops is None or not self._disk.ready:
            self._stops = await super().stops()
        return self._stops

    async def key_by_hash(self, hash: str) -> Key | None:  # noqa: D102
        known = self._keys.get(hash) if self._disk.ready else None
        if known is None and (known := await super().key_by_hash(hash)):
            self._keys[hash] = known
        return known

    def _forget(self, batch: Sequence[Waiter]) -> None:
        """Let go of what these changes may have changed, before anybody hears that they are durable."""
        changes = [work for work, _ in batch if isinstance(work, Change)]
        if any(change.stops or change.lifted for change in changes):
            self._stops = None
        if any(change.keys for change in changes):
            self._keys.clear()

    def _open_again(self) -> None:
        self._stops = None
        self._keys.clear()
        self._writer.open()

    # --- Recorder ---

    async def record(self, change: Change) -> Receipt:
        """See `ports.Recorder`."""
        return await self._submit(change)

    async def redact(self, indices: Sequence[int], event: Event) -> Receipt:
        """See `ports.Log`; what the closed cases among them say is emptied as well."""
        receipt = await self._submit(Redaction(tuple(indices), event))
        async with self._turn:
            await self._flusher.run(self._empty_wal)
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
                outcomes = await self._write([work for work, _ in batch])
                done, batch = batch[: len(outcomes)], batch[len(outcomes) :]
                self._pending, batch = batch + self._pending, []  # what the batch had no room for
                self._forget(done)
                _resolve(done, outcomes)
        finally:
            self._draining = None
            left, self._pending = batch + self._pending, []
            self._forget(left)
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
        if not self._disk.ready:
            await self._flusher.run(self._open_again)
        try:
            writer.begin()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            await self._flusher.run(partial(writer.begin, WAIT_MS))
        batch = writer.stage(works)
        if not batch.empty:
            await self._flusher.run(writer.commit)
        return batch.outcomes

    def _empty_wal(self) -> None:
        """Redacted bytes must not linger in the write-ahead log, so cut it.

        Should somebody be reading it all the time, it is cut when the store is closed.
        """
        try:
            conn = self._disk.writer()
            conn.execute(f"PRAGMA busy_timeout={WAIT_MS}")
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            conn.execute("PRAGMA busy_timeout=0")
        except (sqlite3.Error, StoreDown) as error:
            raise schema.down(self._disk.path, error) from None


def _open(writer: Writer, file: Path, create: bool) -> None:
    writer.disk.lock()
    create = create and not writer.disk.begun
    if create and not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    writer.open(create=create)
    writer.disk.remember()


def _resolve(batch: Sequence[Waiter], outcomes: Sequence[Receipt | GygesError]) -> None:
    for (_, waiter), outcome in zip(batch, outcomes, strict=True):
        if waiter.done():
            continue  # the caller was cancelled
        if isinstance(outcome, GygesError):
            waiter.set_exception(outcome)
        else:
            waiter.set_result(outcome)
