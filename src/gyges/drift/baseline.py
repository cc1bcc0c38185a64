# SPDX-License-Identifier: Apache-2.0
"""What counts as unchanged: the first units of an agent, which never move, and units that somebody froze.

Numbers have no scale of their own: they are turned into their position among the quantiles of the reference, which
is a share. Bounds are 99 % for all streams together, each stream's being that much wider: a promise that is broken
by one baseline in a hundred streams is none. It keeps no sums.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift import bets, conformal
from gyges.drift.banded import mean_band, rate_band
from gyges.drift.words import Direction

Floats = NDArray[np.float64]
MISS = 0.01
"""The probability that any stream's bounds miss, over all streams of a reference."""
LEAST = 30
"""Values that a stream needs in a stratum before a reference says anything about it."""


class First:
    """Bounds of the means of the first `size` values of each stream in each stratum; then bets against them.

    The bounds are those of `banded.mean_band`, kept as running sums: nothing but six numbers a stream is stored.
    """

    def __init__(
        self, streams: int, direction: Direction, size: int, of: int, *, number: bool
    ) -> None:
        """`of` streams share MISS. The streams of a `number` learn once `adopt` has given them a scale."""
        self.direction, self.size, self.number = direction, size, number
        self.bets = len(bets.STAKES) * (2 if direction is Direction.BOTH else 1)
        self._log = math.log(2 * of / MISS)
        self._shape = streams
        self.edges = np.zeros((0, conformal.BINS - 1), dtype=np.float32)
        self._own = True  # whether nobody else holds the edges
        self.learning: dict[str, NDArray[np.float32]] = {}  # stratum -> (6, streams): see _learn
        self.bands: dict[str, NDArray[np.float32]] = {}  # stratum -> (2, streams); NaN: not known

    def lacks(self) -> bool:
        """Whether there are numbers that have no scale yet."""
        return self.number and (not len(self.edges) or bool(np.isnan(self.edges[:, 0]).any()))

    def adopt(self, edges: NDArray[Any]) -> None:
        """Take over the edges of numbers, (streams, BINS - 1), where they are known now; they stay for ever."""
        if not len(edges) or edges is self.edges:
            return
        if not len(self.edges):
            self.edges, self._own = np.full(edges.shape, np.nan, np.float32, order="F"), True
        new = np.isnan(self.edges[:, 0]) & ~np.isnan(edges[:, 0])
        if new.any():
            if not self._own:
                self.edges, self._own = self.edges.copy(order="F"), True
            self.edges[new] = edges[new]
        self.share(edges)

    def share(self, edges: NDArray[Any]) -> None:
        """Be one array in memory with the live part as long as both know the same: who forgets there copies first."""
        if edges.dtype == self.edges.dtype and np.array_equal(
            _known(edges), _known(self.edges), equal_nan=True
        ):
            self.edges, self._own = edges, False

    def factors(self, values: Floats, _u: Floats, stratum: str, /) -> NDArray[np.float32]:
        """Factors (bets, streams) at the ends of the bounds; NaN where they are not known: those streams learn."""
        if self.number:
            values = positions(values, self.edges)
        known = self.bands.get(stratum)
        if known is None:
            known = self.bands[stratum] = np.full((2, self._shape), np.nan, dtype=np.float32)
            self.learning[stratum] = np.zeros((6, self._shape), dtype=np.float32)
        made = share_factors(values, known[0], known[1], self.direction)
        if stratum in self.learning:
            self._learn(np.flatnonzero(np.isnan(known[0]) & ~np.isnan(values)), values, stratum)
        return made

    def _learn(self, rows: NDArray[np.intp], values: Floats, stratum: str) -> None:
        """Rows of the state: n, sum, sum of squares, sum of stake * x, of stakes, of what they pay."""
        state = self.learning[stratum][:, rows].astype(np.float64)
        n, total, square, won, staked, paid = state
        x = values[rows]
        before = (0.5 + total) / (n + 1)
        spread = (0.25 + square) / (n + 1)
        stake = np.minimum(np.sqrt(2 * self._log / (self.size * spread)), 0.5)
        paid += (x - before) ** 2 * (-np.log1p(-stake) - stake)
        won += stake * x
        staked += stake
        n += 1
        total += x
        square += (x - (0.5 + total) / (n + 1)) ** 2
        self.learning[stratum][:, rows] = state
        full = n >= self.size
        if full.any():
            centre, half = won / staked, (self._log + paid) / staked
            ends = np.clip(np.stack([centre - half, centre + half]), 0, 1)
            self.bands[stratum][:, rows[full]] = ends[:, full]
        if not np.isnan(self.bands[stratum]).any():
            del self.learning[stratum]

    def state(self) -> dict[str, NDArray[np.float32] | NDArray[np.int32]]:
        """All that it has learnt, as arrays by name."""
        bands = {f"bands {stratum}": found for stratum, found in self.bands.items()}
        learning = {f"learning {stratum}": found for stratum, found in self.learning.items()}
        return {"edges": self.edges, **bands, **learning}

    def restore(self, state: Mapping[str, NDArray[np.float32] | NDArray[np.int32]], /) -> None:
        """Take back what `state` gave."""
        kept = {name: np.array(found, dtype=np.float32) for name, found in state.items()}
        self.edges, self._own = np.asfortranarray(kept["edges"]), True
        self.bands = {n[6:]: found for n, found in kept.items() if n.startswith("bands ")}
        self.learning = {n[9:]: found for n, found in kept.items() if n.startswith("learning ")}


def share_factors(
    values: Floats, low: Floats | NDArray[np.float32], high: Floats | NDArray[np.float32],
    direction: Direction,
) -> NDArray[np.float32]:  # fmt: skip
    """1 + stake * (value - end of the band), shape (bets, streams), as `bets.stakes_of` has them."""
    stakes = np.array(bets.STAKES)[:, None]
    low = np.minimum(np.asarray(low, dtype=np.float64), 1 - bets.EDGE)
    high = np.maximum(np.asarray(high, dtype=np.float64), bets.EDGE)
    up = 1 + np.minimum(stakes, bets.CAP / high) * (values - high)
    down = 1 - np.minimum(stakes, bets.CAP / (1 - low)) * (values - low)
    chosen = {Direction.UP: [up], Direction.DOWN: [down], Direction.BOTH: [down, up]}[direction]
    return np.concatenate(chosen).astype(np.float32)


def positions(values: Floats, edges: NDArray[np.float32] | Floats) -> Floats:
    """Each number as the share of its edges, (streams, bins - 1), that lie below it; NaN where there are none."""
    if not len(edges):
        return np.full(len(values), np.nan)
    place = conformal.below(values, edges) / edges.shape[1]
    return np.where(np.isnan(values) | np.isnan(edges[:, 0]), np.nan, place)


def _known(edges: NDArray[np.float32]) -> NDArray[np.float32]:
    """The edges without those of streams that are still collecting them."""
    return np.where(np.isnan(edges[:, :1]), np.float32(np.nan), edges)


def freeze(
    values: Floats, strata: Sequence[str], *, number: bool, rates: bool, of: int
) -> tuple[dict[str, Floats], Floats]:
    """Bounds by stratum, (2, streams), NaN where the reference says too little, and the edges of numbers.

    `values` are (units, streams), oldest first; `of` streams share MISS. The first half of a number's values gives
    its edges, the second half its bounds; `rates` says that all values are 0 or 1.
    """
    edges = np.zeros((0, 0))
    if number:
        edges, values = _scaled(values)
    names = np.asarray(strata)
    confidence = 1 - MISS / (of * len(set(strata)))
    bands = {
        s: np.array([_bounds(v, confidence, rates=rates) for v in values[names == s].T]).T
        for s in dict.fromkeys(strata)
    }
    return bands, edges


def _scaled(values: Floats) -> tuple[Floats, Floats]:
    """Edges from the first half of each stream's values, and the second half as positions among them."""
    edges = np.full((values.shape[1], conformal.BINS - 1), np.nan)
    rest = values.copy()
    for stream, own in enumerate(values.T):
        seen = np.flatnonzero(~np.isnan(own))
        half = seen[: len(seen) // 2]
        if len(half) >= LEAST:
            edges[stream] = conformal.quantile_edges(own[half])
        rest[half, stream] = np.nan
    return edges, np.array([positions(row, edges) for row in rest])


def _bounds(values: Floats, confidence: float, *, rates: bool) -> tuple[float, float]:
    seen = values[~np.isnan(values)]
    if len(seen) < LEAST:
        return math.nan, math.nan
    if rates:
        return rate_band(int(seen.sum()), len(seen), confidence)
    return mean_band(seen, confidence)
