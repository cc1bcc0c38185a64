# SPDX-License-Identifier: Apache-2.0
"""Streams with a frozen baseline: a band of rates or means for each stratum that counts as unchanged.

A band comes from a reference (its 99 % bounds) or is stated. Bets are taken at its ends, so no rate within it earns
anything: a baseline that was merely estimated and then treated as known raises false alarms many times over. A
stratum without a band is not bet on. It keeps no sums and learns nothing.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gyges.drift import bets
from gyges.drift.words import Direction, Unusable

Floats = NDArray[np.float64]
CONFIDENCE = 0.99


class Rates:
    """Events, 0 or 1: likelihood ratios at odds ratios around the band."""

    def __init__(
        self,
        bands: Mapping[str, Sequence[tuple[float, float]]],
        direction: Direction = Direction.BOTH,
    ) -> None:
        """`bands` gives each stratum a band for each stream."""
        self.bets = len(bets.odds_of(direction))
        self._tables = _tables(bands, lambda lo, hi: bets.rate_factors(lo, hi, direction))

    def factors(self, values: Floats, _u: Floats, stratum: str, /) -> NDArray[np.float32]:
        """Factors (bets, streams); NaN where the stratum has no band."""
        table = self._tables.get(stratum)
        if table is None:
            return np.full((self.bets, len(values)), np.nan, dtype=np.float32)
        made: NDArray[np.float32] = table[0].copy()
        np.copyto(made, table[1], where=np.nan_to_num(values) > 0.5)
        return made


class Means:
    """Shares in [0, 1], of any distribution: 1 + stake * (value - mean) at the ends of the band."""

    def __init__(
        self,
        bands: Mapping[str, Sequence[tuple[float, float]]],
        direction: Direction = Direction.BOTH,
    ) -> None:
        """`bands` gives each stratum a band for each stream."""
        self.bets = len(bets.STAKES) * (2 if direction is Direction.BOTH else 1)
        self._tables = _tables(bands, lambda lo, hi: bets.stakes_of(lo, hi, direction))

    def factors(self, values: Floats, _u: Floats, stratum: str, /) -> NDArray[np.float32]:
        """Factors (bets, streams); NaN where the stratum has no band."""
        table = self._tables.get(stratum)
        if table is None:
            return np.full((self.bets, len(values)), np.nan, dtype=np.float32)
        made: NDArray[np.float32] = np.nan_to_num(values).astype(np.float32) - table[1]
        made *= table[0]
        made += np.float32(1)
        return made


def rate_band(events: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper-Pearson bounds of a rate (Biometrika 1934), each side with half of what is left of `confidence`.

    Raises:
        Unusable: not 0 <= events <= of, or no reference at all.
    """
    if not 0 <= events <= of or of < 1:
        raise Unusable(f"a reference of {events} events in {of}")
    tail = (1 - confidence) / 2
    low = 0.0 if events == 0 else _solve(lambda p: 1 - _cdf(events - 1, of, p), tail, rising=True)
    high = 1.0 if events == of else _solve(lambda p: _cdf(events, of, p), tail, rising=False)
    return low, high


def mean_band(
    values: Sequence[float] | Floats, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Bounds of a mean of values in [0, 1], any distribution: empirical Bernstein with predictable stakes
    (Waudby-Smith and Ramdas, JRSS-B 2024, section 3.2).

    Raises:
        Unusable: a value outside [0, 1], or none at all.
    """
    x = np.asarray(values, dtype=np.float64)
    if not len(x) or not ((x >= 0) & (x <= 1)).all():
        raise Unusable("a reference of shares must hold values in [0, 1], and at least one")
    i = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (i + 1)
    spread = (0.25 + np.cumsum((x - mean) ** 2)) / (i + 1)
    before = np.concatenate([[0.5], mean[:-1]])
    log = math.log(2 / (1 - confidence))
    stakes = np.minimum(np.sqrt(2 * log / (len(x) * np.concatenate([[0.25], spread[:-1]]))), 0.5)
    paid = 4 * (x - before) ** 2 * (-np.log1p(-stakes) - stakes) / 4
    centre, half = (stakes * x).sum() / stakes.sum(), (log + paid.sum()) / stakes.sum()
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def _tables(
    bands: Mapping[str, Sequence[tuple[float, float]]], made: Callable[[float, float], Floats]
) -> dict[str, NDArray[np.float32]]:
    """Each stratum's pairs, (2, bets, streams); streams with one band share the work."""
    once = {ends: made(*ends) for ends in {ends for found in bands.values() for ends in found}}
    return {
        stratum: np.ascontiguousarray(np.stack([once[e] for e in found]).T, dtype=np.float32)
        for stratum, found in bands.items()
    }


def _cdf(k: int, n: int, p: float) -> float:
    """P(Binomial(n, p) <= k)."""
    if p <= 0 or p >= 1:
        return float(p <= 0 or k >= n)
    i = np.arange(k + 1, dtype=np.float64)
    steps = np.log((n - i[:-1]) / (i[:-1] + 1)) + math.log(p / (1 - p))
    logs = n * math.log1p(-p) + np.concatenate([[0.0], np.cumsum(steps)])
    top = float(logs.max())
    return min(math.exp(top) * float(np.exp(logs - top).sum()), 1.0)


def _solve(f: Callable[[float], float], level: float, *, rising: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if (f(middle) < level) == rising:
            low = middle
        else:
            high = middle
    return (low + high) / 2
