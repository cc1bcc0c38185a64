# SPDX-License-Identifier: Apache-2.0
"""Several samples per prompt: pairing, cluster errors, bootstrap and sign flips, checked by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gyges.errors import Malformed
from gyges.lab import stats
from gyges.lab.stats.words import Numbers

ARM = dict[str, list[float]]
METHODS = ("percentile", "bca", "studentized")
DIFFERENCES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=30)


def arms(rng: np.random.Generator, n: int, k: int, p: Numbers, q: Numbers) -> tuple[ARM, ARM]:
    """N prompts, k samples an arm; prompt i behaves with chance p[i] in the first arm, q[i] in the second."""
    first, second = rng.random((n, k)) < p[:, None], rng.random((n, k)) < q[:, None]
    return (
        {str(i): first[i].astype(float).tolist() for i in range(n)},
        {str(i): second[i].astype(float).tolist() for i in range(n)},
    )


def paired_of(differences: list[float]) -> stats.Paired:
    """A pairing with these differences."""
    first = {str(i): [max(d, 0.0)] for i, d in enumerate(differences)}
    second = {str(i): [max(-d, 0.0)] for i, d in enumerate(differences)}
    return stats.pair(first, second)


def test_prompts_are_paired_and_losses_counted() -> None:
    """Only prompts with outcomes in both arms count; the others are told, not turned into zeros."""
    paired = stats.pair({"a": [1, 0], "b": [1], "c": []}, {"a": [0], "c": [1], "d": [1]})
    assert paired.prompts == ("a",)
    assert paired.unpaired == 3
    assert paired.samples == 3
    assert paired.differences.tolist() == [0.5]
    assert paired.table is None


def test_single_outcomes_make_a_table() -> None:
    """One yes or no for each prompt and arm is the 2 x 2 table, and the gap is Tango's."""
    first, second = {"a": [1], "b": [1], "c": [0]}, {"a": [0], "b": [True], "c": [0]}
    found = stats.gap(first, second)
    assert found.paired.table == stats.Table(both=1, first=1, second=0, neither=1)
    assert found.estimate == stats.tango(stats.Table(both=1, first=1, second=0, neither=1))
    assert (found.first, found.second) == pytest.approx((2 / 3, 1 / 3))


def test_several_samples_are_resampled_by_prompt() -> None:
    """With more samples the front door takes the bootstrap and the sign flips, both by prompt."""
    rng = np.random.default_rng(2)
    first, second = arms(rng, 30, 4, np.full(30, 0.6), np.full(30, 0.2))
    found = stats.gap(first, second, seed=5)
    assert found.estimate == stats.bootstrap(stats.pair(first, second), seed=5)
    assert found.test.p < 0.01
    assert found.estimate.low > 0


def test_the_cluster_error_is_miller_s_double_sum() -> None:
    """SE^2 equals the CLT variance plus n^-2 times the cross terms within clusters, written out."""
    rng = np.random.default_rng(1)
    values, names = rng.random(12), list("aaabbccccdef")
    centred, n = values - values.mean(), 12
    cross = sum(
        centred[i] * centred[j]
        for i in range(n)
        for j in range(n)
        if i != j and names[i] == names[j]
    )
    expected = math.sqrt(values.var() / n + cross / n**2)
    assert stats.clustered_error(values, names) == pytest.approx(expected, rel=1e-12)
    singles = stats.clustered_error(values, [str(i) for i in range(n)])
    assert singles == pytest.approx(values.std() / math.sqrt(n))


def test_copies_of_a_sample_are_no_new_evidence() -> None:
    """Writing each sample four times leaves the clustered error as it was."""
    values, names = [0.1, 0.7, 0.4, 0.9], ["a", "b", "c", "d"]
    once = stats.clustered_error(values, names)
    assert stats.clustered_error(values * 4, names * 4) == pytest.approx(once)


@given(DIFFERENCES)
def test_sign_flips_agree_with_scipy(differences: list[float]) -> None:
    """The exact test is SciPy's permutation test of one sample, by another route."""
    if len([d for d in differences if d]) not in range(2, 9):
        return
    moving = np.array([d for d in differences if d])
    ours = stats.sign_flip(differences)
    theirs = scipy_stats.permutation_test(
        (moving,), lambda x, axis: x.sum(axis=axis), permutation_type="samples", n_resamples=10000
    )
    flipped = float(theirs.pvalue)
    assert ours.p == pytest.approx(min(1, flipped), abs=1e-9)


@given(DIFFERENCES, st.sampled_from(METHODS))
def test_intervals_are_finite_mirrored_and_hold_the_mean(
    differences: list[float], method: str
) -> None:
    """Every interval lies in [-1, 1], has a width, holds the gap; the test ignores which arm is first."""
    paired, mirrored = paired_of(differences), paired_of([-d for d in differences])
    found = stats.bootstrap(paired, method=method, draws=200)  # type: ignore[arg-type]
    assert -1 <= found.low <= float(np.mean(differences)) <= found.high <= 1
    if method == "studentized" or len(set(differences)) == 1:
        assert found.high > found.low
    quick, turned = stats.adjusted(paired), stats.adjusted(mirrored)
    assert (quick.low, quick.high) == pytest.approx((-turned.high, -turned.low))
    assert quick.high > quick.low
    flipped = stats.sign_flip([-d for d in differences]).p
    assert stats.sign_flip(differences).p == pytest.approx(flipped, abs=0.03)


def test_a_seed_fixes_the_answer() -> None:
    """The same seed gives the same interval and p, another seed another interval."""
    paired = paired_of([1, 0, 0.5, -0.5, 0.25, 1, 0, 0, 1, 0.5] * 3)
    drawn = [stats.bootstrap(paired, seed=seed, method="percentile") for seed in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2]
    tests = [stats.sign_flip(paired.differences, seed=seed) for seed in (3, 3)]
    assert tests[0] == tests[1]


def test_unanimous_prompts_still_leave_doubt() -> None:
    """Where all prompts agree the interval is the exact bound: 1 - 0.05^(1/n) of them might not."""
    share = 1 - 0.05 ** (1 / 30)
    none = stats.bootstrap(paired_of([0.0] * 30))
    assert (none.low, none.high) == pytest.approx((-share, share))
    every = stats.adjusted(paired_of([1.0] * 30))
    assert (every.low, every.high) == pytest.approx((1 - 2 * share, 1))
    assert stats.sign_flip([0.0] * 30).p == 1
    assert stats.sign_flip([1.0] * 30).p < 0.001


def test_nonsense_is_refused() -> None:
    """NaN, outcomes outside [0, 1], no common prompt, too few draws: errors."""
    for first, second in (({}, {}), ({"a": [1]}, {"b": [1]}), ({"a": []}, {"a": [1]})):
        with pytest.raises(Malformed, match="both arms"):
            stats.pair(first, second)
    for value in (math.nan, 1.5, -0.1, math.inf):
        with pytest.raises(Malformed):
            stats.pair({"a": [value]}, {"a": [1]})
    with pytest.raises(Malformed):
        stats.sign_flip([])
    with pytest.raises(Malformed):
        stats.sign_flip([0.5], draws=10)
    with pytest.raises(Malformed):
        stats.bootstrap(paired_of([0, 1]), draws=10)
    with pytest.raises(Malformed):
        stats.clustered_error([1, 2], ["a"])


SETTINGS = [(50, 1, 0.14, 0.03), (20, 5, 0.14, 0.03), (50, 5, 0.5, 0.5), (30, 3, 0.95, 0.1)]


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k", "p", "q"), SETTINGS)
def test_the_interval_covers_where_prompts_differ(n: int, k: int, p: float, q: float) -> None:
    """Where prompts vary, default and quick intervals cover 95 %, less 3 sigma; percentile is no better."""
    rng, runs = np.random.default_rng(7), 300
    hits = np.zeros(3)
    for _ in range(runs):
        chances = rng.beta(2 * p, 2 - 2 * p, n), rng.beta(2 * q, 2 - 2 * q, n)
        paired = stats.pair(*arms(rng, n, k, *chances))
        found = (
            stats.bootstrap(paired, draws=300),
            stats.adjusted(paired),
            stats.bootstrap(paired, method="percentile", draws=300),
        )
        hits += [e.low <= p - q <= e.high for e in found]
    least = 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
    assert hits[0] / runs >= least
    assert hits[1] / runs >= least
    assert hits[2] <= hits[0] + 2


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k"), [(12, 3), (60, 3), (60, 1)])
def test_the_sign_flip_keeps_its_level(n: int, k: int) -> None:
    """With prompts that differ wildly but arms that do not, 5 % false alarms at most, plus 3 sigma."""
    rng, runs = np.random.default_rng(11), 600
    alarms = 0
    for _ in range(runs):
        chance = rng.beta(0.3, 0.7, n)
        paired = stats.pair(*arms(rng, n, k, chance, chance))
        alarms += stats.sign_flip(paired.differences, draws=299).p <= 0.05
    assert alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
def test_ignoring_the_clusters_would_alarm() -> None:
    """The positive control of the test above: a pooled z test on clustered arms errs far more often."""
    rng, runs, alarms = np.random.default_rng(11), 300, 0
    for _ in range(runs):
        p, q = rng.beta(0.3, 0.7, 12), rng.beta(0.3, 0.7, 12)
        a, b = rng.binomial(10, p).sum(), rng.binomial(10, q).sum()
        alarms += stats.two_proportion(int(a), 120, int(b), 120).p <= 0.05
    assert alarms / runs > 0.2
