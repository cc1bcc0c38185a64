# SPDX-License-Identifier: Apache-2.0
"""Checks of an alarm's assumptions: each is a figure that is right, and a sentence that says what follows."""

import numpy as np
import pytest

from gyges.drift.alarms import Changed
from gyges.drift.checks import (
    autocorrelation,
    graders_check,
    icc,
    order_check,
    refuse_events,
    sessions_check,
    size_check,
)
from gyges.drift.layout import layout
from gyges.drift.rows import Row, row_of
from gyges.drift.units import single, units_of
from gyges.drift.words import Feature, Grain, Kind, Unusable
from tests.drift.world import IDLE, Office

REFUSED = (Feature(name="refused", kind=Kind.BINARY),)
EVENTS = (Feature(name="refused", kind=Kind.BINARY, grain=Grain.EVENT),)


def _groups(values: np.ndarray) -> list[tuple[float, float, float]]:
    return [(len(v), v.mean(), ((v - v.mean()) ** 2).sum()) for v in values]


def test_icc_is_the_one_that_was_planted() -> None:
    """Groups whose variance is a quarter between them and three quarters inside give 0.25."""
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (2000, 1)) + rng.normal(0, 3**0.5, (2000, 5))
    assert icc(_groups(values)) == pytest.approx(0.25, abs=0.04)
    assert icc(_groups(rng.normal(size=(2000, 5)))) == pytest.approx(0, abs=0.03)


def test_icc_is_not_guessed() -> None:
    """With few groups, with one value in each, or with no variance, there is none."""
    assert icc(_groups(np.ones((9, 5)))) is None
    assert icc(_groups(np.random.default_rng(1).normal(size=(50, 1)))) is None
    assert icc(_groups(np.ones((50, 5)))) is None


def test_autocorrelation_is_the_one_that_was_planted() -> None:
    """A series that keeps half of its last value has one of about a half; noise has about none."""
    noise = np.random.default_rng(1).normal(size=4000)
    series = [0.0]
    for e in noise:
        series.append(0.5 * series[-1] + e)
    assert autocorrelation(np.array(series)) == pytest.approx(0.5, abs=0.05)
    assert autocorrelation(noise) == pytest.approx(0, abs=0.05)
    assert autocorrelation(noise[:29]) is None
    assert order_check(np.array(series)).good is False
    assert order_check(noise).good is True
    assert order_check(np.ones(100)).good is None


def _rows(*, clusters: bool, grain: Grain) -> list[Row]:
    lay, office = layout(REFUSED), Office(session=5, clusters=clusters, base=0.3)
    if grain is Grain.SESSION:
        return [row_of(lay, unit) for unit in units_of(office.episodes(1000), REFUSED, IDLE)]
    return [row_of(lay, single(episode)) for episode in office.episodes(1000)]


@pytest.mark.parametrize("grain", [Grain.SESSION, Grain.EPISODE])
def test_sessions_are_found_to_hang_together_at_any_grain(grain: Grain) -> None:
    """The same correlation is measured from units of many episodes and from episodes that name their session."""
    check = sessions_check(_rows(clusters=True, grain=grain), 0, 0, grain)
    assert check.value == pytest.approx(0.5, abs=0.1)
    assert check.good is (grain is Grain.SESSION)
    assert ("analyse sessions" in check.verdict) is (grain is Grain.EPISODE)


def test_independent_episodes_may_be_units() -> None:
    """Where sessions do not matter, the check of episodes says so."""
    check = sessions_check(_rows(clusters=False, grain=Grain.EPISODE), 0, 0, Grain.EPISODE)
    assert check.good is True
    assert "may be taken as units" in check.verdict


def test_a_changed_grader_is_told() -> None:
    """A grader's new version near the change is a warning; another fingerprint is none."""
    grader = Changed(what="grader:tone", before="1", now="2", at=0, unit="u")
    model = Changed(what="model", before="1", now="2", at=0, unit="u")
    assert "grader:tone from 1 to 2" in graders_check([grader, model]).verdict
    assert graders_check([grader]).good is False
    assert graders_check([model]).good is True


def test_a_small_baseline_is_called_small() -> None:
    """Below two hundred units the sentence warns."""
    assert size_check(199).good is False
    assert size_check(200).good is True
    assert size_check(None).good is True
    assert "0 units" not in size_check(None).verdict


def test_events_are_refused_with_what_was_measured() -> None:
    """A feature by event is refused with the correlation of the sample, or with how to measure it."""
    sample = list(Office(session=5, clusters=True, base=0.3).episodes(1000))
    with pytest.raises(Unusable, match=r"refused: .*correlation 0\.[45]\d in 200 sessions"):
        refuse_events(EVENTS, sample)
    with pytest.raises(Unusable, match="not measured: hand in a sample"):
        refuse_events(EVENTS, ())
    refuse_events(REFUSED, ())
