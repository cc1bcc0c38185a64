# SPDX-License-Identifier: Apache-2.0
"""Looks through cases for words, newest first, and counts what agents did. One window of rows at a time.

There is no index of words: it would keep what redaction must delete, and cost every decision a little. SQL
leaves out rows that cannot match, `matches` has the last word; the memory store knows only `matches`. A
window is small, so a long search lets other questions pass between two of them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from gyges.canon import Json
from gyges.case import Case
from gyges.errors import Malformed
from gyges.ledger.reads import read_cursor
from gyges.ports import CaseSearch, Tally

WINDOW = 4096  # rows that one statement looks at
MOST_LOOKED = 32  # windows of one search; it goes on from there
MOST_FOUND = 200
MOST_WORDS = 8
LONGEST = 200  # characters of a search text
MOST_AGENTS = 500

_case = msgspec.json.Decoder(Case)
_encode = msgspec.json.Encoder().encode


def words(text: str) -> tuple[bytes, ...]:
    """The words to look for, A-Z made small; raise `Malformed` for too many of them."""
    if len(text) > LONGEST:
        raise Malformed(f"a search of {len(text)} characters is over the limit of {LONGEST}")
    found = tuple(dict.fromkeys(word.encode("utf-8", "replace").lower() for word in text.split()))
    if len(found) > MOST_WORDS:
        raise Malformed(f"a search has at most {MOST_WORDS} words")
    return found


def matches(case: Case, query: CaseSearch) -> bool:
    """Whether `case` is looked for; the cursor and the limit are not its business."""
    action = case.action
    if not (
        (not query.states or case.state in query.states)
        and query.agent in ("", action.agent)
        and query.tool in ("", action.tool)
        and query.episode in ("", action.episode)
        and query.since <= case.created
        and (not query.until or case.created < query.until)
        and (not query.person or any(vote.person == query.person for vote in case.votes))
    ):
        return False
    wanted = words(query.text)
    if not wanted:
        return True
    said = "\n".join(_said(case)).encode("utf-8", "replace").lower()
    return all(word in said for word in wanted)


def bounds(conn: sqlite3.Connection, query: CaseSearch) -> tuple[int, int]:
    """Between which places, both included, cases of the asked time and after the cursor stand.

    Raise `Malformed` for a cursor of another list, and for a text that nobody would look for.
    """
    words(query.text)
    if query.since or query.until:
        sql = "SELECT min(seq), max(seq) FROM cases WHERE created >= ? AND created < ?"
        found = conn.execute(sql, (query.since, query.until or 2**63 - 1)).fetchone()
    else:
        found = conn.execute("SELECT 1, max(seq) FROM cases").fetchone()
    low, high = (found[0] or 1, found[1] or 0)
    after = read_cursor(query.after, by_risk=False)
    return low, min(high, -after[0] - 1) if after else high


def look(
    conn: sqlite3.Connection, query: CaseSearch, low: int, high: int, limit: int
) -> list[tuple[int, Case]]:
    """(place, case) of at most `limit` matches among the places `low` to `high`, newest first."""
    where, values = _tests(query)
    sql = f"SELECT seq, body FROM cases WHERE seq BETWEEN ? AND ?{where} ORDER BY seq DESC"  # noqa: S608
    found: list[tuple[int, Case]] = []
    for seq, body in conn.execute(sql, [low, high, *values]):
        case = _case.decode(body)
        if matches(case, query):
            found.append((seq, case))
            if len(found) == limit:
                break
    return found


def created(conn: sqlite3.Connection, seq: int) -> int:
    """When the case at this place, or the next newer one, was created; 0 for none."""
    sql = "SELECT created FROM cases WHERE seq >= ? ORDER BY seq LIMIT 1"
    row = conn.execute(sql, (seq,)).fetchone()
    return row[0] if row else 0


def tallies(conn: sqlite3.Connection, agent: str, latest: int) -> list[Tally]:
    """What each agent did, by name; `agent` names a single one."""
    return [_tally(conn, name, latest) for name in ([agent] if agent else list(_agents(conn)))]


def _tests(query: CaseSearch) -> tuple[str, list[str | bytes]]:
    """Tests that every match passes. Words are looked for as JSON spells them."""
    values: list[str | bytes] = []
    where = ""
    for name in ("episode", "agent", "tool"):
        if value := cast("str", getattr(query, name)):
            where += f" AND {name} = ?"
            values.append(value)
    if query.states:
        where += f" AND +state IN ({', '.join('?' * len(query.states))})"
        values += [state.value for state in query.states]
    if query.person:
        where += " AND instr(body, ?) > 0"
        values.append(b'"person":' + _encode(query.person))
    for word in words(query.text):
        where += " AND CAST(body AS TEXT) LIKE ? ESCAPE '!'"
        spelled = _encode(word.decode("utf-8", "replace"))[1:-1].decode()
        for char in "!%_":
            spelled = spelled.replace(char, f"!{char}")
        values.append(f"%{spelled}%")
    return where, values


def _said(case: Case) -> Iterator[str]:
    """All that agents, people and rules said in a case, and what names it."""
    action = case.action
    yield from (case.id, case.digest, case.reason, case.guidance)
    yield from (action.agent, action.tool, action.server, action.resource, action.episode)
    yield from (action.principal, action.purpose, action.edited_by)
    yield from _leaves(action.arguments)
    for excerpt in action.context:
        yield from (excerpt.source, excerpt.text)
    for vote in case.votes:
        yield from (vote.person, vote.group, vote.reason, vote.guidance)
    if case.outcome:
        yield case.outcome.summary


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value if isinstance(value, str) else _encode(value).decode()


def tally_of(agent: str, cases: Sequence[Case], total: int) -> Tally:
    """The tally of an agent whose newest cases these are, newest first."""
    counts: dict[str, dict[str, int]] = {}
    for case in cases:
        states = counts.setdefault(case.action.tool, {})
        states[case.state.value] = states.get(case.state.value, 0) + 1
    last = cases[0].created if cases else 0
    return Tally(agent=agent, total=total, last=last, counted=len(cases), counts=counts)


def _tally(conn: sqlite3.Connection, agent: str, latest: int) -> Tally:
    sql = "SELECT count(*), max(seq) FROM cases WHERE agent = ?"
    total, newest = conn.execute(sql, (agent,)).fetchone()
    sql = (
        "SELECT tool, state, count(*) FROM (SELECT tool, state FROM cases WHERE agent = ?"
        " ORDER BY seq DESC LIMIT ?) GROUP BY tool, state ORDER BY tool, state"
    )
    counts: dict[str, dict[str, int]] = {}
    for tool, state, count in conn.execute(sql, (agent, max(latest, 1))):
        counts.setdefault(tool, {})[state] = count
    counted = sum(sum(states.values()) for states in counts.values())
    last = created(conn, newest) if newest else 0
    return Tally(agent=agent, total=total, last=last, counted=counted, counts=counts)


def _agents(conn: sqlite3.Connection) -> Iterator[str]:
    """Every agent's name once, by jumping along the index."""
    name = ""
    for _ in range(MOST_AGENTS):
        row = conn.execute("SELECT min(agent) FROM cases WHERE agent > ?", (name,)).fetchone()
        if row[0] is None:
            return
        name = row[0]
        yield name
