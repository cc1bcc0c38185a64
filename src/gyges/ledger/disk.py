# SPDX-License-Identifier: Apache-2.0
"""The database file as a thing on a disk: opened, locked, watched, opened again.

One process at a time may write: it holds an exclusive lock on a file beside the database. A file
that was removed or replaced under us still takes writes that nobody will ever read, so after each
commit the path must still lead to the file that we opened. It knows nothing of rows.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from gyges.errors import StoreDown
from gyges.ledger import schema

Identity = tuple[int, int]


class Disk:
    """The connections of one store. Its methods may be called from any thread, one at a time."""

    def __init__(self, path: Path, *, write: bool = True) -> None:
        self.path = path
        self._names = str(path), f"{path}-wal"  # ready made: `check` is asked at every read
        self._write = write
        self._lock: int | None = None
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._scanner: sqlite3.Connection | None = None
        self._doubted = False
        self._identity: tuple[Identity, Identity] | None = None

    def lock(self) -> None:
        """Become the one writer, until `unlock`; raise `StoreDown` if another process is."""
        name = self.path.with_name(self.path.name + ".lock")
        try:
            held = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise schema.down(self.path, error) from None
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            raise StoreDown(
                f"store {self.path}: another process is its writer (it holds {name.name})"
            ) from None
        self._lock = held

    @property
    def begun(self) -> bool:
        """Whether a store was ever made here: the lock file remembers, and outlives the database."""
        return self._lock is not None and os.fstat(self._lock).st_size > 0

    def remember(self) -> None:
        """From now on a missing database is a loss, not a beginning."""
        if self._lock is not None and not self.begun:
            os.write(self._lock, b"begun\n")
            os.fsync(self._lock)

    def unlock(self) -> None:
        """Let others write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def open(self, prepare: Callable[[sqlite3.Connection], None]) -> None:
        """Connect anew and let `prepare` check what is there; raise `StoreDown` with the cause."""
        self.close()
        try:
            before = _identity(self._names[0])
            if self._write:
                self._writer = schema.connect(self.path, write=True)
                prepare(self._writer)
            self._reader = schema.connect(self.path, write=False)
            if not self._write:
                prepare(self._reader)
            self._scanner = schema.connect(self.path, write=False)
            self._reader.execute("SELECT size FROM head").fetchone()
            wal = _identity(self._names[1])
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise schema.down(self.path, error) from None
        except BaseException:
            self.close()
            raise
        self._identity = before, wal
        self.check()

    @property
    def ready(self) -> bool:
        """Whether there are connections to use."""
        return self._identity is not None and not self._doubted

    def writer(self) -> sqlite3.Connection:
        """The connection that writes."""
        if self._writer is None:
            raise StoreDown(f"store {self.path}: it is not open")
        return self._writer

    def reader(self) -> sqlite3.Connection:
        """The connection for point reads of what is committed."""
        return self._look(self._reader)

    def scanner(self) -> sqlite3.Connection:
        """A second one, for lists, so that a long one holds up no point read."""
        return self._look(self._scanner)

    def _look(self, conn: sqlite3.Connection | None) -> sqlite3.Connection:
        if conn is None:
            raise StoreDown(f"store {self.path}: it is not open")
        self.check()
        return conn

    @contextmanager
    def asked(self) -> Generator[None]:
        """While something is read: a failure becomes `StoreDown`, and the file is opened anew."""
        try:
            yield
        except StoreDown:
            self._doubted = True
            raise
        except sqlite3.Error as error:
            self._doubted = True
            raise schema.down(self.path, error) from None

    def check(self) -> None:
        """Raise `StoreDown` unless the paths still lead to the files that are open here."""
        try:
            found = _identity(self._names[0]), _identity(self._names[1])
        except OSError as error:
            gone = Path(error.filename).name
            raise StoreDown(f"store {self.path}: {gone} is gone ({error.strerror})") from None
        if found != self._identity:
            raise StoreDown(f"store {self.path}: the file was replaced while it was in use")

    def close(self) -> None:
        """Disconnect; a transaction that is open is rolled back."""
        self._identity, self._doubted = None, False
        for conn in (self._reader, self._scanner, self._writer):
            if conn is not None:
                conn.close()
        self._reader = self._scanner = self._writer = None


def _identity(name: str) -> Identity:
    found = os.stat(name)  # noqa: PTH116 - a Path costs more than the question
    return found.st_dev, found.st_ino
