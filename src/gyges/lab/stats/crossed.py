# SPDX-License-Identifier: Apache-2.0
"""A crossed experiment: main effects and two-way interactions of a yes-or-no outcome, prompt by prompt.

    main effect of a factor, level against reference: within one prompt, the difference of the two cells
    that are alike in every other factor, averaged over all settings of the others where both cells exist
    interaction of two factors: the difference of such differences, where all four cells exist

So an effect is estimated where it is defined and nowhere else: cells that the design leaves empty, or that
failed, cost only the comparisons they belong to, and two factors are never moved at once. It fits no model
and knows no factor by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from gyges.errors import Malformed
from gyges.lab.stats.clusters import sign_flip, student
from gyges.lab.stats.multiplicity import holm
from gyges.lab.stats.words import Estimate, Test, check_level

Cell = tuple[str, ...]
"""One level for each factor, in the order of `Factorial.factors`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One outcome in [0, 1] of one prompt under one condition (factor -> level)."""

    prompt: str
    condition: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """`factors` (one or two), the `levels` compared, with the `references` they are compared with.

    A main effect lies in [-1, 1], an interaction in [-2, 2]. `p_holm` is corrected over all effects of
    the same call. `settings` counts the settings of the other factors that it averages over; the
    estimate's `n` counts the prompts that could show it.
    """

    factors: tuple[str, ...]
    levels: tuple[str, ...]
    references: tuple[str, ...]
    estimate: Estimate
    test: Test
    p_holm: float
    settings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Factorial:
    """All effects that the data define; `means` of the cells over prompts; what no prompt could show."""

    factors: tuple[str, ...]
    effects: tuple[Effect, ...]
    means: Mapping[Cell, float]
    undefined: tuple[str, ...]

    def effect(self, *names: str) -> tuple[Effect, ...]:
        """The effects of these factors (one: main, two: interaction), in any order."""
        return tuple(e for e in self.effects if set(e.factors) == set(names))


def factorial(
    observations: Iterable[Observation],
    references: Mapping[str, str] | None = None,
    level: float = 0.95,
    *,
    interactions: bool = True,
    seed: int = 0,
) -> Factorial:
    """Estimate every effect with an interval and a sign-flip test by prompt, Holm over all of them.

    `references` names the level of a factor that the others are compared with; by default "none" where
    there is such a level, else the first in the alphabet. Factors with one level are left out. The test
    of a main effect is exact if the factor changes nothing at all; that of an interaction for large
    numbers of prompts.

    Raises:
        Malformed: no observations, conditions with different factors, an outcome outside [0, 1], or a
            reference that no trial has.
    """
    check_level(level)
    rows = list(observations)
    factors, levels = _factors(rows, references or {})
    cells = _cells(rows, factors)
    found, undefined = list[Effect](), list[str]()
    for part in _parts(factors, levels, interactions):
        shown = [d for d in (_contrast(means, part) for means in cells.values()) if d is not None]
        if shown:
            found.append(_effect(factors, part, shown, level, seed))
        else:
            undefined.append(" x ".join(f"{factors[i]}: {a} against {r}" for i, a, r in part))
    corrected = holm([effect.test.p for effect in found])
    return Factorial(
        factors=factors,
        effects=tuple(replace(e, p_holm=p) for e, p in zip(found, corrected, strict=True)),
        means=_means(cells),
        undefined=tuple(undefined),
    )


Part = tuple[tuple[int, str, str], ...]
"""(index of the factor, level, reference), once or twice."""


def _factors(
    rows: list[Observation], references: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The factors that vary, and the levels of each with the reference first."""
    if not rows:
        raise Malformed("a factorial of no observations")
    names = tuple(rows[0].condition)
    if any(set(row.condition) != set(names) for row in rows):
        raise Malformed("trials with different factors cannot be one experiment")
    levels = {name: sorted({row.condition[name] for row in rows}) for name in names}
    varying = tuple(name for name in names if len(levels[name]) > 1)
    ordered = list[tuple[str, ...]]()
    for name in varying:
        usual = "none" if "none" in levels[name] else levels[name][0]
        first = references.get(name, usual)
        if first not in levels[name]:
            raise Malformed(f"factor {name}: no trial has the reference level {first}")
        ordered.append((first, *(level for level in levels[name] if level != first)))
    return varying, tuple(ordered)


def _cells(rows: list[Observation], factors: tuple[str, ...]) -> dict[str, dict[Cell, float]]:
    """Each prompt's mean outcome in each cell it has."""
    values = dict[str, dict[Cell, list[float]]]()
    for row in rows:
        if not 0 <= row.value <= 1:
            raise Malformed(f"prompt {row.prompt}: an outcome of {row.value} is not in [0, 1]")
        cell = tuple(row.condition[name] for name in factors)
        values.setdefault(row.prompt, {}).setdefault(cell, []).append(float(row.value))
    return {
        prompt: {cell: float(np.mean(found)) for cell, found in cells.items()}
        for prompt, cells in values.items()
    }


def _parts(
    factors: tuple[str, ...], levels: tuple[tuple[str, ...], ...], interactions: bool
) -> list[Part]:
    single = [[(i, a, levels[i][0]) for a in levels[i][1:]] for i in range(len(factors))]
    mains: list[Part] = [(one,) for several in single for one in several]
    pairs = combinations(range(len(factors)), 2) if interactions else ()
    return mains + [(a, b) for i, j in pairs for a in single[i] for b in single[j]]


def _contrast(means: Mapping[Cell, float], part: Part) -> tuple[float, int] | None:
    """One prompt's effect, averaged over the settings where it is defined, and how many those are."""
    found = list[float]()
    for cell in means:
        if any(cell[i] != level for i, level, _ in part):
            continue
        total: float | None = 0.0
        for signs in np.ndindex(*(2,) * len(part)):
            corner = list(cell)
            for flip, (i, _, reference) in zip(signs, part, strict=True):
                corner[i] = reference if flip else corner[i]
            at = means.get(tuple(corner))
            total = None if total is None or at is None else total + (-1) ** sum(signs) * at
        if total is not None:
            found.append(total)
    return (float(np.mean(found)), len(found)) if found else None


def _means(cells: Mapping[str, Mapping[Cell, float]]) -> dict[Cell, float]:
    """Each cell's mean over the prompts that have it."""
    values = dict[Cell, list[float]]()
    for means in cells.values():
        for cell, value in means.items():
            values.setdefault(cell, []).append(value)
    return {cell: float(np.mean(found)) for cell, found in sorted(values.items())}


def _effect(
    factors: tuple[str, ...],
    part: Part,
    shown: list[tuple[float, int]],
    level: float,
    seed: int,
) -> Effect:
    differences = np.array([d for d, _ in shown])
    reach = float(len(part))
    return Effect(
        factors=tuple(factors[i] for i, _, _ in part),
        levels=tuple(a for _, a, _ in part),
        references=tuple(r for _, _, r in part),
        estimate=student(differences, level, reach),
        test=sign_flip(differences, seed=seed),
        p_holm=1.0,
        settings=max(k for _, k in shown),
    )
