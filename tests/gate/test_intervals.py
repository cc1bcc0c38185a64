# SPDX-License-Identifier: Apache-2.0
"""Shares and medians with their intervals: against values worked out elsewhere, and what always holds."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.gate.intervals import EXACT, middle, share


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0),
     (81, 263, 0.2553, 0.3662)],
)  # fmt: skip
def test_wilsons_interval_has_the_published_values(
    count: int, of: int, low: float, high: float
) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), gives 81 of 263 as 0.2553 to 0.3662."""
    found = share(count, of)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_of_nothing_nothing_is_known() -> None:
    """No value and the widest interval, not nought."""
    found, empty = share(0, 0), middle([])
    assert (found.value, found.low, found.high) == (None, 0.0, 1.0)
    assert (empty.of, empty.median, empty.low, empty.high) == (0, None, None, None)


@given(data=st.data(), of=st.integers(1, 5_000))
def test_a_share_lies_in_its_interval_and_mirrors(data: st.DataObject, of: int) -> None:
    """Inside [0, 1], around the share, and the same seen from the other side."""
    count = data.draw(st.integers(0, of))
    one, other = share(count, of), share(of - count, of)
    assert one.value is not None
    assert 0.0 <= one.low <= one.value <= one.high <= 1.0
    assert one.low == pytest.approx(1 - other.high)


@given(values=st.lists(st.integers(0, 10**9), min_size=1, max_size=EXACT + 50))
def test_a_median_lies_between_its_bounds(values: list[int]) -> None:
    """The bounds are observed values around the median; below six there are none."""
    found = middle(values)
    assert found.median is not None
    if len(values) < 6:
        assert found.low is None
        assert found.high is None
    else:
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.median <= found.high
        assert {found.low, found.high} <= set(values)


@pytest.mark.parametrize("n", [6, 7, 20, 99, EXACT, EXACT + 1, 2_000])
def test_the_medians_interval_covers_at_least_95_percent(n: int) -> None:
    """By the binomial distribution of how many lie below; one rank further in would be too few or near it."""
    found = middle(range(n))
    assert found.low is not None
    outside = 2 * sum(comb(n, k) for k in range(found.low + 1)) / 2**n
    assert outside <= 0.05
    wider = 2 * sum(comb(n, k) for k in range(found.low + 4)) / 2**n
    assert wider > 0.05
