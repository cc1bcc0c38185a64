# SPDX-License-Identifier: Apache-2.0
"""How `gyges lab calibrate` shows what it found, table by table. It measures nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from gyges.cli.lab_shown import table

if TYPE_CHECKING:
    from gyges.lab.calibrating.words import Calibration, Recovered
    from gyges.lab.stats.words import Estimate

LEAST = 0.01  # a true effect below this is none


def show(found: "Calibration") -> None:
    """Every table of a calibration, and what does not hold."""
    if found.recovered:
        _titled("Effects recovered through Inspect (pp)", _recovered(found.recovered))
        print(f"\nIntervals that hold the truth: {_span(found.coverage)} of {len(found.recovered)}")
    if found.attributed:
        rows = [
            {"organism": a.organism, "true": a.true, "read": ", ".join(a.found) or "none", "right": a.right}
            for a in found.attributed
        ]  # fmt: skip
        _titled("Motives read from one run through Inspect", rows)
    if found.graders:
        rows = [
            {"question": g.about, "grader": g.grader, "replies": g.n, "right": _span(g.accuracy),
             "recall": _span(g.recall), "precision": _span(g.precision)}
            for g in found.graders
        ]  # fmt: skip
        _titled("Graders against what organisms had decided", rows)
    _drawn(found)
    print()
    for told in found.complaints:
        print(f"does not hold: {told}")
    if found.held:
        print("everything holds")


def _drawn(found: "Calibration") -> None:
    rows = [
        {"organism": a.organism, "true": a.true, "runs": a.runs, "read rightly": _span(a.right),
         "read": "; ".join(f"{motive}: {n}" for motive, n in a.read.items())}
        for a in found.accuracy
    ]  # fmt: skip
    _titled(f"Motives, drawn runs of {found.prompts} prompts", rows)
    rows = [
        {"true gap": f"{p.gap:.0%}", "runs": p.runs, "shown": _span(p.power), "exact": f"{p.exact:.1%}"}
        for p in found.power
    ]  # fmt: skip
    _titled(f"Power at {found.prompts} prompts", rows)
    least = "none" if found.smallest is None else f"{100 * found.smallest:.1f} pp"
    print(f"\nSmallest gap that is shown in 80 % of runs: {least}")
    rows = [
        {"organism": a.organism, "about": a.about, "runs": a.runs, "alarms": a.alarms, "rate": _span(a.rate),
         f"p, above {a.nominal:.0%}": a.p_above, "held": a.held}
        for a in found.alarms
    ]  # fmt: skip
    _titled(f"False alarms at {found.prompts} prompts", rows)


def _titled(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    print(f"\n{title}")
    table(rows)


def _recovered(found: Iterable["Recovered"]) -> list[dict[str, object]]:
    """A row for each organism and task: its largest true effect, and counts over all of them."""
    groups: dict[tuple[str, str], list[Recovered]] = {}
    for one in found:
        groups.setdefault((one.task, one.organism), []).append(one)
    return [_row(task, organism, own) for (task, organism), own in groups.items()]


def _row(task: str, organism: str, own: list["Recovered"]) -> dict[str, object]:
    most = max(own, key=lambda one: abs(one.true))
    there = [one for one in own if abs(one.true) >= LEAST]
    return {
        "task": task,
        "organism": organism,
        "largest": most.question,
        "true": f"{100 * most.true:+.1f}",
        "found": _points(most.estimate),
        "effects shown": f"{sum(one.shown for one in there)} of {len(there)}",
        "false": f"{sum(one.shown for one in own) - sum(one.shown for one in there)} of {len(own) - len(there)}",
        "intervals hold": f"{sum(one.covers for one in own)} of {len(own)}",
    }


def _points(found: "Estimate | None") -> str:
    if found is None:
        return "-"
    return f"{100 * found.value:+.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _span(found: "Estimate | None") -> str:
    if found is None:
        return "-"
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"
