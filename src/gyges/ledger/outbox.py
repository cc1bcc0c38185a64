# SPDX-License-Identifier: Apache-2.0
"""Deliveries in the embedded store: one row for each message that one channel owes one addressee.

A row is never made twice: its id names notice, channel and addressee. It sends nothing and decides no
time; it opens no transaction: `put` writes into the caller's.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from gyges.ports import Change, Delivery, DeliveryQuery

MOST = 1000

_json = msgspec.json.Encoder()
_delivery = msgspec.json.Decoder(Delivery)
_COLUMNS = 'id, channel, "case", token, due, done, body'


def put(conn: sqlite3.Connection, change: Change) -> None:
    """Write what `change` says about deliveries: new ones, then what became of others, then those to forget."""
    for made in change.deliveries:
        sql = f"INSERT INTO deliveries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        conn.execute(sql + " ON CONFLICT (id) DO NOTHING", _row(made))
    for tried in change.attempts:
        conn.execute(
            "UPDATE deliveries SET token = ?, due = ?, done = ?, body = ? WHERE id = ?",
            (tried.token, tried.due, tried.done, _json.encode(tried), tried.id),
        )
    conn.executemany("DELETE FROM deliveries WHERE id = ?", [(gone,) for gone in change.forgotten])


def deliveries(conn: sqlite3.Connection, query: DeliveryQuery) -> list[Delivery]:
    """See `ports.Store.deliveries`."""
    tests, values = _tests(query)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    order = "due, seq" if query.open or query.due else "seq"
    sql = f"SELECT body FROM deliveries{where} ORDER BY {order} LIMIT ?"  # noqa: S608
    limit = min(max(query.limit, 0), MOST)
    return [_delivery.decode(row[0]) for row in conn.execute(sql, [*values, limit])]


def _tests(query: DeliveryQuery) -> tuple[Sequence[str], Sequence[str | int]]:
    """Conditions and their values; the literal ones let SQLite use the partial indexes."""
    asked: list[tuple[str, str | int]] = [
        ("id = ?", query.id),
        ("channel = ?", query.channel),
        ('"case" = ?', query.case),
        ("token = ? AND token != ''", query.token),
        ("due <= ? AND due > 0", query.due),
        ("done <= ? AND done > 0", query.done),
    ]
    found = [(test, value) for test, value in asked if value]
    return [test for test, _ in found] + ["due > 0"] * query.open, [value for _, value in found]


def _row(delivery: Delivery) -> tuple[str | int | bytes, ...]:
    return (
        delivery.id, delivery.channel, delivery.case, delivery.token, delivery.due, delivery.done,
        _json.encode(delivery),
    )  # fmt: skip
