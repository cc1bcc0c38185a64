# SPDX-License-Identifier: Apache-2.0
"""One difference with its interval and its p: exact where a prompt is one pair, by prompt where it is several.

One sample a prompt and side: Tango's interval and the exact McNemar test. Otherwise prompts are clusters:
a bootstrap over prompts for the interval, random signs of whole prompts for p. A difference of differences
is paired by prompt too, with Student's adjusted interval. Seeds are fixed: the same trials give the same numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from gyges.lab.analyse.pairs import Pairing
from gyges.lab.stats.clusters import Paired, sign_flip, student
from gyges.lab.stats.matched import Table, mcnemar, tango
from gyges.lab.stats.proportions import wilson
from gyges.lab.stats.resampling import bootstrap
from gyges.lab.stats.words import Estimate, Test

LEVEL = 0.95
ALPHA = 0.05
Sides: TypeAlias = Callable[[tuple[float, float]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A difference: estimate, test, and p corrected for the family that it was tested in.

    Differences of rates lie in [-1, 1], differences of those in [-2, 2]. `adjusted` is None until a family
    was named. Estimate and test are None where there was nothing to compare: that is no zero.
    """

    estimate: Estimate | None = None
    test: Test | None = None
    adjusted: float | None = None

    @property
    def p(self) -> float:
        """The corrected p where there is one, the plain one else; 1 where nothing was tested."""
        if self.adjusted is not None:
            return self.adjusted
        return self.test.p if self.test else 1.0

    def shown(self, sign: int = 0, alpha: float = ALPHA) -> bool:
        """Whether it differs from zero (`sign` 0), lies above it (1) or below it (-1), at `alpha`."""
        if self.estimate is None or self.p > alpha:
            return False
        return self.estimate.value * sign > 0 if sign else True


def effect(pairing: Pairing) -> Effect:
    """The mean difference over the pairs."""
    if not pairing.pairs:
        return Effect()
    if pairing.single and all(v in {0.0, 1.0} for p in pairing.pairs for v in (*p.high, *p.low)):
        table = Table.of((p.high[0] > 0, p.low[0] > 0) for p in pairing.pairs)
        return Effect(estimate=tango(table, LEVEL), test=mcnemar(table))
    paired = _paired(
        by_cluster(pairing, lambda sides: sides[0]), by_cluster(pairing, lambda sides: sides[1])
    )
    return Effect(estimate=bootstrap(paired, LEVEL), test=sign_flip(paired.differences))


def change(first: Pairing, second: Pairing) -> Effect:
    """How much larger the difference is in `first` than in `second`, on the prompts that are in both."""
    a, b = (by_cluster(one, difference) for one in (first, second))
    found = np.asarray([a[key] - b[key] for key in a if key in b])
    if not found.size:
        return Effect()
    return Effect(estimate=student(found, LEVEL, reach=2.0), test=sign_flip(found))


def rate(values: Mapping[str, Sequence[float]]) -> Estimate | None:
    """The mean of cluster -> values in [0, 1]: Wilson's interval for one a cluster, by cluster else."""
    kept = {name: found for name, found in values.items() if found}
    if not kept:
        return None
    if all(len(v) == 1 and v[0] in {0.0, 1.0} for v in kept.values()):
        return wilson(int(sum(v[0] for v in kept.values())), len(kept), LEVEL)
    means = {name: sum(found) / len(found) for name, found in kept.items()}
    found = bootstrap(_paired(means, dict.fromkeys(means, 0.0)), LEVEL)
    return replace(found, low=max(0.0, found.low), method=f"{found.method}, one arm")


def rates(pairing: Pairing) -> tuple[Estimate | None, Estimate | None]:
    """The rates on both sides of the pairs, over paired samples alone."""
    sides: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    for pair in pairing.pairs:
        sides[0].setdefault(pair.cluster, []).extend(pair.high)
        sides[1].setdefault(pair.cluster, []).extend(pair.low)
    return rate(sides[0]), rate(sides[1])


def size(first: Pairing, second: Pairing | None = None) -> float | None:
    """The bare number that `effect` or `change` would put its interval around; None for no pairs."""
    a = by_cluster(first, difference)
    b = by_cluster(second, difference) if second else dict.fromkeys(a, 0.0)
    found = [a[key] - b[key] for key in a if key in b]
    return sum(found) / len(found) if found else None


def difference(sides: tuple[float, float]) -> float:
    """High minus low."""
    return sides[0] - sides[1]


def by_cluster(pairing: Pairing, what: Sides) -> dict[str, float]:
    """Prompt -> the mean over its pairs of `what` (mean of the high side, mean of the low side)."""
    found: dict[str, list[float]] = {}
    for pair in pairing.pairs:
        sides = (sum(pair.high) / len(pair.high), sum(pair.low) / len(pair.low))
        found.setdefault(pair.cluster, []).append(what(sides))
    return {key: sum(values) / len(values) for key, values in found.items()}


def _paired(high: Mapping[str, float], low: Mapping[str, float]) -> Paired:
    return Paired(
        prompts=tuple(high),
        first=tuple(high.values()),
        second=tuple(low[name] for name in high),
        samples=2 * len(high),
        unpaired=0,
        table=None,
    )
