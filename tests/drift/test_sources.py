# SPDX-License-Identifier: Apache-2.0
"""Simulated streams are what they say they are, before and after their change."""

import numpy as np
import pytest

from gyges.drift.simulate import Floats, Source
from gyges.drift.sources import Chain, Daily, Events, Loose, Mix, Numbers, Ramp, Sessions

RUNS, UNITS = 500, 48


def drawn(source: Source, *, changed: bool, units: int = UNITS) -> Floats:
    """Values of shape (units, runs, width)."""
    rng = np.random.default_rng(12)
    rows = [source.draw(rng, RUNS, at, changed=changed) for at in range(units)]
    return np.array(rows).reshape(units, RUNS, source.width)


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        (Events(0.2, 0.5), 0.2, 0.5),
        (Sessions(0.1, 0.3), 0.1, 0.3),
        (Loose(0.1, 0.3, size=4), 0.1, 0.3),
        (Daily(0.1, 0.3, times=2.0, day=UNITS), 0.2, 0.4),
        (Numbers(move=0.5), 0.0, 0.5),
        (Numbers(tail=0.1), 0.0, 0.3),
    ],
)
def test_the_mean_moves(source: Source, before: float, after: float) -> None:
    """Of 24,000 values."""
    assert drawn(source, changed=False).mean() == pytest.approx(before, abs=0.02)
    assert drawn(source, changed=True).mean() == pytest.approx(after, abs=0.02)


def test_numbers_spread() -> None:
    """By the factor that was asked for."""
    assert drawn(Numbers(spread=1.3), changed=True).std() == pytest.approx(1.3, abs=0.03)


def test_sessions_hang_together() -> None:
    """Shares of sessions vary as events with this correlation do: p(1-p)/n * (1 + (n-1) * icc)."""
    want = 0.1 * 0.9 / 20 * (1 + 19 * 0.1)
    assert drawn(Sessions(0.1, 0.1), changed=False, units=200).var() == pytest.approx(
        want, rel=0.04
    )
    loose = drawn(Loose(0.1, 0.1), changed=False, units=4000).reshape(200, 20, RUNS).mean(axis=1)
    assert loose.var() == pytest.approx(want, rel=0.04)


def test_a_ramp_rises_evenly_and_stays() -> None:
    """Half-way it is half as much more; before it has begun it is what it was, and after it what it came to."""
    ramp, rng = Ramp(0.1, 0.5, start=100, over=200), np.random.default_rng(4)
    for at, changed, rate in (
        (500, False, 0.1),
        (100, True, 0.1),
        (200, True, 0.3),
        (900, True, 0.5),
    ):
        assert ramp.draw(rng, 40_000, at, changed=changed).mean() == pytest.approx(rate, abs=0.01)


def test_the_day_has_24_hours() -> None:
    """Each lasts for day / 24 units, the rate peaks at six, and one stratum stands for all if asked."""
    day = Daily(day=240)
    assert [day.stratum(at) for at in (0, 9, 10, 239, 240)] == ["0", "0", "1", "23", "0"]
    assert day.rate(6) == pytest.approx(0.03)
    assert day.rate(18) == pytest.approx(0.01)
    assert Daily(hourly=False).stratum(700) == ""


def test_one_category_happens_each_time() -> None:
    """As often as its share says."""
    found = drawn(Mix((0.5, 0.3, 0.2), (0.2, 0.3, 0.5)), changed=True)
    assert (found.sum(axis=2) == 1).all()
    assert found.mean(axis=(0, 1)) == pytest.approx([0.2, 0.3, 0.5], abs=0.02)


def test_a_chain_follows_its_rows() -> None:
    """Only the row of the tool before is measured, and what follows has that row's shares."""
    rows = np.array([[0.7, 0.3], [0.1, 0.9]])
    found = drawn(Chain(rows, rows), changed=False).reshape(UNITS, RUNS, 2, 2)
    assert ((~np.isnan(found)).sum(axis=(2, 3)) == 2).all()
    assert np.nanmean(found, axis=(0, 1)) == pytest.approx(rows, abs=0.02)
    last = np.nan_to_num(found[:-1]).sum(axis=2).argmax(axis=2)
    now = (~np.isnan(found[1:, :, :, 0])).argmax(axis=2)
    assert (last == now).all()
