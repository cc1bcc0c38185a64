# SPDX-License-Identifier: Apache-2.0
"""Bands from a reference: bounds that hold as often as they say, and bets that are the factors of their bands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gyges.drift.banded import Means, Rates, mean_band, rate_band
from gyges.drift.bets import rate_factors, stakes_of
from gyges.drift.words import Direction, Unusable

NONE = np.zeros(3)


@pytest.mark.slow
@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.9, 0.99, 0.999]))
def test_the_band_is_clopper_and_pearsons(of: int, share: float, confidence: float) -> None:
    """It agrees with SciPy's exact interval."""
    events = round(share * of)
    want = stats.binomtest(events, of).proportion_ci(confidence, method="exact")
    assert rate_band(events, of, confidence) == pytest.approx(
        (want.low, want.high), rel=1e-6, abs=1e-9
    )


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.004, 0.02, 0.5])
def test_the_band_holds_the_rate_as_often_as_it_says(rate: float) -> None:
    """Summed over all counts, the exact chance that 99 % bounds of 200 units miss the rate is at most 1 %."""
    held = [k for k in range(201) if (b := rate_band(k, 200))[0] <= rate <= b[1]]
    assert float(stats.binom.pmf(held, 200, rate).sum()) >= 0.99


def test_the_band_of_means_holds_the_mean() -> None:
    """For shares that are mostly 0 as for even ones, at most 1 in 100 of 400 references misses; none is empty."""
    rng = np.random.default_rng(8)
    for a, b in ((0.2, 9.0), (1.0, 1.0), (5.0, 0.5)):
        bands = np.array([mean_band(rng.beta(a, b, 300)) for _ in range(400)])
        missed = (bands[:, 0] > a / (a + b)) | (bands[:, 1] < a / (a + b))
        assert missed.mean() <= 0.02
        assert (bands[:, 0] < bands[:, 1]).all()
        assert (bands[:, 1] - bands[:, 0]).mean() < 0.35


def test_more_units_make_a_narrower_band() -> None:
    """Ten times as many units, less than half the width."""
    for made in (lambda n: rate_band(n // 10, n), lambda n: mean_band(np.arange(n) % 10 / 9)):
        small, large = made(300), made(3000)
        assert large[1] - large[0] < 0.5 * (small[1] - small[0])


@pytest.mark.parametrize(("events", "of"), [(-1, 5), (6, 5), (0, 0)])
def test_a_reference_of_rates_that_is_none_is_refused(events: int, of: int) -> None:
    """The error names both numbers."""
    with pytest.raises(Unusable, match=f"a reference of {events} events in {of}"):
        rate_band(events, of)


@pytest.mark.parametrize("values", [[], [0.5, 1.1], [-0.1], [float("nan")]])
def test_a_reference_of_shares_that_is_none_is_refused(values: list[float]) -> None:
    """Nothing at all, and values that are no shares."""
    with pytest.raises(Unusable, match="a reference of shares"):
        mean_band(values)


@pytest.mark.parametrize("direction", list(Direction))
def test_rates_bet_the_factors_of_each_band(direction: Direction) -> None:
    """Streams and strata keep their own bands; a value of 1 takes the second column."""
    bands = {"day": [(0.1, 0.2), (0.3, 0.3), (0.1, 0.2)], "night": [(0.5, 0.6)] * 3}
    bettor = Rates(bands, direction)
    made = bettor.factors(np.array([1.0, 0.0, 0.0]), NONE, "day")
    want = [rate_factors(0.1, 0.2, direction)[:, 1], rate_factors(0.3, 0.3, direction)[:, 0],
            rate_factors(0.1, 0.2, direction)[:, 0]]  # fmt: skip
    assert made == pytest.approx(np.array(want).T, rel=1e-6)
    assert made.shape == (bettor.bets, 3)
    night = bettor.factors(np.array([1.0, 1.0, 1.0]), NONE, "night")
    assert night[:, 0] == pytest.approx(rate_factors(0.5, 0.6, direction)[:, 1], rel=1e-6)


@pytest.mark.parametrize("direction", list(Direction))
def test_means_bet_the_factors_of_each_band(direction: Direction) -> None:
    """1 + stake * (value - mean), stream by stream."""
    bands = [(0.1, 0.2), (0.3, 0.3), (0.0, 1.0)]
    bettor, values = Means({"": bands}, direction), np.array([0.9, 0.0, 0.5])
    made = bettor.factors(values, NONE, "")
    stakes, means = np.array([stakes_of(*b, direction) for b in bands]).T
    assert made == pytest.approx(1 + stakes * (values - means), rel=1e-5)
    assert made.shape == (bettor.bets, 3)


@pytest.mark.parametrize("made", [Rates, Means])
def test_a_stratum_without_a_band_is_not_bet_on(made: type[Rates] | type[Means]) -> None:
    """Its factors are NaN, which a bank leaves alone."""
    assert np.isnan(made({"day": [(0.1, 0.2)] * 3}).factors(NONE, NONE, "night")).all()
