# SPDX-License-Identifier: Apache-2.0
"""What simulated streams draw before and after their change. The settings that delays are compared on.

Each is a `simulate.Source`. None resembles an agent more than it says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class _Plain:
    """One stream a run, in one stratum."""

    @property
    def width(self) -> int:
        return 1

    def stratum(self, _at: int, /) -> str:
        return ""


@dataclass(frozen=True)
class Events(_Plain):
    """Independent events at a rate."""

    before: float
    after: float

    def draw(self, rng: np.random.Generator, runs: int, _at: int, /, *, changed: bool) -> Floats:
        """0 or 1."""
        return _events(rng, self.after if changed else self.before, runs)


@dataclass(frozen=True)
class Ramp(_Plain):
    """Independent events whose rate moves evenly from `before` to `after`, over `over` units from unit `start` on."""

    before: float
    after: float
    start: int
    over: int

    def draw(self, rng: np.random.Generator, runs: int, at: int, /, *, changed: bool) -> Floats:
        """0 or 1; where `changed` is false nothing has begun."""
        gone = min((at - self.start) / self.over, 1.0) if changed else 0.0
        return _events(rng, self.before + (self.after - self.before) * gone, runs)


@dataclass(frozen=True)
class Sessions(_Plain):
    """Shares of events in sessions of `size` that hang together: beta-binomial, intra-class correlation `icc`."""

    before: float
    after: float
    size: int = 20
    icc: float = 0.1

    def draw(self, rng: np.random.Generator, runs: int, _at: int, /, *, changed: bool) -> Floats:
        """The share of events in one session."""
        rates = _session_rates(rng, self.after if changed else self.before, self.icc, runs)
        return rng.binomial(self.size, rates) / self.size


class Loose(_Plain):
    """The events of such sessions one by one: the wrong unit, on which no threshold keeps its promise."""

    def __init__(self, before: float, after: float, *, size: int = 20, icc: float = 0.1) -> None:
        """As for `Sessions`."""
        self._ends, self._size, self._icc = (before, after), size, icc
        self._rates: Floats = np.zeros(0)

    def draw(self, rng: np.random.Generator, runs: int, at: int, /, *, changed: bool) -> Floats:
        """0 or 1."""
        if at % self._size == 0 or len(self._rates) != runs:
            self._rates = _session_rates(rng, self._ends[changed], self._icc, runs)
        return _events(rng, self._rates, runs)


@dataclass(frozen=True)
class Daily:
    """Events on a daily cycle from `low` to `high`, `day` units of 24 hours; `times` as many after the change."""

    low: float = 0.01
    high: float = 0.03
    times: float = 2.5
    hourly: bool = True
    day: int = 1000

    @property
    def width(self) -> int:
        """One stream a run."""
        return 1

    def stratum(self, at: int, /) -> str:
        """The hour, if `hourly`."""
        return str(self._hour(at)) if self.hourly else ""

    def rate(self, hour: int) -> float:
        """The rate in this hour, unchanged."""
        swing = np.sin(2 * np.pi * hour / 24)
        return float((self.low + self.high) / 2 + (self.high - self.low) / 2 * swing)

    def draw(self, rng: np.random.Generator, runs: int, at: int, /, *, changed: bool) -> Floats:
        """0 or 1."""
        return _events(rng, self.rate(self._hour(at)) * (self.times if changed else 1), runs)

    def _hour(self, at: int) -> int:
        return at * 24 // self.day % 24


@dataclass(frozen=True)
class Numbers(_Plain):
    """Standard normal numbers (ranks do not see the scale, so these are latencies, lognormal, too).

    After the change all move by `move`, are `spread` times as wide, and a share `tail` moves by 3.
    """

    move: float = 0.0
    spread: float = 1.0
    tail: float = 0.0

    def draw(self, rng: np.random.Generator, runs: int, _at: int, /, *, changed: bool) -> Floats:
        """Any number."""
        z = rng.standard_normal(runs)
        if not changed:
            return z
        return z * self.spread + self.move + 3 * (rng.random(runs) < self.tail)


class Mix:
    """One of several categories each time: an indicator stream for each."""

    def __init__(self, before: tuple[float, ...], after: tuple[float, ...]) -> None:
        """Two distributions."""
        self.before, self.after = before, after
        self._upto = np.cumsum([before, after], axis=1)[:, :-1]

    @property
    def width(self) -> int:
        """One stream for each category."""
        return len(self.before)

    def stratum(self, _at: int, /) -> str:
        """None."""
        return ""

    def draw(self, rng: np.random.Generator, runs: int, _at: int, /, *, changed: bool) -> Floats:
        """1 for the category that happened, 0 for the others."""
        found = np.searchsorted(self._upto[int(changed)], rng.random(runs), side="right")
        made = np.zeros((runs, self.width))
        made[np.arange(runs), found] = 1.0
        return made.ravel()


class Chain:
    """Categories that follow each other: a stream for each pair (a, b), measured only when a came before."""

    def __init__(self, before: Floats, after: Floats) -> None:
        """Two transition matrices, shape (categories, categories), rows sum to 1."""
        self._size = len(before)
        self._upto = np.cumsum([before, after], axis=2)[:, :, :-1]
        self._last = np.zeros(0, dtype=np.intp)

    @property
    def width(self) -> int:
        """One stream for each pair."""
        return self._size**2

    def stratum(self, _at: int, /) -> str:
        """None."""
        return ""

    def draw(self, rng: np.random.Generator, runs: int, _at: int, /, *, changed: bool) -> Floats:
        """1 for the pair that happened, 0 for others with the same a, NaN for the rest."""
        size = self._size
        if len(self._last) != runs:
            self._last = rng.integers(size, size=runs)
        rows = self._upto[int(changed), self._last]
        found = (rng.random(runs)[:, None] >= rows).sum(axis=1)
        made = np.full((runs, size, size), np.nan)
        each = np.arange(runs)
        made[each, self._last] = 0.0
        made[each, self._last, found] = 1.0
        self._last = found
        return made.ravel()


def _events(rng: np.random.Generator, rate: float | Floats, runs: int) -> Floats:
    return (rng.random(runs) < rate).astype(np.float64)


def _session_rates(rng: np.random.Generator, rate: float, icc: float, runs: int) -> Floats:
    spread = 1 / icc - 1
    return rng.beta(rate * spread, (1 - rate) * spread, runs)
