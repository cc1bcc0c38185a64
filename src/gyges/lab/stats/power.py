# SPDX-License-Identifier: Apache-2.0
"""How many prompts a gap needs, and how small a gap n prompts can show.

The paired figures are exact for the exact McNemar test; the unpaired ones are the usual normal formula, for
comparison with papers. `first_only` and `second_only` are the chances in [0, 1] that a prompt shows the
behaviour in one arm only; their difference is the gap.
"""

import math
from collections.abc import Callable

import numpy as np

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.words import Numbers, check_level, check_probability

LIMIT = 2**16
"""No answer asks for more prompts than this."""


def mcnemar_power(n: int, first_only: float, second_only: float, alpha: float = 0.05) -> float:
    """The chance in [0, 1] that the exact McNemar test at `alpha` rejects with n >= 1 pairs.

    Raises:
        Malformed: n below 1, or probabilities that do not fit together.
    """
    _check(first_only, second_only, alpha)
    if n < 1:
        raise Malformed("power of no pairs")
    moving = first_only + second_only
    if moving == 0:
        return 0.0
    m = np.arange(1, n + 1, dtype=np.float64)
    reach = _reach(m, alpha)
    share = min(1.0, first_only / moving)
    rejects = special.binomial_cdf(reach, m, share) + special.binomial_cdf(reach, m, 1 - share)
    return min(1.0, float((special.binomial_pmf(m, n, min(1.0, moving)) * rejects).sum()))


def pairs_needed(
    first_only: float, second_only: float, power: float = 0.8, alpha: float = 0.05
) -> int:
    """The smallest n found whose exact McNemar power reaches `power` and keeps it for the next 8 n.

    Power saws a little as n grows, so a single larger n may fall short by a hair.

    Raises:
        Malformed: there is no gap, or more than 2^16 pairs would be needed.
    """
    _check(first_only, second_only, alpha)
    check_level(power)
    if first_only == second_only:
        raise Malformed("no number of pairs shows a gap of zero")

    def enough(n: int) -> bool:
        return all(mcnemar_power(n + k, first_only, second_only, alpha) >= power for k in range(8))

    return _smallest(enough)


def per_arm_needed(p: float, q: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """How many units each of two independent arms needs to tell rates p and q apart, both in [0, 1].

    Normal approximation with the pooled null variance (Fleiss, Statistical Methods for Rates and
    Proportions, formula 3.2 without continuity correction): 435 for 0.10 against 0.05.

    Raises:
        Malformed: p equals q, or is no probability.
    """
    check_probability(p, "p")
    check_probability(q, "q")
    check_level(alpha)
    if p == q:
        raise Malformed("no number of units shows a gap of zero")
    middle = (p + q) / 2
    under_null = special.z_of(1 - alpha) * math.sqrt(2 * middle * (1 - middle))
    under_gap = special.normal_quantile(check_level(power)) * math.sqrt(p * (1 - p) + q * (1 - q))
    return math.ceil((under_null + under_gap) ** 2 / (p - q) ** 2)


def smallest_gap(
    n: int, second_only: float = 0.0, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """The smallest gap in (0, 1] that n pairs show with `power`; None where even the largest is not.

    `second_only` is the chance of a difference in the other direction, that is the noise.

    Raises:
        Malformed: n below 1, or a number that is no probability.
    """
    check_level(power)
    largest = 1 - check_probability(second_only, "second_only")

    def short(difference: float) -> float:
        return mcnemar_power(n, second_only + difference, second_only, alpha) - power

    largest -= second_only
    if largest <= 0 or short(largest) < 0:
        return None
    return special.root(short, 0.0, largest)


def smallest_gap_unpaired(
    n: int, base: float, power: float = 0.8, alpha: float = 0.05
) -> float | None:
    """The smallest increase over `base` in [0, 1) that n units in each of two arms show; None: not one.

    Raises:
        Malformed: n below 1, or a number that is no probability.
    """
    if n < 1:
        raise Malformed("power of no units")
    room = 1 - check_probability(base, "base")
    if room <= 0 or per_arm_needed(base + room, base, power, alpha) > n:
        return None
    low, high = 0.0, room
    for _ in range(60):
        middle = (low + high) / 2
        if middle > 0 and per_arm_needed(base + middle, base, power, alpha) <= n:
            high = middle
        else:
            low = middle
    return high


def _check(first_only: float, second_only: float, alpha: float) -> None:
    check_level(alpha)
    check_probability(first_only, "first_only")
    check_probability(second_only, "second_only")
    if first_only + second_only > 1 + 1e-12:
        raise Malformed("a prompt cannot differ with a probability above 1")


def _reach(m: Numbers, alpha: float) -> Numbers:
    """The largest count of the rarer direction among m discordant pairs that still rejects; -1: none."""
    guess = np.floor(m / 2 - special.z_of(1 - alpha) * np.sqrt(m) / 2) + 2
    for _ in range(6):
        guess = np.where(2 * special.binomial_cdf(guess, m, 0.5) > alpha, guess - 1, guess)
    reach: Numbers = np.maximum(guess, -1)
    return reach


def _smallest(enough: Callable[[int], bool]) -> int:
    high = 1
    while not enough(high):
        high *= 2
        if high > LIMIT:
            raise Malformed(f"more than {LIMIT} pairs would be needed")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
