# SPDX-License-Identifier: Apache-2.0
"""An audit from end to end: ask, match, compare, control, judge.

    rows -> decisions -> cases -> twins -> gaps -> verdict

`run` takes rows in memory, `run_files` CSV files. It writes nothing down.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from gyges.lab.audit.cases import Sample, read_csv, sample
from gyges.lab.audit.compare import Comparison, Twins, compare
from gyges.lab.audit.control import Control, control
from gyges.lab.audit.match import Matching, match
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.result import AuditGap, Side, Verdict
from gyges.lab.audit.systems import System, adapt, decide, system_of

Answer = tuple[Verdict, tuple[str, ...], float | None]


def run(
    audit: Sequence[Row],
    live: Sequence[Row],
    plan: Plan,
    system: Callable[..., object] | None = None,
) -> AuditGap:
    """Does the system decide like cases alike in the audit and in real life?

    `system` is called with batches of rows (see `systems.py`); None means that the rows hold the decisions.

    Raises:
        Malformed: a sample is empty, or lacks a column that the plan names.
    """
    asked = adapt(system) if system is not None else None
    return _run(audit, live, plan, asked)


def run_files(audit: str | Path, live: str | Path, plan: Plan, system: str = "") -> AuditGap:
    """`run` on two CSV files; `system` is `module:function`, an http(s) address, or empty.

    Raises:
        Malformed: a file cannot be read, lacks a column, or there is no such system.
    """
    return _run(read_csv(audit), read_csv(live), plan, system_of(system, plan))


def _run(audit: Sequence[Row], live: Sequence[Row], plan: Plan, system: System | None) -> AuditGap:
    ours = sample(live, list(decide(system, live, "live", plan)), plan)
    theirs = sample(audit, list(decide(system, audit, "audit", plan)), plan)
    matching = match(ours.cases, theirs.cases, plan)
    twins = Twins(ours.cases, theirs.cases, matching, plan)
    found, skipped, tried = tuple[Comparison, ...](), tuple[str, ...](), None
    if len(matching.pairs) >= plan.min_pairs:
        found, skipped = compare(twins)
        tried = control(twins, len(found))
    verdict, reasons, excluded = judge(found, matching, tried, plan)
    return AuditGap(
        verdict=verdict,
        reasons=reasons,
        excluded=excluded,
        comparisons=found,
        skipped=skipped,
        audit=_side(theirs),
        live=_side(ours),
        pairs=len(matching.pairs),
        live_matched=matching.live_matched,
        audit_matched=matching.audit_matched,
        alone=matching.alone,
        balance=matching.balance,
        control=tried,
        plan=plan,
    )


def judge(
    found: Sequence[Comparison], matching: Matching, tried: Control | None, plan: Plan
) -> Answer:
    """The verdict, its reasons, and the largest gap left possible where nothing was found."""
    pairs, worst = len(matching.pairs), matching.imbalance
    if pairs < plan.min_pairs or tried is None:
        return (
            "not shown",
            (f"only {pairs} pairs of like cases; {plan.min_pairs} are needed",),
            None,
        )
    if worst > plan.max_imbalance:
        told = f"the pairs are still unlike: {worst:.2f} standard deviations apart in one covariate"
        return "not shown", (told,), None
    seen = [c for c in found if c.p_holm <= plan.alpha]
    overlap = f"{100 * matching.live_matched:.0f} % of live cases have a twin in the audit"
    if seen:
        gaps = tuple(f"{c.kind}, {c.of}: p = {c.p_holm:.2g} after correction" for c in seen)
        return "diverges", (*gaps, f"this is about the matched part: {overlap}"), None
    if matching.live_matched < plan.min_overlap:
        return "not shown", (f"only {overlap}",), None
    if not tried.passed:
        share = f"{100 * tried.found.value:.0f} % of tries"
        return (
            "not shown",
            (f"a planted gap of {tried.planted:.3g} was found in only {share}",),
            None,
        )
    first = found[0].estimate
    excluded = max(abs(first.low), abs(first.high))
    told = f"gaps in decisions above {excluded:.3g} are excluded at {100 * plan.level:g} %"
    return "no divergence found", (told, overlap), excluded


def _side(one: Sample) -> Side:
    return Side(rows=one.rows, cases=len(one.cases), lost=one.lost)
