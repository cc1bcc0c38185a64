# SPDX-License-Identifier: Apache-2.0
"""Every question the gate asks of the embedded store, over one read connection. No writing, no waiting.

Lists are paged by place, never by offset: a cursor says after which row to go on, so pages neither
skip nor repeat a case when new ones come in.
"""

import base64
import binascii
import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec

from gyges.case import Case, State
from gyges.episode import Recorded, Running
from gyges.errors import Malformed
from gyges.ledger import rows
from gyges.ledger.seal import unseal
from gyges.ledger.tiles import WIDTH
from gyges.ports import CaseQuery, EventQuery, Idempotency, Notice, Page
from gyges.principal import Key
from gyges.standing import Grant, Stop

MOST_CASES = 500
MOST_EVENTS = 10_000

Place: TypeAlias = tuple[int, ...]
"""Where a row stands in its list: (-seq,) newest first, (-risk, due, seq) by risk."""

_case = msgspec.json.Decoder(Case)
_grant = msgspec.json.Decoder(Grant)
_stop = msgspec.json.Decoder(Stop)
_key = msgspec.json.Decoder(Key)
_notice = msgspec.json.Decoder(Notice)


def case(conn: sqlite3.Connection, id: str) -> Case | None:
    """One case by its id."""
    row = conn.execute("SELECT body FROM cases WHERE id = ?", (id,)).fetchone()
    return _case.decode(row[0]) if row else None


def idempotency(conn: sqlite3.Connection, agent: str, key: str) -> Idempotency | None:
    """What an agent's idempotency key is bound to."""
    sql = 'SELECT digest, "case" FROM idempotency WHERE agent = ? AND key = ?'
    row = conn.execute(sql, (agent, key)).fetchone()
    return Idempotency(agent=agent, key=key, digest=row[0], case=row[1]) if row else None


def due(conn: sqlite3.Connection, now: int, limit: int) -> list[Case]:
    """Cases whose time has come."""
    sql = "SELECT body FROM cases WHERE next_at > 0 AND next_at <= ? ORDER BY next_at, seq LIMIT ?"
    return [_case.decode(row[0]) for row in conn.execute(sql, (now, max(limit, 0)))]


def next_due(conn: sqlite3.Connection) -> int:
    """When the time of the next case or episode comes; 0 for never."""
    cases = "SELECT next_at FROM cases WHERE next_at > 0 ORDER BY next_at LIMIT 1"
    episodes = "SELECT due FROM episodes ORDER BY due LIMIT 1"
    found = (conn.execute(sql).fetchone() for sql in (cases, episodes))
    return min((row[0] for row in found if row), default=0)


def idle(conn: sqlite3.Connection, now: int, limit: int) -> list[Running]:
    """Running episodes whose time has come."""
    sql = "SELECT agent, id, due FROM episodes WHERE due <= ? ORDER BY due, agent, id LIMIT ?"
    found = conn.execute(sql, (now, max(limit, 0)))
    return [Running(agent=agent, id=name, due=due) for agent, name, due in found]


def grant(conn: sqlite3.Connection, id: str) -> Grant | None:
    """One standing grant by its id."""
    row = conn.execute("SELECT body FROM grants WHERE id = ?", (id,)).fetchone()
    return _grant.decode(row[0]) if row else None


def grants(conn: sqlite3.Connection, agent: str, tool: str) -> list[Grant]:
    """Standing grants in the order in which they were made; empty arguments do not filter."""
    where = [f"{name} = ?" for name, value in (("agent", agent), ("tool", tool)) if value]
    sql = "SELECT body FROM grants" + _where(where) + " ORDER BY seq"  # noqa: S608
    return [_grant.decode(row[0]) for row in conn.execute(sql, [v for v in (agent, tool) if v])]


def stops(conn: sqlite3.Connection) -> list[Stop]:
    """Kill switches that are on, by scope."""
    return [_stop.decode(row[0]) for row in conn.execute("SELECT body FROM stops ORDER BY scope")]


def key_by_hash(conn: sqlite3.Connection, hash: str) -> Key | None:
    """The key whose secret has this digest."""
    row = conn.execute("SELECT body FROM keys WHERE hash = ?", (hash,)).fetchone()
    return _key.decode(row[0]) if row else None


def keys(conn: sqlite3.Connection) -> list[Key]:
    """All keys in the order in which they were enrolled."""
    return [_key.decode(row[0]) for row in conn.execute("SELECT body FROM keys ORDER BY seq")]


def claimed(conn: sqlite3.Connection, name: str) -> bool:
    """Whether a name was claimed."""
    return conn.execute("SELECT 1 FROM claims WHERE name = ?", (name,)).fetchone() is not None


def notices(conn: sqlite3.Connection, limit: int) -> list[Notice]:
    """Notices that nobody delivered yet."""
    sql = "SELECT body FROM notices ORDER BY seq LIMIT ?"
    return [_notice.decode(row[0]) for row in conn.execute(sql, (max(limit, 0),))]


def cases(conn: sqlite3.Connection, query: CaseQuery) -> Page:
    """One page of cases; raise `Malformed` for a cursor of another list."""
    limit = min(max(query.limit, 1), MOST_CASES)
    after = read_cursor(query.after, by_risk=query.by_risk)
    states: Sequence[State | None] = tuple(dict.fromkeys(query.states)) or (None,)
    parts = [_cases(conn, query, state, after, limit + 1) for state in states]
    found = list(heapq.merge(*parts)) if len(parts) > 1 else parts[0]
    page = found[:limit]
    more = make_cursor(page[-1][0]) if len(found) > limit else ""
    return Page(cases=tuple(_case.decode(body) for _, body in page), next=more)


def _cases(
    conn: sqlite3.Connection, query: CaseQuery, state: State | None, after: Place, limit: int
) -> list[tuple[Place, bytes]]:
    """The next rows of one state (or of any), each with its place."""
    names = ("digest", "episode", "agent", "tool")
    filters = {name: getattr(query, name) for name in names if getattr(query, name)}
    where = [f"{name} = ?" for name in _led(filters, state)]
    if "episode" in filters:
        where.append("episode != ''")  # the condition of its index, which SQLite does not infer
    values: list[str | int] = list(filters.values())
    if state is not None:
        # Written out, so that the index of waiting cases alone can be used.
        where.append(f"{'+' if _index(filters, state) != 'state' else ''}state = '{state.value}'")
    if after:
        where.append("risk <= ? AND (-risk, due, seq) > (?, ?, ?)" if query.by_risk else "seq < ?")
        values += (-after[0], *after) if query.by_risk else (-after[0],)
    inbox = query.by_risk and state is State.WAITING and _index(filters, state) == "state"
    source = "cases INDEXED BY cases_inbox" if inbox else "cases"
    order = "risk DESC, due, seq" if query.by_risk else "seq DESC"
    sql = f"SELECT risk, due, seq, body FROM {source}{_where(where)} ORDER BY {order} LIMIT ?"  # noqa: S608
    found = conn.execute(sql, [*values, limit])
    if query.by_risk:
        return [((-risk, due, seq), body) for risk, due, seq, body in found]
    return [((-seq,), body) for _, _, seq, body in found]


def _index(filters: dict[str, str], state: State | None) -> str:
    """The column whose index leads: the one that leaves fewest rows."""
    for name in ("digest", "episode"):
        if name in filters:
            return name
    if state in rows.UNDERWAY:
        return "state"
    for name in ("agent", "tool"):
        if name in filters:
            return name
    return "state"


def _led(filters: dict[str, str], state: State | None) -> Iterator[str]:
    """Filter columns; a plus keeps SQLite from using the index of any but the leading one."""
    leading = _index(filters, state)
    for name in filters:
        yield name if name == leading else f"+{name}"


def make_cursor(place: Place) -> str:
    """An opaque text for a place."""
    text = ":".join(str(part) for part in place)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, *, by_risk: bool) -> Place:
    """The inverse; () for none. Raise `Malformed` unless `make_cursor` gives this text back."""
    if not text:
        return ()
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        place = tuple(int(part) for part in raw.split(":"))
    except (ValueError, binascii.Error):
        raise Malformed("not a cursor of this list") from None
    if make_cursor(place) != text or len(place) != (3 if by_risk else 1):
        raise Malformed("not a cursor of this list")
    if any(abs(part) >= 2**63 for part in place):
        raise Malformed("not a cursor of this list")
    return place


def events(conn: sqlite3.Connection, query: EventQuery) -> list[Recorded]:
    """Recorded events that match, by index."""
    limit = min(max(query.limit, 1), MOST_EVENTS)
    kinds: Sequence[str | None] = tuple(dict.fromkeys(query.kinds)) or (None,)
    parts = [_events(conn, query, kind, limit) for kind in kinds]
    found = heapq.merge(*parts, key=lambda event: event.index) if len(parts) > 1 else parts[0]
    return list(found)[-limit:] if query.latest else list(found)[:limit]


def _events(
    conn: sqlite3.Connection, query: EventQuery, kind: str | None, limit: int
) -> list[Recorded]:
    names = ("subject", "episode", "agent")
    filters = [(name, getattr(query, name)) for name in names if getattr(query, name)]
    if kind is not None:
        filters.append(("kind", kind))
    where = [f"{'+' if place else ''}e.{name} = ?" for place, (name, _) in enumerate(filters)]
    values: list[str | int] = [value for _, value in filters]
    by_kind = bool(filters) and filters[0][0] == "kind"
    low, high = _bounds(conn, query) if by_kind or not filters else (query.first, None)
    if filters and filters[0][0] != "kind":
        where.append(f"e.{filters[0][0]} != ''")  # the condition of its index, if it has one
    where.append("e.idx >= ?")
    values.append(low)
    if high is not None:
        where.append("e.idx < ?")
        values.append(high)
    for test, moment in (("e.at >= ?", query.since), ("e.at < ?", query.until)):
        if moment:
            where.append(test)
            values.append(moment)
    sql = (
        "SELECT e.idx, e.entry, e.agent, e.episode, p.salt, p.body"  # noqa: S608
        f" FROM events AS e LEFT JOIN payloads AS p ON p.idx = e.idx{_where(where)}"
        f" ORDER BY e.idx {'DESC' if query.latest else 'ASC'} LIMIT ?"
    )
    found = conn.execute(sql, [*values, limit]).fetchall()
    return [unseal(*row) for row in (reversed(found) if query.latest else found)]


def _bounds(conn: sqlite3.Connection, query: EventQuery) -> tuple[int, int | None]:
    """Between which indices events of the asked time can be, by the tiles' spans."""
    if not query.since and not query.until:
        return query.first, None
    until = query.until or 2**63 - 1
    sql = "SELECT min(tile), max(tile), (SELECT max(tile) FROM spans) FROM spans WHERE high >= ? AND low < ?"
    first, last, full = conn.execute(sql, (query.since, until)).fetchone()
    rest = 0 if full is None else (full + 1) * WIDTH
    low = rest if first is None else first * WIDTH
    sql = "SELECT 1 FROM events WHERE idx >= ? AND at >= ? AND at < ? LIMIT 1"
    in_rest = conn.execute(sql, (rest, query.since, until)).fetchone() is not None
    high = None if in_rest else (rest if last is None else (last + 1) * WIDTH)
    return max(query.first, low), high


def _where(tests: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(tests)}" if tests else ""
