# SPDX-License-Identifier: Apache-2.0
"""The test of all features together: fair under the coin, quiet on many features, finds what is spread over them."""

import math

import numpy as np
import pytest

from gyges.drift.predict import MOST, Predictor
from gyges.drift.words import Unusable


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_evidence_is_fair_under_the_coin(share: float) -> None:
    """After any past and for any unit, evidence averaged over the coin is what it was."""
    rng, test, copy = np.random.default_rng(1), Predictor(6, share), Predictor(6, share)
    for _ in range(300):
        arm = bool(rng.random() < share)
        row = rng.normal(size=6) + arm
        before = test.evidence
        copy.restore({k: np.copy(v) if np.ndim(v) else v for k, v in test.tree().items()})
        after = {arm: test.step(row, unwatched=arm), not arm: copy.step(row, unwatched=not arm)}
        mean = share * after[True] + (1 - share) * after[False]
        assert mean == pytest.approx(before, rel=1e-9)


@pytest.mark.slow
def test_alpha_holds_with_many_features_that_drift() -> None:
    """Of 250 runs with 30 features, some heavy-tailed, some moving, fewer alarm than twice alpha would give."""
    rng, alarmed, runs = np.random.default_rng(17), 0, 250
    for _ in range(runs):
        test = Predictor(30, 0.5)
        rows = rng.normal(size=(120, 30))
        rows[:, :5] = rng.standard_cauchy((120, 5))
        rows[60:, 5:10] += 3
        rows[:, 10:15] = rng.random((120, 5)) < 0.05
        for row, arm in zip(rows, rng.random(120) < 0.5, strict=True):
            test.step(row, unwatched=bool(arm))
        alarmed += test.peak >= 5  # alpha 0.2
    assert alarmed <= 0.2 * runs + 3.1 * math.sqrt(0.2 * 0.8 * runs)


@pytest.mark.slow
def test_a_difference_spread_over_many_features_is_found() -> None:
    """Eight calls a unit with a total variation of 0.1, among 34 other numbers, ring within 260 in 4 of 5 runs."""
    p, q = (
        [0.3, 0.25, 0.2, 0.1, 0.05, 0.04, 0.03, 0.03],
        [0.2, 0.25, 0.2, 0.1, 0.05, 0.04, 0.08, 0.08],
    )
    found = 0
    for run in range(20):
        rng, test = np.random.default_rng([99, run]), Predictor(42, 0.5)
        for _ in range(260):
            arm = bool(rng.random() < 0.5)
            row = np.concatenate([rng.multinomial(8, q if arm else p) / 8, rng.normal(size=34)])
            test.step(row, unwatched=arm)
        found += test.peak >= 20
    assert found >= 16


@pytest.mark.slow
def test_one_of_many_numbers_is_found() -> None:
    """A third of a deviation in one of 42 rings within 1,200 in 4 of 5 runs; learners of all would take 1,900."""
    found = 0
    for run in range(15):
        rng, test = np.random.default_rng([98, run]), Predictor(42, 0.5)
        for _ in range(1200):
            arm = bool(rng.random() < 0.5)
            row = rng.normal(size=42)
            row[17] += 0.3 * arm
            if test.step(row, unwatched=arm) >= 20:
                found += 1
                break
    assert found >= 12


@pytest.mark.slow
def test_a_gap_that_begins_late_is_found() -> None:
    """After 1,500 quiet units, a shift of one deviation in one of five numbers rings within 300."""
    rng, test = np.random.default_rng(3), Predictor(5, 0.5)
    for at in range(1800):
        arm = bool(rng.random() < 0.5)
        row = rng.normal(size=5)
        row[2] += arm and at >= 1500
        test.step(row, unwatched=arm)
        if at == 1499:
            assert test.peak < 20
    assert test.evidence >= 20


def test_what_was_not_measured_says_nothing() -> None:
    """A row of NaN leaves the evidence and the moments as they were."""
    rng, test = np.random.default_rng(2), Predictor(3, 0.5)
    for _ in range(50):
        test.step(rng.normal(size=3), unwatched=bool(rng.random() < 0.5))
    before, moments = test.evidence, test.moments.copy()
    assert test.step(np.full(3, np.nan), unwatched=True) == pytest.approx(before)
    np.testing.assert_array_equal(test.moments, moments)


def test_a_constant_column_and_a_wild_one_do_no_harm() -> None:
    """Numbers without spread or of any size leave the evidence a number."""
    rng, test = np.random.default_rng(2), Predictor(2, 0.5)
    for at in range(400):
        test.step(np.array([7.0, 10.0 ** (at % 200)]), unwatched=bool(rng.random() < 0.5))
    assert 0 < test.evidence < 20


def test_bad_input_is_refused() -> None:
    """Infinite numbers, another length, too many columns, a coin with one side."""
    test = Predictor(2, 0.5)
    for row in (np.array([math.inf, 0.0]), np.zeros(3)):
        with pytest.raises(Unusable, match="2 finite numbers"):
            test.step(row, unwatched=True)
    assert test.n == 0
    for columns, share in ((0, 0.5), (MOST + 1, 0.5), (2, 1.0), (2, 0.0)):
        with pytest.raises(Unusable, match="omnibus"):
            Predictor(columns, share)
