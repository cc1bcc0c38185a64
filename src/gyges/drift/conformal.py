# SPDX-License-Identifier: Apache-2.0
"""Bets without a baseline: smoothed conformal p-values, i.i.d. uniform as long as units are exchangeable.

    p_t = (#{i <= t: s_i > s_t} + U_t * #{i <= t: s_i = s_t}) / t          (Vovk; t counts itself)

Bets are on p (large values come more or less often than they did), on 1 - p (small ones), and on both tails at
once (spread). They are constants: a bet may depend on past p-values, never on past raw values. Values fall into
bins with frozen edges; within a bin they are ties, which U breaks, so resolution is all that is lost. `U` comes
from the caller, so that a replay is exact. It keeps no sums.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Direction

Floats = NDArray[np.float64]

TAILS = (0.02, 0.05, 0.15, 0.5)
"""Where a tail begins that is bet on, as a share of p-values."""
RATIOS = (0.3, 0.6, 1.5, 2.5, 6.0)
"""How many times as often as before the tail is bet to be hit."""
BINS = 64
WARM = 500
"""How many units of a number freeze the edges of its bins; bets begin after them."""


def steps(direction: Direction, *, spread: bool) -> list[tuple[int, float, float]]:
    """(view, tail, ratio) of each bet; views are 0: p, 1: 1 - p, 2: the nearer of both, twice."""
    grid = [(b, r) for b in TAILS for r in RATIOS if r * b < 0.95]
    sides = {
        Direction.UP: [(0, True), (1, False)],
        Direction.DOWN: [(0, False), (1, True)],
        Direction.BOTH: [(0, True), (0, False), (1, True), (1, False)],
    }[direction]
    made = [(view, b, r) for view, more in sides for b, r in grid if (r > 1) == more]
    return made + [(2, b, r) for b, r in grid if spread]


def factors(p: Floats, bets: Sequence[tuple[int, float, float]]) -> NDArray[np.float32]:
    """Factors of p-values, shape (streams,) -> (bets, streams)."""
    views = np.stack([p, 1 - p, 2 * np.minimum(p, 1 - p)])
    view = np.array([v for v, _, _ in bets])
    tail = np.array([b for _, b, _ in bets])[:, None]
    hit = np.array([r for _, _, r in bets])[:, None]
    made: NDArray[np.float32] = np.where(views[view] < tail, hit, (1 - hit * tail) / (1 - tail))
    return made.astype(np.float32)


def rank(counts: NDArray[np.int32], at: NDArray[np.intp], u: Floats) -> Floats:
    """p-values of one new value a stream, which fell into bin `at`; they are counted. `counts`: (streams, bins)."""
    rows = np.arange(len(at))
    counts[rows, at] += 1
    upto = np.cumsum(counts, axis=1)
    total = upto[:, -1]
    ties = counts[rows, at]
    p: Floats = (total - upto[rows, at] + u * ties) / total
    return p


def quantile_edges(values: Sequence[float] | Floats, bins: int = BINS) -> Floats:
    """Edges of about equally full bins, shape (bins - 1,); repeated where values repeat."""
    at = np.linspace(0, 1, bins + 1)[1:-1]
    edges: Floats = np.quantile(np.asarray(values, dtype=np.float64), at)
    return edges


def share_edges(bins: int = BINS) -> Floats:
    """Edges for values in [0, 1]: 0 and 1 have bins of their own."""
    edges: Floats = np.linspace(0, 1, bins)[:-1]
    return edges
