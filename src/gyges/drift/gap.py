# SPDX-License-Identifier: Apache-2.0
"""How large the gap between unwatched and watched is, with an interval that holds however often one looks.

    phi_i = (Y_i - m_{i-1}) * (Z_i / q - (1 - Z_i) / (1 - q))            unbiased for the gap, m the running mean
    mean(phi) +- sd * sqrt( 2 (n r^2 + 1) / (n^2 r^2) * ln( sqrt(n r^2 + 1) / alpha ) )

An asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, arXiv 2103.06476): its level is
reached as n grows; below `LEAST` units none is given. r sets where it is narrowest.
"""

import math
from dataclasses import dataclass

from gyges.drift.words import Unusable

LEAST = 30
"""Units below which an asymptotic interval would be a pretence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapNow:
    """Unwatched minus watched: estimate and interval as differences of rates, the rates, and units by arm."""

    gap: float
    low: float
    high: float
    unwatched: float
    watched: float
    n_unwatched: int
    n_watched: int
    alpha: float

    @property
    def excluded(self) -> float:
        """Gaps larger than this, either way, are excluded at this level: the bound of a null result."""
        return max(abs(self.low), abs(self.high))


class Gap:
    """The running estimate for one feature in one design."""

    __slots__ = ("_alpha", "_r2", "_share", "_sum", "_sum2", "counts", "sums")

    def __init__(self, share: float, alpha: float = 0.05, best_at: int = 1000) -> None:
        """`best_at` is about where the interval is narrowest, in units.

        Raises:
            Unusable: share or alpha is not in (0, 1), or `best_at` is below 1.
        """
        if not (0 < share < 1 and 0 < alpha < 1 and best_at >= 1):
            raise Unusable(f"gap: share {share}, alpha {alpha}, best_at {best_at}")
        self._share, self._alpha = share, alpha
        log = -2 * math.log(alpha)
        self._r2 = (log + math.log(log) + 1) / best_at
        self._sum = self._sum2 = 0.0
        self.counts = [0, 0]
        self.sums = [0.0, 0.0]

    def step(self, outcome: float, *, unwatched: bool) -> None:
        """Take one unit.

        Raises:
            Unusable: the outcome is not in [0, 1].
        """
        if not 0 <= outcome <= 1:
            raise Unusable(f"gap: an outcome must be in [0, 1], not {outcome}")
        n = sum(self.counts)
        mean = sum(self.sums) / n if n else 0.5
        sign = 1 / self._share if unwatched else -1 / (1 - self._share)
        phi = (outcome - mean) * sign
        self._sum += phi
        self._sum2 += phi * phi
        self.counts[unwatched] += 1
        self.sums[unwatched] += outcome

    def now(self) -> GapNow | None:
        """The gap as known now; None below 30 units or with an arm that is empty."""
        n = sum(self.counts)
        if n < LEAST or not all(self.counts):
            return None
        mean = self._sum / n
        variance = max(self._sum2 / n - mean * mean, 0.0)
        grown = n * self._r2 + 1
        half = math.sqrt(
            2 * grown / (n * n * self._r2) * math.log(math.sqrt(grown) / self._alpha) * variance
        )
        return GapNow(
            gap=mean, low=max(mean - half, -1.0), high=min(mean + half, 1.0),
            unwatched=self.sums[1] / self.counts[1], watched=self.sums[0] / self.counts[0],
            n_unwatched=self.counts[1], n_watched=self.counts[0], alpha=self._alpha,
        )  # fmt: skip
