# SPDX-License-Identifier: Apache-2.0
"""Shiryaev-Roberts sums of betting factors: when to call a change, for one stream and for thousands.

    M_t = (M_{t-1} + 1) * L_t,   M_0 = 0;   alarm when the mean of M over the bets reaches c;   then M := 0

M_t - t is a supermartingale before a change, so the average run length is at least c, and the expected number
of false alarms by T, resets included, at most T / c (Shin, Ramdas, Rinaldo, E-detectors, NEJSDS 2024). It knows
nothing of where factors come from.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Unusable

CEILING = 1e30
"""Where a sum stops growing, so that nothing overflows between alarm and reset; far beyond any threshold."""


class Sum:
    """One stream, in plain Python: about a microsecond a step with seven bets."""

    __slots__ = ("_limit", "sums")

    def __init__(self, bets: int, threshold: float) -> None:
        """`bets` factors a step; alarm when their mean sum reaches `threshold`."""
        self._limit = _checked(threshold) * bets
        self.sums: list[float] = [0.0] * bets

    def step(self, factors: Sequence[float]) -> bool:
        """Whether this step alarms; if so the sums begin again at 0."""
        self.sums = sums = [(m + 1.0) * f for m, f in zip(self.sums, factors, strict=True)]
        if sum(sums) < self._limit:
            return False
        self.sums = [0.0] * len(sums)
        return True

    @property
    def evidence(self) -> float:
        """The mean sum, to compare with the threshold."""
        return sum(self.sums) / len(self.sums)


class Sums:
    """Many streams with the same number of bets: state is one float32 a bet, shape (bets, streams)."""

    __slots__ = ("_limits", "sums")

    def __init__(self, bets: int, thresholds: Sequence[float] | NDArray[np.float64]) -> None:
        """One threshold a stream."""
        for threshold in np.unique(np.asarray(thresholds, dtype=np.float64)):
            _checked(float(threshold))
        self._limits = (np.asarray(thresholds, dtype=np.float64) * bets).astype(np.float32)
        self.sums = np.zeros((bets, len(self._limits)), dtype=np.float32)

    def step(self, factors: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which streams alarm, given their factors, shape (bets, streams); these begin again at 0."""
        sums = self.sums
        sums += np.float32(1)
        sums *= factors
        np.minimum(sums, np.float32(CEILING), out=sums)
        rang: NDArray[np.bool_] = sums.sum(axis=0) >= self._limits
        if rang.any():
            sums[:, rang] = 0
        return rang

    @property
    def evidence(self) -> NDArray[np.float32]:
        """The mean sum of each stream."""
        found: NDArray[np.float32] = self.sums.mean(axis=0)
        return found


def _checked(threshold: float) -> float:
    if not 1 <= threshold < CEILING:
        raise Unusable(f"a threshold must be at least 1 and below {CEILING:g}, not {threshold}")
    return threshold
