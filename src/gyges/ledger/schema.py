# SPDX-License-Identifier: Apache-2.0
"""The tables of the embedded store, and how a connection to them is opened.

`events` holds the leaves and what they are looked up by, `payloads` what may be redacted, `nodes` the
subtree hashes of the tiles above level 0, `spans` the earliest and latest time in each full tile,
`head` the one published checkpoint. The rest is the gate's own state. An older file gets the tables
that it lacks when the gate opens it. It reads and writes no rows of its own beyond the version of this
schema.
"""

import sqlite3
from pathlib import Path

from gyges.errors import Misconfigured, StoreDown

APPLICATION = 0x67796773  # "gygs", in the file's header
VERSION = 3

TABLES = """
CREATE TABLE cases (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, state TEXT NOT NULL,
  agent TEXT NOT NULL, tool TEXT NOT NULL, episode TEXT NOT NULL, digest TEXT NOT NULL,
  risk INTEGER NOT NULL, due INTEGER NOT NULL, next_at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX cases_state ON cases (state);
CREATE INDEX cases_agent ON cases (agent);
CREATE INDEX cases_tool ON cases (tool);
CREATE INDEX cases_episode ON cases (episode) WHERE episode != '';
CREATE INDEX cases_digest ON cases (digest);
CREATE INDEX cases_next ON cases (next_at) WHERE next_at > 0;
CREATE INDEX cases_inbox ON cases (risk DESC, due) WHERE state = 'waiting';

CREATE TABLE idempotency (
  agent TEXT NOT NULL, key TEXT NOT NULL, digest TEXT NOT NULL, "case" TEXT NOT NULL,
  PRIMARY KEY (agent, key)) STRICT, WITHOUT ROWID;
CREATE TABLE claims (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
  agent TEXT NOT NULL, tool TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX grants_for ON grants (agent, tool);
CREATE TABLE stops (scope TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,
  body BLOB NOT NULL) STRICT;
CREATE TABLE notices (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;

CREATE TABLE events (
  idx INTEGER PRIMARY KEY, hash BLOB NOT NULL, entry BLOB NOT NULL, kind TEXT NOT NULL,
  at INTEGER NOT NULL, subject TEXT NOT NULL, agent TEXT NOT NULL, episode TEXT NOT NULL) STRICT;
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_subject ON events (subject);
CREATE INDEX events_agent ON events (agent) WHERE agent != '';
CREATE INDEX events_episode ON events (episode) WHERE episode != '';
CREATE TABLE payloads (idx INTEGER PRIMARY KEY, salt BLOB NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE nodes (
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE spans (tile INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL) STRICT;
CREATE TABLE head (
  one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, edge BLOB NOT NULL,
  checkpoint BLOB NOT NULL) STRICT;
"""

PEOPLE = """
CREATE TABLE people (
  seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL,
  oidc TEXT NOT NULL, body BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX people_oidc ON people (oidc) WHERE oidc != '';
CREATE TABLE passkeys (
  credential TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_person ON passkeys (person);
CREATE TABLE sessions (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE,
  person TEXT NOT NULL, ended INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX sessions_person ON sessions (person) WHERE ended = 0;
CREATE TABLE links (hash TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""

DELIVERIES = """
CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, "case" TEXT NOT NULL,
  token TEXT NOT NULL, due INTEGER NOT NULL, done INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX deliveries_due ON deliveries (channel, due) WHERE due > 0;
CREATE INDEX deliveries_case ON deliveries ("case");
CREATE INDEX deliveries_token ON deliveries (token) WHERE token != '';
CREATE INDEX deliveries_done ON deliveries (done) WHERE done > 0;
"""

HISTORY = """
ALTER TABLE cases ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
UPDATE cases SET created = coalesce(json_extract(CAST(body AS TEXT), '$.created'), 0);
CREATE INDEX cases_created ON cases (created);
"""

EPISODES = """
CREATE TABLE episodes (
  agent TEXT NOT NULL, id TEXT NOT NULL, due INTEGER NOT NULL,
  PRIMARY KEY (agent, id)) STRICT, WITHOUT ROWID;
CREATE INDEX episodes_due ON episodes (due);
"""

# What each version added to the one before it. A file of version 1 has `TABLES` only.
ADDED = {2: PEOPLE + DELIVERIES + HISTORY, 3: EPISODES}

# What each primary result code of SQLite means to whoever has to mend it.
_CAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_BUSY: "another process has locked it",
    sqlite3.SQLITE_LOCKED: "another connection has locked it",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CORRUPT: "it is corrupt",
    sqlite3.SQLITE_NOTADB: "it is not a database",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
}


def connect(path: Path, *, write: bool, wait_ms: int = 0) -> sqlite3.Connection:
    """A connection that never creates the file; not bound to a thread, autocommit until told."""
    uri = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
    conn = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    try:
        conn.execute(f"PRAGMA busy_timeout={wait_ms}")
        conn.execute("PRAGMA cache_size=-32768")
        if write:
            _durable(conn)
        else:
            conn.execute("PRAGMA query_only=ON")
    except sqlite3.Error:
        conn.close()
        raise
    return conn


def _durable(conn: sqlite3.Connection) -> None:
    if conn.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
        raise sqlite3.OperationalError("this file system cannot keep a write-ahead log")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("PRAGMA secure_delete=ON")
    # Nothing of an ordinary batch reaches the file before its commit, so staging never waits for a
    # disk; one of more than 64 MiB may, so that memory stays bounded.
    conn.execute("PRAGMA cache_spill=16384")
    conn.execute("PRAGMA wal_autocheckpoint=4000")
    conn.execute("PRAGMA journal_size_limit=67108864")


def create(conn: sqlite3.Connection) -> None:
    """Make the tables inside the caller's transaction."""
    for tables in (TABLES, *ADDED.values()):
        _make(conn, tables)
    conn.execute(f"PRAGMA application_id={APPLICATION}")
    conn.execute(f"PRAGMA user_version={VERSION}")


def migrate(conn: sqlite3.Connection) -> None:
    """Bring a store of an older version up to this one, in one transaction; leave others alone."""
    if not 1 <= _version(conn) < VERSION:
        return
    conn.execute("BEGIN IMMEDIATE")
    try:
        for version in range(_version(conn) + 1, VERSION + 1):
            _make(conn, ADDED[version])
        conn.execute(f"PRAGMA user_version={VERSION}")
        conn.execute("COMMIT")
    except BaseException:
        conn.execute("ROLLBACK")
        raise


def _make(conn: sqlite3.Connection, tables: str) -> None:
    for statement in tables.split(";"):
        if statement.strip():
            conn.execute(statement)


def _version(conn: sqlite3.Connection) -> int:
    """The schema version of a store of ours; 0 for anything else."""
    application = conn.execute("PRAGMA application_id").fetchone()[0]
    found: int = conn.execute("PRAGMA user_version").fetchone()[0]
    return found if application == APPLICATION else 0


def is_empty(conn: sqlite3.Connection) -> bool:
    """Whether nobody has made anything in this file."""
    return not conn.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()


def check(conn: sqlite3.Connection, path: Path) -> None:
    """Raise `Misconfigured` unless the tables are ours, and of this version."""
    application = conn.execute("PRAGMA application_id").fetchone()[0]
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise Misconfigured(f"{path} holds no store of Gyges")
    if version != VERSION:
        whose = "newer" if version > VERSION else "older"
        raise Misconfigured(
            f"{path} has schema version {version}, {whose} than this software's {VERSION}"
        )


def down(path: Path, error: BaseException) -> StoreDown:
    """The one-line cause of `error`, for a human."""
    code = getattr(error, "sqlite_errorcode", None)
    cause = _CAUSES.get(code & 0xFF) if isinstance(code, int) else None
    said = (error.strerror or "") if isinstance(error, OSError) else str(error)
    detail = said.splitlines()[0] if said else type(error).__name__
    return StoreDown(f"store {path}: {cause} ({detail})" if cause else f"store {path}: {detail}")
