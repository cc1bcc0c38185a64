# SPDX-License-Identifier: Apache-2.0
"""Many tests, many models, how many prompts: worked examples, the published sample size, simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gyges.errors import Malformed
from gyges.lab import stats

PS = st.lists(st.floats(0, 1), min_size=1, max_size=20)

# Benjamini & Hochberg, J. R. Statist. Soc. B 57:289 (1995), section 4.1: 15 tests of a myocardial infarction
# trial. Bonferroni and Hochberg reject the first three at 0.05, the false discovery rate the first four.
TRIAL = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def test_the_infarction_trial_comes_out_as_published() -> None:
    """Holm rejects three, Benjamini and Hochberg four; the fourth's adjusted p is 0.0095 * 15 / 4."""
    holm, bh = stats.holm(TRIAL), stats.benjamini_hochberg(TRIAL)
    assert sum(p <= 0.05 for p in holm) == 3
    assert sum(p <= 0.05 for p in bh) == 4
    assert holm[3] == pytest.approx(0.0095 * 12)
    assert bh[3] == pytest.approx(0.0095 * 15 / 4)


def test_holm_by_hand() -> None:
    """0.01, 0.04, 0.03, 0.005 becomes 0.03, 0.06, 0.06, 0.02: times 3, 1, 2, 4, never falling."""
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


@given(PS)
def test_adjustments_keep_order_and_agree_with_scipy(ps: list[float]) -> None:
    """Adjusted p never fall below p, keep its order, Holm is the stricter; BH is SciPy's."""
    holm, bh = stats.holm(ps), stats.benjamini_hochberg(ps)
    assert all(
        p <= b + 1e-12 <= h + 2e-12 <= 1 + 3e-12 for p, b, h in zip(ps, bh, holm, strict=True)
    )
    order = np.argsort(ps, kind="stable")
    assert bool((np.diff(np.array(holm)[order]) >= 0).all())
    assert bh == pytest.approx(tuple(scipy_stats.false_discovery_control(ps)))


def test_nan_is_refused_and_nothing_is_nothing() -> None:
    """A missing p would silently shorten the family, so it is an error."""
    for adjust in (stats.holm, stats.benjamini_hochberg):
        assert adjust([]) == ()
        for bad in ([0.1, math.nan], [1.2], [-0.1]):
            with pytest.raises(Malformed):
                adjust(bad)


def test_holm_keeps_the_family_s_level() -> None:
    """20 true nulls, 2,000 families: at least one alarm in 5 % of them at most, plus 3 sigma."""
    rng, runs = np.random.default_rng(0), 2000
    alarms = sum(min(stats.holm(rng.random(20).tolist())) <= 0.05 for _ in range(runs))
    assert alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_the_published_sample_size() -> None:
    """10 % against 5 % with 80 % power needs 435 units an arm."""
    assert stats.per_arm_needed(0.10, 0.05) == 435
    assert stats.per_arm_needed(0.05, 0.10) == 435
    assert stats.smallest_gap_unpaired(435, 0.05) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize(("n", "p", "q"), [(40, 0.3, 0.05), (100, 0.11, 0.02), (60, 0.1, 0.1)])
def test_power_is_what_a_simulation_finds(n: int, p: float, q: float) -> None:
    """The exact McNemar power lies within 4 sigma of 4,000 simulated tests."""
    rng, runs = np.random.default_rng(4), 4000
    drawn = rng.multinomial(n, [p, q, 1 - p - q], size=runs)
    rejected = np.mean(
        [
            stats.mcnemar(stats.Table(both=0, first=int(b), second=int(c), neither=int(d))).p
            <= 0.05
            for b, c, d in drawn
        ]
    )
    exact = stats.mcnemar_power(n, p, q)
    assert abs(float(rejected) - exact) <= 4 * math.sqrt(0.25 / runs)
    assert stats.mcnemar_power(n, q, p) == pytest.approx(exact)


def test_needed_pairs_and_smallest_gap_are_inverse() -> None:
    """The n that is asked for reaches the power, one less does not; its smallest gap is the gap asked for."""
    n = stats.pairs_needed(0.15, 0.05)
    assert stats.mcnemar_power(n, 0.15, 0.05) >= 0.8
    assert min(stats.mcnemar_power(n - 1 + k, 0.15, 0.05) for k in range(8)) < 0.8
    found = stats.smallest_gap(n, 0.05)
    assert found is not None
    assert found == pytest.approx(0.10, abs=0.003)
    assert stats.mcnemar_power(n, 0.05 + found, 0.05) == pytest.approx(0.8, abs=1e-6)


def test_too_few_pairs_show_no_gap() -> None:
    """Five pairs cannot reach p <= 0.05 at any gap; six can, only just."""
    assert stats.smallest_gap(5) is None
    assert stats.mcnemar_power(5, 1.0, 0.0) == 0
    assert stats.mcnemar_power(6, 1.0, 0.0) == pytest.approx(1)
    assert stats.smallest_gap(10, second_only=0.5) is None
    assert stats.smallest_gap_unpaired(2, 0.5) is None


def test_power_grows_with_n_and_with_the_gap() -> None:
    """More pairs and a wider gap never lose more than the test's sawtooth."""
    by_n = [stats.mcnemar_power(n, 0.2, 0.05) for n in range(20, 200, 20)]
    by_gap = [stats.mcnemar_power(100, 0.02 + g / 50, 0.02) for g in range(10)]
    assert by_n == sorted(by_n)
    assert by_gap == sorted(by_gap)


@pytest.mark.slow
def test_questions_without_an_answer_are_refused() -> None:
    """No gap, no pairs, probabilities that do not fit: errors."""
    with pytest.raises(Malformed):
        stats.pairs_needed(0.1, 0.1)
    with pytest.raises(Malformed):
        stats.pairs_needed(0.1, 0.0999)
    with pytest.raises(Malformed):
        stats.mcnemar_power(0, 0.1, 0.2)
    with pytest.raises(Malformed):
        stats.mcnemar_power(10, 0.7, 0.6)
    with pytest.raises(Malformed):
        stats.per_arm_needed(0.1, 0.1)


# Rubin's eight schools, as worked in Gelman et al., Bayesian Data Analysis, 3rd ed., table 5.3: posterior
# median and central 95 % of each school, rounded to whole points, from a simulation.
SCHOOLS = [(28, 15), (8, 10), (-3, 16), (7, 11), (-1, 9), (1, 11), (18, 10), (12, 18)]
BDA = [(-2, 31), (-5, 23), (-11, 19), (-7, 21), (-9, 18), (-7, 28), (-1, 26), (-6, 33)]


def test_eight_schools_come_out_as_in_the_book() -> None:
    """Each school's interval ends near the table's, which rests on 200 draws; the mean and the spread agree."""
    found = stats.random_effects([y for y, _ in SCHOOLS], [s for _, s in SCHOOLS])
    for ours, (low, high) in zip(found.members, BDA, strict=True):
        assert ours.low == pytest.approx(low, abs=3)
        assert ours.high == pytest.approx(high, abs=10)
    assert found.members[0].value == pytest.approx(11, abs=1)
    assert found.mean.value == pytest.approx(8, abs=0.5)
    assert found.spread == pytest.approx(6.5, abs=0.7)


def test_pooling_draws_towards_the_mean_and_narrows() -> None:
    """Each model moves towards the others, most where it has least data; the outlier keeps its place."""
    found = stats.beta_binomial([2, 0, 1, 3, 40, 0], [100, 100, 100, 100, 100, 5])
    values = [m.value for m in found.members]
    assert values[1] > 0
    assert values[5] > values[1]
    assert 0.3 < values[4] < 0.4
    assert found.members[5].high < stats.wilson(0, 5).high


def test_equal_models_are_pooled_almost_completely() -> None:
    """Eight models at 5 of 100: each interval is much narrower than its own, and holds 5 %."""
    found = stats.beta_binomial([5] * 8, [100] * 8).members[0]
    alone = stats.clopper_pearson(5, 100)
    assert found.low < 0.05 < found.high
    assert found.high - found.low < 0.6 * (alone.high - alone.low)


def test_pooling_refuses_what_it_cannot_pool() -> None:
    """One model, a missing error, a standard error of zero: errors."""
    for bad in (([1], [2]), ([1, 2], [3]), ([3, 1], [2, 2]), ([0, 0], [0, 5])):
        with pytest.raises(Malformed):
            stats.beta_binomial(*bad)
    for gaps, errors in (([1, 2], [1, 1]), ([1, 2, 3], [1, 1]), ([1, 2, 3], [1, 0, 1])):
        with pytest.raises(Malformed):
            stats.random_effects(gaps, errors)


@pytest.mark.slow
def test_pooled_intervals_cover_under_their_model() -> None:
    """Rates drawn from Beta(1, 9), gaps from N(0.05, 0.1^2): 95 % covered within 3 sigma of the runs."""
    rng, hits, total = np.random.default_rng(5), np.zeros(2), 0
    for _ in range(20):
        rates, gaps = rng.beta(1, 9, 8), rng.normal(0.05, 0.1, 8)
        errors = rng.uniform(0.02, 0.15, 8)
        counts = rng.binomial(60, rates)
        one = stats.beta_binomial(counts.tolist(), [60] * 8).members
        two = stats.random_effects(rng.normal(gaps, errors).tolist(), errors.tolist()).members
        hits[0] += sum(m.low <= t <= m.high for m, t in zip(one, rates, strict=True))
        hits[1] += sum(m.low <= t <= m.high for m, t in zip(two, gaps, strict=True))
        total += 8
    slack = 3 * math.sqrt(0.95 * 0.05 / total)
    assert abs(hits[0] / total - 0.95) <= slack
    assert abs(hits[1] / total - 0.95) <= slack
