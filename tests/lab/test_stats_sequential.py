# SPDX-License-Identifier: Apache-2.0
"""Looking while it runs: the guarantee under continuous peeking, and the fixed-size test's failure there."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.errors import Malformed
from gyges.lab import stats
from gyges.lab.stats.words import Numbers

DIFFERENCES = st.lists(st.floats(-1, 1), min_size=1, max_size=40)


def drawn(rng: np.random.Generator, n: int, first: float, second: float) -> Numbers:
    """N differences of single pairs: 1 with chance `first`, -1 with chance `second`, else 0."""
    return rng.choice([1.0, -1.0, 0.0], size=n, p=[first, second, 1 - first - second])


def pairs_of(differences: Numbers) -> list[tuple[bool, bool]]:
    """Pairs whose outcomes differ as told."""
    return [(d > 0, d < 0) for d in differences]


@given(DIFFERENCES)
def test_the_sequence_only_narrows_and_stays_in_range(differences: list[float]) -> None:
    """Every interval lies within the one before it, in [-1, 1], and is never empty."""
    found = stats.confidence_sequence(differences)
    assert len(found.low) == len(found.high) == len(differences)
    for earlier, later in ((found.low[:-1], found.low[1:]), (found.high[1:], found.high[:-1])):
        assert all(a <= b for a, b in zip(earlier, later, strict=True))
    assert all(-1 <= low < high <= 1 for low, high in zip(found.low, found.high, strict=True))
    assert found.last.low <= found.last.value <= found.last.high


@given(DIFFERENCES)
def test_swapping_the_arms_mirrors_the_sequence(differences: list[float]) -> None:
    """The lower ends become the upper ones with the other sign, up to the grid."""
    found = stats.confidence_sequence(differences)
    mirror = stats.confidence_sequence([-d for d in differences])
    assert found.low == pytest.approx([-x for x in mirror.high], abs=0.0041)


@given(st.lists(st.booleans(), max_size=60))
def test_the_evidence_is_a_betting_score(wins: list[bool]) -> None:
    """The e-value is the Beta(2, 2) mixture's likelihood ratio in closed form; p never exceeds 1."""
    found = stats.anytime_mcnemar([(w, not w) for w in wins])
    a, n = sum(wins), len(wins)
    logs = [math.lgamma(x) for x in (a + 2, n - a + 2, n + 4, 2, 2, 4)]
    expected = logs[0] + logs[1] - logs[2] - logs[3] - logs[4] + logs[5] + n * math.log(2)
    assert math.log(found.statistic) == pytest.approx(expected, abs=1e-9)
    assert 1 / found.statistic >= found.p * (1 - 1e-9)
    assert found.p <= 1
    assert found.n == n


def test_agreeing_pairs_say_nothing() -> None:
    """Concordant pairs leave the e-value at 1 and count for nothing."""
    found = stats.anytime_mcnemar([(True, True), (False, False)] * 50)
    assert (found.p, found.statistic, found.n) == (1, 1, 0)


def test_a_clear_gap_is_decided_early() -> None:
    """A gap of 60 points is seen within 60 prompts, and the run could stop there."""
    rng = np.random.default_rng(1)
    found = stats.confidence_sequence(drawn(rng, 200, 0.65, 0.05))
    assert found.decided_at is not None
    assert found.decided_at < 60
    assert found.last.low > 0.4


def test_nonsense_is_refused() -> None:
    """No differences, one outside [-1, 1], NaN: errors."""
    for bad in ([], [1.5], [math.nan]):
        with pytest.raises(Malformed):
            stats.confidence_sequence(bad)
    with pytest.raises(Malformed):
        stats.confidence_sequence([0.5], level=1.5)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [(0.05, 0.05), (0.14, 0.03), (0.9, 0.02)])
def test_the_truth_is_never_missed_at_any_look(first: float, second: float) -> None:
    """Peeking after each of 200 prompts, the share of runs that ever miss the gap is at most 5 % + 3 sigma."""
    rng, runs, gap = np.random.default_rng(3), 100, first - second
    missed = 0
    for _ in range(runs):
        found = stats.confidence_sequence(drawn(rng, 200, first, second))
        missed += found.low[-1] > gap or found.high[-1] < gap
    assert missed / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
def test_peeking_breaks_the_fixed_test_and_not_the_anytime_one() -> None:
    """No gap, a look after each of 400 pairs: the exact test alarms in over 12 % of runs, ours in 5 % at most."""
    rng, runs = np.random.default_rng(9), 400
    anytime = fixed = 0
    for _ in range(runs):
        differences = drawn(rng, 400, 0.15, 0.15)
        moving = differences[differences != 0]
        ups = np.cumsum(moving > 0)
        fewer = np.minimum(ups, np.arange(1, moving.size + 1) - ups)
        worst = min(
            stats.mcnemar(stats.Table(both=0, first=int(f), second=int(m - f), neither=1)).p
            for m, f in enumerate(fewer, start=1)
        )
        fixed += worst <= 0.05
        anytime += stats.anytime_mcnemar(pairs_of(differences)).p <= 0.05
    assert anytime / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert fixed / runs > 0.12
