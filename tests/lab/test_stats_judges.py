# SPDX-License-Identifier: Apache-2.0
"""Graders against labels and each other: worked examples, another route, coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gyges.errors import Malformed
from gyges.lab import stats

SCORES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans()), min_size=2, max_size=40
).filter(lambda rows: len({label for _, label in rows}) == 2)

# Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), example C: four observers, twelve units,
# some values missing; nominal alpha = 0.743.
OBSERVERS = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]
UNITS = [
    [v for v in unit if v != "."] for unit in zip(*(row.split() for row in OBSERVERS), strict=True)
]


@pytest.mark.slow
@given(SCORES)
def test_auroc_is_the_rank_sum(rows: list[tuple[float, bool]]) -> None:
    """Another route: Mann and Whitney's U over the number of pairs; the interval holds it, in [0, 1]."""
    scores, labels = zip(*rows, strict=True)
    found = stats.auroc(scores, labels)
    ups = [s for s, label in rows if label]
    downs = [s for s, label in rows if not label]
    u = scipy_stats.mannwhitneyu(ups, downs).statistic
    assert found.value == pytest.approx(u / (len(ups) * len(downs)))
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high > found.low
    mirror = stats.auroc([-s for s in scores], labels)
    assert (mirror.low, mirror.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-9)


def test_a_perfect_judge_still_has_an_interval() -> None:
    """51 positives above 55 negatives: AUROC 1, and yet the lower end is below 0.99."""
    found = stats.auroc([1.0] * 51 + [0.0] * 55, [True] * 51 + [False] * 55)
    assert (found.value, found.high) == (1, 1)
    assert 0.9 < found.low < 0.99


@pytest.mark.parametrize("area", [0.62, 0.81, 0.92])
def test_auroc_intervals_cover(area: float) -> None:
    """106 normal scores of known AUROC, 400 samples: covered in 95 % of them, within 3 sigma and 2 points."""
    rng, runs, hits = np.random.default_rng(2), 400, 0
    shift = math.sqrt(2) * scipy_stats.norm.ppf(area)
    labels = [True] * 51 + [False] * 55
    for _ in range(runs):
        scores = rng.normal(size=106) + shift * np.array(labels)
        found = stats.auroc(scores, labels)
        hits += found.low <= area <= found.high
    assert abs(hits / runs - 0.95) <= 0.02 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_kappa_of_the_textbook_table() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: seen 0.7, by chance 0.5, kappa 0.4."""
    first = [1] * 25 + [0] * 25
    second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    found = stats.kappa(first, second)
    assert found.value == pytest.approx(0.4)
    rng = np.random.default_rng(0)
    again = [
        stats.kappa([first[i] for i in pick], [second[i] for i in pick]).value
        for pick in rng.integers(0, 50, size=(2000, 50))
    ]
    assert (found.low, found.high) == pytest.approx(np.quantile(again, [0.025, 0.975]), abs=0.03)


def test_kappa_ignores_order_and_names() -> None:
    """Swapping the graders, or renaming the labels, changes nothing; full agreement is 1."""
    first, second = list("aabbccab"), list("abbbcaab")
    found = stats.kappa(first, second)
    assert stats.kappa(second, first) == found
    names = {"a": 3, "b": 1, "c": 2}
    assert stats.kappa(
        [names[x] for x in first], [names[x] for x in second]
    ).value == pytest.approx(found.value)
    assert stats.kappa(first, first).value == pytest.approx(1)


def test_alpha_of_krippendorff_s_example() -> None:
    """The published 0.743, with an interval around it."""
    found = stats.alpha(UNITS)
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.low < 0.743 < found.high <= 1
    assert found.n == 11


def test_alpha_meets_kappa_in_large_samples() -> None:
    """Two graders, thousands of cases: alpha and kappa differ by less than a hundredth."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 4000)
    first, second = (
        np.where(rng.random(4000) < 0.2, rng.integers(0, 3, 4000), truth) for _ in "ab"
    )
    pairs = list(zip(first.tolist(), second.tolist(), strict=True))
    alpha = stats.alpha(pairs, draws=200)
    kappa = stats.kappa(first.tolist(), second.tolist())
    assert alpha.value == pytest.approx(kappa.value, abs=0.01)
    assert (alpha.low, alpha.high) == pytest.approx((kappa.low, kappa.high), abs=0.01)


def test_undefined_agreement_is_refused() -> None:
    """One label throughout, one class only, nothing at all: errors, not NaN and not 1."""
    with pytest.raises(Malformed):
        stats.kappa([1, 1], [1, 1])
    with pytest.raises(Malformed):
        stats.kappa([], [])
    with pytest.raises(Malformed):
        stats.kappa([1], [1, 2])
    with pytest.raises(Malformed):
        stats.alpha([[1, 1], [1, 1]])
    with pytest.raises(Malformed):
        stats.alpha([[1], [2], [1, 2]])
    for scores, labels in (([1.0], [True]), ([], []), ([math.nan, 1], [True, False]), ([1.0], [])):
        with pytest.raises(Malformed):
            stats.auroc(scores, labels)
