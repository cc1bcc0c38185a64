# SPDX-License-Identifier: Apache-2.0
"""Simulated streams that change at a known time, or never: how often a detector alarms, and how late.

A source (see sources.py) draws what each of many independent runs sees of one unit; a bank of the real bettors and
sums watches them. All numbers come from the seed. It knows nothing of real agents, and proves nothing about them.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gyges.drift.banded import Rates, rate_band
from gyges.drift.bank import Bank, Bettor
from gyges.drift.ranked import Ranked
from gyges.drift.words import Direction, Unusable

Floats = NDArray[np.float64]


class Source(Protocol):
    """Draws units; the streams of one run lie side by side."""

    @property
    def width(self) -> int:
        """Streams of one run: its feature has that many."""
        ...

    def draw(self, rng: np.random.Generator, runs: int, at: int, /, *, changed: bool) -> Floats:
        """Unit `at` of each run, shape (runs * width,); NaN where a stream is not measured."""
        ...

    def stratum(self, at: int, /) -> str:
        """The stratum of unit `at`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a detector did. `first` is the unit of a run's first alarm, from 1, or 0 if it never alarmed."""

    change: int
    units: int
    threshold: float
    first: NDArray[np.int64]
    alarms: NDArray[np.int64]

    @property
    def early(self) -> float:
        """The share of runs that alarmed before the change: falsely."""
        return float(((self.first > 0) & (self.first <= self.change)).mean())

    @property
    def delays(self) -> Floats:
        """Units from the change to the first alarm, of runs without an earlier one; infinite where none came."""
        later = self.first[(self.first == 0) | (self.first > self.change)]
        return np.where(later > 0, later - self.change, np.inf)

    @property
    def delay(self) -> float:
        """Their median."""
        return float(np.median(self.delays))


def watch(
    source: Source, bettor: Bettor, runs: int, *, threshold: float, change: int, units: int, seed: int
) -> Watched:  # fmt: skip
    """Let `bettor`, with runs * width streams, watch `units`; the source changes after `change` of them.

    It ends early once every run has alarmed and the change has come. With change == units nothing ever changes:
    `alarms` then counts all false ones, resets included, and is to be held against runs * units / threshold.

    Raises:
        Unusable: no run, or a change after the end.
    """
    if runs < 1 or not 0 <= change <= units:
        raise Unusable(f"simulation: {runs} runs of {units} units with a change after {change}")
    rng = np.random.default_rng(seed)
    bank = Bank(bettor, np.repeat(np.arange(runs), source.width).tolist(), [threshold] * runs)
    first, alarms = np.zeros((2, runs), dtype=np.int64)
    for at in range(units):
        values = source.draw(rng, runs, at, changed=at >= change)
        rang = bank.step(values, rng.random(len(values)), source.stratum(at))
        if len(rang):
            bank.reset(rang)
            alarms[rang] += 1
            first[rang[first[rang] == 0]] = at + 1
            if at >= change and (first > 0).all():
                break
    return Watched(change=change, units=units, threshold=threshold, first=first, alarms=alarms)


def known(rates: tuple[float, ...], runs: int) -> Rates:
    """Bets on events whose rates before the change, one for each stream of a run, are known."""
    return Rates({"": [(rate, rate) for rate in rates] * runs})


def ranked(runs: int, *, numbers: bool = False, direction: Direction = Direction.BOTH) -> Ranked:
    """Bets by rank: no baseline."""
    return Ranked(np.full(runs, numbers), direction)


def referenced(rates: tuple[float, ...], runs: int, *, units: int, seed: int) -> Rates:
    """Bets on events against the 99 % bounds of a reference of `units`, drawn anew for each run.

    Several rates are those of categories: exactly one of them happens each time.
    """
    rng = np.random.default_rng(seed)
    one = len(rates) == 1
    counts = rng.binomial(units, rates[0], runs) if one else rng.multinomial(units, rates, runs)
    bands = {int(n): rate_band(int(n), units) for n in np.unique(counts)}
    return Rates({"": [bands[n] for n in counts.ravel().tolist()]})
