# SPDX-License-Identifier: Apache-2.0
"""The growing end of the log: what must be kept in memory to add leaves, and how it is stored.

A `Tree` is a value: staging makes the next one, and only a commit puts it in force. It signs nothing.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from gyges.errors import BadProof
from gyges.ledger.merkle import HASH_SIZE, Frontier, Node, frontier_at
from gyges.ledger.seal import Sealed
from gyges.ledger.tiles import HEIGHT, WIDTH

EMPTY_SPAN = (2**63 - 1, 0)


@dataclass(frozen=True, slots=True)
class Tree:
    """The right edge, and the earliest and latest time in the tile that is being filled."""

    frontier: Frontier = field(default_factory=Frontier)
    span: tuple[int, int] = EMPTY_SPAN

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self.frontier.size


@dataclass(frozen=True, slots=True)
class Growth:
    """What new leaves add: the tree they make, tile hashes above level 0, spans of full tiles."""

    tree: Tree
    nodes: list[Node]  # level in tile levels: 8 -> first level above the leaves
    spans: list[tuple[int, int, int]]  # (tile, low, high)


def grow(tree: Tree, sealed: Sequence[Sealed]) -> Growth:
    """The tree with these leaves added."""
    frontier, made = tree.frontier.extend([leaf.leaf for leaf in sealed])
    kept = [node for node in made if node[0] and not node[0] % HEIGHT]
    low, high = tree.span
    spans: list[tuple[int, int, int]] = []
    index = tree.size
    for leaf in sealed:
        at = leaf.event.at
        low, high = min(low, at), max(high, at)
        index += 1
        if not index % WIDTH:
            spans.append((index // WIDTH - 1, low, high))
            low, high = EMPTY_SPAN
    return Growth(Tree(frontier, (low, high)), kept, spans)


def load(conn: sqlite3.Connection) -> Tree:
    """The tree as stored; raise `BadProof` if its parts contradict each other.

    Costs a few reads whatever the size: it checks the right edge, not every leaf (`verify` does).
    """
    size, edge = conn.execute("SELECT size, edge FROM head").fetchone()
    cut = tuple(edge[at : at + HASH_SIZE] for at in range(0, len(edge), HASH_SIZE))
    frontier = Frontier(size, cut)
    last = conn.execute("SELECT max(idx) FROM events").fetchone()[0]
    if (last if last is not None else -1) != size - 1:
        raise BadProof(f"the log says that it has {size} entries, but its last is {last}")
    if frontier_at(size, lambda level, index: subtree(conn, level, index)) != frontier:
        raise BadProof(f"the stored edge of the tree of {size} does not fit its entries")
    start = size - size % WIDTH
    low, high = conn.execute(
        "SELECT min(at), max(at) FROM events WHERE idx >= ?", (start,)
    ).fetchone()
    return Tree(frontier, EMPTY_SPAN if low is None else (low, high))


def subtree(conn: sqlite3.Connection, level: int, index: int) -> bytes:
    """The hash of a complete subtree, from the nearest stored level below it."""
    row, above = divmod(level, HEIGHT)
    first = index << above
    found = hashes(conn, row, first, 1 << above)
    if len(found) != 1 << above:
        raise BadProof(f"the hashes under the subtree ({level}, {index}) are not all stored")
    return found[0] if not above else Frontier().extend(found)[0].root()


def hashes(conn: sqlite3.Connection, row: int, first: int, count: int) -> list[bytes]:
    """Up to `count` hashes from `first` of tile level `row`, fewer where the log ends."""
    if row == 0:
        sql = "SELECT hash FROM events WHERE idx >= ? AND idx < ? ORDER BY idx"
        rows = conn.execute(sql, (first, first + count)).fetchall()
    else:
        sql = "SELECT hash FROM nodes WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        rows = conn.execute(sql, (row * HEIGHT, first, first + count)).fetchall()
    return [row[0] for row in rows]
