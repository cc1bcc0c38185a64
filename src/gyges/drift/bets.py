# SPDX-License-Identifier: Apache-2.0
"""Betting factors on rates and bounded means: L >= 0 with E[L | past] <= 1 as long as nothing has changed.

A factor of a rate is the likelihood ratio of one odds ratio; up-bets are taken at the upper end of what counts
as unchanged and are then valid for every rate below it, down-bets at the lower end. It keeps no state.
Sources: Shin, Ramdas, Rinaldo, E-detectors (NEJSDS 2024); Waudby-Smith, Ramdas, Estimating means of bounded
random variables by betting (JRSS-B 2024).
"""

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Direction, Unusable

Floats = NDArray[np.float64]

UP_ODDS = (1.5, 2.0, 3.0, 6.0)
DOWN_ODDS = (0.6, 0.4, 0.2)
STAKES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Fractions lambda of a bet on a mean, before they are capped so that no factor is negative."""
CAP = 0.9
"""How close to the largest possible stake a bet goes."""
EDGE = 1e-4
"""No band ends nearer to 0 than this, or begins nearer to 1: nobody has seen enough to know a rate better."""


def odds_of(direction: Direction) -> tuple[float, ...]:
    """The odds ratios that a direction bets on."""
    up, down = UP_ODDS, DOWN_ODDS
    return {Direction.UP: up, Direction.DOWN: down, Direction.BOTH: (*down, *up)}[direction]


def rate_factors(low: float, high: float, direction: Direction = Direction.BOTH) -> Floats:
    """Factors, shape (bets, 2): column y is the factor when the event did not (0) or did (1) happen.

    Valid for every rate in [low, high].

    Raises:
        Unusable: not 0 <= low <= high <= 1.
    """
    low, high = band(low, high)
    odds = np.array(odds_of(direction))
    base = np.where(odds > 1, high, low)
    scale = 1 - base + odds * base
    return np.stack([1 / scale, odds / scale], axis=1)


def stakes_of(low: float, high: float, direction: Direction = Direction.BOTH) -> Floats:
    """Signed stakes, shape (bets, 2): the stake and the mean that it is taken at.

    The factor of a value y in [0, 1] is 1 + stake * (y - mean), valid for every mean in [low, high].

    Raises:
        Unusable: not 0 <= low <= high <= 1.
    """
    low, high = band(low, high)
    up = [(min(s, CAP / high), high) for s in STAKES]
    down = [(-min(s, CAP / (1 - low)), low) for s in STAKES]
    chosen = {Direction.UP: up, Direction.DOWN: down, Direction.BOTH: [*down, *up]}[direction]
    return np.array(chosen)


def band(low: float, high: float) -> tuple[float, float]:
    """The ends that bets are taken at: a band of almost nothing, at 0 or at 1, is made a little wider.

    Raises:
        Unusable: not 0 <= low <= high <= 1.
    """
    if not 0 <= low <= high <= 1:
        raise Unusable(f"a band of rates must satisfy 0 <= low <= high <= 1, not {low}..{high}")
    return min(low, 1 - EDGE), max(high, EDGE)
