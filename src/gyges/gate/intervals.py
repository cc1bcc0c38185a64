# SPDX-License-Identifier: Apache-2.0
"""A share and a median, each with the 95 % interval that few observations deserve. Pure arithmetic.

The interval of a share is Wilson's score interval (E. B. Wilson, JASA 22, 1927), that of a median lies between two
order statistics and holds for any distribution (W. R. Thompson, Ann. Math. Stat. 7, 1936). Both describe one look
at a fixed number of observations; they are no sequential test.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb, sqrt

Z = 1.959963984540054  # of the normal distribution, two-sided 95 %
TAIL = 0.025
EXACT = 400  # observations up to which the ranks of the median's interval are exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`count` of `of`, all in [0, 1]. With `of` 0 nothing is known: no value, and the interval is all."""

    count: int
    of: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """The median of `of` numbers with its interval; None where there are too few to say."""

    of: int
    median: float | None
    low: int | None
    high: int | None


def share(count: int, of: int) -> Share:
    """Wilson's score interval around `count` of `of`."""
    if not of:
        return Share(count=0, of=0, value=None, low=0.0, high=1.0)
    p, zz = count / of, Z * Z
    middle = (p + zz / (2 * of)) / (1 + zz / of)
    half = Z * sqrt(p * (1 - p) / of + zz / (4 * of * of)) / (1 + zz / of)
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == of else min(1.0, middle + half)
    return Share(count=count, of=of, value=p, low=low, high=high)


def middle(values: Iterable[int]) -> Middle:
    """The median of `values`, between the widest pair of order statistics that 95 % needs."""
    found = sorted(values)
    n = len(found)
    if not n:
        return Middle(of=0, median=None, low=None, high=None)
    median = (found[(n - 1) // 2] + found[n // 2]) / 2
    rank = _rank(n)
    low, high = (found[rank], found[n - 1 - rank]) if rank >= 0 else (None, None)
    return Middle(of=n, median=median, low=low, high=high)


def _rank(n: int) -> int:
    """The highest k with P(Binomial(n, 1/2) <= k) <= 2.5 %; -1 where there is none (n < 6)."""
    if n > EXACT:
        return int(n / 2 - Z * sqrt(n) / 2 - 1)
    total, rank = 0, -1
    for k in range(n):
        total += comb(n, k)
        if total > TAIL * 2**n:
            break
        rank = k
    return rank
