# SPDX-License-Identifier: Apache-2.0
"""Pairs with two outcomes: published tables, an independent route, exhaustive size and coverage."""

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special
from scipy import stats as scipy_stats

from gyges.errors import Malformed
from gyges.lab import stats
from gyges.lab.stats.matched import Table

TABLES = st.builds(
    Table,
    both=st.integers(0, 60),
    first=st.integers(0, 40),
    second=st.integers(0, 40),
    neither=st.integers(1, 60),
)
Interval = Callable[..., stats.Estimate]
INTERVALS: list[Interval] = [stats.tango, stats.newcombe_paired]


def table(both: int, first: int, second: int, neither: int) -> Table:
    """The 2 x 2 table of pairs, by rows."""
    return Table(both=both, first=first, second=second, neither=neither)


# Newcombe, Stat. Med. 17:2635 (1998), method 10 for 36/12/2/0 and 54/0/0/0. The two others are worked through in
# Fagerland, Lydersen & Laake, Stat. Med. 33:2850 (2014): 1/1/7/12 (Bentur) and 59/6/16/80 (Cavo); their
# figures to four places are also in the tests of the authors' R package contingencytables.
NEWCOMBE = [
    (table(36, 12, 2, 0), 0.0569, 0.3404),
    (table(54, 0, 0, 0), -0.0664, 0.0664),
    (table(59, 6, 16, 80), -0.1186, -0.0046),
    (table(1, 1, 7, 12), -0.507, -0.026),
]
TANGO = [
    (table(59, 6, 16, 80), -0.1240, -0.0054),
    (table(1, 1, 7, 12), -0.517, -0.026),
    (table(54, 0, 0, 0), -0.0664, 0.0664),
]


@pytest.mark.parametrize(("pairs", "low", "high"), NEWCOMBE)
def test_newcombe_gives_the_published_intervals(pairs: Table, low: float, high: float) -> None:
    """Method 10 reproduces the worked examples to the places that are printed."""
    found = stats.newcombe_paired(pairs)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5.1e-4)


@pytest.mark.parametrize(("pairs", "low", "high"), TANGO)
def test_tango_gives_the_published_intervals(pairs: Table, low: float, high: float) -> None:
    """The score interval reproduces the worked examples to the places that are printed."""
    found = stats.tango(pairs)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5.1e-4)


@pytest.mark.parametrize(
    ("pairs", "exact", "mid"),
    [(table(59, 6, 16, 80), 0.052479, 0.034690), (table(1, 1, 7, 12), 0.0703125, 0.0390625)],
)
def test_mcnemar_gives_the_published_p(pairs: Table, exact: float, mid: float) -> None:
    """Exact and mid-p McNemar reproduce Fagerland, Lydersen and Laake's worked examples."""
    assert stats.mcnemar(pairs).p == pytest.approx(exact, abs=1e-6)
    assert stats.mcnemar(pairs, mid_p=True).p == pytest.approx(mid, abs=1e-6)


def test_mcnemar_of_the_prime_minister() -> None:
    """Agresti, Categorical Data Analysis, table 10.1 (794/150/86/570): z^2 = 17.36, p far below 0.001."""
    pairs = table(794, 150, 86, 570)
    assert (pairs.first - pairs.second) ** 2 / pairs.discordant == pytest.approx(17.36, abs=0.005)
    assert stats.mcnemar(pairs).p == pytest.approx(scipy_stats.binomtest(86, 236).pvalue, rel=1e-9)


def profile_z(pairs: Table, delta: float) -> float:
    """The score statistic by another route: the constrained maximum found numerically, not in closed form."""

    def loss(second: float) -> float:
        p, q = second + delta, second
        logs = special.xlogy(pairs.first, p) + special.xlogy(pairs.second, q)
        return -float(logs + special.xlog1py(pairs.n - pairs.discordant, -(p + q)))

    low, high = max(0.0, -delta), (1 - delta) / 2
    found: Any = optimize.minimize_scalar(
        loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    )
    q = float(found.x)
    return (pairs.difference - delta) / math.sqrt((2 * q + delta - delta**2) / pairs.n)


@pytest.mark.parametrize(
    "pairs", [table(59, 6, 16, 80), table(1, 1, 7, 12), table(10, 3, 9, 40), table(80, 21, 2, 97)]
)
def test_tango_ends_where_the_score_test_turns(pairs: Table) -> None:
    """At both ends the score statistic, maximised numerically, is 1.96."""
    found = stats.tango(pairs)
    assert profile_z(pairs, found.low) == pytest.approx(1.959964, abs=2e-4)
    assert profile_z(pairs, found.high) == pytest.approx(-1.959964, abs=2e-4)


@given(TABLES, st.sampled_from(INTERVALS))
def test_swapping_the_arms_mirrors_the_interval(pairs: Table, interval: Interval) -> None:
    """Which arm is called first changes the sign and nothing else."""
    swapped = table(pairs.both, pairs.second, pairs.first, pairs.neither)
    found, mirror = interval(pairs), interval(swapped)
    assert (found.low, found.high) == pytest.approx((-mirror.high, -mirror.low), abs=1e-9)
    assert stats.mcnemar(pairs).p == stats.mcnemar(swapped).p


@given(TABLES, st.sampled_from(INTERVALS))
def test_an_interval_holds_its_estimate_and_grows_with_the_level(
    pairs: Table, interval: Interval
) -> None:
    """The interval lies in [-1, 1], has a width, holds the difference, and 99 % holds 90 %."""
    narrow, wide = interval(pairs, 0.9), interval(pairs, 0.99)
    assert -1 <= wide.low <= narrow.low <= pairs.difference <= narrow.high <= wide.high <= 1
    assert narrow.high > narrow.low


@given(TABLES)
def test_a_lopsided_table_is_stronger_evidence(pairs: Table) -> None:
    """Turning a discordant pair towards the commoner direction never raises p, and mid-p is below p."""
    more = table(pairs.both, pairs.first + 1, pairs.second, pairs.neither)
    fewer = min(pairs.first, pairs.second)
    if pairs.first >= pairs.second:
        assert stats.mcnemar(more).p <= stats.mcnemar(pairs).p + 1e-12
    assert 0 < stats.mcnemar(pairs, mid_p=True).p <= stats.mcnemar(pairs).p <= 1
    assert fewer <= pairs.discordant


def test_no_discordant_pair_is_no_evidence() -> None:
    """Where all pairs agree p is 1, and the intervals still have a width."""
    pairs = table(40, 0, 0, 60)
    assert stats.mcnemar(pairs).p == 1
    for interval in INTERVALS:
        assert interval(pairs).low < 0 < interval(pairs).high


@pytest.mark.parametrize("sign", [1, -1])
def test_a_total_difference_has_a_defined_interval(sign: int) -> None:
    """All pairs discordant in one direction: the interval ends at the edge and is finite."""
    pairs = table(0, 20 * (sign > 0), 20 * (sign < 0), 0)
    for interval in INTERVALS:
        found = interval(pairs)
        assert found.value == sign
        assert max(abs(found.low), abs(found.high)) == pytest.approx(1, abs=1e-9)
        assert found.high > found.low


def test_impossible_tables_are_refused() -> None:
    """No pairs, a negative count and a level of 1 are errors, never NaN."""
    with pytest.raises(Malformed):
        table(0, 0, 0, 0)
    with pytest.raises(Malformed):
        table(1, -1, 0, 3)
    with pytest.raises(Malformed):
        stats.tango(table(1, 1, 1, 1), 1.0)
    with pytest.raises(Malformed):
        Table.of([])


def outcomes(n: int, p: float, q: float) -> list[tuple[int, int, float]]:
    """All (first, second) discordant counts of n pairs with their exact probabilities."""
    b, c = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    logs = special.gammaln(n + 1) - special.gammaln(b + 1) - special.gammaln(c + 1)
    rest = n - b - c
    logs = logs - special.gammaln(np.maximum(rest, 0) + 1)
    logs = logs + special.xlogy(b, p) + special.xlogy(c, q) + special.xlogy(rest, 1 - p - q)
    chance = np.where(rest >= 0, np.exp(np.where(rest >= 0, logs, -np.inf)), 0)
    return [(i, j, float(chance[i, j])) for i, j in product(range(n + 1), repeat=2) if i + j <= n]


@pytest.mark.parametrize(("n", "p"), [(20, 0.05), (40, 0.1), (40, 0.3)])
def test_exact_mcnemar_never_exceeds_its_level(n: int, p: float) -> None:
    """Summed over all tables, the type I error is at most alpha; that of mid-p hardly exceeds it."""
    exact = mid = 0.0
    for b, c, chance in outcomes(n, p, p):
        pairs = table(0, b, c, n - b - c)
        exact += chance * (stats.mcnemar(pairs).p <= 0.05)
        mid += chance * (stats.mcnemar(pairs, mid_p=True).p <= 0.05)
    assert exact <= 0.05
    assert exact <= mid <= 0.055


@pytest.mark.parametrize(
    ("n", "p", "q"), [(25, 0.2, 0.05), (50, 0.15, 0.02), (50, 0.1, 0.1), (100, 0.11, 0.0)]
)
def test_paired_intervals_cover_at_their_level(n: int, p: float, q: float) -> None:
    """Summed over all likely tables, Tango covers 93 % or more, Newcombe 92 %."""
    # Newcombe also looks at the margins; the concordant pairs are split evenly here.
    covered = np.zeros(2)
    for b, c, chance in outcomes(n, p, q):
        if chance < 1e-7:
            continue
        rest = n - b - c
        pairs = table(rest // 2, b, c, rest - rest // 2)
        for i, interval in enumerate(INTERVALS):
            found = interval(pairs)
            covered[i] += chance * (found.low <= p - q <= found.high)
    assert 0.93 <= covered[0] <= 0.985
    assert covered[1] >= 0.92
