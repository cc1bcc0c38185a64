# SPDX-License-Identifier: Apache-2.0
"""How good a grader is against labels (AUROC), and how far graders agree (kappa, alpha).

Agreement is not correctness: two judges may share a mistake.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.words import Estimate, check_level, estimate, numbers


def auroc(scores: Iterable[float], labels: Iterable[bool], level: float = 0.95) -> Estimate:
    """The chance in [0, 1] that a positive scores above a negative, ties counting half.

    Interval: Newcombe, Stat. Med. 25, 559-573 (2006), method 5, which inverts Hanley and McNeil's variance
    as a score interval does, so that it has a width at 0 and 1 too. `n` counts all cases.

    Raises:
        Malformed: a score is NaN, the lengths differ, or one of the classes is empty.
    """
    found, truth = numbers(scores, "scores"), np.asarray([bool(x) for x in labels])
    if truth.size != found.size or not 0 < int(truth.sum()) < truth.size:
        raise Malformed("AUROC needs a label for each score, and both kinds of label")
    ups, downs = found[truth], found[~truth]
    above = (ups[:, None] > downs).mean() + (ups[:, None] == downs).mean() / 2
    area, m, n = float(above), ups.size, downs.size
    z = special.z_of(check_level(level))

    def width(theta: float) -> float:
        spread = 1 + ((m + n) / 2 - 1) * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return z * math.sqrt(max(0.0, theta * (1 - theta) * spread / (m * n)))

    # At 0 and 1 the area itself solves the equation too: the end wanted lies inside.
    down, up = min(area, 1 - 1e-9), max(area, 1e-9)
    low = special.root(lambda t: area - t - width(t), 0.0, down) if area > 0 else 0.0
    high = special.root(lambda t: t - area - width(t), up, 1.0) if area < 1 else 1.0
    return estimate(area, low, high, level, m + n, "AUROC, Newcombe method 5")


def kappa(first: Sequence[Hashable], second: Sequence[Hashable], level: float = 0.95) -> Estimate:
    """Cohen's kappa of two graders over the same cases, in [-1, 1].

    Large-sample interval of Fleiss, Cohen & Everitt (Psychol. Bull. 72, 323-327, 1969), cut to [-1, 1].

    Raises:
        Malformed: no cases, lengths that differ, or both graders gave one and the same label only, where
            chance agreement is 1 and kappa undefined.
    """
    n = len(first)
    if n == 0 or n != len(second):
        raise Malformed("kappa needs the same cases from both graders")
    labels = list(dict.fromkeys([*first, *second]))
    index = {label: i for i, label in enumerate(labels)}
    table = np.zeros((len(labels), len(labels)))
    for a, b in zip(first, second, strict=True):
        table[index[a], index[b]] += 1 / n
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    seen, chance = float(np.trace(table)), float(rows @ columns)
    if chance > 1 - 1e-12:
        raise Malformed("kappa is undefined where both graders give one label only")
    value = (seen - chance) / (1 - chance)
    shift = columns[:, None] + rows[None, :]
    on = float((np.diag(table) * (1 - np.diag(shift) * (1 - value)) ** 2).sum())
    off = table * (shift**2)
    np.fill_diagonal(off, 0)
    rest = (value - chance * (1 - value)) ** 2
    variance = on + (1 - value) ** 2 * float(off.sum()) - rest
    half = special.z_of(check_level(level)) * math.sqrt(max(0.0, variance) / n) / (1 - chance)
    low, high = max(-1.0, value - half), min(1.0, value + half)
    return estimate(value, low, high, level, n, "Cohen's kappa")


def alpha(
    units: Iterable[Sequence[Hashable]], level: float = 0.95, *, seed: int = 0, draws: int = 1000
) -> Estimate:
    """Krippendorff's alpha for nominal labels: any number of graders, missing labels left out.

    `units` holds, for each case, the labels it got; cases with fewer than two count for nothing. The
    interval is a percentile bootstrap over cases. Krippendorff, Content Analysis, chapter 11.

    Raises:
        Malformed: fewer than two cases with two labels, or one label throughout.
    """
    kept = [Counter(unit) for unit in units if len(unit) > 1]
    labels = list(dict.fromkeys(label for unit in kept for label in unit))
    if len(kept) < 2 or len(labels) < 2:
        raise Malformed(
            "alpha needs two cases with two labels each, and more than one label in all"
        )
    check_level(level)
    counts = np.array([[unit[label] for label in labels] for unit in kept], dtype=np.float64)
    sizes = counts.sum(axis=1)
    apart = (sizes**2 - (counts**2).sum(axis=1)) / (sizes - 1)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(kept), np.full(len(kept), 1 / len(kept)), size=draws)
    weights = np.vstack([np.ones(len(kept)), weights])
    totals = weights @ counts
    whole = totals.sum(axis=1)
    expected = (whole**2 - (totals**2).sum(axis=1)) / (whole - 1)
    varied = expected > 0
    values = 1 - (weights @ apart)[varied] / expected[varied]
    tail = (1 - level) / 2
    low, high = np.quantile(values[1:], [tail, 1 - tail])
    return estimate(float(values[0]), low, high, level, len(kept), "Krippendorff's alpha, nominal")
