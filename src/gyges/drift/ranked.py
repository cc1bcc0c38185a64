# SPDX-License-Identifier: Apache-2.0
"""Streams without a baseline: each value is ranked among those before it in its stratum, and the rank is bet on.

Shares, and events as 0 or 1, have bins that are known beforehand. The bins of a number are its quantiles among the
first `WARM` values; those are not ranked, since edges drawn from them would know too much. It keeps no sums.
"""

import numpy as np
from numpy.typing import NDArray

from gyges.drift import conformal
from gyges.drift.words import Direction

Floats = NDArray[np.float64]


class Ranked:
    """Counts by bin, (streams, bins) for each stratum, and what the bins are."""

    def __init__(self, numbers: NDArray[np.bool_], direction: Direction = Direction.BOTH) -> None:
        """`numbers` says which streams have no scale of their own, shape (streams,)."""
        self._steps = conformal.steps(direction, spread=bool(numbers.any()))
        self.bets = len(self._steps)
        self.edges = np.tile(conformal.share_edges(), (len(numbers), 1))
        self.edges[numbers] = np.nan
        self.counts: dict[str, NDArray[np.int32]] = {}
        self.warm: dict[int, list[float]] = {int(at): [] for at in np.flatnonzero(numbers)}

    def factors(self, values: Floats, u: Floats, stratum: str, /) -> NDArray[np.float32]:
        """Factors (bets, streams); 1 where a value is missing or its bins are not known yet."""
        seen = ~np.isnan(values)
        for at in [at for at in self.warm if seen[at]]:
            seen[at] = False
            self._warm(at, float(values[at]))
        made = np.ones((self.bets, len(values)), dtype=np.float32)
        rows = np.flatnonzero(seen)
        if len(rows):
            counts = self.counts.setdefault(stratum, self._empty())
            own = counts[rows]
            at = (values[rows, None] > self.edges[rows]).sum(axis=1)
            p = conformal.rank(own, at, u[rows])
            counts[rows] = own
            made[:, rows] = conformal.factors(p, self._steps)
        return made

    def ready(self) -> NDArray[np.bool_]:
        """Which streams bet already."""
        found = np.ones(len(self.edges), dtype=np.bool_)
        found[list(self.warm)] = False
        return found

    def _warm(self, at: int, value: float) -> None:
        kept = self.warm[at]
        kept.append(value)
        if len(kept) == conformal.WARM:
            self.edges[at] = conformal.quantile_edges(kept)
            del self.warm[at]

    def _empty(self) -> NDArray[np.int32]:
        return np.zeros((len(self.edges), self.edges.shape[1] + 1), dtype=np.int32)
