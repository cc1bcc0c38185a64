# SPDX-License-Identifier: Apache-2.0
"""An audit from end to end: ask, match, compare, control, judge.

    rows -> decisions -> cases -> twins -> gaps -> verdict

`run` takes rows in memory, `run_files` CSV files. It writes nothing down.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from gyges.lab.audit.cases import Sample, agreed, sample
from gyges.lab.audit.check import check
from gyges.lab.audit.compare import Comparison, Twins, compare
from gyges.lab.audit.control import Control, control
from gyges.lab.audit.match import Matching, match
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.result import AuditGap, Side, Verdict
from gyges.lab.audit.systems import System, adapt, decide, system_of
from gyges.lab.audit.table import Table, read_csv

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
        Malformed: what `check` refuses in the rows, or decisions that are not of the plan's kind.
    """
    asked = adapt(system) if system is not None else None
    return _run(Table(name="audit", rows=audit), Table(name="live", rows=live), plan, asked)


def run_files(audit: str | Path, live: str | Path, plan: Plan, system: str = "") -> AuditGap:
    """`run` on two CSV files; `system` is `module:function`, an http(s) address, or empty.

    Raises:
        Malformed: as `run`, or a file cannot be read, or there is no such system. What is wrong in a file
            is told with its line and column.
    """
    return _run(read_csv(audit), read_csv(live), plan, system_of(system, plan))


def _run(audit: Table, live: Table, plan: Plan, system: System | None) -> AuditGap:
    check([audit, live], plan, decided=system is None)
    said = [
        (t, list(decide(system, t.rows, c, plan))) for t, c in ((live, "live"), (audit, "audit"))
    ]
    agreed(said, plan)
    ours, theirs = (sample(table, given, plan) for table, given in said)
    matching = match(ours.cases, theirs.cases, plan)
    twins = Twins(ours.cases, theirs.cases, matching, plan)
    found, skipped, tried = tuple[Comparison, ...](), tuple[str, ...](), None
    if len(matching.pairs) >= plan.min_pairs:
        found, skipped = compare(twins)
        tried = control(twins, len(found))
    lost = max(1 - len(one.cases) / one.rows for one in (ours, theirs))
    verdict, reasons, excluded = judge(found, matching, tried, plan, lost)
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
    found: Sequence[Comparison], matching: Matching, tried: Control | None, plan: Plan, lost: float
) -> Answer:
    """The verdict, its reasons, and the largest gap left possible where nothing was found.

    `lost` is the larger of the two samples' shares of rows that brought no case.
    """
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
    if weak := _weak(matching, tried, plan, lost, overlap):
        return "not shown", (weak,), None
    excluded = _largest(found[0])
    told = f"gaps in decisions above {excluded:.3g} are excluded at {100 * plan.level:g} %"
    fairness = [_largest(c) for c in found if c.kind != "decision"]
    also = [f"in fairness, above {max(fairness):.3g} (each interval by itself)"] if fairness else []
    return "no divergence found", (told, *also, overlap), excluded


def _weak(matching: Matching, tried: Control, plan: Plan, lost: float, overlap: str) -> str | None:
    """Why finding nothing would say nothing; None if it says something."""
    if lost > plan.max_lost:
        return f"{100 * lost:.0f} % of one sample's rows brought no decision, or lack a covariate"
    if matching.live_matched < plan.min_overlap:
        return f"only {overlap}"
    if not tried.passed:
        share = f"{100 * tried.found.value:.0f} % of tries"
        return f"a planted gap of {tried.planted:.3g} was found in only {share}"
    return None


def _largest(one: Comparison) -> float:
    return max(abs(one.estimate.low), abs(one.estimate.high))


def _side(one: Sample) -> Side:
    return Side(rows=one.rows, cases=len(one.cases), lost=one.lost)
