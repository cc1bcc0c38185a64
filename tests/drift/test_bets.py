# SPDX-License-Identifier: Apache-2.0
"""Betting factors: none is negative, and no rate or mean that counts as unchanged expects to earn from one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.drift.bets import Floats, mean_factors, rate_factors, stakes_of
from gyges.drift.words import Direction, Unusable

ENDS = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)
ASIDE = st.floats(0, 1)
EPS = 1e-9


def within(low: float, high: float, aside: float) -> float:
    """A place between the ends; the ends of what bets know a rate to be are no further out than 1e-4."""
    return min(max(low + aside * (high - low), 1e-4), 1 - 1e-4)


def earned(factors: Floats, rate: float) -> Floats:
    """What each factor of a rate is expected to be."""
    found: Floats = (1 - rate) * factors[:, 0] + rate * factors[:, 1]
    return found


@given(ENDS, ASIDE, st.sampled_from(Direction))
def test_no_rate_in_the_band_earns(ends: list[float], aside: float, direction: Direction) -> None:
    """Every factor's expectation is at most 1 under every rate in the band, and no factor is negative."""
    factors = rate_factors(*ends, direction)
    assert (factors >= 0).all()
    assert (earned(factors, within(*ends, aside)) <= 1 + EPS).all()


@given(ENDS, ASIDE, ASIDE, st.sampled_from(Direction))
def test_no_mean_in_the_band_earns(
    ends: list[float], aside: float, spread: float, direction: Direction
) -> None:
    """The same for means, whatever two values the distribution has: 0 and 1, or nearer to its mean."""
    stakes = stakes_of(*ends, direction)
    mean = within(*ends, aside)
    bottom, top = mean * spread, mean + (1 - mean) * spread
    share = 0.5 if top == bottom else (mean - bottom) / (top - bottom)
    low, high = mean_factors(stakes, bottom), mean_factors(stakes, top)
    assert (np.minimum(low, high) >= 0).all()
    assert ((1 - share) * low + share * high <= 1 + EPS).all()


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


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_share_out_of_range_is_refused(value: float) -> None:
    """A value that is no share raises; it never becomes a factor."""
    with pytest.raises(Unusable, match="a share must be in"):
        mean_factors(stakes_of(0.2, 0.3), value)
