# SPDX-License-Identifier: Apache-2.0
"""One batch's way onto the disk. The steps have numbers, so that a test can kill the process at each.

    begin    -> stage and write rows -> 101 -> sign -> 102 -> COMMIT -> 103 -> still our file? -> 104

The tree in memory moves on only after 103. Whatever fails before is rolled back; whatever fails at
all makes the next batch read the tree from disk again, so memory never runs ahead of the file.
It knows no futures and no threads: `commit`, the only slow part, may run in another thread.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from gyges.errors import BadProof, StoreDown
from gyges.ledger import checkpoint as checkpoints
from gyges.ledger import schema
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.disk import Disk
from gyges.ledger.merkle import EMPTY_ROOT, root_at
from gyges.ledger.note import Signer, Verifier
from gyges.ledger.stage import Batch, Work, stage, write
from gyges.ledger.tree import Tree, load, subtree

POISON = (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, TypeError, ValueError)
"""What SQLite raises for a value, not for a disk."""


class Writer:
    """The only one that writes to the database. Not for use by two callers at once."""

    def __init__(
        self,
        path: Path,
        origin: str,
        signer: Signer,
        trusted: Sequence[Verifier],
        step: Callable[[int], None],
    ) -> None:
        self.disk = Disk(path)
        self.tree: Tree | None = None
        self._path = path
        self._origin = origin
        self._signer = signer
        self._verifiers = {v.text(): v for v in (signer.verifier, *trusted)}.values()
        self._step = step
        self._next: tuple[Tree, Checkpoint] | None = None
        self._known: Checkpoint | None = None  # the latest that we promised

    def open(self, *, create: bool = False) -> None:
        """Connect and check, making the tables in an empty file if `create`; raise `StoreDown`."""
        self.tree = None
        self.disk.open(partial(self._prepare, create=create))

    def _prepare(self, conn: sqlite3.Connection, *, create: bool) -> None:
        schema.migrate(conn)
        if create and schema.is_empty(conn):
            conn.execute("BEGIN IMMEDIATE")
            schema.create(conn)
            promise = Checkpoint(origin=self._origin, size=0, root=EMPTY_ROOT)
            note = checkpoints.sign(promise, [self._signer])
            conn.execute("INSERT INTO head VALUES (1, 0, x'', ?)", (note,))
            conn.execute("COMMIT")
        self.reload(conn)

    def reload(self, conn: sqlite3.Connection) -> None:
        """Take the tree from disk; raise `StoreDown` if it is not what its checkpoint, or ours, says."""
        schema.check(conn, self._path)
        try:
            tree = load(conn)
            note = conn.execute("SELECT checkpoint FROM head").fetchone()[0]
            found = checkpoints.open_checkpoint(note, self._verifiers)
            if (found.origin, found.size) != (self._origin, tree.size):
                raise BadProof(f"the checkpoint is of {found.origin}, size {found.size}")
            if found.root != tree.frontier.root():
                raise BadProof("the entries do not lead to the signed root")
            self._is_ours(conn, tree)
        except BadProof as error:
            raise StoreDown(f"store {self._path}: the log does not hold: {error}") from None
        self.tree, self._known = tree, found

    def _is_ours(self, conn: sqlite3.Connection, tree: Tree) -> None:
        """Whether what we promised before is still in it: a file put back from a copy may be older."""
        known = self._known
        if known is None or not known.size:
            return
        if tree.size < known.size:
            raise BadProof(f"it went back from {known.size} entries to {tree.size}")
        if root_at(known.size, lambda level, index: subtree(conn, level, index)) != known.root:
            raise BadProof(f"its first {known.size} entries are not those that were signed")

    def begin(self, wait_ms: int = 0) -> None:
        """Take the write lock, waiting for other processes at most so long."""
        self.disk.check()
        conn = self.disk.writer()
        if not wait_ms:
            conn.execute("BEGIN IMMEDIATE")
            return
        conn.execute(f"PRAGMA busy_timeout={wait_ms}")
        try:
            conn.execute("BEGIN IMMEDIATE")
        finally:
            conn.execute("PRAGMA busy_timeout=0")

    def stage(self, works: Sequence[Work]) -> Batch:
        """Check and write `works` into the open transaction; if none fits, the transaction ends."""
        conn = self.disk.writer()
        size = conn.execute("SELECT size FROM head").fetchone()[0]
        if self.tree is None or size != self.tree.size:
            self.reload(conn)
        tree = self.tree
        assert tree is not None
        batch = stage(conn, tree, works)
        if batch.empty:
            conn.execute("ROLLBACK")
            return batch
        growth = write(conn, tree, batch)
        self._step(101)
        promise = Checkpoint(
            origin=self._origin, size=growth.tree.size, root=growth.tree.frontier.root()
        )
        if batch.sealed:
            edge = b"".join(growth.tree.frontier.edge)
            sql = "UPDATE head SET size = ?, edge = ?, checkpoint = ?"
            conn.execute(sql, (promise.size, edge, checkpoints.sign(promise, [self._signer])))
        self._next = growth.tree, promise
        return batch

    def commit(self) -> None:
        """Make the open transaction durable; raise `StoreDown` if it went into a file nobody can find."""
        self._step(102)
        self.disk.writer().execute("COMMIT")
        self._step(103)
        self.disk.check()
        assert self._next is not None
        self.tree, self._known = self._next
        self._step(104)

    def abandon(self, error: BaseException) -> StoreDown:
        """Undo what is not committed and forget the tree. Gives the error for those who wait."""
        self.tree = self._next = None
        kind = getattr(error, "sqlite_errorcode", None)
        passing = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY}
        try:
            if isinstance(kind, int) and kind & 0xFF in passing:
                if self.disk.writer().in_transaction:
                    self.disk.writer().execute("ROLLBACK")
            else:
                self.disk.close()
        except (sqlite3.Error, StoreDown):
            self.disk.close()
        return error if isinstance(error, StoreDown) else schema.down(self._path, error)
