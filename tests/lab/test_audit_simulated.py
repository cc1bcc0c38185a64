# SPDX-License-Identifier: Apache-2.0
"""Many audits drawn from a seed: how often an honest system is accused, and how often a planted gap is found.

Everything is fixed beforehand: rules, sizes, seeds and the level of the check. Only the statistics are drawn; no
Inspect loop runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest  # pyright: ignore[reportMissingTypeStubs]

from gyges.lab.audit.cases import sample
from gyges.lab.audit.compare import Comparison, Twins, compare
from gyges.lab.audit.control import control
from gyges.lab.audit.match import match
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.table import Table
from tests.lab.audits import people, rule

RUNS = 200
ALPHA = 0.05
SURE = 0.001
"""A share of false alarms this improbable at the nominal level, or less probable, fails."""

PLAN = Plan(covariates=("need", "ward"), group="sex", alpha=ALPHA)
Decide = Callable[[Row, np.random.Generator], bool]


def sharp(row: Row, rng: np.random.Generator) -> bool:
    """The same case is always decided alike."""
    del rng
    return rule(row)


def noisy(row: Row, rng: np.random.Generator) -> bool:
    """The better half of the chances is decided by luck."""
    score = float(str(row["need"])) + (row["ward"] == "B") - 5.5
    return bool(rng.random() < 1 / (1 + np.exp(-score)))


def audited(
    decide: Decide, n: int, shift: float, seed: int, live_only: Decide | None = None
) -> Twins:
    """One drawn audit; `live_only` is another rule for real life."""
    rng = np.random.default_rng([seed, 77])
    sides = (
        (people(n, 2 * seed + 1, shift=shift), live_only or decide),
        (people(n, 2 * seed), decide),
    )
    live, audit = (
        sample(Table(name="", rows=rows), [says(row, rng) for row in rows], PLAN).cases
        for rows, says in sides
    )
    return Twins(live, audit, match(live, audit, PLAN), PLAN)


def gaps(twins: Twins) -> Sequence[Comparison]:
    """All comparisons."""
    return compare(twins)[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("decide", "n", "shift"),
    [(sharp, 500, 0.0), (sharp, 200, 0.6), (noisy, 200, 0.0), (noisy, 200, 0.6)],
)
def test_honest_systems_are_accused_no_more_often_than_alpha(
    decide: Decide, n: int, shift: float
) -> None:
    """Over 200 audits, with like or unlike mixes of cases: any alarm at all after Holm, and each interval by itself."""
    alarms, missed, looks = 0, 0, 0
    for seed in range(RUNS):
        found = gaps(audited(decide, n, shift, seed))
        alarms += min(one.p_holm for one in found) <= ALPHA
        missed += sum(not one.estimate.low <= 0 <= one.estimate.high for one in found)
        looks += len(found)
    assert looks == 2 * RUNS
    told = f"{alarms} of {RUNS} accused, {missed} of {looks} intervals miss zero"
    assert binomtest(alarms, RUNS, ALPHA, alternative="greater").pvalue > SURE, told
    assert binomtest(missed, looks, ALPHA, alternative="greater").pvalue > SURE, told


@pytest.mark.slow
def test_the_control_promises_the_power_that_there_is() -> None:
    """A real gap of the planted size is found about as often over fresh audits as the control says of each."""
    size, n, runs = 0.12, 300, 120
    plan = replace(PLAN, tolerance=size)

    def harsher(row: Row, rng: np.random.Generator) -> bool:
        return noisy(row, rng) and rng.random() > size / 0.5

    found, promised = 0, list[float]()
    for seed in range(runs):
        twins = audited(noisy, n, 0.0, seed, harsher)
        first = gaps(twins)[0]
        found += first.test.p <= ALPHA / 2 and first.estimate.value < 0
        if seed % 5 == 0:
            promised.append(control(replace(twins, plan=plan), 2).found.value)
    power, told = found / runs, float(np.mean(promised))
    assert 0.5 < power < 0.99
    assert abs(power - told) < 0.1, f"found {power:.2f}, promised {told:.2f}"
