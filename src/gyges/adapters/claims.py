# SPDX-License-Identifier: Apache-2.0
"""An executor's own memory: which permits it has used up, and how that went, in one SQLite file.

    claim -> [crash: unknown] -> settle(ok, result) -> [crash: told later] -> told

A nonce is on disk before anything runs and may be claimed once, ever, in this file. Several processes
may share the file: each marks its rows, and what a dead one left open is called unknown. This file
knows nothing of permits or the gate. Calls block for a disk write: `executor.py` keeps them off the loop.
"""

import fcntl
import os
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gyges.errors import PermitRefused, StoreDown

_SCHEMA = """
CREATE TABLE IF NOT EXISTS claims (
  nonce   TEXT PRIMARY KEY,
  subject TEXT NOT NULL,             -- id of the case
  at      INTEGER NOT NULL,          -- ms since the epoch
  run     TEXT NOT NULL,             -- the process that claimed it
  state   TEXT NOT NULL DEFAULT 'claimed' CHECK (state IN ('claimed', 'settled', 'told')),
  ok      INTEGER,                   -- 1 done, 0 failed, NULL unknown
  result  TEXT NOT NULL DEFAULT '',
  summary TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS untold ON claims(state) WHERE state <> 'told';
"""
_CLAIM = "INSERT INTO claims (nonce, subject, at, run) VALUES (?, ?, ?, ?)"
_SETTLE = """UPDATE claims SET state = 'settled', ok = ?, result = ?, summary = ?
             WHERE nonce = ? AND state = 'claimed'"""
_ORPHAN = """UPDATE claims SET state = 'settled', ok = NULL,
             summary = 'the executor stopped between claiming and finishing'
             WHERE run = ? AND state = 'claimed'"""
_UNTOLD = (
    "SELECT nonce, subject, ok, result, summary FROM claims WHERE state = 'settled' ORDER BY at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """An outcome that the gate has not acknowledged. `ok` None means unknown."""

    nonce: str
    case: str
    ok: bool | None
    result: str = ""
    summary: str = ""


class Claims:
    """One open claims file. Raises `StoreDown` whenever something could not be written."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._run = secrets.token_hex(8)
        self._lock = threading.Lock()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._alive = _mark(self._marker(self._run))
            self._db = _open(file, "FULL")
            self._db.executescript(_SCHEMA)
            self._after = _open(file, "NORMAL")
        except (sqlite3.Error, OSError) as error:
            raise StoreDown(f"the claims file {file} cannot be used: {error}") from None

    def claim(self, nonce: str, case: str, at: int) -> None:
        """Use `nonce` up, durably; raise `PermitRefused` if it was used before."""
        try:
            self._write(self._db, _CLAIM, nonce, case, at, self._run)
        except sqlite3.IntegrityError:
            raise PermitRefused(f"the permit for {case} was already used here", case=case) from None

    def release(self, nonce: str) -> None:
        """Take back a claim whose permit the gate has certainly not redeemed, so that nothing ran."""
        self._write(self._after, "DELETE FROM claims WHERE nonce = ? AND state = 'claimed'", nonce)

    def settle(self, nonce: str, *, ok: bool | None, result: str = "", summary: str = "") -> None:
        """Write down how it went; only the first word counts."""
        self._write(self._after, _SETTLE, ok, result, summary, nonce)

    def told(self, nonce: str) -> None:
        """Note that the gate knows; the nonce stays claimed for ever."""
        self._write(self._after, "UPDATE claims SET state = 'told' WHERE nonce = ?", nonce)

    def interrupted(self) -> int:
        """Call the open claims of processes that are gone unknown; return how many there were."""
        rows = self._read("SELECT DISTINCT run FROM claims WHERE state = 'claimed'")
        runs = [run for (run,) in rows if run != self._run]
        return sum(self._write(self._after, _ORPHAN, run) for run in runs if self._gone(run))

    def untold(self) -> list[Untold]:
        """Outcomes that the gate has yet to hear, oldest first."""
        return [
            Untold(nonce=n, case=c, ok=None if ok is None else bool(ok), result=r, summary=s)
            for n, c, ok, r, s in self._read(_UNTOLD)
        ]

    def close(self) -> None:
        """Close the file; claims still open count as interrupted from now on."""
        with self._lock:
            self._db.close()
            self._after.close()
            os.close(self._alive)
            self._marker(self._run).unlink(missing_ok=True)

    def _read(self, statement: str) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(statement).fetchall()
        except sqlite3.Error as error:
            raise StoreDown(f"the claims file {self._file} cannot be read: {error}") from None

    def _write(self, through: sqlite3.Connection, statement: str, *values: str | int | None) -> int:
        try:
            with self._lock:
                return through.execute(statement, values).rowcount
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise StoreDown(f"the claims file {self._file} was not written: {error}") from None

    def _marker(self, run: str) -> Path:
        return self._file.with_name(f"{self._file.name}.run-{run}")

    def _gone(self, run: str) -> bool:
        marker = self._marker(run)
        try:
            os.close(_mark(marker))
        except BlockingIOError:
            return False
        marker.unlink(missing_ok=True)
        return True


def _open(file: Path, synchronous: str) -> sqlite3.Connection:
    """FULL is on disk when it returns. NORMAL survives this process, not the machine's power: then the
    claim alone is there, which reads as unknown.
    """
    db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=5)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {synchronous}")
    return db


def _mark(file: Path) -> int:
    """Lock `file` for as long as this process lives: the lock, not the file, says who is alive."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
