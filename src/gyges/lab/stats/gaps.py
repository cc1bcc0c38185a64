# SPDX-License-Identifier: Apache-2.0
"""The gap between two arms of the same prompts, by the method that fits the data.

One yes or no for each prompt and arm: Tango's score interval and the exact McNemar test. Anything else
(several samples, scores in [0, 1]): studentized bootstrap and sign flips, both by prompt. Call the other
files to choose for yourself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gyges.lab.stats.clusters import Paired, pair, sign_flip
from gyges.lab.stats.matched import mcnemar, tango
from gyges.lab.stats.resampling import bootstrap
from gyges.lab.stats.words import Estimate, Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Rate in the first arm minus rate in the second, over the prompts that both arms answered.

    `first` and `second` are mean rates in [0, 1] over those prompts.
    """

    estimate: Estimate
    test: Test
    first: float
    second: float
    paired: Paired


def gap(
    first: Mapping[str, Sequence[float]],
    second: Mapping[str, Sequence[float]],
    level: float = 0.95,
    *,
    seed: int = 0,
    draws: int = 2000,
) -> Gap:
    """Compare two arms, each `{prompt: [outcomes in [0, 1]]}`.

    Raises:
        Malformed: no prompt has an outcome in both, or an outcome is NaN or out of range.
    """
    paired = pair(first, second)
    table = paired.table
    if table is not None:
        estimate, test = tango(table, level), mcnemar(table)
    else:
        estimate = bootstrap(paired, level, seed=seed, draws=draws)
        test = sign_flip(paired.differences, seed=seed)
    return Gap(
        estimate=estimate,
        test=test,
        first=float(np.mean(paired.first)),
        second=float(np.mean(paired.second)),
        paired=paired,
    )
