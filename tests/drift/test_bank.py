# SPDX-License-Identifier: Apache-2.0
"""One agent's streams as features: evidence is the mean over a feature's streams, and only what bets grows."""

import numpy as np
import pytest

from gyges.drift.bank import Bank, Factors, Floats
from gyges.drift.sums import CEILING, Sums
from gyges.drift.words import Unusable


class Given:
    """Bets what its values say, the same in each of two bets; 9 on what is missing, which must not count."""

    bets = 2

    def factors(self, values: Floats, _u: Floats, stratum: str, /) -> Factors:
        """NaN in a stratum that it does not know."""
        made = np.stack([np.nan_to_num(values, nan=9.0)] * 2).astype(np.float32)
        return np.full_like(made, np.nan) if stratum == "unknown" else made


def bank(thresholds: tuple[float, ...] = (10.0, 10.0)) -> Bank:
    """Two features: one of two streams, one of one."""
    return Bank(Given(), [0, 0, 1], list(thresholds))


def step(found: Bank, *values: float, stratum: str = "") -> list[int]:
    """The features that rang on these values."""
    made = found.step(np.array(values), np.full(len(values), 0.5), stratum)
    return [int(at) for at in made]


def test_evidence_is_the_mean_over_streams_and_bets() -> None:
    """M = (M + 1) * L in each stream; a feature has the mean of its own."""
    found = bank()
    assert step(found, 2.0, 4.0, 0.5) == []
    assert found.evidence.tolist() == [3.0, 0.5]
    assert step(found, 1.0, 2.0, 2.0) == []
    assert found.evidence.tolist() == [6.5, 3.0]


def test_a_feature_rings_at_its_own_threshold_until_it_is_reset() -> None:
    """Reaching the threshold is enough; the caller decides when it begins again, and only that feature does."""
    found = bank((3.0, 100.0))
    assert step(found, 2.0, 4.0, 9.0) == [0]
    assert step(found, 1.0, 1.0, 1.0) == [0]
    found.reset(np.array([0]))
    assert found.evidence.tolist() == [0.0, 10.0]


@pytest.mark.parametrize(("values", "stratum"), [((np.nan,) * 3, ""), ((1.0,) * 3, "unknown")])
def test_what_is_not_bet_on_does_not_grow(values: tuple[float, ...], stratum: str) -> None:
    """A missing value and a stratum without a bet leave the sums as they were: evidence is never waiting time."""
    found = bank()
    step(found, 2.0, 4.0, 0.5)
    before = found.sums.copy()
    step(found, *values, stratum=stratum)
    assert found.sums.tolist() == before.tolist()


def test_one_missing_value_leaves_its_neighbours_alone() -> None:
    """Within a feature, each stream stands for itself."""
    found = bank()
    step(found, np.nan, 4.0, 1.0)
    assert found.sums[0].tolist() == [0.0, 4.0, 1.0]


def test_it_agrees_with_plain_sums() -> None:
    """With a feature for each stream it alarms when `Sums` does, with the same evidence."""
    rng = np.random.default_rng(4)
    left, right = Bank(Given(), range(50), [20.0] * 50), Sums(2, [20.0] * 50)
    for _ in range(200):
        values = np.exp(rng.normal(-0.1, 0.5, 50))
        rang = left.step(values, np.full(50, 0.5))
        left.reset(rang)
        assert (
            rang.tolist()
            == np.flatnonzero(right.step(np.stack([values] * 2).astype(np.float32))).tolist()
        )
        assert left.evidence == pytest.approx(right.evidence, rel=1e-6)


def test_nothing_overflows() -> None:
    """A feature that nobody resets stays finite."""
    found = bank()
    for _ in range(20):
        step(found, 1e6, 1e6, 1e6)
    assert found.sums.max() <= np.float32(CEILING)


@pytest.mark.parametrize(
    ("groups", "thresholds"),
    [
        ([0, 2], [9.0, 9.0]),
        ([1, 0], [9.0, 9.0]),
        ([0, 1], [9.0]),
        ([0], [0.5]),
        ([0], [float("nan")]),
    ],
)
def test_a_bank_that_cannot_be_is_refused(groups: list[int], thresholds: list[float]) -> None:
    """Groups count up from 0 with a threshold each, and a threshold is at least 1."""
    with pytest.raises(Unusable, match=r"^bank: "):
        Bank(Given(), groups, thresholds)
