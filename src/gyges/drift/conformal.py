# SPDX-License-Identifier: Apache-2.0
"""Bets without a baseline: smoothed conformal p-values, i.i.d. uniform as long as units are exchangeable.

    p_t = (#{i <= t: s_i > s_t} + U_t * #{i <= t: s_i = s_t}) / t          (t counts itself)

Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005), sections 2.3 and 7.1. A bet says
that a tail of p is hit `ratio` times as often as it should be. It is a constant: a bet may depend on past p-values,
never on past raw values. Values fall into bins with frozen edges; within a bin they are ties, which U breaks, so
resolution is all that is lost. `U` comes from the caller, so that a replay is exact. It keeps no sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Direction

Floats = NDArray[np.float64]
Counts = NDArray[Any]  # of int16 or int32
Step = tuple[int, float, float]
"""(view, tail, ratio): views are 0: p, small for large values; 1: 1 - p; 2: the nearer of both, twice."""

RATES: tuple[Step, ...] = (
    *((0, tail, ratio) for tail, ratio in ((0.005, 4.0), (0.02, 4.0), (0.02, 2.0), (0.02, 1.5))),
    *((0, tail, ratio) for tail, ratio in ((0.03, 1.5), (0.2, 2.0), (0.2, 1.5), (0.5, 1.25))),
    *((0, tail, ratio) for tail, ratio in ((0.2, 0.7), (0.02, 0.5))),
    *((1, tail, ratio) for tail, ratio in ((0.5, 1.25), (0.2, 1.5), (0.02, 2.0))),
    *((1, tail, ratio) for tail, ratio in ((0.2, 0.7), (0.02, 0.5))),
)
"""For events and shares. Most are in view 0, since what is counted is mostly rare."""
PLACES = ((0.005, 10.0), (0.02, 3.0), (0.1, 1.5), (0.2, 2.0), (0.3, 1.5), (0.4, 1.25), (0.5, 1.25))
SPREADS = ((0.05, 2.0), (0.1, 2.0), (0.2, 0.4), (0.3, 0.5))
NUMBERS: tuple[Step, ...] = (
    *((view, tail, ratio) for view in (0, 1) for tail, ratio in PLACES),
    *((2, tail, ratio) for tail, ratio in SPREADS),
)
"""For numbers: location, and spread. Both lists were chosen greedily by delay, on simulated streams that are not
among those reported: each further bet costs all others, by ln((n + 1) / n) of evidence.
"""
BINS = 64
GRID = 200
"""Cells of p: each tail, and half of each spread's, is so many 200ths."""
FINE = 4096
"""Cells of shares: none holds two edges."""
ROOM = np.iinfo(np.int16).max
"""How many units two bytes can count."""
WARM = BINS - 1
"""How many units of a number become the edges of its bins; bets begin after them."""


def steps(direction: Direction, *, spread: bool) -> list[Step]:
    """The bets of a direction: those for numbers if `spread`, else those for events and shares.

    A change of spread is looked for in both directions only.
    """
    bets = NUMBERS if spread else RATES
    if direction is Direction.BOTH:
        return list(bets)
    wanted = direction is Direction.UP
    return [bet for bet in bets if bet[0] < 2 and ((bet[0] == 0) == (bet[2] > 1)) == wanted]


def factors(p: Floats, bets: Sequence[Step]) -> NDArray[np.float32]:
    """Factors of p-values, shape (streams,) -> (bets, streams)."""
    cells = (p * GRID).astype(np.intp)
    made: NDArray[np.float32] = _table(tuple(bets)).take(cells, axis=1, mode="clip")
    return made


def mean_logs(p: Floats, wide: Floats, bets: Sequence[Step]) -> Floats:
    """The mean log of the factors over all p-values from p to p + wide, wide > 0: (streams,) -> (bets, streams)."""
    upto = _log_sums(tuple(bets))
    ends = np.stack([p, p + wide]) * GRID
    cells = np.minimum(ends.astype(np.intp), GRID - 1)
    at = upto[:, cells] + (ends - cells) * (upto[:, cells + 1] - upto[:, cells])
    found: Floats = (at[:, 1] - at[:, 0]) / (ends[1] - ends[0])
    return found


@dataclass(slots=True)
class Table:
    """How many values fell into each bin: `counts` (streams, bins), what they add up to (streams,), and which bins
    any stream fell into (bins,). In memory the streams of one bin lie side by side.
    """

    counts: Counts
    seen: NDArray[np.int32]
    used: NDArray[np.bool_]

    @classmethod
    def of(cls, counts: NDArray[Any]) -> "Table":
        """These counts, in two bytes each if there is room for one more in every stream, else in four."""
        seen = counts.sum(axis=1, dtype=np.int32)
        kind = np.int16 if seen.max(initial=0) < ROOM else np.int32
        return cls(np.array(counts, dtype=kind, order="F"), seen, np.asarray(counts.any(axis=0)))

    def rows(self, rows: NDArray[np.intp]) -> "Table":
        """A copy of these streams."""
        return Table(np.asfortranarray(self.counts[rows]), self.seen[rows], self.used)


def rank(table: Table, at: NDArray[np.intp], u: Floats) -> Floats:
    """p-values of one new value a stream, which fell into bin `at`; they are counted.

    What lies above is added up for all streams at once, bin by bin: the masks are all bits or none.
    """
    rows, kind = np.arange(len(at)), table.counts.dtype
    ties = table.counts[rows, at]
    ties += 1
    table.counts[rows, at] = ties
    table.seen += 1
    table.used[at] = True
    bins = np.flatnonzero(table.used)
    above = np.subtract(at.astype(kind), bins.astype(kind)[:, None])
    above >>= 8 * kind.itemsize - 1
    above &= table.counts.T if len(bins) == len(table.used) else table.counts.T[bins]
    p: Floats = u * ties
    p += np.add.reduce(above, axis=0, dtype=kind)
    p /= table.seen
    return p


def below(values: Floats, edges: NDArray[Any]) -> NDArray[np.intp]:
    """How many of its edges, (streams, edges), lie below each stream's value, which is rounded as they are."""
    with np.errstate(over="ignore"):
        rounded = values.astype(edges.dtype)
    found: NDArray[np.intp] = np.add.reduce(
        (rounded > edges.T).view(np.int8), axis=0, dtype=np.int8
    )
    return found.astype(np.intp)


def share_bins(values: Floats) -> NDArray[np.intp]:
    """`below` for values in [0, 1] and `share_edges`: a look-up, and one comparison."""
    base, edges = _shares()
    at: NDArray[np.intp] = base[(values * FINE).astype(np.intp)]
    return at + (values > edges[at])


def quantile_edges(values: Sequence[float] | Floats, bins: int = BINS) -> Floats:
    """Edges of about equally full bins, shape (bins - 1,); repeated where values repeat."""
    at = np.linspace(0, 1, bins + 1)[1:-1]
    edges: Floats = np.quantile(np.asarray(values, dtype=np.float64), at)
    return edges


def share_edges(bins: int = BINS) -> Floats:
    """Edges for values in [0, 1], shape (bins - 1,): 0 has a bin of its own, and bins are narrow near 0 and 1.

    They are equally wide on the arcsine scale, where shares of one size vary alike wherever they lie.
    """
    edges: Floats = np.sin(np.arange(bins - 1) / (bins - 1) * (np.pi / 2)) ** 2
    return edges


@lru_cache(maxsize=16)
def _table(bets: tuple[Step, ...]) -> NDArray[np.float32]:
    """The factors (bets, GRID) in each cell of p. No bet changes within one, so none earns anything by it."""
    p = (np.arange(GRID) + 0.5) / GRID
    views = (p, 1 - p, 2 * np.minimum(p, 1 - p))
    return np.array(
        [np.where(views[v] < b, r, (1 - r * b) / (1 - b)) for v, b, r in bets], dtype=np.float32
    )


@lru_cache(maxsize=16)
def _log_sums(bets: tuple[Step, ...]) -> Floats:
    """Logs of the factors, added up over the cells before each, (bets, GRID + 1)."""
    logs = np.log(_table(bets).astype(np.float64))
    return np.concatenate([np.zeros((len(bets), 1)), np.cumsum(logs, axis=1)], axis=1)


@lru_cache(maxsize=1)
def _shares() -> tuple[NDArray[np.intp], Floats]:
    """How many edges lie in the cells before each, and the edges, with one that nothing exceeds."""
    edges = share_edges()
    cells = np.bincount((edges * FINE).astype(np.intp), minlength=FINE + 1)
    return np.cumsum(cells) - cells, np.append(edges, np.inf)
