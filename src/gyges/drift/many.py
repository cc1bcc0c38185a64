# SPDX-License-Identifier: Apache-2.0
"""Many features at once: which may be called out, and what is promised about all of them together.

    split        alpha by weights; E_k >= 1 / alpha_k at any time    chance of any wrong alarm, ever <= alpha
    e_bh         e-values as they are now                            expected share of wrong ones <= alpha
    adjusted     a running maximum made an e-value again             may then go into e_bh
    patience     Shiryaev-Roberts sums M_k >= 1 / (beta w_k)         expected wrong alarms by unit T <= beta * T

A running maximum is no e-value: put into `e_bh` as it is, more is called out than was promised. A
Shiryaev-Roberts sum is none either (it is about t after t units): with it nothing but `patience` holds.

Sources: Wang, Ramdas, False discovery rate control with e-values (JRSS-B 2022); Tavyrikov, Goeman, de Heide,
Carefree multiple testing with e-processes (arXiv 2501.19360); Dandapanthula, Ramdas, Multiple testing in
multi-stream sequential change detection (arXiv 2501.04130).
"""

import math
from collections.abc import Sequence

from gyges.drift.words import Unusable


def split(alpha: float, weights: Sequence[float]) -> tuple[float, ...]:
    """Each one's part of alpha; they add up to it.

    Raises:
        Unusable: alpha is not in (0, 1), or the weights are not some finite numbers above 0.
    """
    if not 0 < alpha < 1:
        raise Unusable(f"alpha must be in (0, 1), not {alpha}")
    if not weights or not all(0 < w < math.inf for w in weights):
        raise Unusable(f"weights must be some finite numbers above 0, not {list(weights)}")
    total = sum(weights)
    return tuple(alpha * w / total for w in weights)


def e_bh(
    values: Sequence[float], alpha: float, weights: Sequence[float] | None = None
) -> list[int]:
    """Which to call out, ascending, however the values hang together. Current e-values only: see `adjusted`.

    With weights, each value counts by its weight over the mean weight.

    Raises:
        Unusable: a value is negative or NaN, or alpha or the weights are as `split` refuses.
    """
    parts = split(alpha, weights or [1.0] * len(values))
    if len(parts) != len(values) or not all(v >= 0 for v in values):
        raise Unusable(f"e-values must be numbers from 0, one a weight, not {list(values)}")
    scaled = [v * part for v, part in zip(values, parts, strict=True)]
    order = sorted(scaled, reverse=True)
    most = max((k for k, v in enumerate(order, 1) if v * k >= 1), default=0)
    return [at for at, v in enumerate(scaled) if most and v >= order[most - 1]]


def adjusted(peak: float, kappa: float | None = None) -> float:
    """An e-value from the largest that an e-process has been: sqrt(peak) - 1, or kappa * peak^(1 - kappa).

    Raises:
        Unusable: the peak is below 1 (an e-process begins there), or kappa is not in (0, 1).
    """
    if not peak >= 1:
        raise Unusable(f"the running maximum of an e-process is at least 1, not {peak}")
    if kappa is None:
        return math.sqrt(peak) - 1
    if not 0 < kappa < 1:
        raise Unusable(f"kappa must be in (0, 1), not {kappa}")
    return float(kappa * peak ** (1 - kappa))


def patience(beta: float, weights: Sequence[float]) -> tuple[float, ...]:
    """Thresholds of Shiryaev-Roberts sums for at most `beta` expected wrong alarms a unit, over all of them.

    Raises:
        Unusable: as `split`.
    """
    return tuple(1 / part for part in split(beta, weights))
