# SPDX-License-Identifier: Apache-2.0
"""Watched against unwatched: evidence that a randomised cue changes behaviour, valid however often one looks.

    E_t = prod_i g_i(Z_i | Y_i) / P(Z_i),   mixed over bets;   alarm at E >= 1 / alpha

Z is the coin, known to fall on `unwatched` with probability q; g is any prediction of it from the outcome that was
made before. Where the cue changes nothing Z is independent of everything, so E is a martingale: no baseline, no
stationarity and no independence between units is needed, only the coin. Bets are odds ratios around the running
pooled rate, and one that never bets. After each unit a little of the money is dealt out again by the first
weights (fixed share: Herbster, Warmuth, Tracking the best expert, 1998), which costs next to nothing and lets a
gap that begins late be found. It estimates nothing (gap.py does) and takes each outcome alone (predict.py takes
all together).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Direction, Unusable

Floats = NDArray[np.float64]
Arms = bool | NDArray[np.bool_]

STEPS = (0.2, 0.4, 0.8, 1.5, -0.2, -0.4, -0.8, -1.5)
"""Logarithms of the odds ratios, unwatched to watched, that are bet on: up-bets, then down-bets."""
IDLE = 0.1
"""The share of the first money that never bets, and so is there when a gap begins late."""
DEALT, SETTLED = 0.1, 1000.0
"""After unit n the share DEALT / (n + SETTLED) of the money is dealt out again."""
CEILING = 1e300
WINDOW = 500
"""How many earlier numbers a number is ranked among."""


class CueTests:
    """Outcomes side by side in one design: each a number in [0, 1] a unit, an event or a session's share."""

    def __init__(self, share: float, directions: Sequence[Direction]) -> None:
        """`share` is the coin's probability of `unwatched`; a direction, unwatched against watched, for each stream.

        Raises:
            Unusable: no streams, or a share outside (0, 1).
        """
        if not directions or not 0 < share < 1:
            raise Unusable(f"cue test: {len(directions)} outcomes, a share of {share}")
        streams = len(directions)
        self.share = share
        self._told = np.array([math.exp(s * (1 - share)) for s in STEPS])[:, None]
        self._other = np.array([math.exp(-s * share) for s in STEPS])[:, None]
        self._first: Floats = np.array([_first(d) for d in directions]).T.copy()
        self.wealth: Floats = self._first.copy()
        self.pooled: Floats = np.full(streams, 0.5)  # sum of outcomes, half an event ahead
        self.n: Floats = np.zeros(streams)
        self.peak: Floats = np.ones(streams)

    def step(self, outcomes: Floats, unwatched: Arms) -> Floats:
        """Take one unit: outcomes (streams,), NaN where not measured, and the arm (one a stream, or one for all).

        Returns the evidence now, shape (streams,).

        Raises:
            Unusable: an outcome is not in [0, 1].
        """
        seen = ~np.isnan(outcomes)
        values = np.where(seen, outcomes, 0.0)
        if ((values < 0) | (values > 1)).any():
            raise Unusable(f"cue test: an outcome must be in [0, 1], not {outcomes}")
        grown = self.wealth.copy()
        grown[:-1] *= self._factors(values, np.asarray(unwatched))
        np.minimum(grown, CEILING, out=grown)
        dealt = DEALT / (self.n + SETTLED)
        grown = (1 - dealt) * grown + self._first * (dealt * grown.sum(axis=0))
        np.copyto(self.wealth, grown, where=seen)
        self.pooled += values
        self.n += seen
        evidence = self.evidence
        np.maximum(self.peak, evidence, out=self.peak)
        return evidence

    @property
    def evidence(self) -> Floats:
        """E now, shape (streams,): 1 at the beginning, and in expectation for ever where the cue changes nothing."""
        found: Floats = self.wealth.sum(axis=0)
        return found

    def tree(self) -> dict[str, Any]:
        """What it has seen, as plain values."""
        return {"wealth": self.wealth, "pooled": self.pooled, "n": self.n, "peak": self.peak}

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`."""
        self.wealth, self.pooled = tree["wealth"], tree["pooled"]
        self.n, self.peak = tree["n"], tree["peak"]

    def _factors(self, outcomes: Floats, unwatched: NDArray[np.bool_]) -> Floats:
        q, rate = self.share, self.pooled / (self.n + 1)
        base = rate / (1 - rate)
        told, other = base * self._told, base * self._other
        a, b = told / (1 + told), other / (1 + other)
        mixed = q * a + (1 - q) * b
        chance = outcomes * (q * a / mixed) + (1 - outcomes) * (q * (1 - a) / (1 - mixed))
        factors: Floats = np.where(unwatched, chance / q, (1 - chance) / (1 - q))
        return factors


def _first(direction: Direction) -> list[float]:
    """How the money is laid on the bets at first, and last what stays idle."""
    wanted = [direction is Direction.BOTH or (s > 0) == (direction is Direction.UP) for s in STEPS]
    return [*[(1 - IDLE) * w / sum(wanted) for w in wanted], IDLE]


class PastRanks:
    """Numbers as ranks among the last 500 before them, in [0, 1]: what can be bet on without a scale."""

    def __init__(self, streams: int) -> None:
        """Nothing has been seen."""
        self.kept: Floats = np.full((streams, WINDOW), np.nan)
        self.n: NDArray[np.int64] = np.zeros(streams, dtype=np.int64)

    def step(self, values: Floats) -> Floats:
        """The share of earlier values below each, ties half; 1/2 for the first; NaN stays NaN.

        Raises:
            Unusable: a value is infinite.
        """
        if np.isinf(values).any():
            raise Unusable(f"cue test: {values} cannot be ranked")
        column, known = values[:, None], np.minimum(self.n, WINDOW)
        below = (self.kept < column).sum(axis=1) + (self.kept <= column).sum(axis=1)
        ranks = np.where(known > 0, below / (2 * np.maximum(known, 1)), 0.5)
        rows = np.flatnonzero(~np.isnan(values))
        self.kept[rows, self.n[rows] % WINDOW] = values[rows]
        self.n[rows] += 1
        found: Floats = np.where(np.isnan(values), np.nan, ranks)
        return found

    def tree(self) -> dict[str, Any]:
        """What it has seen, as plain values."""
        return {"kept": self.kept, "n": self.n}

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`."""
        self.kept, self.n = tree["kept"], tree["n"]
