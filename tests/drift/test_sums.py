# SPDX-License-Identifier: Apache-2.0
"""Sums of factors: one stream and many agree, alarms begin again, and the promise on false alarms holds."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.drift.bets import rate_factors
from gyges.drift.sums import CEILING, Sum, Sums
from gyges.drift.words import Unusable

FACTORS = st.lists(st.lists(st.floats(0, 4, width=32), min_size=3, max_size=3), max_size=60)


@given(FACTORS, st.floats(1, 500))
def test_one_stream_and_many_agree(factors: list[list[float]], threshold: float) -> None:
    """Fed the same factors, both have the same evidence to float32's tolerance until one of them alarms."""
    one, many = Sum(3, threshold), Sums(3, [threshold, threshold])
    for row in factors:
        rang = one.step(row)
        column = np.array(row, dtype=np.float32)[:, None]
        both = many.step(np.hstack([column, column]))
        if rang or both.any():
            return
        assert many.evidence == pytest.approx([one.evidence] * 2, rel=1e-4)


def test_the_sum_is_the_recursion() -> None:
    """M = (M + 1) * L, bet by bet; the alarm is at the mean."""
    one = Sum(2, 10.0)
    assert not one.step([2.0, 0.5])
    assert one.sums == [2.0, 0.5]
    assert not one.step([3.0, 2.0])
    assert one.sums == [9.0, 3.0]
    assert one.evidence == 6.0
    assert one.step([2.0, 0.0])
    assert one.sums == [0.0, 0.0]


@given(st.lists(st.floats(0.125, 4, width=32), min_size=1, max_size=12))
def test_the_sum_is_over_all_starts(factors: list[float]) -> None:
    """Unrolled, it is the sum over every unit of the product of the factors from there on: a change at any time."""
    one = Sum(1, 1e29)
    for factor in factors:
        one.step([factor])
    starts = [np.prod(factors[at:]) for at in range(len(factors))]
    assert one.evidence == pytest.approx(sum(starts), rel=1e-9)


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3])
def test_before_a_change_evidence_is_the_time(rate: float) -> None:
    """Over all 2^8 sequences, weighted by their chance, it is at most 8 after 8 units for every rate in the band."""
    table = rate_factors(0.1, 0.3).tolist()
    expected = 0.0
    for events in product((0, 1), repeat=8):
        one = Sum(len(table), 1e29)
        for y in events:
            one.step([bet[y] for bet in table])
        expected += one.evidence * rate ** sum(events) * (1 - rate) ** (8 - sum(events))
    assert 0 < expected <= 8 + 1e-9


def test_only_the_stream_that_rings_begins_again() -> None:
    """Streams keep apart, each with a threshold of its own."""
    many = Sums(1, [2.0, 100.0])
    assert many.step(np.array([[3.0, 3.0]], dtype=np.float32)).tolist() == [True, False]
    assert many.sums.tolist() == [[0.0, 3.0]]


def test_nothing_overflows() -> None:
    """A stream that never stops growing stays finite below its ceiling and alarms all the same."""
    many = Sums(1, [CEILING / 2])
    rang = [bool(many.step(np.array([[1e6]], dtype=np.float32))[0]) for _ in range(20)]
    assert any(rang)
    assert np.isfinite(many.sums).all()


@pytest.mark.parametrize("threshold", [0.0, 0.99, float("nan"), CEILING, float("inf")])
def test_a_threshold_that_promises_nothing_is_refused(threshold: float) -> None:
    """The error says what a threshold must be, for one stream and for many."""
    with pytest.raises(Unusable, match="a threshold must be at least 1"):
        Sum(1, threshold)
    with pytest.raises(Unusable, match="a threshold must be at least 1"):
        Sums(1, [2.0, threshold])


def test_factors_of_another_number_are_refused() -> None:
    """A bet too few or too many is an error, not a shorter sum."""
    with pytest.raises(ValueError, match="zip"):
        Sum(2, 10.0).step([1.0])


def test_false_alarms_with_resets_stay_within_the_budget() -> None:
    """At c = 200, 2,000 null streams of 400 events expect at most 2 alarms each, resets included."""
    rng = np.random.default_rng(11)
    table = rate_factors(0.1, 0.1).astype(np.float32)
    many = Sums(len(table), np.full(2000, 200.0))
    alarms = sum(
        int(many.step(np.where(rng.random(2000) < 0.1, table[:, 1:], table[:, :1])).sum())
        for _ in range(400)
    )
    assert 0 < alarms <= 2000 * 400 / 200
