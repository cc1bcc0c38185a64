# SPDX-License-Identifier: Apache-2.0
"""Betting factors: none is negative, and no rate or mean that counts as unchanged expects to earn from one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.drift.banded import Means
from gyges.drift.bets import Floats, rate_factors, stakes_of
from gyges.drift.words import Direction, Unusable

ENDS = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)
ASIDE = st.floats(0, 1)
EPS = 1e-9


def within(low: float, high: float, aside: float) -> float:
    """A place between the ends."""
    return min(low + aside * (high - low), high)


def earned(factors: Floats, rate: float) -> Floats:
    """What each factor of a rate is expected to be."""
    found: Floats = (1 - rate) * factors[:, 0] + rate * factors[:, 1]
    return found


@given(ENDS, ASIDE, st.sampled_from(Direction))
def test_no_rate_in_the_band_earns(ends: list[float], aside: float, direction: Direction) -> None:
    """Every factor's expectation is at most 1 under every rate in the band, and no factor is negative."""
    factors = rate_factors(ends[0], ends[1], direction)
    assert (factors >= 0).all()
    assert (earned(factors, within(ends[0], ends[1], aside)) <= 1 + EPS).all()


@given(ENDS, ASIDE, ASIDE, st.sampled_from(Direction))
def test_no_mean_in_the_band_earns(
    ends: list[float], aside: float, spread: float, direction: Direction
) -> None:
    """The same for means, whatever two values the distribution has: 0 and 1, or nearer to its mean."""
    bettor = Means({"": [(ends[0], ends[1])] * 2}, direction)
    mean = within(ends[0], ends[1], aside)
    two = np.array([mean * spread, mean + (1 - mean) * spread])
    share = 0.5 if two[1] == two[0] else (mean - two[0]) / (two[1] - two[0])
    low, high = bettor.factors(two, two, "").T.astype(np.float64)
    assert (np.minimum(low, high) >= 0).all()
    assert ((1 - share) * low + share * high <= 1 + 1e-5).all()


@pytest.mark.parametrize("direction", list(Direction))
def test_a_rate_of_nothing_earns_nothing_in_a_band_from_0(direction: Direction) -> None:
    """Not even a little for each unit, which would add up: no factor of a quiet unit is above 1."""
    assert (rate_factors(0.0, 0.1, direction)[:, 0] <= 1).all()
    assert (Means({"": [(0.0, 0.1)]}, direction).factors(np.zeros(1), np.zeros(1), "") <= 1).all()


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_rate_that_never_varied_is_bet_on_all_the_same(rate: float) -> None:
    """Known to be 0, it may be 1 in 10,000; a single event is then worth the largest odds ratio, almost."""
    table = rate_factors(rate, rate)
    assert np.isfinite(table).all()
    assert table[:, 0 if rate else 1].max() > (4.9 if rate else 5.9)


@pytest.mark.parametrize(("rate", "better"), [(0.05, Direction.UP), (0.01, Direction.DOWN)])
def test_a_bet_earns_when_the_rate_moves_its_way(rate: float, better: Direction) -> None:
    """Growth per event is positive for some bet of the right direction and for none of the wrong one."""
    for direction in (Direction.UP, Direction.DOWN):
        factors = rate_factors(0.02, 0.02, direction)
        growth = (1 - rate) * np.log(factors[:, 0]) + rate * np.log(factors[:, 1])
        assert (growth.max() > 0) == (direction is better)


def test_a_factor_is_the_likelihood_ratio() -> None:
    """An odds ratio of 2 moves a rate of 1/2 to 2/3: the factors are (1/3)/(1/2) and (2/3)/(1/2)."""
    up = rate_factors(0.5, 0.5, Direction.UP)
    assert np.allclose(up[1], [2 / 3, 4 / 3])


@pytest.mark.parametrize("ends", [(-0.1, 0.5), (0.6, 0.5), (0.5, 1.1), (float("nan"), 0.5)])
def test_a_band_that_is_none_is_refused(ends: tuple[float, float]) -> None:
    """The error names both ends."""
    for made in (rate_factors, stakes_of):
        with pytest.raises(Unusable, match=r"^a band of rates .* not .*\.\."):
            made(*ends)
