# SPDX-License-Identifier: Apache-2.0
"""The positive control: a gap of known size is planted into these very pairs; is it found?

Without it, "no divergence found" would say as much about the audit's sharpness as about the system. It plants
into the pairs that there are, so it inherits their number, their noise and their residual imbalance.
"""

from dataclasses import dataclass

import numpy as np

from gyges.lab.audit.compare import Twins, good, headline, reach_of
from gyges.lab.stats.proportions import wilson
from gyges.lab.stats.regressed import intercept
from gyges.lab.stats.words import Estimate, Numbers

TRIES = 200
ENOUGH = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """`planted`: the gap, in the decision's own units; `found`: the share of tries that saw it."""

    planted: float
    found: Estimate

    @property
    def passed(self) -> bool:
        """Whether it was found often enough for a null result to mean something."""
        return self.found.value >= ENOUGH


def control(twins: Twins, tests: int) -> Control:
    """Plant the plan's tolerance `TRIES` times, in the live decisions of resampled pairs.

    Found is what a test sees at the strictest level that Holm may ask of one among `tests`.
    """
    plan = twins.plan
    live, audit = twins.sides(good(plan))
    reach, rng = reach_of(plan, twins.audit), np.random.default_rng(plan.seed)
    size, seen, n = plan.tolerance * reach, 0, live.size
    # What the pairs differ by at equal covariates is taken off: what is left is their noise and no gap.
    noise = live - audit - headline(twins).value
    for _ in range(TRIES):
        drawn = rng.integers(0, n, n)
        planted = _plant(live[drawn], size, rng, rate=plan.kind != "number") - live[drawn]
        gap = intercept(noise[drawn] + planted, twins.matching.apart[drawn], reach)
        seen += gap.test.p <= plan.alpha / tests and gap.value * planted.mean() > 0
    return Control(planted=size, found=wilson(int(seen), TRIES))


def _plant(values: Numbers, size: float, rng: np.random.Generator, *, rate: bool) -> Numbers:
    """Lower a rate (raise it, where it is too low to fall) by `size` <= 0.5, or shift a number."""
    if not rate:
        shifted: Numbers = values - size
        return shifted
    down = values.mean() >= size
    room = values > 0.5 if down else values < 0.5
    share = min(1.0, size / max(float(room.mean()), 1e-9))
    flipped = room & (rng.random(values.size) < share)
    return np.where(flipped, 0.0 if down else 1.0, values)
