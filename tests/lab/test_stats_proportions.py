# SPDX-License-Identifier: Apache-2.0
"""One proportion and two independent ones: published figures, exhaustive coverage, edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from gyges.errors import Malformed
from gyges.lab import stats
from gyges.lab.stats import special

COUNTS = st.integers(1, 80).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# Newcombe, Stat. Med. 17:857 (1998), table I: methods 3 (score) and 5 (exact).
@pytest.mark.parametrize(
    ("r", "n", "score", "exact"),
    [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_single_proportions_match_newcombe(
    r: int, n: int, score: tuple[float, float], exact: tuple[float, float]
) -> None:
    """Wilson and Clopper-Pearson reproduce the table to its four places."""
    wilson, clopper = stats.wilson(r, n), stats.clopper_pearson(r, n)
    assert (wilson.low, wilson.high) == pytest.approx(score, abs=5.1e-5)
    assert (clopper.low, clopper.high) == pytest.approx(exact, abs=5.1e-5)


def test_the_difference_matches_newcombe() -> None:
    """Newcombe, Stat. Med. 17:873 (1998), example 56/70 against 48/80: methods 10 and 1."""
    score, wald = stats.newcombe(56, 70, 48, 80), stats.wald(56, 70, 48, 80)
    assert (score.low, score.high) == pytest.approx((0.0524, 0.3339), abs=5.1e-5)
    assert (wald.low, wald.high) == pytest.approx((0.0575, 0.3425), abs=5.1e-5)


def test_the_published_error_bar_is_unpaired() -> None:
    """85.8 % and 97.2 % refusals give +-2.1 points when n is 336 in each arm and pairing is ignored."""
    sigma = stats.standard_error(0.858, 336, 0.972, 336)
    assert 100 * sigma == pytest.approx(2.1, abs=0.05)
    assert 100 * stats.standard_error(0.858, 336, 0.0, 1) == pytest.approx(1.9, abs=0.05)


def test_fisher_matches_the_published_p() -> None:
    """3 of 49 against 9 of 50 is p = 0.121245."""
    assert stats.fisher(3, 49, 9, 50).p == pytest.approx(0.121245, abs=5e-7)


@given(COUNTS, COUNTS)
def test_fisher_is_the_sum_over_less_likely_tables(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    """Another route to Fisher's p: the hypergeometric distribution, summed by hand."""
    (a, n), (b, m) = one, two
    law = n + m, a + b, n
    chances = scipy_stats.hypergeom.pmf(np.arange(0, n + 1), *law)
    assert stats.fisher(a, n, b, m).p == pytest.approx(
        min(1, float(chances[chances <= scipy_stats.hypergeom.pmf(a, *law) * (1 + 1e-7)].sum())),
        abs=1e-9,
    )


@given(COUNTS, COUNTS)
def test_swapping_independent_arms_mirrors_everything(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    """Intervals change sign, tests do not change, and each interval holds its estimate."""
    found, mirror = stats.newcombe(*one, *two), stats.newcombe(*two, *one)
    assert (found.low, found.high) == pytest.approx((-mirror.high, -mirror.low), abs=1e-12)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert stats.two_proportion(*one, *two).p == pytest.approx(stats.two_proportion(*two, *one).p)
    assert stats.fisher(*one, *two).p == pytest.approx(stats.fisher(*two, *one).p)


@given(COUNTS)
def test_an_exact_interval_holds_the_score_interval_s_estimate(one: tuple[int, int]) -> None:
    """Both lie in [0, 1], hold the rate, and have a width even at 0 and 1."""
    for interval in (stats.wilson, stats.clopper_pearson):
        found = interval(*one)
        assert 0 <= found.low <= one[0] / one[1] <= found.high <= 1
        assert found.high > found.low


@pytest.mark.parametrize(("n", "p"), [(20, 0.05), (50, 0.1), (100, 0.5)])
def test_single_intervals_cover(n: int, p: float) -> None:
    """Summed over all counts: the exact interval covers at least 95 %, Wilson's at least 91.5 %."""
    chances = special.binomial_pmf(np.arange(n + 1), n, p)
    for interval, least in ((stats.clopper_pearson, 0.95), (stats.wilson, 0.915)):
        inside = [interval(k, n).low <= p <= interval(k, n).high for k in range(n + 1)]
        assert least <= float(chances @ np.array(inside)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("p", "q"), [(0.1, 0.05), (0.5, 0.3), (0.9, 0.9)])
def test_independent_differences_cover_and_tests_keep_their_level(p: float, q: float) -> None:
    """With 40 an arm, all tables: Newcombe covers 93.5 % or more; Fisher errs at most 5 % under the null."""
    n = 40
    joint = np.outer(
        special.binomial_pmf(np.arange(n + 1), n, p), special.binomial_pmf(np.arange(n + 1), n, q)
    )
    covered = false = 0.0
    for a, b in zip(*np.nonzero(joint > 1e-9), strict=True):
        found = stats.newcombe(int(a), n, int(b), n)
        covered += joint[a, b] * (found.low <= p - q <= found.high)
        false += joint[a, b] * (stats.fisher(int(a), n, int(b), n).p <= 0.05) if p == q else 0
    assert covered >= 0.935
    assert false <= 0.05


def test_impossible_counts_are_refused() -> None:
    """Nothing counted, more successes than trials, a level outside (0, 1): errors, never NaN."""
    for bad in ((0, 0), (3, 2), (-1, 5)):
        with pytest.raises(Malformed):
            stats.wilson(*bad)
        with pytest.raises(Malformed):
            stats.clopper_pearson(*bad)
        with pytest.raises(Malformed):
            stats.fisher(*bad, 1, 2)
    with pytest.raises(Malformed):
        stats.wilson(1, 2, 0.0)


def test_all_or_nothing_in_both_arms_is_defined() -> None:
    """Two arms of zeros: z is 0, p is 1, the odds ratio is 1, and the Wald bar honestly shows its flaw."""
    assert stats.two_proportion(0, 10, 0, 12).p == 1
    assert stats.fisher(0, 10, 0, 12).statistic == 1
    assert math.isinf(stats.fisher(10, 10, 0, 12).statistic)
    assert stats.wald(0, 10, 0, 12).high == 0 < stats.newcombe(0, 10, 0, 12).high
