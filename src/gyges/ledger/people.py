# SPDX-License-Identifier: Apache-2.0
"""People, their sessions and one-time links in the embedded store: checked, written and read.

Names are kept folded, so that Alice and ALICE are one. It hashes no secret and knows no expiry; it opens
no transaction: `put` writes into the caller's, and what it refuses leaves no trace there.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from gyges.errors import Conflict
from gyges.person import Link, Person, Session, folded
from gyges.ports import Change

_json = msgspec.json.Encoder()
_person = msgspec.json.Decoder(Person)
_session = msgspec.json.Decoder(Session)
_link = msgspec.json.Decoder(Link)


def put(conn: sqlite3.Connection, change: Change) -> None:
    """Write people, sessions and links of `change`; raise `Conflict`, nothing written, if any does not fit."""
    _check(conn, change)
    for who in change.people:
        _put_person(conn, replace(who, version=who.version + 1))
    for one in change.sessions:
        conn.execute(
            "INSERT INTO sessions (id, hash, person, ended, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, person = excluded.person,"
            " ended = excluded.ended, body = excluded.body WHERE sessions.ended = 0",
            (one.id, one.hash, folded(one.person), one.ended, _json.encode(one)),
        )
    for given in change.links:
        conn.execute(
            "INSERT INTO links (hash, body) VALUES (?, ?)"
            " ON CONFLICT (hash) DO UPDATE SET body = excluded.body",
            (given.hash, _json.encode(given)),
        )


def _put_person(conn: sqlite3.Connection, who: Person) -> None:
    name = folded(who.name)
    conn.execute(
        "INSERT INTO people (name, version, oidc, body) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET version = excluded.version, oidc = excluded.oidc,"
        " body = excluded.body",
        (name, who.version, who.oidc, _json.encode(who)),
    )
    conn.execute("DELETE FROM passkeys WHERE person = ?", (name,))
    conn.executemany(
        "INSERT INTO passkeys (credential, person) VALUES (?, ?)",
        [(passkey.id, name) for passkey in who.passkeys],
    )


def _check(conn: sqlite3.Connection, change: Change) -> None:
    for who in change.people:
        _check_person(conn, who)
    for one in change.sessions:
        sql = "SELECT 1 FROM sessions WHERE hash = ? AND id != ?"
        if conn.execute(sql, (one.hash, one.id)).fetchone():
            raise Conflict("the secret of a session already belongs to another", what="session")
    _once("person", [folded(who.name) for who in change.people])
    _once("outside identity", [who.oidc for who in change.people if who.oidc])
    _once("passkey", [passkey.id for who in change.people for passkey in who.passkeys])
    _once("session", [one.id for one in change.sessions])
    _once("session", [one.hash for one in change.sessions])


def _check_person(conn: sqlite3.Connection, who: Person) -> None:
    name = folded(who.name)
    row = conn.execute("SELECT version FROM people WHERE name = ?", (name,)).fetchone()
    found = row[0] if row else 0
    if found != who.version:
        raise Conflict(
            f"the account of {who.name} is at version {found}, not {who.version}", what="person"
        )
    sql = "SELECT 1 FROM people WHERE oidc = ? AND oidc != '' AND name != ?"
    if conn.execute(sql, (who.oidc, name)).fetchone():
        raise Conflict("this outside identity is somebody else's", what="oidc")
    for passkey in who.passkeys:
        sql = "SELECT 1 FROM passkeys WHERE credential = ? AND person != ?"
        if conn.execute(sql, (passkey.id, name)).fetchone():
            raise Conflict("this passkey is somebody else's", what="passkey")


def _once(what: str, ids: list[str]) -> None:
    if len(set(ids)) != len(ids):
        raise Conflict(f"one change writes the same {what} twice", what=what)


def person(conn: sqlite3.Connection, name: str) -> Person | None:
    """One account by its name."""
    return _one(conn, "SELECT body FROM people WHERE name = ?", folded(name))


def people(conn: sqlite3.Connection) -> list[Person]:
    """All accounts in the order in which they were added."""
    return [_person.decode(row[0]) for row in conn.execute("SELECT body FROM people ORDER BY seq")]


def person_by_oidc(conn: sqlite3.Connection, oidc: str) -> Person | None:
    """Whose outside identity this is."""
    return _one(conn, "SELECT body FROM people WHERE oidc = ? AND oidc != ''", oidc)


def person_by_passkey(conn: sqlite3.Connection, credential: str) -> Person | None:
    """Whose passkey this is."""
    sql = "SELECT p.body FROM passkeys AS k JOIN people AS p ON p.name = k.person WHERE k.credential = ?"
    return _one(conn, sql, credential)


def session(conn: sqlite3.Connection, hash: str) -> Session | None:
    """The session whose cookie has this digest, ended or not."""
    row = conn.execute("SELECT body FROM sessions WHERE hash = ?", (hash,)).fetchone()
    return _session.decode(row[0]) if row else None


def sessions(conn: sqlite3.Connection, name: str) -> Sequence[Session]:
    """Somebody's sessions that were not ended, newest first."""
    sql = "SELECT body FROM sessions WHERE person = ? AND ended = 0 ORDER BY seq DESC"
    return [_session.decode(row[0]) for row in conn.execute(sql, (folded(name),))]


def link(conn: sqlite3.Connection, hash: str) -> Link | None:
    """One one-time link, used or not."""
    row = conn.execute("SELECT body FROM links WHERE hash = ?", (hash,)).fetchone()
    return _link.decode(row[0]) if row else None


def _one(conn: sqlite3.Connection, sql: str, value: str) -> Person | None:
    row = conn.execute(sql, (value,)).fetchone()
    return _person.decode(row[0]) if row else None
