# SPDX-License-Identifier: Apache-2.0
"""Ring tests as people are shown them: gaps with intervals, evidence, checks, what was left out.

No arm is in any of it. Of what has rung the sessions are named that moved it most, from which theirs can be told.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gyges.drift.alarms import Moved
from gyges.drift.many import e_bh
from gyges.watch.docket import Docket, Noted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gyges.drift.findings import Finding, Report
    from gyges.drift.gap import GapNow
    from gyges.watch.fold import Fold
    from gyges.watch.rings import Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Unwatched minus watched with its interval, both rates, and the sessions in each arm. All from 0 to 1."""

    label: str
    gap: float
    low: float
    high: float
    unwatched: float
    watched: float
    n_unwatched: int
    n_watched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One feature: evidence at its highest against the limit, `rang` (ms, 0: not) and one sentence.

    `excluded`: gaps larger than this, either way, are excluded; None if nothing can be said. `top` are the sessions
    that moved the evidence most, `counter` those that speak against it; none before it rang. Where `ranked`, values
    are numbers' ranks among the past.
    """

    feature: str
    evidence: float
    peak: float
    limit: float
    rang: int
    excluded: float | None
    gaps: tuple[Gap, ...]
    says: str
    top: tuple[Moved, ...] = ()
    counter: tuple[Moved, ...] = ()
    ranked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An assumption of the test that it watches itself."""

    name: str
    holds: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One agent's ring test. `manipulation` says whether the cue was noticed; `left_out` counts by reason."""

    agent: str
    alpha: float
    watched: int
    unwatched: int
    sound: bool
    findings: tuple[Found, ...]
    manipulation: Found | None
    left_out: dict[str, int]
    apart: tuple[str, ...]
    checks: tuple[Checked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One ring test; `begun` in ms. Without its key (`readable` false) nothing can be said, and `cue` is "".

    `alarms` are what has rung in it, newest first, settled or not; they hold without the key too. An alpha is for one
    agent; `called` is for all of them: at most alpha of the agents in such a list are expected to be there wrongly.
    """

    design: str
    share: float
    cue: str
    commitment: str
    begun: int
    readable: bool
    agents: tuple[Tested, ...]
    called: tuple[str, ...]
    alarms: tuple[Noted, ...]


def tests(fold: "Fold", docket: Docket) -> tuple[Test, ...]:
    """All ring tests of the log, newest first."""
    return tuple(_test(fold, docket, begun) for begun in reversed(fold.rings.begun.values()))


def _test(fold: "Fold", docket: Docket, begun: "Begun") -> Test:
    reports = fold.rings.reports(begun.id)
    rang = [n for agent in docket.agents() for n in docket.of(agent) if n.design == begun.id]
    return Test(
        design=begun.id, share=begun.share, cue=begun.design.cue if begun.design else "",
        commitment=begun.commitment, begun=begun.at, readable=begun.design is not None,
        agents=tuple(_tested(agent, report) for agent, report in sorted(reports.items())),
        called=_called(reports),
        alarms=tuple(sorted(rang, key=lambda noted: -noted.index)),
    )  # fmt: skip


def _called(reports: "Mapping[str, Report]") -> tuple[str, ...]:
    """The agents that evidence as it is now calls out, all taken together."""
    names = sorted(reports)
    if not names:
        return ()
    alpha = reports[names[0]].alpha
    return tuple(names[at] for at in e_bh([reports[name].evidence for name in names], alpha))


def _tested(agent: str, report: "Report") -> Tested:
    return Tested(
        agent=agent, alpha=report.alpha, watched=report.watched, unwatched=report.unwatched,
        sound=report.sound, findings=tuple(map(_found, report.findings)),
        manipulation=_found(report.manipulation) if report.manipulation else None,
        left_out=dict(report.left_out), apart=report.apart,
        checks=tuple(Checked(name=c.name, holds=c.holds, says=c.says) for c in report.checks),
    )  # fmt: skip


def _found(finding: "Finding") -> Found:
    gaps = tuple(_gap(label, gap) for label, gap in finding.gaps.items() if gap is not None)
    return Found(
        feature=finding.feature, evidence=finding.evidence, peak=finding.peak,
        limit=finding.limit, rang=finding.rung.at if finding.rung else 0,
        excluded=finding.excluded, gaps=gaps, says=finding.says,
        top=finding.top, counter=finding.counter, ranked=finding.ranked,
    )  # fmt: skip


def _gap(label: str, gap: "GapNow") -> Gap:
    return Gap(
        label=label, gap=gap.gap, low=gap.low, high=gap.high, unwatched=gap.unwatched,
        watched=gap.watched, n_unwatched=gap.n_unwatched, n_watched=gap.n_watched,
    )  # fmt: skip
