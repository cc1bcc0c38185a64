# SPDX-License-Identifier: Apache-2.0
"""What others compute with code of their own: ville's e-processes and intervals, savvi's ratio test, river's ADWIN.

None of them is needed to run. savvi's figures were taken down from version 0.3.1: it needs convex solvers of 240 MB,
and matplotlib without saying so.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
import ville
from numpy.typing import NDArray

from gyges.drift import simulate, sources
from gyges.drift.banded import mean_band, rate_band
from gyges.drift.gap import Gaps
from gyges.drift.guards import PRIOR, Guards
from gyges.drift.many import e_bh
from gyges.drift.paired import PairedTest

THROWS = [at * at % 5 < 2 for at in range(400)]
SAVVI = {50: 22.567015369120096, 200: 120416662503.71828, 400: 3.964924218579573e26}
"""Multinomial(0.05, theta_0=[0.7, 0.3], k=100).odds after so many of THROWS, taken one by one."""
SAVVI_PAIRS = {(3, 17): 37.394609052274895, (10, 10): 0.38776461121325745}
"""Multinomial(0.05, theta_0=[0.5, 0.5], k=4).odds with these counts."""


def drawn(seed: int) -> np.random.Generator:
    """The same numbers each time."""
    return np.random.default_rng(seed)


def test_the_coin_is_watched_as_ville_and_savvi_would() -> None:
    """The evidence against the stated share is ville's mixture after each throw, and savvi's ratio test."""
    guards, none = Guards(0.3, ["a"]), np.ones(1, dtype=np.bool_)
    theirs = ville.BernoulliTest(0.3, prior=(PRIOR * 0.3, PRIOR * 0.7)).fit(THROWS).log_e_values_
    for at, (throw, log) in enumerate(zip(THROWS, theirs, strict=True), 1):
        guards.step(none, unwatched=throw)
        assert math.log(guards.evidence) == pytest.approx(log, abs=1e-9)
        if at in SAVVI:
            assert guards.evidence == pytest.approx(SAVVI[at], rel=1e-9)


def test_pairs_that_differ_are_theirs_too() -> None:
    """Evidence from discordant pairs is ville's Beta(2, 2) mixture against 1/2 in any order, and savvi's."""
    for (watched, unwatched), odds in SAVVI_PAIRS.items():
        wins = drawn(1).permutation([False] * watched + [True] * unwatched)
        ours = PairedTest()
        for win in wins.tolist():
            ours.step(unwatched=win, watched=not win)
        theirs = ville.BernoulliTest(0.5, prior=(2, 2)).fit(wins)
        assert ours.evidence == pytest.approx(float(theirs.e_values_[-1]))
        assert ours.evidence == pytest.approx(odds)


def test_e_bh_calls_out_what_ville_does() -> None:
    """The same names, however many e-values and whatever the level."""
    rng = drawn(2)
    for _ in range(300):
        values = np.exp(rng.normal(2, 2, int(rng.integers(1, 40))))
        alpha = float(rng.uniform(0.01, 0.3))
        assert (
            e_bh(values.tolist(), alpha)
            == np.flatnonzero(ville.evalues.ebh(values, alpha)).tolist()
        )


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.9])
def test_bounds_of_a_rate_lie_within_a_sequence_of_bounds(rate: float) -> None:
    """Bounds for one look are narrower than ville's for all looks, and are about the same rate."""
    seen = drawn(3).random(2000) < rate
    low, high = rate_band(int(seen.sum()), len(seen))
    wide = ville.BernoulliCS(alpha=0.01, intersect=False).fit(seen).interval()
    assert wide[0] < low < seen.mean() < high < wide[1]
    assert high - low > 0.6 * (wide[1] - wide[0])


LAWS: dict[str, Callable[[np.random.Generator, int], NDArray[np.float64]]] = {
    "events": lambda rng, n: (rng.random(n) < 0.05).astype(np.float64),
    "beta": lambda rng, n: rng.beta(2, 5, n),
    "even": lambda rng, n: rng.random(n),
}


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS)
def test_bounds_of_a_mean_are_like_ville_s(law: str) -> None:
    """Bounds for one look overlap both of ville's for all looks, and are narrower than its of the same kind."""
    x = LAWS[law](drawn(4), 3000)
    low, high = mean_band(x)
    betting = ville.BettingCS(alpha=0.01, intersect=False, grid=1000).fit(x).interval()
    bernstein = ville.EmpiricalBernsteinCS(alpha=0.01, intersect=False).fit(x).interval()
    for other in (betting, bernstein):
        assert max(low, other[0]) < min(high, other[1])
    assert 0.5 * (betting[1] - betting[0]) < high - low < bernstein[1] - bernstein[0]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_the_gap_is_ville_s_effect(share: float) -> None:
    """Of one experiment both estimate the same gap, and ours, which mixes few stakes, is at most twice as wide."""
    rng = drawn(5)
    arms = rng.random(6000) < share
    y = (rng.random(6000) < np.where(arms, 0.25, 0.1)).astype(np.float64)
    ours = Gaps(1, share)
    for outcome, arm in zip(y, arms.tolist(), strict=True):
        ours.step(np.array([outcome]), arm)
    (now,) = ours.now(np.array([0.05]))
    theirs = ville.BettingABTest(alpha=0.05, propensity=share, grid=2000).fit(y, arms)
    low, high = theirs.interval()
    assert now is not None
    assert now.gap == pytest.approx(float(theirs.estimate_[-1]), abs=0.002)
    assert now.low < 0.15 < now.high
    assert max(low, now.low) < min(high, now.high)
    assert 0.5 * (high - low) < now.high - now.low < 2 * (high - low)


@pytest.mark.slow
def test_what_changes_a_lot_river_sees_as_well() -> None:
    """On the same streams ours and ADWIN at a like rate of false alarms ring after the change, equally soon."""
    from river.drift import ADWIN

    runs, change, units = 40, 3000, 6000
    kept = Kept(0.02, 0.1)
    ours = simulate.watch(
        kept, simulate.known((0.02,), runs), runs, threshold=1e5, change=change, units=units, seed=6
    )
    adwins = [ADWIN(delta=0.02) for _ in range(runs)]
    first = np.zeros(runs)
    for at, values in enumerate(kept.seen, 1):
        for run, adwin in enumerate(adwins):
            adwin.update(float(values[run]))
            if adwin.drift_detected and not first[run]:
                first[run] = at
    theirs = first[first > change] - change
    assert len(theirs) >= 0.8 * runs
    assert len(ours.delays) >= 0.9 * runs
    assert 0.5 < ours.delay / float(np.median(theirs)) < 2


class Kept:
    """Events that are remembered, (units, runs)."""

    width = 1

    def __init__(self, before: float, after: float) -> None:
        self.seen: list[NDArray[np.float64]] = []
        self._events = sources.Events(before, after)

    def stratum(self, _at: int, /) -> str:
        """None."""
        return ""

    def draw(
        self, rng: np.random.Generator, runs: int, at: int, /, *, changed: bool
    ) -> NDArray[np.float64]:
        """0 or 1."""
        self.seen.append(self._events.draw(rng, runs, at, changed=changed))
        return self.seen[-1]
