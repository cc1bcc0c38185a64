# SPDX-License-Identifier: Apache-2.0
"""Many features: parts of alpha add up, e-BH as published, adjusters are e-values, patience is Bonferroni."""

import math

import numpy as np
import pytest

from gyges.drift.many import adjusted, e_bh, patience, split
from gyges.drift.words import Unusable


def test_alpha_is_split_by_weights() -> None:
    """Parts are in proportion and add up."""
    assert split(0.06, [1, 2, 3]) == pytest.approx((0.01, 0.02, 0.03))


def test_thresholds_of_patience_spend_beta() -> None:
    """The sum over features of 1 / c is the promised rate."""
    found = patience(1e-4, [1, 1, 2])
    assert found == pytest.approx((4e4, 4e4, 2e4))
    assert sum(1 / c for c in found) == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("values", "out"),
    [
        ([80, 1, 1, 1], [0]),  # 4 / (0.05 * 1) = 80
        ([79, 1, 1, 1], []),
        ([40, 1, 40, 1], [0, 2]),  # 4 / (0.05 * 2) = 40
        ([20, 20, 20, 20], [0, 1, 2, 3]),
        ([19, 90, 19, 19], [1]),
        ([], None),
    ],
)
def test_e_bh_is_the_published_rule(values: list[float], out: list[int] | None) -> None:
    """The k largest, for the largest k with the k-th at least K / (alpha k)."""
    if out is None:
        with pytest.raises(Unusable):
            e_bh(values, 0.05)
    else:
        assert e_bh(values, 0.05) == out


def test_weights_move_what_is_called_out() -> None:
    """A value counts by its weight over the mean weight."""
    assert e_bh([30, 30], 0.05) == [0, 1]
    assert e_bh([30, 5], 0.05, [3, 1]) == [0]
    assert e_bh([30, 5], 0.05, [1, 3]) == []


@pytest.mark.slow
def test_peaks_as_they_are_would_promise_too_much_and_adjusted_ones_do_not() -> None:
    """The mean of a fair process's running maximum is above 1; of its adjusted ones it is at most 1."""
    rng = np.random.default_rng(12)
    walk = np.cumprod(rng.choice([0.5, 1.5], size=(20_000, 200)), axis=1)
    peaks = np.maximum(walk.max(axis=1), 1)
    assert peaks.mean() > 1.5
    for kappa in (None, 0.3, 0.5):
        found = np.array([adjusted(float(p), kappa) for p in peaks])
        assert found.mean() < 1 + 4 * found.std() / math.sqrt(len(found))


@pytest.mark.parametrize("kappa", [None, 0.5, 0.7])
def test_adjusters_integrate_to_one(kappa: float | None) -> None:
    """The integral of A(e) / e^2 from 1 on is 1: nothing is given away and nothing is spent twice."""
    u = (np.arange(200_000) + 0.5) / 200_000  # e = 1 / u, de / e^2 = du
    mean = np.mean([adjusted(float(1 / x), kappa) for x in u])
    assert mean == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("alpha", "weights"),
    [(0.0, [1.0]), (1.0, [1.0]), (0.05, []), (0.05, [0.0]), (0.05, [math.inf]), (0.05, [math.nan])],
)
def test_a_split_that_cannot_be_is_refused(alpha: float, weights: list[float]) -> None:
    """Alpha in (0, 1); weights finite and above 0."""
    with pytest.raises(Unusable):
        split(alpha, weights)


def test_values_that_are_no_e_values_are_refused() -> None:
    """Negative, NaN, too few; a peak below 1; a kappa out of range."""
    for values in ([-1.0], [math.nan], [1.0, 2.0]):
        with pytest.raises(Unusable):
            e_bh(values, 0.05, [1.0])
    with pytest.raises(Unusable, match="running maximum"):
        adjusted(0.5)
    with pytest.raises(Unusable, match="kappa"):
        adjusted(2.0, 1.0)
