# SPDX-License-Identifier: Apache-2.0
"""Bets without a baseline: smoothed conformal p-values, i.i.d. uniform as long as units are exchangeable.

    p_t = (#{i <= t: s_i > s_t} + U_t * #{i <= t: s_i = s_t}) / t          (t counts itself)

Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World (2005), sections 2.3 and 7.1. A bet says
that a tail of p is hit `ratio` times as often as it should be. It is a constant: a bet may depend on past p-values,
never on past raw values. Values fall into bins with frozen edges; within a bin they are ties, which U breaks, so
resolution is all that is lost. `U` comes from the caller, so that a replay is exact. It keeps no sums.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Direction

Floats = NDArray[np.float64]
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
    cuts, table = _table(tuple(bets))
    made: NDArray[np.float32] = table.take(np.searchsorted(cuts, p, side="right"), axis=1)
    return made


def rank(counts: NDArray[np.int32], at: NDArray[np.intp], u: Floats) -> Floats:
    """p-values of one new value a stream, which fell into bin `at`; they are counted. `counts`: (streams, bins)."""
    rows = np.arange(len(at))
    counts[rows, at] += 1
    bins = np.arange(len(counts[0]))
    above = np.einsum("ij,ij->i", counts, bins > at[:, None])
    p: Floats = (above + u * counts[rows, at]) / counts.sum(axis=1)
    return p


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
def _table(bets: tuple[Step, ...]) -> tuple[Floats, NDArray[np.float32]]:
    """Where p is cut into cells within which no bet changes, and the factors (bets, cells) there."""
    cuts = np.array(sorted({cut for view, tail, _ in bets for cut in _ends(view, tail)}))
    edges = np.concatenate([[0.0], cuts, [1.0]])
    p = (edges[1:] + edges[:-1]) / 2
    views = (p, 1 - p, 2 * np.minimum(p, 1 - p))
    rows = [np.where(views[v] < b, r, (1 - r * b) / (1 - b)) for v, b, r in bets]
    return cuts, np.array(rows, dtype=np.float32)


def _ends(view: int, tail: float) -> list[float]:
    return [[tail], [1 - tail], [tail / 2, 1 - tail / 2]][view]
