# SPDX-License-Identifier: Apache-2.0
"""The drift bench compares with tests that are what they are called; how fast anything is stands in no test."""

import math

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from bench.drift import _delay, _rows
from bench.drift_rivals import (
    CHANGE,
    EVERY,
    LENGTH,
    RATE,
    REFERENCE,
    WINDOW,
    Firsts,
    _statistics,
    streams,
)


def test_the_windows_are_tested_as_scipy_would() -> None:
    """Chi-square without correction, of a window against the first 5,000 events."""
    (batch,) = streams(0.05, 2, seed=1)
    at, statistic = _statistics(batch)
    for place in (0, 200, len(at) - 1):
        now = int(batch[1, at[place] - WINDOW : at[place]].sum())
        before = int(batch[1, :REFERENCE].sum())
        table = [[now, WINDOW - now], [before, REFERENCE - before]]
        expected = chi2_contingency(table, correction=False)[0]
        assert statistic[1, place] == pytest.approx(expected)
    assert (at[0], at[1] - at[0], at[-1]) == (REFERENCE + WINDOW, EVERY, LENGTH)


def test_streams_change_where_they_say() -> None:
    """The rate is 2 % up to the change, and another after it."""
    found = np.concatenate(list(streams(0.10, 60, seed=2)))
    assert found.shape == (60, LENGTH)
    assert found[:, :CHANGE].mean() == pytest.approx(RATE, abs=0.001)
    assert found[:, CHANGE:].mean() == pytest.approx(0.10, abs=0.001)


def test_a_delay_counts_streams_without_an_earlier_alarm() -> None:
    """One that alarmed before is left out; one that never alarms is in no median, and both are told."""
    one = Firsts(name="x", after=0.05, first=[0, 5, CHANGE + 10, CHANGE + 30])
    assert one.delays == [math.inf, 10, 30]
    row = _delay(one, base=10.0)
    assert (row.value, row.ratio, row.n) == (20, 2, 3)
    assert row.note == "33.3% never; 3 of 4 streams"


def test_false_alarms_are_a_share_of_streams() -> None:
    """Those of the unchanged streams only."""
    kept = [
        Firsts(name="e-SR, rate known", after=RATE, first=[0, 0, 0, 7]),
        Firsts(name="e-SR, rate known", after=0.05, first=[CHANGE + 600] * 3),
    ]
    wrong, delay = _rows(kept, [0.05])
    assert (wrong.value, wrong.unit, wrong.n) == (25, "% of streams", 4)
    assert delay.value == 600
    assert delay.note == "target: value <= 670, met"
