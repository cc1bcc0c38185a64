# SPDX-License-Identifier: Apache-2.0
"""The bootstrap by prompt: whole prompts are drawn again, with all their samples in both arms.

With one sample per prompt and arm this is the paired bootstrap, with several the cluster bootstrap. A seed
fixes the answer. Where every prompt shows the same difference no resample can differ, and a bound that
needs no resampling takes its place: the bootstrap alone would claim certainty.
"""

from typing import Literal

import numpy as np

from gyges.errors import Malformed
from gyges.lab.stats import special
from gyges.lab.stats.clusters import Paired, adjusted_moments, unanimous
from gyges.lab.stats.words import Estimate, Numbers, check_level, estimate

Method = Literal["percentile", "bca", "studentized"]


def bootstrap(
    paired: Paired,
    level: float = 0.95,
    *,
    method: Method = "studentized",
    seed: int = 0,
    draws: int = 2000,
) -> Estimate:
    """Interval for the gap by resampling prompts; `draws` >= 200.

    percentile, bca: Efron & Tibshirani, An Introduction to the Bootstrap, chapters 13 and 14.
    studentized: symmetric bootstrap-t with the adjusted moments of `clusters.py` in both worlds, and a
    multiplier of at least the normal one. Simulated coverage of all three is in bench/lab_coverage.py.

    Raises:
        Malformed: an impossible level, too few draws.
    """
    if draws < 200:
        raise Malformed("a bootstrap needs at least 200 draws")
    d, name = paired.differences, f"bootstrap by prompt, {method}"
    if float(np.ptp(d)) < 1e-12:
        return unanimous(d, level)
    means, squares = _resample(d, seed, draws)
    tail = (1 - check_level(level)) / 2
    if method == "studentized":
        low, high = _studentized(d, means, squares, level)
    else:
        tails = _bca_tails(d, means, tail) if method == "bca" else (tail, 1 - tail)
        low, high = (float(q) for q in np.quantile(means, tails))
    return estimate(float(d.mean()), max(-1.0, low), min(1.0, high), level, d.size, name)


def _resample(d: Numbers, seed: int, draws: int) -> tuple[Numbers, Numbers]:
    """Mean and mean square of each resample, (draws,) each."""
    rng, means, squares = np.random.default_rng(seed), np.empty(draws), np.empty(draws)
    step = max(1, 2_000_000 // d.size)
    for start in range(0, draws, step):
        stop = min(draws, start + step)
        drawn = d[rng.integers(0, d.size, size=(stop - start, d.size))]
        means[start:stop] = drawn.mean(axis=1)
        squares[start:stop] = (drawn**2).mean(axis=1)
    return means, squares


def _studentized(d: Numbers, means: Numbers, squares: Numbers, level: float) -> tuple[float, float]:
    """Centre and width from the adjusted moments, the multiplier from the resamples."""
    n = d.size + 2
    centre, error = adjusted_moments(d)
    centres = means * d.size / n
    spreads = np.maximum((squares * d.size + 1) / n - centres**2, 0) / (n - 1)
    widths = np.abs(centres - centre) / np.sqrt(spreads)
    times = max(float(np.quantile(widths, level)), special.z_of(level))
    return centre - times * error, centre + times * error


def _bca_tails(d: Numbers, means: Numbers, tail: float) -> tuple[float, float]:
    """The percentile levels, corrected for bias and acceleration."""
    below = ((means < d.mean()).sum() + 0.5 * (means == d.mean()).sum()) / means.size
    bias = float(
        special.normal_quantile(min(max(float(below), 1 / means.size), 1 - 1 / means.size))
    )
    centred = d - d.mean()
    skew = float((centred**3).sum()) / (6 * float((centred**2).sum()) ** 1.5)

    def level_of(z: float) -> float:
        return float(special.normal_cdf(bias + (bias + z) / (1 - skew * (bias + z))))

    z = special.normal_quantile(tail)
    return level_of(z), level_of(-z)
