# SPDX-License-Identifier: Apache-2.0
"""What the gate asks at every decision costs the same however long the log is: each question has its index."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gyges.case import State
from gyges.episode import Kind
from gyges.ledger import reads, schema
from gyges.ports import CaseQuery, EventQuery

Question = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """The tables, empty: plans are made from indexes alone."""
    file = Path(tmp_path_factory.mktemp("reads") / "gyges.db")
    file.touch()
    made = schema.connect(file, write=True)
    schema.create(made)
    return made


def plans(conn: sqlite3.Connection, question: Question) -> list[str]:
    """How SQLite goes about every statement that the question comes to."""
    asked: list[str] = []
    conn.set_trace_callback(asked.append)
    question(conn)
    conn.set_trace_callback(None)
    steps = [conn.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked]
    return [step[3] for rows in steps for step in rows]


BY_NAME: dict[str, Question] = {
    "case": lambda c: reads.case(c, "c-1"),
    "idempotency": lambda c: reads.idempotency(c, "a", "k"),
    "grant": lambda c: reads.grant(c, "g-1"),
    "grants of an agent": lambda c: reads.grants(c, "a", "t"),
    "key": lambda c: reads.key_by_hash(c, "h"),
    "claim": lambda c: reads.claimed(c, "n"),
    "due": lambda c: reads.due(c, 1, 10),
    "next due": reads.next_due,
    "idle": lambda c: reads.idle(c, 1, 10),
}


@pytest.mark.parametrize("question", BY_NAME.values(), ids=BY_NAME.keys())
def test_a_point_read_never_scans(conn: sqlite3.Connection, question: Question) -> None:
    """One search each, by a key or an index that leaves only what is asked for."""
    steps = plans(conn, question)
    assert steps
    for step in steps:
        first = "cases_next" in step or "episodes_due" in step  # read off an index, from its start
        assert step.startswith("SEARCH") or first or "TEMP B-TREE" in step, step
        assert not step.startswith("SCAN") or first, step


QUERIES = [
    CaseQuery(states=states, agent=agent, tool=tool, episode=episode, digest=digest)
    for states in ((), (State.WAITING,), (State.DONE, State.DENIED))
    for agent in ("", "a")
    for tool in ("", "t")
    for episode in ("", "e")
    for digest in ("", "d")
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_newest_first_needs_no_sorting(conn: sqlite3.Connection, query: CaseQuery) -> None:
    """A page is read off an index in its order, whatever the filters: nothing is sorted first."""
    steps = plans(conn, lambda c: reads.cases(c, query))
    assert steps
    for step in steps:
        assert "TEMP B-TREE" not in step, step
        assert step.startswith("SEARCH" if query != CaseQuery() else "SCAN cases"), step


def test_the_inbox_has_an_index_of_its_own(conn: sqlite3.Connection) -> None:
    """Waiting cases by risk and deadline come in order, alone and for one tool."""
    for tool in ("", "pay"):
        for after in ("", reads.make_cursor((-5, 100, 3))):
            query = CaseQuery(states=(State.WAITING,), by_risk=True, tool=tool, after=after)
            (step,) = plans(conn, lambda c, query=query: reads.cases(c, query))  # type: ignore[misc]
            assert "cases_inbox" in step
            assert step.startswith("SEARCH" if after else "SCAN cases"), step


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (EventQuery(subject="c-1"), "events_subject"),
        (EventQuery(agent="a"), "events_agent"),
        (EventQuery(agent="a", episode="e"), "events_episode"),
        (EventQuery(kinds=(Kind.POLICY_LOADED,)), "events_kind"),
        (EventQuery(kinds=(Kind.DONE,), subject="c-1", first=5), "events_subject"),
        (EventQuery(first=7), "INTEGER PRIMARY KEY"),
    ],
)
def test_events_are_found_by_index(conn: sqlite3.Connection, query: EventQuery, index: str) -> None:
    """Subject, episode, agent and kind each lead to their events, in the order of the log."""
    steps = plans(conn, lambda c: reads.events(c, query))
    assert index in steps[0]
    assert not any("TEMP B-TREE" in step for step in steps)
