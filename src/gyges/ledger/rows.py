# SPDX-License-Identifier: Apache-2.0
"""Words to rows: the statements that write. Many rows go in by one statement, in powers of two.

A statement with many rows costs one hand-over between Python and SQLite instead of many; powers of
two keep the number of different statements small enough for the connection's cache. It opens no
transaction and decides nothing.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import msgspec

from gyges.case import Case, State
from gyges.errors import Conflict
from gyges.ledger import outbox
from gyges.ledger.merkle import Node
from gyges.ledger.seal import Sealed
from gyges.ports import Change
from gyges.standing import Grant

NEVER = 2**62  # stands for "no deadline" where deadlines are put in order
# States in which somebody still needs the action's words.
UNDERWAY = frozenset({State.PROPOSED, State.WAITING, State.GRANTED, State.REDEEMED})

_CHUNK = 64
_json = msgspec.json.Encoder()
_read_case = msgspec.json.Decoder(Case)


def put_cases(conn: sqlite3.Connection, cases: Sequence[Case]) -> None:
    """Insert, or overwrite what can change of a case."""
    flat = [
        (
            case.id,
            case.version,
            case.state.value,
            case.action.agent,
            case.action.tool,
            case.action.episode,
            case.digest,
            case.risk,
            case.deadline or NEVER,
            case.next_at,
            _json.encode(case),
            case.created,
        )
        for case in cases
    ]
    _insert(
        conn,
        "INSERT INTO cases (id, version, state, agent, tool, episode, digest, risk, due, next_at,"
        " body, created)",
        flat,
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,"
        " risk = excluded.risk, due = excluded.due, next_at = excluded.next_at,"
        " body = excluded.body",
    )


def put_grants(conn: sqlite3.Connection, grants: Sequence[Grant]) -> None:
    """Insert, or overwrite."""
    flat = [(g.id, g.version, g.agent, g.tool, _json.encode(g)) for g in grants]
    _insert(
        conn,
        "INSERT INTO grants (id, version, agent, tool, body)",
        flat,
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version, agent = excluded.agent,"
        " tool = excluded.tool, body = excluded.body",
    )


def insert_events(conn: sqlite3.Connection, first: int, sealed: Sequence[Sealed]) -> None:
    """The leaves from index `first`, and their payloads."""
    events = [
        (
            index,
            leaf.leaf,
            leaf.entry,
            leaf.event.kind.value,
            leaf.event.at,
            leaf.event.subject,
            leaf.event.agent,
            leaf.event.episode,
        )
        for index, leaf in enumerate(sealed, first)
    ]
    payloads = [(index, leaf.salt, leaf.payload) for index, leaf in enumerate(sealed, first)]
    columns = "idx, hash, entry, kind, at, subject, agent, episode"
    _insert(conn, f"INSERT INTO events ({columns})", events)
    _insert(conn, "INSERT INTO payloads (idx, salt, body)", payloads)


def insert_nodes(conn: sqlite3.Connection, nodes: Sequence[Node]) -> None:
    """Hashes of complete subtrees that are tiles' rows."""
    _insert(conn, "INSERT INTO nodes (level, idx, hash)", nodes)


def insert_spans(conn: sqlite3.Connection, spans: Sequence[tuple[int, int, int]]) -> None:
    """Earliest and latest time of tiles that are full."""
    _insert(conn, "INSERT INTO spans (tile, low, high)", spans)


def insert_claims(conn: sqlite3.Connection, names: Sequence[str]) -> None:
    """Names that were claimed, for ever."""
    _insert(conn, "INSERT INTO claims (name)", [(name,) for name in names])


def insert_bindings(
    conn: sqlite3.Connection, bindings: Sequence[tuple[str, str, str, str]]
) -> None:
    """Idempotency keys: (agent, key, digest, case)."""
    _insert(conn, 'INSERT INTO idempotency (agent, key, digest, "case")', bindings)


def put_others(conn: sqlite3.Connection, change: Change) -> None:
    """The rare parts of a change, in their order within the batch."""
    for stop in change.stops:
        conn.execute(
            "INSERT INTO stops (scope, body) VALUES (?, ?)"
            " ON CONFLICT (scope) DO UPDATE SET body = excluded.body",
            (stop.scope, _json.encode(stop)),
        )
    conn.executemany("DELETE FROM stops WHERE scope = ?", [(scope,) for scope in change.lifted])
    for key in change.keys:
        conn.execute(
            "INSERT INTO keys (id, hash, body) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, body = excluded.body",
            (key.id, key.hash, _json.encode(key)),
        )
    for notice in change.notices:
        conn.execute(
            "INSERT INTO notices (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            (notice.id, _json.encode(notice)),
        )
    conn.executemany("DELETE FROM notices WHERE id = ?", [(told,) for told in change.told])
    outbox.put(conn, change)
    for one in change.running:
        if not one.due:
            conn.execute("DELETE FROM episodes WHERE agent = ? AND id = ?", (one.agent, one.id))
            continue
        conn.execute(
            "INSERT INTO episodes (agent, id, due) VALUES (?, ?, ?)"
            " ON CONFLICT (agent, id) DO UPDATE SET due = excluded.due",
            (one.agent, one.id, one.due),
        )


def erase(conn: sqlite3.Connection, indices: Sequence[int]) -> None:
    """Delete payloads and salts; SQLite's secure_delete writes zeros over them."""
    conn.execute(
        "DELETE FROM payloads WHERE idx IN (SELECT value FROM json_each(?))", (_ids(indices),)
    )


def scrub(case: Case) -> Case:
    """The case without anything that people or agents wrote; raise `Conflict` while it is open.

    Its digest stays, so it still names the action it was about, though no longer says it.
    """
    if case.state in UNDERWAY:
        raise Conflict(f"case {case.id} is still {case.state}: it cannot be redacted", what="case")
    action = replace(case.action, arguments={}, resource="", purpose="", context=(), provenance={})
    votes = tuple(replace(vote, reason="", guidance="") for vote in case.votes)
    outcome = replace(case.outcome, summary="") if case.outcome else None
    return replace(case, action=action, votes=votes, outcome=outcome, reason="", guidance="")


def versions(conn: sqlite3.Connection, table: str, ids: Sequence[str]) -> Iterator[tuple[str, int]]:
    """(id, version) of those that exist. `table` is "cases" or "grants"."""
    if len(ids) == 1:
        return conn.execute(_VERSION_OF[table], ids)
    return conn.execute(_VERSIONS_OF[table], (_ids(ids),))


_VERSION_OF = {
    "cases": "SELECT id, version FROM cases WHERE id = ?",
    "grants": "SELECT id, version FROM grants WHERE id = ?",
}
_VERSIONS_OF = {
    "cases": "SELECT id, version FROM cases WHERE id IN (SELECT value FROM json_each(?))",
    "grants": "SELECT id, version FROM grants WHERE id IN (SELECT value FROM json_each(?))",
}


def claimed(conn: sqlite3.Connection, names: Sequence[str]) -> set[str]:
    """Which of `names` were claimed."""
    sql = "SELECT name FROM claims WHERE name IN (SELECT value FROM json_each(?))"
    return {row[0] for row in conn.execute(sql, (_ids(names),))}


def bound(conn: sqlite3.Connection, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which (agent, key) are in use."""
    sql = (
        "SELECT i.agent, i.key FROM json_each(?) AS j JOIN idempotency AS i"
        " ON i.agent = j.value ->> 0 AND i.key = j.value ->> 1"
    )
    return set(conn.execute(sql, (_ids(pairs),)))


def key_hashes(conn: sqlite3.Connection, hashes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(hash, id) of the keys with one of these hashes."""
    sql = "SELECT hash, id FROM keys WHERE hash IN (SELECT value FROM json_each(?))"
    return conn.execute(sql, (_ids(hashes),))


def subjects(conn: sqlite3.Connection, indices: Sequence[int]) -> list[str]:
    """What these events are about, each once."""
    sql = (
        "SELECT DISTINCT subject FROM events WHERE idx IN (SELECT value FROM json_each(?))"
        " ORDER BY subject"
    )
    return [row[0] for row in conn.execute(sql, (_ids(indices),))]


def case(conn: sqlite3.Connection, id: str) -> Case | None:
    """One case."""
    row = conn.execute("SELECT body FROM cases WHERE id = ?", (id,)).fetchone()
    return _read_case.decode(row[0]) if row else None


def _ids(values: Sequence[object]) -> str:
    return _json.encode(values).decode()


def _insert(
    conn: sqlite3.Connection, head: str, rows: Sequence[Sequence[object]], tail: str = ""
) -> None:
    at, left = 0, len(rows)
    while left:
        count = min(1 << left.bit_length() - 1, _CHUNK)
        chunk = rows[at : at + count]
        flat = [value for row in chunk for value in row]
        conn.execute(_statement(head, len(rows[0]), count, tail), flat)
        at, left = at + count, left - count


@lru_cache(maxsize=256)
def _statement(head: str, width: int, count: int, tail: str) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{head} VALUES {', '.join([row] * count)}{tail}"
