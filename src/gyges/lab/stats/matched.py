# SPDX-License-Identifier: Apache-2.0
"""Pairs with two outcomes: the same prompt once in each arm. The 2 x 2 table, its tests and intervals.

               second yes   second no
    first yes     both        first
    first no     second      neither

The difference is always rate(first) - rate(second) = (first - second) / n. Several samples of one prompt
are not pairs of this kind: see `clusters.py`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.proportions import wilson
from gyges.lab.stats.words import Estimate, Test, check_level, estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Counts of pairs, each >= 0, together >= 1.

    Raises:
        Malformed: a count is negative, or there is no pair.
    """

    both: int
    first: int
    second: int
    neither: int

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        if min(self.both, self.first, self.second, self.neither) < 0:
            raise Malformed("a table of pairs holds a negative count")
        if self.n < 1:
            raise Malformed("a table of pairs holds no pair")

    @property
    def n(self) -> int:
        """How many pairs."""
        return self.both + self.first + self.second + self.neither

    @property
    def discordant(self) -> int:
        """How many pairs differ between the arms: only they carry information on the difference."""
        return self.first + self.second

    @property
    def difference(self) -> float:
        """Rate in the first arm minus rate in the second, in [-1, 1]."""
        return (self.first - self.second) / self.n

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> "Table":
        """Count (first, second) outcomes.

        Raises:
            Malformed: there is no pair.
        """
        counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
        for first, second in pairs:
            counts[bool(first), bool(second)] += 1
        both, only_first, only_second, neither = counts.values()
        return cls(both=both, first=only_first, second=only_second, neither=neither)


def mcnemar(table: Table, *, mid_p: bool = False) -> Test:
    """The exact conditional McNemar test, two-sided; p = 1 where no pair is discordant.

    The mid-p option gives up the guarantee for power: its type I error rarely and barely exceeds alpha
    (Fagerland, Lydersen & Laake, BMC Med. Res. Methodol. 13:91, 2013). The statistic is the discordant
    pairs in favour of the first arm minus those against; `n` counts the discordant pairs.
    """
    fewer, m = min(table.first, table.second), table.discordant
    tail = float(special.binomial_cdf(fewer, m, 0.5))
    if mid_p:
        tail -= float(special.binomial_pmf(fewer, m, 0.5)) / 2
    name = "McNemar, exact mid-p" if mid_p else "McNemar, exact"
    return Test(p=min(1.0, 2 * tail), statistic=table.first - table.second, n=m, method=name)


def newcombe_paired(table: Table, level: float = 0.95) -> Estimate:
    """Square-and-add of the two Wilson intervals, corrected for the correlation of the arms.

    Newcombe, Stat. Med. 17, 2635-2650 (1998), method 10, with its continuity correction of phi.

    Raises:
        Malformed: an impossible level.
    """
    n, gap = table.n, table.difference
    a = wilson(table.both + table.first, n, level)
    b = wilson(table.both + table.second, n, level)
    phi = _phi(table)
    down, up = (a.value - a.low, b.high - b.value), (a.high - a.value, b.value - b.low)
    low = gap - _add(*down, phi)
    high = gap + _add(*up, phi)
    return estimate(gap, max(-1.0, low), min(1.0, high), level, n, "Newcombe, paired")


def tango(table: Table, level: float = 0.95) -> Estimate:
    """The score interval for a paired difference: all gaps that a score test does not reject.

    Tango, Stat. Med. 17, 891-908 (1998). Keeps its level well even in small tables, and has a width
    where no pair is discordant.

    Raises:
        Malformed: an impossible level.
    """
    z, gap, edge = special.z_of(check_level(level)), table.difference, 1 - 1e-12

    def above(delta: float) -> float:
        return _score(table, delta) + z

    def below(delta: float) -> float:
        return _score(table, delta) - z

    high = special.root(above, gap, edge) if gap < edge and above(edge) < 0 else 1.0
    low = special.root(below, -edge, gap) if gap > -edge and below(-edge) > 0 else -1.0
    return estimate(gap, low, high, level, table.n, "Tango score, paired")


def _phi(t: Table) -> float:
    margins = (
        (t.both + t.first) * (t.second + t.neither) * (t.both + t.second) * (t.first + t.neither)
    )
    if margins == 0:
        return 0.0
    excess = t.both * t.neither - t.first * t.second
    return (max(excess - t.n / 2, 0.0) if excess > 0 else excess) / math.sqrt(margins)


def _add(a: float, b: float, phi: float) -> float:
    return math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b))


def _score(t: Table, delta: float) -> float:
    """Tango's statistic at the gap `delta`, with the nuisance probability at its constrained maximum."""
    n, b, c = t.n, t.first, t.second
    linear = -b - c + (2 * n - b + c) * delta
    constant = -c * delta * (1 - delta)
    nuisance = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    spread = n * (2 * nuisance + delta * (1 - delta))
    distance = b - c - n * delta
    if spread <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(spread)
