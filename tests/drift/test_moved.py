# SPDX-License-Identifier: Apache-2.0
"""The sessions that moved a ring test: named once it has rung, and their parts are all of the evidence."""

import math

import numpy as np
import pytest

from gyges.drift.moved import KEPT, Movers
from gyges.drift.ring import Ring
from tests.drift.test_ring import DESIGN, FEATURES, fails_unwatched, played, units


@pytest.mark.slow
def test_sealed_until_it_rings_then_the_sessions_that_moved_it_have_names() -> None:
    """Before a feature has rung nothing is named; afterwards those that failed unwatched lead, and others oppose."""
    seen = {u.id: u for u in units(600, 5, fails_unwatched)}
    report = played(600, 5, fails_unwatched)
    found = {f.feature: f for f in report.findings}
    assert len(found["failed"].top) == len(found["failed"].counter) == KEPT
    for one in found["failed"].top:
        (episode,) = seen[one.unit].episodes
        assert (one.value, episode.values["failed"]) == (1.0, True)
        assert episode.cue is not None
        assert episode.cue.unwatched
        assert one.log_factor > 0
    assert all(one.log_factor < 0 for one in found["failed"].counter)
    assert {f.top for f in report.findings if not f.rung} == {()}
    assert {f.counter for f in report.findings if not f.rung} == {()}


def test_the_parts_of_all_sessions_sum_to_the_evidence() -> None:
    """With few enough units to keep them all, their logs add up to the log of the evidence."""
    movers, evidence = Movers(1), [1.0]
    ring = Ring(DESIGN, (FEATURES[0],))
    for unit in units(KEPT, 11, fails_unwatched):
        ring.step(unit)
        now = next(f.evidence for f in ring.report().findings if f.feature == "failed")
        movers.step(unit, np.log(np.array([now / evidence[-1]])), [None])
        evidence.append(now)
    told = [one.log_factor for one in (*movers.top(0), *movers.counter(0))]
    assert sum(told) == pytest.approx(math.log(evidence[-1]))
    again = Movers(1)
    again.restore(movers.tree())
    assert (again.top(0), again.counter(0)) == (movers.top(0), movers.counter(0))
