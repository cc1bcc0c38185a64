# SPDX-License-Identifier: Apache-2.0
"""A store of an earlier version is brought up to date when a gate opens it, with all that it holds."""

import sqlite3
from pathlib import Path

import pytest

from gyges.episode import Kind
from gyges.errors import Misconfigured
from gyges.ledger import checkpoint as checkpoints
from gyges.ledger import schema
from gyges.ledger.checkpoint import Checkpoint
from gyges.ledger.merkle import EMPTY_ROOT
from gyges.ledger.sqlite import SqliteStore
from gyges.ledger.sqlite_reader import SqliteReader
from gyges.ports import CaseQuery, EventQuery
from tests.ledger.store_files import opened
from tests.ledger.store_words import NOW, ORIGIN, SIGNER, a_case, a_change, promised
from tests.ledger.suite_people import a_person, people


def shape(file: Path) -> list[tuple[str, str]]:
    """Tables and indexes, by name."""
    with sqlite3.connect(file) as conn:
        found = conn.execute("SELECT name, tbl_name FROM sqlite_schema WHERE sql IS NOT NULL")
        return sorted(found)


def version_of(file: Path) -> int:
    """The version that the file says it has."""
    conn = sqlite3.connect(file)
    found: int = conn.execute("PRAGMA user_version").fetchone()[0]
    conn.close()
    return found


def first_version(file: Path) -> None:
    """An empty store as version 1 made it."""
    conn = sqlite3.connect(file, isolation_level=None)
    conn.executescript(schema.TABLES)
    conn.execute(f"PRAGMA application_id={schema.APPLICATION}")
    conn.execute("PRAGMA user_version=1")
    promise = Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT)
    note = checkpoints.sign(promise, [SIGNER])
    conn.execute("INSERT INTO head VALUES (1, 0, x'', ?)", (note,))
    conn.close()


async def with_a_case(file: Path) -> SqliteStore:
    """A store of version 1 in which a case was written, opened by today's software."""
    first_version(file)
    store = await opened(file)
    await store.record(a_change(a_case("c-old")))
    await store.close()
    return await opened(file)


async def test_an_older_store_gets_what_it_lacks(tmp_path: Path) -> None:
    """Afterwards it has the shape of a new one, and takes people."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    store = await with_a_case(old)
    await store.record(people(a_person()))
    assert await store.person("alice") is not None
    assert (await store.cases(CaseQuery())).cases[0].id == "c-old"
    assert (await promised(store)).size == 1
    await store.close()
    await (await opened(new)).close()
    assert shape(old) == shape(new)
    assert version_of(old) == schema.VERSION


async def test_what_was_written_by_the_first_version_is_kept(tmp_path: Path) -> None:
    """Cases and log of a file that never knew people: there, found by time as well, and still proved."""
    file = tmp_path / "gyges.db"
    store = await opened(file)
    await store.record(a_change(a_case("c-1"), a_case("c-2")))
    root = (await promised(store)).root
    await store.close()
    strip(file)
    store = await opened(file)
    assert [case.id for case in (await store.cases(CaseQuery())).cases] == ["c-2", "c-1"]
    found = await store.events(EventQuery(kinds=(Kind.PROPOSED,), since=NOW))
    assert len(found) == 2
    assert (await promised(store)).root == root
    await store.close()


def strip(file: Path) -> None:
    """Take away all that came after version 1."""
    conn = sqlite3.connect(file, isolation_level=None)
    plain = sqlite3.connect(":memory:", isolation_level=None)
    plain.executescript(schema.TABLES)
    kept = {row[0] for row in plain.execute("SELECT name FROM sqlite_schema")}
    made = "SELECT type, name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type"
    for kind, name in conn.execute(made).fetchall():
        if name not in kept and name != "sqlite_sequence":
            conn.execute(f"DROP {kind} IF EXISTS {name}")
    for (table,) in plain.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        before = {row[1] for row in plain.execute(f"PRAGMA table_info({table})")}
        for row in conn.execute(f"PRAGMA table_info({table})").fetchall():
            if row[1] not in before:
                conn.execute(f"ALTER TABLE {table} DROP COLUMN {row[1]}")
    conn.execute("PRAGMA user_version=1")
    plain.close()
    conn.close()


async def test_half_a_migration_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a step fails the file is as it was, and the next start tries again."""
    file = tmp_path / "gyges.db"
    first_version(file)
    before = shape(file)
    last = max(schema.ADDED)
    broken = {**schema.ADDED, last: schema.ADDED[last] + "CREATE TABLE cases (x);"}
    monkeypatch.setattr(schema, "ADDED", broken)
    with pytest.raises(Exception, match="cases"):
        await opened(file)
    assert (shape(file), version_of(file)) == (before, 1)
    monkeypatch.undo()
    await (await opened(file)).close()
    assert version_of(file) == schema.VERSION


async def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    """Older software does not touch what it does not know."""
    file = tmp_path / "gyges.db"
    await (await opened(file)).close()
    conn = sqlite3.connect(file, isolation_level=None)
    conn.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    conn.close()
    with pytest.raises(Misconfigured, match="newer"):
        await opened(file)
    assert version_of(file) == schema.VERSION + 1


async def test_who_only_looks_changes_nothing(tmp_path: Path) -> None:
    """A reader of an older file says so; the gate has to be started first."""
    file = tmp_path / "gyges.db"
    first_version(file)
    with pytest.raises(Misconfigured, match="older"):
        await SqliteReader.look_at(file)
    assert version_of(file) == 1


def test_every_version_has_its_step() -> None:
    """From the second to today's, none left out."""
    assert list(schema.ADDED) == list(range(2, schema.VERSION + 1))
