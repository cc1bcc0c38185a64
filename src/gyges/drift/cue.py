# SPDX-License-Identifier: Apache-2.0
"""Watched against unwatched: evidence that a randomised cue changes behaviour, valid however often one looks.

    E_t = prod_i g_i(Z_i | Y_i) / P(Z_i),   mixed over bets;   alarm at E >= 1 / alpha

Z is the coin, known to fall on `unwatched` with probability q; g is any prediction of it from the outcome that was
made before. Where the cue changes nothing Z is independent of everything, so E is a martingale: no baseline, no
stationarity and no independence between units is needed, only the coin. Bets are odds ratios around the running
pooled rate. It estimates nothing (gap.py does) and knows one outcome at a time (predict.py takes all together).
"""

import math
from bisect import bisect_left, bisect_right, insort

from gyges.drift.words import Unusable

ODDS: tuple[float, ...] = tuple(
    math.exp(sign * step) for step in (0.2, 0.4, 0.8, 1.5) for sign in (1, -1)
)
CEILING = 1e300


class CueTest:
    """One behaviour feature in one design. Outcomes are in [0, 1]: an event or not, a share of a session."""

    __slots__ = ("_limit", "n", "peak", "pooled", "share", "wealth")

    def __init__(self, share: float, alpha: float = 0.05) -> None:
        """`share` is the coin's probability of `unwatched`; `alpha` the chance of ever alarming wrongly.

        Raises:
            Unusable: either is not in (0, 1).
        """
        if not (0 < share < 1 and 0 < alpha < 1):
            raise Unusable(f"cue test: share and alpha must be in (0, 1), not {share} and {alpha}")
        self.share = share
        self._limit = 1 / alpha
        self.wealth = [1.0] * len(ODDS)
        self.pooled = 0.5  # sum of outcomes, half an event ahead
        self.n = 0
        self.peak = 1.0

    def step(self, outcome: float, *, unwatched: bool) -> bool:
        """Take one unit; whether the evidence has ever reached 1 / alpha.

        Raises:
            Unusable: the outcome is not in [0, 1].
        """
        if not 0 <= outcome <= 1:
            raise Unusable(f"cue test: an outcome must be in [0, 1], not {outcome}")
        q, rate = self.share, self.pooled / (self.n + 1)
        self.wealth = [
            min(w * _factor(o, q, rate, outcome, unwatched=unwatched), CEILING)
            for w, o in zip(self.wealth, ODDS, strict=True)
        ]
        self.pooled += outcome
        self.n += 1
        self.peak = max(self.peak, self.evidence)
        return self.peak >= self._limit

    @property
    def evidence(self) -> float:
        """E now: 1 at the beginning, and in expectation for ever where the cue changes nothing."""
        return sum(self.wealth) / len(self.wealth)


def _factor(odds: float, q: float, rate: float, outcome: float, *, unwatched: bool) -> float:
    base = rate / (1 - rate)
    told, other = base * math.pow(odds, 1 - q), base * math.pow(odds, -q)
    a, b = told / (1 + told), other / (1 + other)
    hit = q * a / (q * a + (1 - q) * b)
    miss = q * (1 - a) / (q * (1 - a) + (1 - q) * (1 - b))
    chance = outcome * hit + (1 - outcome) * miss
    return chance / q if unwatched else (1 - chance) / (1 - q)


class PastRank:
    """Numbers as ranks among those before them, in [0, 1]: what a cue test can bet on without a scale."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        """Nothing has been seen."""
        self._kept: list[float] = []

    def step(self, value: float) -> float:
        """The share of earlier values below this one, ties half; 1/2 for the first."""
        if not math.isfinite(value):
            raise Unusable(f"cue test: {value} is not a number to rank")
        low, high = bisect_left(self._kept, value), bisect_right(self._kept, value)
        rank = (low + high) / (2 * len(self._kept)) if self._kept else 0.5
        insort(self._kept, value)
        return rank
