# SPDX-License-Identifier: Apache-2.0
"""All features of a unit at once: predict the cue from the behaviour, and bet on the prediction.

    E_t = prod_i g_i(Z_i | X_i) / P(Z_i),   mixed over learners that bet more boldly and less;   alarm at E >= 1 / alpha

g is a logistic regression learned online from the units before, so what it knows of unit i it knew before its coin
fell: E is a martingale where the cue changes nothing, whatever the features are. A learner is a Gaussian prior on
the weights - a wide one bets boldly - updated unit by unit (extended Kalman filter: Murphy, Probabilistic Machine
Learning: Advanced Topics, 2023, section 8.5), and predicts with its weights' uncertainty (MacKay, The evidence
framework applied to classification networks, 1992): who has learned little bets little. One begins anew whenever
the number of units has doubled, so that what was learned while nothing happened does not hide a gap that begins
late. Beside these, each feature has a learner that sees nothing else: the joint ones pay for learning all weights, and
would find a single dimension of an embedding late. Features are standardised by the moments of the past. One with a
test of its own (cue.py) is found sooner by that; this one finds what is spread over many.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Unusable

Floats = NDArray[np.float64]

PRIORS = (0.05, 0.15, 0.15)
"""Standard deviations of a weight before anything is known, one learner each; the last begins anew at doublings."""
ALONE, SINGLE = 0.5, 0.15
"""The share of the money that learners of one feature have together, and the standard deviation of their weights."""
FRESH = 256
"""The number of units at which it first does."""
IDLE, DEALT, SETTLED = 0.1, 0.1, 1000.0
"""As in cue.py: what never bets, and what is dealt out again, so that a gap that begins late is found."""
CEILING = 1e300
FAR = 8.0
"""Standard deviations beyond which a feature says no more."""
LARGEST = 1e100
"""Numbers beyond are taken as this: their squares must be numbers."""
MOST = 512
"""Columns beyond which learners' covariances, 24 bytes a pair of columns, cost more than they are worth."""


class Predictor:
    """One design's omnibus test. A unit is a row of numbers; NaN is one that was not measured, and says nothing."""

    def __init__(self, columns: int, share: float) -> None:
        """`columns` in 1..512; `share` is the coin's probability of `unwatched`.

        Raises:
            Unusable: either is out of range.
        """
        if not (1 <= columns <= MOST and 0 < share < 1):
            raise Unusable(f"omnibus: {columns} columns (1 to {MOST}), a share of {share}")
        together, alone = (1 - IDLE) * (1 - ALONE) / len(PRIORS), (1 - IDLE) * ALONE / columns
        self.share = share
        self.first: Floats = np.repeat([together, alone, IDLE], [len(PRIORS), columns, 1])
        self.wealth: Floats = self.first.copy()
        self.weights: Floats = np.zeros((len(PRIORS), columns))
        self.covariance: Floats = np.zeros((len(PRIORS), columns, columns))
        for learner in range(len(PRIORS)):
            self._begin(learner)
        self.single: Floats = np.stack([np.zeros(columns), np.full(columns, SINGLE**2)])
        self.moments: Floats = np.zeros((3, columns))  # count, mean, sum of squares about it
        self.n = 0
        self.peak = 1.0

    def step(self, row: Floats, *, unwatched: bool) -> float:
        """Take one unit, shape (columns,); the evidence now.

        Raises:
            Unusable: the row has another length, or an infinite number.
        """
        if row.shape != self.moments[0].shape or np.isinf(row).any():
            raise Unusable(f"omnibus: a unit is {len(self.moments[0])} finite numbers, not {row}")
        row = np.clip(row, -LARGEST, LARGEST)
        told = self._standard(row)
        foretold, spread = self._foretell(told)
        self._bet(_moderated(foretold, spread), unwatched=unwatched)
        self._learn(told, foretold[: len(PRIORS)], unwatched=unwatched)
        self._learn_alone(told, foretold[len(PRIORS) :], unwatched=unwatched)
        self._remember(row)
        self.n += 1
        if self.n >= FRESH and self.n & (self.n - 1) == 0:
            self._begin(-1)
        self.peak = max(self.peak, self.evidence)
        return self.evidence

    @property
    def evidence(self) -> float:
        """E now: 1 at the beginning, and in expectation for ever where the cue changes nothing."""
        return float(self.wealth.sum())

    def tree(self) -> dict[str, Any]:
        """What it has seen, as plain values."""
        return {
            "wealth": self.wealth, "weights": self.weights, "covariance": self.covariance,
            "single": self.single, "moments": self.moments, "n": self.n, "peak": self.peak,
        }  # fmt: skip

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`."""
        self.wealth, self.weights, self.covariance = (
            tree["wealth"],
            tree["weights"],
            tree["covariance"],
        )
        self.single, self.moments = tree["single"], tree["moments"]
        self.n, self.peak = tree["n"], tree["peak"]

    def _begin(self, learner: int) -> None:
        self.weights[learner] = 0
        self.covariance[learner] = np.eye(len(self.weights[0])) * PRIORS[learner] ** 2

    def _standard(self, row: Floats) -> Floats:
        n, mean, squares = self.moments
        known = ~np.isnan(row) & (squares > 0)
        scaled = np.zeros(len(row))
        scaled[known] = (row - mean)[known] / np.sqrt(squares[known] / n[known])
        clipped: Floats = np.clip(scaled, -FAR, FAR)
        return clipped

    def _foretell(self, told: Floats) -> tuple[Floats, Floats]:
        """Each learner's log odds of `unwatched`, and their variance."""
        coin = math.log(self.share / (1 - self.share))
        weight, variance = self.single
        foretold = np.concatenate([self.weights @ told, weight * told])
        spread = np.concatenate([(self.covariance @ told) @ told, variance * told * told])
        return coin + foretold, np.maximum(spread, 0.0)

    def _bet(self, chance: Floats, *, unwatched: bool) -> None:
        q = self.share
        factors = chance / q if unwatched else (1 - chance) / (1 - q)
        grown = np.minimum(self.wealth * np.append(factors, 1.0), CEILING)
        dealt = DEALT / (self.n + SETTLED)
        self.wealth = (1 - dealt) * grown + dealt * grown.sum() * self.first

    def _learn(self, told: Floats, foretold: Floats, *, unwatched: bool) -> None:
        chance = 1 / (1 + np.exp(-foretold))
        information = chance * (1 - chance)
        pulled = self.covariance @ told  # (learners, columns)
        grown = 1 + information * (pulled @ told)
        lost = (information / grown)[:, None, None] * (pulled[:, :, None] * pulled[:, None, :])
        self.covariance -= lost
        self.weights += pulled * ((unwatched - chance) / grown)[:, None]

    def _learn_alone(self, told: Floats, foretold: Floats, *, unwatched: bool) -> None:
        """The same for learners of one feature each."""
        chance = 1 / (1 + np.exp(-foretold))
        information = chance * (1 - chance)
        weight, variance = self.single
        pulled = variance * told
        grown = 1 + information * pulled * told
        weight += pulled * (unwatched - chance) / grown
        variance -= information / grown * pulled * pulled

    def _remember(self, row: Floats) -> None:
        seen = ~np.isnan(row)
        n, mean, squares = self.moments
        n[seen] += 1
        off = (row - mean)[seen]
        mean[seen] += off / n[seen]
        squares[seen] += off * (row - mean)[seen]


def _moderated(foretold: Floats, spread: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-foretold / np.sqrt(1 + math.pi * spread / 8)))
    return chance
