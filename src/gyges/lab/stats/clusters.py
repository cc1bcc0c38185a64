# SPDX-License-Identifier: Apache-2.0
"""Several samples per prompt and arm: the prompt is the unit, and its mean difference the datum.

    first  = {prompt: [outcomes in [0, 1]]}      second = the same for the other arm
    gap    = mean over prompts of (mean of first - mean of second), each prompt with the same weight

Samples of one prompt are not independent, so no routine here counts them as if they were. The bootstrap
is in `resampling.py`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.matched import Table
from gyges.lab.stats.words import Estimate, Numbers, Test, check_level, estimate, numbers

EXACT = 14
"""Up to this many differing prompts every assignment of signs is counted; above, they are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Prompts that were run in both arms.

    `first` and `second` hold each prompt's mean in [0, 1]; `samples` how many outcomes they rest on in
    all; `unpaired` how many prompts were left out because one arm has no outcome for them. `table` is
    the 2 x 2 table where each arm has one yes or no for each prompt, else None.
    """

    prompts: tuple[str, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    samples: int
    unpaired: int
    table: Table | None

    @property
    def differences(self) -> Numbers:
        """First minus second, for each prompt; each in [-1, 1]."""
        return np.array(self.first, dtype=np.float64) - np.array(self.second, dtype=np.float64)

    @property
    def n(self) -> int:
        """How many prompts."""
        return len(self.prompts)


def pair(first: Mapping[str, Sequence[float]], second: Mapping[str, Sequence[float]]) -> Paired:
    """Bring two arms together by prompt; outcomes are numbers in [0, 1], booleans included.

    A prompt without an outcome in one of the arms (all its samples failed) is left out and counted.

    Raises:
        Malformed: no prompt has an outcome in both arms, or an outcome is NaN or out of range.
    """
    names = [name for name in first if len(first[name]) and len(second.get(name, ()))]
    if not names:
        raise Malformed("no prompt has an outcome in both arms")
    a = [numbers(first[name], f"prompt {name}", 0, 1) for name in names]
    b = [numbers(second[name], f"prompt {name}", 0, 1) for name in names]
    single = all(
        x.size == 1 and y.size == 1 and {*x, *y} <= {0.0, 1.0} for x, y in zip(a, b, strict=True)
    )
    table = (
        Table.of((bool(x[0]), bool(y[0])) for x, y in zip(a, b, strict=True)) if single else None
    )
    return Paired(
        prompts=tuple(names),
        first=tuple(float(x.mean()) for x in a),
        second=tuple(float(y.mean()) for y in b),
        samples=sum(x.size for x in [*a, *b]),
        unpaired=len({*first, *second}) - len(names),
        table=table,
    )


def clustered_error(values: Iterable[float], clusters: Iterable[str]) -> float:
    """One sigma of the mean of `values`, robust to any correlation within the clusters named alongside.

    SE^2 = n^-2 sum_c (sum_{i in c} (s_i - mean))^2, which is Miller's formula (arXiv 2411.00640,
    section 2.2) written out by cluster; without a small-sample factor, as he prints it.

    Raises:
        Malformed: there are no values, or not one cluster name for each.
    """
    found, names = numbers(values, "values"), list(clusters)
    if len(names) != found.size:
        raise Malformed(f"{found.size} values, but {len(names)} cluster names")
    _, index = np.unique(np.asarray(names), return_inverse=True)
    sums = np.bincount(index, weights=found - found.mean())
    return float(math.sqrt(float((sums**2).sum())) / found.size)


def adjusted_error(differences: Numbers, reach: float = 1.0) -> float:
    """One sigma of the mean of differences in [-reach, reach]; never 0.

    Two prompts that never were are counted in: a half each of +reach and -reach, and one 0. That is
    Agresti & Min's adjustment of the paired table (Stat. Med. 24, 729-740, 2005) carried over to means.
    Below about 50 prompts it errs on the wide side; without it, rare behaviour is undercovered.
    """
    return adjusted_moments(differences, reach)[1]


def adjusted_moments(differences: Numbers, reach: float = 1.0) -> tuple[float, float]:
    """The shrunken mean, and `adjusted_error`."""
    n = differences.size + 2
    mean = float(differences.sum()) / n
    spread = (float((differences**2).sum()) + reach**2) / n - mean * mean
    return mean, math.sqrt(max(0.0, spread) / (n - 1))


def student(differences: Numbers, level: float, reach: float = 1.0) -> Estimate:
    """Student's interval for a mean of differences in [-reach, reach], with the adjusted moments.

    `value` is the plain mean. Where all differences are alike, `unanimous` answers.

    Raises:
        Malformed: an impossible level.
    """
    if float(np.ptp(differences)) < 1e-12:
        return unanimous(differences, level, reach)
    centre, error = adjusted_moments(differences, reach)
    half = special.t_quantile(check_level(level), differences.size + 1) * error
    low, high = max(-reach, centre - half), min(reach, centre + half)
    value, n = float(differences.mean()), differences.size
    return estimate(value, low, high, level, n, "adjusted t, by prompt")


def unanimous(differences: Numbers, level: float, reach: float = 1.0) -> Estimate:
    """A guaranteed interval where all n differences equal one number c in [-reach, reach].

    If a share q of all prompts differed from c, seeing none of them had probability (1 - q)^n; so
    q <= 1 - alpha^(1/n), and those that differ lie in [-reach, reach].
    """
    centre = float(differences[0])
    share = 1 - (1 - check_level(level)) ** (1 / differences.size)
    low, high = centre - share * (centre + reach), centre + share * (reach - centre)
    return estimate(centre, low, high, level, differences.size, "all prompts alike, exact bound")


def adjusted(paired: Paired, level: float = 0.95) -> Estimate:
    """`student` for a pairing: quick, and never of width 0.

    Raises:
        Malformed: an impossible level.
    """
    return student(paired.differences, level)


def sign_flip(differences: Iterable[float], *, seed: int = 0, draws: int = 9999) -> Test:
    """Does the mean difference stand out among those with the arms swapped at random in each prompt?

    Exact where at most `EXACT` prompts differ; else `draws` >= 99 seeded assignments, and p counts the
    observed one, so it is never below 1 / (draws + 1). Two-sided. Valid whenever the arms are
    exchangeable within each prompt. p = 1 where no prompt differs.

    Raises:
        Malformed: no differences, or too few draws.
    """
    found = numbers(differences, "differences")
    if draws < 99:
        raise Malformed("a sign-flip test needs at least 99 draws")
    moving = found[found != 0]
    observed = abs(float(moving.sum())) * (1 - 1e-12)
    if moving.size <= EXACT:
        p = float((np.abs(_all_sums(moving)) >= observed).mean())
    else:
        sums = _signed_sums(moving, seed, draws)
        p = (1 + int((np.abs(sums) >= observed).sum())) / (draws + 1)
    return Test(p=p, statistic=float(found.mean()), n=found.size, method="sign flip by prompt")


def _all_sums(moving: Numbers) -> Numbers:
    """The sum under each of the 2^n assignments of signs."""
    sums = np.zeros(1)
    for step in moving:
        sums = np.concatenate((sums + step, sums - step))
    return sums


def _signed_sums(moving: Numbers, seed: int, draws: int) -> Numbers:
    rng, parts = np.random.default_rng(seed), list[Numbers]()
    step = max(1, 2_000_000 // moving.size)
    for start in range(0, draws, step):
        size = (min(step, draws - start), moving.size)
        parts.append((1.0 - 2.0 * rng.integers(0, 2, size=size, dtype=np.int8)) @ moving)
    return np.concatenate(parts)
