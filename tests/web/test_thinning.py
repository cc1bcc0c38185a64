# SPDX-License-Identifier: Apache-2.0
"""Series made short: no value is lost or counted twice, means stay means, and no peak is cut off."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.web import thinning

VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=300)
NUMBERS = st.lists(st.floats(0, 1e6), max_size=300)
MOST = st.integers(1, 80)


@given(VALUES, MOST)
def test_bins_hold_every_value_once(values: list[float | None], most: int) -> None:
    """Counts and sums of the bins are those of the series; each mean lies within its spread; they come in order."""
    found, known = thinning.bins(values, most), [x for x in values if x is not None]
    assert len(found) <= most
    assert sum(b.n for b in found) == len(known)
    assert math.isclose(math.fsum(b.n * b.mean for b in found), math.fsum(known), abs_tol=1e-3)
    assert all(b.low - 1e-6 <= b.high for b in found)
    assert [b.at for b in found] == sorted({b.at for b in found})
    assert all(0 <= b.at <= len(values) - 1 for b in found)


def test_a_bin_tells_its_middle_and_eight_tenths() -> None:
    """Of 0 to 20 the mean is 10, and 2 to 18 holds eight tenths; a bin of one is that one."""
    (found,) = thinning.bins([float(x) for x in range(21)], 1)
    assert (found.at, found.mean, found.low, found.high, found.n) == (10, 10, 2, 18, 21)
    assert [b.mean for b in thinning.bins([1.0, None, 3.0], 9)] == [1, 3]
    assert thinning.bins([None, None], 1) == []


@given(VALUES, st.integers(1, 40))
def test_a_running_mean_is_that_of_the_last(values: list[float | None], window: int) -> None:
    """At each place the mean of the window up to it, None while less than half of it was measured."""
    for at, mean in enumerate(thinning.running(values, window)):
        last = [x for x in values[max(0, at - window + 1) : at + 1] if x is not None]
        if 2 * len(last) < window:
            assert mean is None
        else:
            assert mean == pytest.approx(math.fsum(last) / len(last), abs=1e-3)


@given(NUMBERS, MOST)
def test_peaks_are_kept(values: list[float], most: int) -> None:
    """The largest value is among them, the last too, each at its own place, and few are left."""
    found = thinning.peaks(values, most)
    assert len(found) <= most + 1
    assert all(values[at] == value for at, value in found)
    if values:
        assert max(value for _, value in found) == max(values)
        assert found[-1] == (len(values) - 1, values[-1])


@given(NUMBERS, MOST)
def test_places_are_equally_far_apart(values: list[float], most: int) -> None:
    """From the first to the last, none twice."""
    found = thinning.spaced(values, most)
    assert len(found) <= most + 1
    if values:
        assert (found[0][0], found[-1][0]) == (0, len(values) - 1)
        assert len({b - a for (a, _), (b, _) in pairwise(found[:-1])}) <= 1
