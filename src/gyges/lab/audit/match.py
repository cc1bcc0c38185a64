# SPDX-License-Identifier: Apache-2.0
"""Twins: a live and an audit case, each the other's nearest, no case twice.

Group, categories (and, where asked, the real outcome) are equal in a pair; quantities lie within the caliper.
Which of two mutual neighbours has more of a quantity is chance, so pairs that straddle a threshold of an honest
rule fall both ways and are noise. Pairing up all that is left would not be so: where one sample is denser,
its leftovers would reach across the threshold in one direction, and the error would not show it. It
never looks at a decision, so it can be fixed before any is known.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.lab.audit.cases import Case, number, numeric, text_of
from gyges.lab.audit.plan import Plan
from gyges.lab.stats import special

ROUNDS = 2
"""How often mutual neighbours are looked for among those still without a twin; each round's lie farther apart."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Standardized mean difference, live minus audit, of one covariate (or one of its labels)."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Pairs as (index of the live case, index of the audit case), and how good they are.

    `apart` (pairs, k) holds the differences, live minus audit, of the quantities (in standard deviations),
    then of their squares and products: what a decision may smoothly depend on.
    `alone` is the share of live cases whose labels no audit case has: there, nothing can be compared.
    """

    pairs: tuple[tuple[int, int], ...]
    apart: Matrix
    balance: tuple[Balance, ...]
    live_matched: float
    audit_matched: float
    alone: float

    @property
    def imbalance(self) -> float:
        """The largest standardized mean difference left, without its sign; 0 with no pairs."""
        return max((abs(b.after) for b in self.balance), default=0.0) if self.pairs else 0.0


def match(live: Sequence[Case], audit: Sequence[Case], plan: Plan) -> Matching:
    """Pair the two samples up; either may be empty."""
    both = [*live, *audit]
    kinds = [
        name not in plan.labels and numeric(case.covariates[i] for case in both)
        for i, name in enumerate(plan.covariates)
    ]
    values, labels = _quantities(both, kinds), [_labels(case, kinds, plan) for case in both]
    m, pairs = len(live), list[tuple[int, int]]()
    rng = np.random.default_rng(plan.seed)
    cells = _cells(labels, m)
    for ours, theirs in cells.values():
        if ours and theirs:
            mixed = rng.permutation(ours), rng.permutation(theirs)
            pairs += _nearest(values, *mixed, plan.caliper)
    pairs.sort()
    terms = _terms(values)
    left, right = [i for i, _ in pairs], [j for _, j in pairs]
    return Matching(
        pairs=tuple((i, j - m) for i, j in pairs),
        apart=terms[left] - terms[right],
        balance=_balance(values, labels, m, left, right, _names(plan, kinds)),
        live_matched=len(pairs) / max(1, m),
        audit_matched=len(pairs) / max(1, len(audit)),
        alone=sum(len(ours) for ours, theirs in cells.values() if not theirs) / max(1, m),
    )


def _quantities(cases: Sequence[Case], kinds: Sequence[bool]) -> Matrix:
    """(cases, quantities), each scaled to standard deviation 1 within the samples taken together."""
    columns = [i for i, quantity in enumerate(kinds) if quantity]
    rows = [[number(case.covariates[i]) or 0.0 for i in columns] for case in cases]
    values = np.array(rows, dtype=np.float64).reshape(len(cases), len(columns))
    spread = values.std(axis=0) if len(cases) else np.ones(len(columns))
    return values / np.where(spread > 0, spread, 1.0)


def _terms(values: Matrix) -> Matrix:
    centred = values - values.mean(axis=0) if len(values) else values
    i, j = np.triu_indices(values.shape[1])
    return np.hstack([centred, centred[:, i] * centred[:, j]])


def _labels(case: Case, kinds: Sequence[bool], plan: Plan) -> tuple[str, ...]:
    """The group, then the covariates that are no quantities; of only two numbers, 1 and 1.0 are the same."""
    given = [case.group]
    for name, value, quantity in zip(plan.covariates, case.covariates, kinds, strict=True):
        if not quantity:
            found = None if name in plan.labels else number(value)
            given.append(text_of(value) if found is None else f"{found:.15g}")
    return tuple(given)


def _names(plan: Plan, kinds: Sequence[bool]) -> tuple[list[str], list[str]]:
    pairs = list(zip(plan.covariates, kinds, strict=True))
    return [n for n, q in pairs if q], [plan.group, *(n for n, q in pairs if not q)]


def _cells(
    labels: Sequence[tuple[str, ...]], m: int
) -> Mapping[tuple[str, ...], tuple[list[int], list[int]]]:
    cells = defaultdict[tuple[str, ...], tuple[list[int], list[int]]](lambda: ([], []))
    for index, label in enumerate(labels):
        cells[label][index >= m].append(index)
    return dict(sorted(cells.items()))


def _nearest(
    values: Matrix, ours: NDArray[np.intp], theirs: NDArray[np.intp], caliper: float
) -> list[tuple[int, int]]:
    """Pairs of mutual nearest neighbours within one cell; without quantities, any two are a pair."""
    if values.shape[1] == 0:
        return [(int(i), int(j)) for i, j in zip(ours, theirs, strict=False)]
    found, reach = list[tuple[int, int]](), caliper * np.sqrt(values.shape[1])
    for _ in range(ROUNDS):
        taken = _mutual(values[ours], values[theirs], reach)
        found += [(int(ours[i]), int(theirs[j])) for i, j in taken]
        ours = np.delete(ours, [i for i, _ in taken])
        theirs = np.delete(theirs, [j for _, j in taken])
    return found


def _mutual(ours: Matrix, theirs: Matrix, reach: float) -> list[tuple[int, int]]:
    if not (len(ours) and len(theirs)):
        return []
    far, near = special.neighbours(theirs, ours, 1, reach)
    _, back = special.neighbours(ours, theirs, 1, reach)
    seen = np.flatnonzero(np.isfinite(far[:, 0]))
    return [(int(i), int(near[i, 0])) for i in seen if back[near[i, 0], 0] == i]


def _balance(
    values: Matrix,
    labels: Sequence[tuple[str, ...]],
    m: int,
    left: Sequence[int],
    right: Sequence[int],
    names: tuple[list[str], list[str]],
) -> tuple[Balance, ...]:
    columns = list(zip(names[0], values.T, strict=True))
    for i, name in enumerate(names[1]):
        for label in sorted({found[i] for found in labels} if name else ()):
            flags = np.array([found[i] == label for found in labels], dtype=np.float64)
            columns.append((f"{name} = {label}", flags))
    return tuple(
        Balance(
            name=name,
            before=_smd(column[:m], column[m:], column[:m], column[m:]),
            after=_smd(column[list(left)], column[list(right)], column[:m], column[m:]),
        )
        for name, column in columns
    )


def _smd(ours: Matrix, theirs: Matrix, live: Matrix, audit: Matrix) -> float:
    """The difference of means over the root mean variance of the unmatched samples.

    The same denominator before and after, so that only the means move (Stuart, Stat. Sci. 25, 2010).
    """
    if not (ours.size and theirs.size):
        return 0.0
    spread = float(np.sqrt((live.var() + audit.var()) / 2))
    gap = float(ours.mean() - theirs.mean())
    return gap / spread if spread > 0 else (0.0 if gap == 0 else float(np.sign(gap)) * 9.99)
