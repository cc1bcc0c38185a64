# SPDX-License-Identifier: Apache-2.0
"""The cue test: a martingale by arithmetic, quiet where the cue changes nothing, and as quick as measured."""

import math

import numpy as np
import pytest

from gyges.drift.cue import STEPS, WINDOW, CueTests, PastRanks
from gyges.drift.simulate_cue import WORLDS, delays, misused, quiet
from gyges.drift.words import Direction, Unusable

BOTH = Direction.BOTH


def most(runs: int, alpha: float) -> float:
    """More alarms than this in runs that hold alpha come once in a thousand; twice alpha gives more."""
    return alpha * runs + 3.1 * math.sqrt(alpha * (1 - alpha) * runs)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.9])
@pytest.mark.parametrize("outcome", [0.0, 0.3, 1.0])
def test_evidence_is_fair_under_the_coin(share: float, outcome: float) -> None:
    """After any past and for any outcome, evidence averaged over the coin is what it was."""
    rng = np.random.default_rng(5)
    tests = CueTests(share, [BOTH, Direction.UP, Direction.DOWN])
    for _ in range(60):
        tests.step(rng.random(3), bool(rng.random() < share))
    before = tests.evidence
    after = []
    for arm in (True, False):
        copy = CueTests(share, [BOTH, Direction.UP, Direction.DOWN])
        copy.restore({name: value.copy() for name, value in tests.tree().items()})
        after.append(copy.step(np.full(3, outcome), arm))
    np.testing.assert_allclose(share * after[0] + (1 - share) * after[1], before, rtol=1e-12)


def test_factors_are_those_of_the_formula() -> None:
    """The first step of one bet equals the formula worked out by hand."""
    q, odds, base = 0.3, math.exp(0.4), 1.0  # the rate begins at 1/2
    a = base * odds ** (1 - q) / (1 + base * odds ** (1 - q))
    b = base * odds**-q / (1 + base * odds**-q)
    tests = CueTests(q, [BOTH])
    money = tests.wealth[STEPS.index(0.4), 0]
    evidence = tests.step(np.array([1.0]), True)
    factor = a / (q * a + (1 - q) * b)
    kept = (1 - 0.1 / 1000) * money * factor + money * 0.1 / 1000 * evidence[0]
    assert tests.wealth[STEPS.index(0.4), 0] == pytest.approx(kept, rel=1e-3)


def test_a_direction_bets_on_nothing_else() -> None:
    """Events that come only in watched sessions are evidence for down and none for up."""
    tests = CueTests(0.5, [Direction.UP, Direction.DOWN])
    for at in range(400):
        tests.step(np.full(2, float(at % 2)), at % 2 == 0)
    assert tests.peak[0] < 2
    assert tests.evidence[1] > 1e6


def test_what_was_not_measured_changes_nothing() -> None:
    """A NaN leaves its stream as it was, and the others go on."""
    tests = CueTests(0.5, [BOTH, BOTH])
    tests.step(np.array([1.0, np.nan]), True)
    assert tests.n.tolist() == [1, 0]
    assert tests.wealth[:, 1].sum() == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize("world", WORLDS)
def test_alpha_holds_where_the_cue_changes_nothing(world: str, share: float) -> None:
    """At any time in 2,000 units, i.i.d., daily, drifting or clustered; twice alpha would fail."""
    seen = quiet(world, runs=1000, units=2000, share=share, alpha=0.05, seed=41)
    assert seen.alarmed <= most(seen.runs, seen.alpha)
    assert most(seen.runs, seen.alpha) < 2 * seen.alpha * seen.runs - 2.5 * math.sqrt(90)


@pytest.mark.slow
def test_the_analysis_that_is_refused_would_alarm_wrongly() -> None:
    """With the cue drawn by session and every episode taken alone, most quiet runs alarm."""
    assert misused(runs=200, units=4000, share=0.5, alpha=0.05, seed=2).rate > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gap", "share", "mean", "eighty"),
    [(0.10, 0.5, 315, 445), (0.03, 0.5, 2334, 3571), (0.10, 0.1, 762, 1135)],
)
def test_a_gap_is_found_as_soon_as_published(
    gap: float, share: float, mean: int, eighty: int
) -> None:
    """Mean delay and that of 80 % of runs, base 5 %, are within 15 % of the reference figures."""
    found = delays(gap, base=0.05, share=share, alpha=0.05, runs=600, most=20_000, seed=9)
    assert np.mean(found) < 1.15 * mean
    assert np.quantile(found, 0.8) < 1.15 * eighty


@pytest.mark.slow
def test_a_gap_that_begins_late_is_found() -> None:
    """After 5,000 quiet units a gap of 30 points still rings within 600 in nine of ten runs."""
    rng = np.random.default_rng(8)
    tests = CueTests(0.5, [BOTH] * 40)
    for at in range(5600):
        arms = rng.random(40) < 0.5
        rates = np.where(arms & (at >= 5000), 0.35, 0.05)
        tests.step((rng.random(40) < rates).astype(float), arms)
    assert (tests.evidence >= 20).mean() >= 0.9


def test_evidence_stays_a_number() -> None:
    """A difference in every unit for long ends at a ceiling, not in infinity."""
    tests = CueTests(0.5, [BOTH])
    for at in range(4000):
        tests.step(np.array([float(at % 2)]), at % 2 == 1)
    assert math.isfinite(tests.evidence[0])
    assert tests.evidence[0] > 1e100


@pytest.mark.parametrize("outcome", [-0.1, 1.1, math.inf])
def test_an_outcome_out_of_range_is_refused(outcome: float) -> None:
    """It is refused and nothing is taken."""
    tests = CueTests(0.5, [BOTH])
    with pytest.raises(Unusable, match=r"in \[0, 1\]"):
        tests.step(np.array([outcome]), True)
    assert tests.n[0] == 0


@pytest.mark.parametrize(("share", "streams"), [(0.0, 1), (1.0, 1), (math.nan, 1), (0.5, 0)])
def test_a_test_that_cannot_be_is_refused(share: float, streams: int) -> None:
    """A coin with one side, or nothing to test."""
    with pytest.raises(Unusable, match="cue test"):
        CueTests(share, [BOTH] * streams)


def test_an_unknown_world_is_refused() -> None:
    """The names that there are, are told."""
    with pytest.raises(Unusable, match="iid, daily"):
        quiet("mars", runs=1, units=1, share=0.5, alpha=0.05, seed=0)


def test_ranks_are_among_the_past() -> None:
    """Ties count half, NaN stays NaN, the first is in the middle, and old values are forgotten."""
    ranks = PastRanks(2)
    assert ranks.step(np.array([3.0, np.nan]))[0] == 0.5
    assert ranks.step(np.array([4.0, 1.0])).tolist() == [1.0, 0.5]
    assert ranks.step(np.array([3.0, 0.0])).tolist() == [0.25, 0.0]
    for _ in range(WINDOW):
        ranks.step(np.array([9.0, 9.0]))
    assert ranks.step(np.array([8.0, 8.0])).tolist() == [0.0, 0.0]
    with pytest.raises(Unusable, match="ranked"):
        ranks.step(np.array([math.inf, 0.0]))
