# SPDX-License-Identifier: Apache-2.0
"""Pairs of twins -> what differs between audit and live: decisions first, then fairness between groups.

Every gap is live minus audit: the mean difference of the pairs, what is left of their own unlikeness regressed
out (Rubin, JASA 74, 318-328, 1979). A fairness gap is the change, from audit to live, of the difference between
a group and the reference group, in favourable decisions (demographic parity: Dwork et al., ITCS 2012) or in
those among people whose real outcome was good (equal opportunity: Hardt, Price and Srebro, NeurIPS 2016). It
corrects for nothing that was not measured.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gyges.errors import Malformed
from gyges.lab.audit.cases import Case
from gyges.lab.audit.match import Matching, match
from gyges.lab.audit.plan import Plan
from gyges.lab.stats.multiplicity import holm
from gyges.lab.stats.regressed import Intercept, intercept
from gyges.lab.stats.words import Estimate, Numbers, Test

FEWEST = 20
"""A group, a label or a class with fewer pairs is not compared, but named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One gap: `kind` decision | demographic parity | equal opportunity, and what of it.

    `audit` and `live` are the rates (or means) in the matched pairs, and for fairness the differences between
    the groups there; `naive` is the gap that ignoring the covariates would have shown.
    """

    kind: str
    of: str
    estimate: Estimate
    test: Test
    p_holm: float
    audit: float
    live: float
    naive: float
    pairs: int


Value = Callable[[Case], float]


@dataclass(frozen=True, slots=True)
class Twins:
    """Both samples, their matching, and the plan; where `group` is set, only that group counts."""

    live: Sequence[Case]
    audit: Sequence[Case]
    matching: Matching
    plan: Plan
    group: str | None = None

    def of_group(self, group: str) -> "Twins":
        """The cases of one group; its pairs stay pairs, since the group is alike in each."""
        pairs = [(i, j) for i, j in self.matching.pairs if self.live[i].group == group]
        chosen = np.array([self.live[i].group == group for i, _ in self.matching.pairs], bool)
        matching = replace(self.matching, pairs=tuple(pairs), apart=self.matching.apart[chosen])
        return replace(self, matching=matching, group=group)

    def sides(self, value: Value) -> tuple[Numbers, Numbers]:
        """(live, audit) values over the pairs."""
        pairs = self.matching.pairs
        live = np.array([value(self.live[i]) for i, _ in pairs], dtype=np.float64)
        return live, np.array([value(self.audit[j]) for _, j in pairs], dtype=np.float64)

    def naive(self, value: Value) -> float:
        """The difference of means over all cases (of the group), matched or not."""
        live, audit = (self._mine(side) for side in (self.live, self.audit))
        return _mean(live, value) - _mean(audit, value)

    def _mine(self, side: Sequence[Case]) -> list[Case]:
        return [c for c in side if self.group is None or c.group == self.group]


def good(plan: Plan) -> Value:
    """What is compared: 1 for a favourable decision and 0 else, or the number itself."""
    if plan.kind == "category":
        return lambda case: float(case.decision == plan.favourable)
    return lambda case: float(case.decision)


def reach_of(plan: Plan, audit: Sequence[Case]) -> float:
    """The size of a large difference: 1 for rates, the audit sample's standard deviation for numbers."""
    if plan.kind != "number":
        return 1.0
    spread = float(np.std([float(case.decision) for case in audit])) if audit else 0.0
    return spread or 1.0


def headline(twins: Twins) -> Intercept:
    """The gap in favourable decisions (or in the mean) at equal covariates."""
    live, audit = twins.sides(good(twins.plan))
    return intercept(live - audit, twins.matching.apart, reach_of(twins.plan, twins.audit))


def compare(twins: Twins) -> tuple[tuple[Comparison, ...], tuple[str, ...]]:
    """All gaps with Holm's correction over them, and a sentence for each that could not be looked at."""
    found, skipped = list[Comparison](), list[str]()
    value, plan = good(twins.plan), twins.plan
    name = "mean" if plan.kind == "number" else "favourable"
    found.append(_decision(twins, name, value))
    if plan.kind == "category":
        _labels(twins, found, skipped)
    if plan.group:
        _fairness(twins, "demographic parity", found, skipped)
    if plan.group and plan.outcome:
        if told := _selective(twins):
            skipped.append(told)
        else:
            _fairness(_deserving(twins), "equal opportunity", found, skipped)
    ps = holm([c.test.p for c in found])
    return tuple(replace(c, p_holm=p) for c, p in zip(found, ps, strict=True)), tuple(skipped)


def _decision(twins: Twins, of: str, value: Value) -> Comparison:
    live, audit = twins.sides(value)
    gap = intercept(live - audit, twins.matching.apart, reach_of(twins.plan, twins.audit))
    return _comparison(
        "decision", of, gap, twins, (float(audit.mean()), float(live.mean())), twins.naive(value)
    )


def _labels(twins: Twins, found: list[Comparison], skipped: list[str]) -> None:
    """Every other label of a category, as its own rate."""
    cases = [*twins.live, *twins.audit]
    for label in sorted({str(c.decision) for c in cases} - {twins.plan.favourable}):

        def value(case: Case, label: str = label) -> float:
            return float(case.decision == label)

        live, audit = twins.sides(value)
        if live.sum() + audit.sum() < FEWEST:
            skipped.append(f"decision {label}: given in fewer than {FEWEST} matched cases")
        else:
            found.append(_decision(twins, label, value))


def _selective(twins: Twins) -> str | None:
    """Why equal opportunity cannot be seen: who was refused has no outcome, so all the deserving got it."""
    value = good(twins.plan)
    for name, side in (("live", twins.live), ("audit", twins.audit)):
        known = [value(case) for case in side if case.outcome is not None]
        if twins.plan.kind != "number" and known and min(known) == 1.0:
            return (
                f"equal opportunity: in the {name} sample only favourable decisions have an outcome"
            )
    return None


def _deserving(twins: Twins) -> Twins:
    """Matched anew among those whose real outcome was good: equal opportunity asks only about them."""
    live = [c for c in twins.live if c.outcome is True]
    audit = [c for c in twins.audit if c.outcome is True]
    return Twins(live, audit, match(live, audit, twins.plan), twins.plan)


def _fairness(twins: Twins, kind: str, found: list[Comparison], skipped: list[str]) -> None:
    sizes = {g: sum(c.group == g for c in twins.live) for g in {c.group for c in twins.live}}
    if not sizes:
        skipped.append(f"{kind}: no live case to compare")
        return
    first = twins.plan.reference or max(sorted(sizes), key=lambda g: sizes[g])
    base = twins.of_group(first)
    for group in sorted(set(sizes) - {first}):
        part = twins.of_group(group)
        fewest = min(len(part.matching.pairs), len(base.matching.pairs))
        if fewest < FEWEST:
            skipped.append(f"{kind}, {group} - {first}: only {fewest} pairs in one of the groups")
        else:
            found.append(_gap_of_gaps(part, base, kind, f"{group} - {first}"))


def _gap_of_gaps(part: Twins, base: Twins, kind: str, of: str) -> Comparison:
    value = good(part.plan)
    one, two = part.sides(value), base.sides(value)
    rates = float(one[1].mean() - two[1].mean()), float(one[0].mean() - two[0].mean())
    gap = headline(part).minus(headline(base))
    return _comparison(kind, of, gap, part, rates, part.naive(value) - base.naive(value))


def _comparison(
    kind: str, of: str, gap: Intercept, twins: Twins, rates: tuple[float, float], naive: float
) -> Comparison:
    return Comparison(
        kind=kind,
        of=of,
        estimate=gap.estimate(twins.plan.level),
        test=gap.test,
        p_holm=1.0,
        audit=rates[0],
        live=rates[1],
        naive=naive,
        pairs=gap.n,
    )


def _mean(cases: Sequence[Case], value: Value) -> float:
    if not cases:
        raise Malformed("a mean over no cases")
    return float(np.mean([value(case) for case in cases]))
