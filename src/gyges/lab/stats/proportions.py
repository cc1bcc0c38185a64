# SPDX-License-Identifier: Apache-2.0
"""One proportion, and two that were measured on different units.

    wilson, clopper_pearson      one proportion
    newcombe, wald               first - second, independent samples; Wald for reference only
    fisher, two_proportion       tests of "the two are the same"

Nothing here knows of pairs: the same prompts in both arms belong to `matched.py` or `clusters.py`.
"""

import math

from gyges.lab.stats import special
from gyges.lab.stats.words import Estimate, Test, check_counts, check_level, estimate


def wilson(successes: int, n: int, level: float = 0.95) -> Estimate:
    """Wilson's score interval for `successes` of `n` >= 1 (Wilson, JASA 22, 1927; Newcombe 1998, method 3).

    Raises:
        Malformed: impossible counts or level.
    """
    check_counts(successes, n)
    z = special.z_of(check_level(level))
    p, zz = successes / n, z * z
    centre = (p + zz / (2 * n)) / (1 + zz / n)
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return estimate(p, low, high, level, n, "Wilson")


def clopper_pearson(successes: int, n: int, level: float = 0.95) -> Estimate:
    """The exact interval, never below its level (Clopper & Pearson, Biometrika 26, 1934).

    Raises:
        Malformed: impossible counts or level.
    """
    check_counts(successes, n)
    tail = (1 - check_level(level)) / 2
    low = special.beta_quantile(tail, successes, n - successes + 1) if successes else 0.0
    high = special.beta_quantile(1 - tail, successes + 1, n - successes) if successes < n else 1.0
    return estimate(successes / n, low, high, level, n, "Clopper-Pearson")


def newcombe(first: int, n_first: int, second: int, n_second: int, level: float = 0.95) -> Estimate:
    """First proportion minus second, independent samples, square-and-add of two Wilson intervals.

    Newcombe, Stat. Med. 17, 873-890 (1998), method 10. `n` of the answer is the sum of both.

    Raises:
        Malformed: impossible counts or level.
    """
    a, b = wilson(first, n_first, level), wilson(second, n_second, level)
    gap = a.value - b.value
    low = gap - math.hypot(a.value - a.low, b.high - b.value)
    high = gap + math.hypot(a.high - a.value, b.value - b.low)
    return estimate(gap, low, high, level, n_first + n_second, "Newcombe, independent")


def wald(first: int, n_first: int, second: int, n_second: int, level: float = 0.95) -> Estimate:
    """First proportion minus second with the unpaired binomial error bar that papers print.

    For comparison with published figures: it undercovers near 0 and 1 and has width 0 there.

    Raises:
        Malformed: impossible counts or level.
    """
    check_counts(first, n_first)
    check_counts(second, n_second)
    p, q = first / n_first, second / n_second
    half = special.z_of(check_level(level)) * standard_error(p, n_first, q, n_second)
    low, high = max(-1.0, p - q - half), min(1.0, p - q + half)
    return estimate(p - q, low, high, level, n_first + n_second, "Wald, independent")


def standard_error(p: float, n_first: int, q: float, n_second: int) -> float:
    """One sigma of the difference of two independent proportions p and q in [0, 1]."""
    return math.sqrt(p * (1 - p) / n_first + q * (1 - q) / n_second)


def fisher(first: int, n_first: int, second: int, n_second: int) -> Test:
    """Fisher's exact test, two-sided by probability; the statistic is the sample odds ratio.

    An odds ratio with an empty denominator is infinite, and 1 where both arms are all or nothing.

    Raises:
        Malformed: impossible counts.
    """
    check_counts(first, n_first)
    check_counts(second, n_second)
    table = [[first, n_first - first], [second, n_second - second]]
    up, down = first * (n_second - second), second * (n_first - first)
    odds = up / down if down else (math.inf if up else 1.0)
    p = min(1.0, special.fisher_p(table))
    return Test(p=p, statistic=odds, n=n_first + n_second, method="Fisher exact")


def two_proportion(first: int, n_first: int, second: int, n_second: int) -> Test:
    """The pooled z test of two independent proportions, two-sided; approximate, for large n.

    Raises:
        Malformed: impossible counts.
    """
    check_counts(first, n_first)
    check_counts(second, n_second)
    pooled = (first + second) / (n_first + n_second)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_first + 1 / n_second))
    z = 0.0 if error == 0 else (first / n_first - second / n_second) / error
    p = special.normal_two_sided(z)
    return Test(p=p, statistic=z, n=n_first + n_second, method="two proportions, pooled z")
