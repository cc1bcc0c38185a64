# SPDX-License-Identifier: Apache-2.0
"""What a verifier may read of the embedded log: checkpoint, tiles, entries, payloads, proofs.

Everything stays under the checkpoint that stands in the same database, so nothing is served that was
not signed and published. Hashes of full tiles never change, and are kept in memory between proofs.
It writes nothing and verifies nothing.
"""

import sqlite3
from collections.abc import Callable

from gyges.errors import BadProof
from gyges.ledger import entry as entries
from gyges.ledger.merkle import HASH_SIZE, Getter, consistency_proof, inclusion_proof
from gyges.ledger.tiles import (
    CHECKPOINT,
    ENTRIES,
    HEIGHT,
    WIDTH,
    getter,
    pack_entries,
    parse_tile_path,
)
from gyges.ledger.tree import hashes

PAYLOAD = "payload/"


def checkpoint(conn: sqlite3.Connection) -> bytes:
    """The signed note of the log as committed."""
    found: bytes = conn.execute("SELECT checkpoint FROM head").fetchone()[0]
    return found


def origin(conn: sqlite3.Connection) -> str:
    """The log's name, as its checkpoint has it."""
    return checkpoint(conn).split(b"\n", 1)[0].decode()


def size(conn: sqlite3.Connection) -> int:
    """How many entries the checkpoint covers."""
    found: int = conn.execute("SELECT size FROM head").fetchone()[0]
    return found


def entry(conn: sqlite3.Connection, index: int) -> bytes | None:
    """One leaf's bytes."""
    row = conn.execute("SELECT entry FROM events WHERE idx = ?", (_column(index),)).fetchone()
    return row[0] if row else None


def tile(conn: sqlite3.Connection, path: str) -> bytes | None:
    """The bytes of a tile or entry bundle, of any width that the log has reached by now."""
    try:
        asked = parse_tile_path(path)
    except BadProof:
        return None
    first = asked.index * WIDTH
    if asked.level == ENTRIES:
        rows = conn.execute(
            "SELECT entry FROM events WHERE idx >= ? AND idx < ? ORDER BY idx",
            (_column(first), _column(first + asked.width)),
        ).fetchall()
        return pack_entries([row[0] for row in rows]) if len(rows) == asked.width else None
    if asked.level * HEIGHT >= 63:
        return None
    found = hashes(conn, asked.level, _column(first), asked.width)
    return b"".join(found) if len(found) == asked.width else None


def payload(conn: sqlite3.Connection, index: int) -> bytes | None:
    """The exported form of a payload; None where there is none, or none any more."""
    row = conn.execute(
        "SELECT salt, body FROM payloads WHERE idx = ?", (_column(index),)
    ).fetchone()
    return entries.encode_payload(row[0], row[1]) if row else None


def read(conn: sqlite3.Connection, path: str) -> bytes | None:
    """The file that an exported log has at `path`: checkpoint, tile or payload."""
    if path == CHECKPOINT:
        return checkpoint(conn)
    if path.startswith(PAYLOAD):
        digits = path.removeprefix(PAYLOAD)
        plain = digits.isascii() and digits.isdecimal() and str(int(digits)) == digits
        return payload(conn, int(digits)) if plain else None
    return tile(conn, path)


class Proofs:
    """Proofs from stored hashes. Full tiles are kept from one proof to the next."""

    def __init__(self, ask: Callable[[str], bytes | None]) -> None:
        self._ask = ask
        self._full: dict[str, bytes] = {}
        self._get: tuple[int, Getter] | None = None

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """RFC 6962, section 2.1.1; `size` must be under the checkpoint."""
        return inclusion_proof(index, size, self._getter(size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """RFC 6962, section 2.1.2; `new` must be under the checkpoint."""
        return consistency_proof(old, new, self._getter(new))

    def _getter(self, size: int) -> Getter:
        if self._get is None or self._get[0] != size:
            self._get = size, getter(self._read, size)
        return self._get[1]

    def _read(self, path: str) -> bytes | None:
        found = self._full.get(path)
        if found is None:
            found = self._ask(path)
            if found is not None and len(found) == WIDTH * HASH_SIZE:
                if len(self._full) >= 256:
                    self._full.clear()
                self._full[path] = found
        return found


def _column(index: int) -> int:
    """An index that a column can be asked for; those that cannot be have no row either."""
    return max(-1, min(index, 2**63 - 1))
