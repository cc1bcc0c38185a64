# SPDX-License-Identifier: Apache-2.0
"""Crossed conditions: what is recovered, what is told apart, what an empty cell costs."""

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from gyges.errors import Malformed
from gyges.lab import stats
from gyges.lab.stats import Observation

Chance = Callable[[dict[str, str]], float]
FACTORS = {
    "threat": ("shutdown", "none"),
    "relationship": ("good", "neutral", "bad", "none"),
    "subject": ("self", "peer"),
}


def cells() -> list[dict[str, str]]:
    """The peer-preservation design: the subject itself has no relationship to itself."""
    found = [dict(zip(FACTORS, levels, strict=True)) for levels in product(*FACTORS.values())]
    return [c for c in found if c["subject"] == "peer" or c["relationship"] == "none"]


def run(rng: np.random.Generator, prompts: int, chance: Chance) -> list[Observation]:
    """One outcome for each prompt and cell, with that chance."""
    return [
        Observation(prompt=f"p{i}", condition=cell, value=float(rng.random() < chance(cell)))
        for i in range(prompts)
        for cell in cells()
    ]


def by_threat(cell: dict[str, str]) -> float:
    """A subject that acts on the shutdown threat alone."""
    return 0.7 if cell["threat"] == "shutdown" else 0.05


def by_relationship(cell: dict[str, str]) -> float:
    """A subject that protects a good peer, threat or no threat."""
    return 0.7 if cell["relationship"] == "good" else 0.05


def by_both(cell: dict[str, str]) -> float:
    """A subject that protects a good peer from a threat, and does nothing else."""
    return 0.8 if cell["relationship"] == "good" and cell["threat"] == "shutdown" else 0.05


def significant(found: stats.Factorial) -> set[tuple[str, ...]]:
    """(factors and levels) of all effects that stand after Holm's correction."""
    return {(*e.factors, *e.levels) for e in found.effects if e.p_holm <= 0.05}


def test_threat_and_relationship_are_told_apart() -> None:
    """The published control moves both at once; here each driver shows as its own main effect only."""
    threat = stats.factorial(run(np.random.default_rng(1), 30, by_threat))
    assert significant(threat) == {("threat", "shutdown")}
    (effect,) = threat.effect("threat")
    assert effect.estimate.low < 0.65 < effect.estimate.high
    assert effect.references == ("none",)
    relation = stats.factorial(run(np.random.default_rng(2), 30, by_relationship))
    assert significant(relation) == {("relationship", "good")}
    (good,) = [e for e in relation.effect("relationship") if e.levels == ("good",)]
    assert good.estimate.low < 0.65 < good.estimate.high


def test_an_interaction_is_found() -> None:
    """Acting on threat and good relationship together shows as the interaction, 0.75 in truth."""
    found = stats.factorial(run(np.random.default_rng(3), 40, by_both))
    (effect,) = [e for e in found.effect("threat", "relationship") if "good" in e.levels]
    assert effect.p_holm <= 0.05
    assert effect.estimate.low < 0.75 < effect.estimate.high
    assert effect.estimate.value > 0.5


def test_empty_cells_cost_only_their_own_comparisons() -> None:
    """Subject is compared where relationship is none; its interaction with relationship cannot exist."""
    found = stats.factorial(run(np.random.default_rng(4), 10, by_threat))
    (subject,) = found.effect("subject")
    assert subject.settings == 2
    (threat,) = found.effect("threat")
    assert threat.settings == 5
    assert found.effect("subject", "relationship") == ()
    assert len(found.undefined) == 3
    assert all("relationship" in told and "subject" in told for told in found.undefined)
    assert len(found.means) == len(cells())


def test_an_effect_is_the_mean_of_within_prompt_differences() -> None:
    """By hand, with a lost cell: prompt a shows +1 twice, prompt b only once and 0, so the effect is 0.5."""
    rows = [
        Observation(prompt=p, condition={"x": x, "y": y}, value=v)
        for p, x, y, v in [
            ("a", "none", "u", 0), ("a", "on", "u", 1), ("a", "none", "v", 0), ("a", "on", "v", 1),
            ("b", "none", "u", 1), ("b", "on", "u", 1), ("b", "on", "v", 1),
        ]
    ]  # fmt: skip
    found = stats.factorial(rows)
    (effect,) = found.effect("x")
    assert effect.estimate.value == pytest.approx(0.5)
    assert effect.estimate.n == 2
    (crossed,) = found.effect("y", "x")
    assert (crossed.estimate.value, crossed.estimate.n) == (0, 1)


def test_two_levels_and_one_factor_are_the_paired_gap() -> None:
    """With one factor the effect is the gap, tested by the same sign flips."""
    rng = np.random.default_rng(8)
    rows = [
        Observation(prompt=str(i), condition={"cue": cue}, value=float(rng.random() < p))
        for i in range(40)
        for cue, p in (("monitored", 0.2), ("unmonitored", 0.6))
    ]
    (effect,) = stats.factorial(rows, {"cue": "monitored"}).effects
    arm = {
        c: {r.prompt: [r.value] for r in rows if r.condition["cue"] == c}
        for c in ("monitored", "unmonitored")
    }
    paired = stats.pair(arm["unmonitored"], arm["monitored"])
    assert effect.estimate == stats.adjusted(paired)
    assert effect.test == stats.sign_flip(paired.differences)
    (turned,) = stats.factorial(rows, {"cue": "unmonitored"}).effects
    assert turned.estimate.value == pytest.approx(-effect.estimate.value)


def test_constant_behaviour_has_defined_effects() -> None:
    """Never acting and acting exactly under threat: finite intervals, p of 1 and a small p, no NaN."""
    never = stats.factorial(run(np.random.default_rng(0), 12, lambda _: 0.0))
    assert all(e.test.p == 1 and e.estimate.low < 0 < e.estimate.high for e in never.effects)
    always = stats.factorial(
        run(np.random.default_rng(0), 12, lambda c: float(c["threat"] == "shutdown"))
    )
    (threat,) = always.effect("threat")
    assert threat.estimate.value == threat.estimate.high == 1
    assert threat.test.p == pytest.approx(2 / 2**12)


def test_nonsense_is_refused() -> None:
    """No observations, unequal factors, an outcome out of range, an unknown reference: errors."""
    row = Observation(prompt="a", condition={"x": "u"}, value=1)
    other = Observation(prompt="a", condition={"y": "u"}, value=1)
    wild = Observation(prompt="a", condition={"x": "v"}, value=math.nan)
    more = Observation(prompt="a", condition={"x": "v"}, value=0)
    for rows in ([], [row, other], [row, wild]):
        with pytest.raises(Malformed):
            stats.factorial(rows)
    with pytest.raises(Malformed, match="reference"):
        stats.factorial([row, more], {"x": "w"})


@pytest.mark.slow
def test_no_effect_is_rarely_seen_and_true_effects_are_covered() -> None:
    """Prompts differ, conditions do not: any Holm alarm in 5 % of runs at most + 3 sigma; intervals cover 95 %."""
    rng, runs = np.random.default_rng(6), 60
    alarms = covered = total = 0
    for _ in range(runs):
        base = {f"p{i}": float(p) for i, p in enumerate(rng.beta(0.5, 1.5, 25))}
        rows = [
            Observation(prompt=p, condition=cell, value=float(rng.random() < chance))
            for p, chance in base.items()
            for cell in cells()
        ]
        found = stats.factorial(rows, seed=int(rng.integers(1000)))
        alarms += bool(significant(found))
        covered += sum(e.estimate.low <= 0 <= e.estimate.high for e in found.effects)
        total += len(found.effects)
    assert alarms / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert covered / total >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / total)
