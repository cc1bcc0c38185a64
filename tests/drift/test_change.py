# SPDX-License-Identifier: Apache-2.0
"""The change point: near the truth where there is one, with a range that holds it."""

import numpy as np

from gyges.drift.bets import rate_factors
from gyges.drift.change import since


def test_it_is_where_the_evidence_begins() -> None:
    """Six losses, then four gains of the second bet: the seventh unit is the first after the change."""
    factors = np.full((10, 2), 0.9, dtype=np.float32)
    factors[6:, 1] = 3.0
    found = since(factors)
    assert (found.at, found.bet) == (6, 1)
    assert found.earliest <= 6 <= found.latest


def test_the_range_holds_what_is_nearly_as_likely() -> None:
    """A start is in the range as long as its evidence is within a factor of 100 of the best one's."""
    logs = np.log(np.array([[1 / 15], [1 / 15], [4.0], [4.0], [4.0]]))
    found = since(np.exp(logs).astype(np.float32))
    assert (found.earliest, found.at, found.latest) == (1, 2, 4)


def test_a_single_unit_is_its_own_change() -> None:
    """There is nothing else to name."""
    found = since(np.ones((1, 3), dtype=np.float32))
    assert (found.at, found.earliest, found.latest) == (0, 0, 0)


def test_it_is_near_the_truth() -> None:
    """From 2 % to 5 %, 600 units after the change: half of the estimates are within 60 units of it (facts: 22)."""
    rng = np.random.default_rng(31)
    table = rate_factors(0.02, 0.02)
    off, held = [], 0
    for _ in range(300):
        y = np.concatenate([rng.random(3000) < 0.02, rng.random(600) < 0.05]).astype(int)
        found = since(table[:, y].T.astype(np.float32))
        off.append(abs(found.at - 3000))
        held += found.earliest <= 3000 <= found.latest
    assert np.median(off) <= 60
    assert held >= 260
