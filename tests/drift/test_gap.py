# SPDX-License-Identifier: Apache-2.0
"""The gap's interval: covers at all times whatever the world does, shrinks, and says what is excluded."""

import math

import numpy as np
import pytest

from gyges.drift.gap import Gaps
from gyges.drift.interval import Interval
from gyges.drift.words import Unusable

ALPHA = np.array([0.05])


WORLDS = [
    ("iid", 0.05, 0.5, 0.0), ("iid", 0.05, 0.1, 0.0), ("iid", 0.3, 0.1, 0.1), ("drift", 0.05, 0.5, 0.0),
    ("drift", 0.05, 0.1, 0.1), ("drift", 0.3, 0.1, 0.0), ("clustered", 0.05, 0.1, 0.0),
    ("clustered", 0.3, 0.5, 0.1),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("world", "base", "share", "more"), WORLDS)
def test_the_interval_covers_at_every_look(
    world: str, base: float, share: float, more: float
) -> None:
    """Of 300 runs hardly one leaves its interval at any of many looks, whatever `more` happens unwatched."""
    runs, units, rng = 300, 1500, np.random.default_rng(21)
    gaps, missed, summed = Gaps(runs, share), np.zeros(runs, dtype=bool), 0.0
    for at in range(1, units + 1):
        mean = 3 * base if world == "drift" and at > units / 2 else base
        summed += more * (1 - mean)
        p = (
            rng.beta(9 * mean, 9 * (1 - mean), runs)
            if world == "clustered"
            else np.full(runs, mean)
        )
        arms = rng.random(runs) < share
        p = p + more * (1 - p) * arms
        gaps.step(rng.binomial(5, p) / 5 if world == "clustered" else rng.binomial(1, p) / 1, arms)
        if at < 20 or at % 25 == 0:
            low, high = gaps.ends(0.05)
            missed |= (low > summed / at) | (high < summed / at)
    assert missed.mean() <= 0.05


@pytest.mark.slow
def test_the_interval_is_for_the_mean_gap_when_gaps_differ() -> None:
    """With a gap of 20 points in the first half only, the interval keeps to the mean of the gaps so far."""
    runs, units, rng = 200, 1200, np.random.default_rng(3)
    gaps, missed = Gaps(runs, 0.5), np.zeros(runs, dtype=bool)
    for at in range(1, units + 1):
        arms = rng.random(runs) < 0.5
        p = np.where(arms & (at <= units / 2), 0.4, 0.2)
        gaps.step((rng.random(runs) < p).astype(float), arms)
        if at % 50 == 0:
            low, high = gaps.ends(0.05)
            mean = 0.2 * min(at, units / 2) / at
            missed |= (low > mean) | (high < mean)
    assert missed.mean() <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("share", "widest"), [(0.5, 0.028), (0.1, 0.055)])
def test_the_interval_is_narrow_enough_to_use(share: float, widest: float) -> None:
    """After 4,000 units without a gap at base 5 %, half its width is below the stated points."""
    rng, gaps = np.random.default_rng(6), Gaps(50, share)
    for _ in range(4000):
        gaps.step((rng.random(50) < 0.05).astype(float), rng.random(50) < share)
    low, high = gaps.ends(0.05)
    assert np.median(high - low) / 2 < widest


def test_it_reports_rates_units_and_what_is_excluded() -> None:
    """Counts and rates are those of the arms, and the bound is the end farther from 0."""
    gaps = Gaps(1, 0.5)
    assert gaps.now(ALPHA) == [None]
    for at in range(400):
        gaps.step(np.array([1.0 if at % 8 == 0 else 0.0]), at % 2 == 0)
    now = gaps.now(ALPHA)[0]
    assert now is not None
    assert (now.unwatched, now.watched, now.n_unwatched, now.n_watched) == (0.25, 0.0, 200, 200)
    assert now.low < now.gap < now.high
    assert now.gap == pytest.approx(0.25, abs=0.02)
    assert now.excluded == max(-now.low, now.high)


def test_what_was_not_measured_is_not_counted() -> None:
    """A NaN leaves its stream as it was."""
    gaps = Gaps(2, 0.5)
    gaps.step(np.array([np.nan, 1.0]), True)
    gaps.step(np.array([np.nan, 0.0]), False)
    assert gaps.now(np.array([0.05, 0.05]))[0] is None
    assert gaps.counts[:, 1].tolist() == [1, 1]


def test_state_goes_on_as_if_nothing_had_happened() -> None:
    """Restored state gives the same ends as the original, also afterwards."""
    rng = np.random.default_rng(0)
    one, two = Gaps(3, 0.2), Gaps(3, 0.2)
    for at in range(80):
        if at == 40:
            two.restore(one.tree())
            one = two
        one.step(rng.random(3), bool(rng.random() < 0.2))
    again, rng = Gaps(3, 0.2), np.random.default_rng(0)
    for _ in range(80):
        again.step(rng.random(3), bool(rng.random() < 0.2))
    np.testing.assert_array_equal(np.stack(again.ends(0.05)), np.stack(one.ends(0.05)))


@pytest.mark.parametrize("alpha", [0.0, 1.0, math.nan])
def test_a_level_that_is_none_is_refused(alpha: float) -> None:
    """Alpha is in (0, 1)."""
    with pytest.raises(Unusable, match="alpha"):
        Interval(1, 1.0).ends(alpha)


def test_bad_input_is_refused_before_anything_is_taken() -> None:
    """A share that is none, and an outcome out of range."""
    with pytest.raises(Unusable, match="share"):
        Gaps(1, 1.0)
    gaps = Gaps(1, 0.5)
    with pytest.raises(Unusable, match=r"in \[0, 1\]"):
        gaps.step(np.array([2.0]), True)
    assert gaps.counts.sum() == 0
