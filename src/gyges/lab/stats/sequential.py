# SPDX-License-Identifier: Apache-2.0
"""Watch a run as it grows, stop when you like, stay honest: intervals and p-values valid at every look.

The guarantee is over the whole future at once: the chance that *any* interval of the sequence misses the
truth is at most 1 - level (Ville's inequality). The price is width. The order of the data must not depend
on their values.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gyges.lab.stats.words import Estimate, Numbers, Test, check_level, estimate, numbers

NODES = 1000
"""Candidate gaps lie 2 / NODES apart; an interval's ends are rounded outwards to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A confidence sequence: after i + 1 prompts the gap lies in [low[i], high[i]]; it only narrows."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    estimates: tuple[float, ...]
    level: float

    @property
    def last(self) -> Estimate:
        """The interval after the last prompt."""
        name = "anytime, betting"
        value = min(max(self.estimates[-1], self.low[-1]), self.high[-1])
        return estimate(value, self.low[-1], self.high[-1], self.level, len(self.low), name)

    @property
    def decided_at(self) -> int | None:
        """After how many prompts zero first lay outside; None if it never did."""
        ends = enumerate(zip(self.low, self.high, strict=True), start=1)
        return next((i for i, (low, high) in ends if low > 0 or high < 0), None)


def confidence_sequence(differences: Iterable[float], level: float = 0.95) -> Running:
    """Intervals for the mean of differences in [-1, 1] (prompt means, first arm - second), in order.

    Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86
    (2024): the hedged capital process with predictable plug-in bets (their section 4.2), on the
    differences moved to [0, 1], cut at each time with all intervals before. Valid for any distribution
    whose mean, given the past, stays the same.

    Raises:
        Malformed: no differences, or one outside [-1, 1]; an impossible level.
    """
    x = (numbers(differences, "differences", -1, 1) + 1) / 2
    alpha = 1 - check_level(level)
    grid = np.linspace(0, 1, NODES + 1)
    up, down = np.zeros(NODES + 1), np.zeros(NODES + 1)
    low, high, lows, highs = 0.0, 1.0, list[float](), list[float]()
    for value, bet in zip(x, _bets(x, alpha), strict=True):
        up += np.log1p(np.minimum(bet, _half_over(grid)) * (value - grid))
        down += np.log1p(-np.minimum(bet, _half_over(1 - grid)) * (value - grid))
        kept = grid[np.maximum(up, down) < math.log(2 / alpha)]
        if kept.size:
            low = max(low, min(high, float(kept[0]) - 1 / NODES))
            high = min(high, max(low, float(kept[-1]) + 1 / NODES))
        lows.append(2 * low - 1)
        highs.append(2 * high - 1)
    means = np.cumsum(2 * x - 1) / np.arange(1, x.size + 1)
    return Running(low=tuple(lows), high=tuple(highs), estimates=tuple(means.tolist()), level=level)


def anytime_mcnemar(pairs: Iterable[tuple[bool, bool]]) -> Test:
    """McNemar's test that may be looked at after each pair; reject whenever p <= alpha.

    Each discordant pair multiplies the evidence by twice the chance that a Beta(2, 2) learner gave to its
    direction beforehand, which under "no difference" is a fair bet. p = 1 / (the largest evidence so
    far); the statistic is the evidence now, an e-value; `n` counts the discordant pairs.
    """
    wins = losses = 0
    logs = top = 0.0
    for first, second in pairs:
        if bool(first) == bool(second):
            continue
        seen = wins if first else losses
        logs += math.log(2 * (seen + 2) / (wins + losses + 4))
        wins, losses = (wins + 1, losses) if first else (wins, losses + 1)
        top = max(top, logs)
    evidence = math.exp(min(logs, 700.0))
    return Test(p=math.exp(-top), statistic=evidence, n=wins + losses, method="McNemar, anytime")


def _bets(x: Numbers, alpha: float) -> Numbers:
    """The size of each bet, from the past alone (their equation 26), before it is capped."""
    t = np.arange(1, x.size + 1)
    means = (0.5 + np.cumsum(x)) / (t + 1)
    variances = (0.25 + np.cumsum((x - means) ** 2)) / (t + 1)
    past = np.concatenate(([0.25], variances[:-1]))
    bets: Numbers = np.sqrt(2 * math.log(2 / alpha) / (past * t * np.log(t + 1)))
    return bets


def _half_over(room: Numbers) -> Numbers:
    return 0.5 / np.maximum(room, 1e-9)
