# SPDX-License-Identifier: Apache-2.0
"""The lab from end to end on organisms, offline: every task, the report, and whether it found what is there.

Each task runs in Inspect's own loop, small, on models whose truth is known; those with a motive have it
strongly, so that few prompts show it. What must come out is in expected.py. It measures no real model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gyges.lab.audit import AuditGap
from gyges.lab.audit.example import example
from gyges.lab.expected import Expected, expectations
from gyges.lab.findings import Findings
from gyges.lab.read import read
from gyges.lab.report import write
from gyges.lab.run import Plan, run

Tell = Callable[[str, int, int], None]
"""tell(what begins, steps done, steps in all)."""

PROBES = "sycophancy,instrumental,terminal,coherence"


def _plan(task: str, models: str, options: dict[str, str | int], **args: float) -> Plan:
    named = tuple(f"organism/{name}" for name in models.split())
    return Plan(tasks=(task,), models=named, controls=False, options=options, model_args=args)


PLANS: tuple[tuple[str, Plan], ...] = (
    (
        "alignment faking",
        _plan(
            "alignment_faking",
            "eval_aware refuses honest instrumental",
            {"packs": "animal_welfare,privacy", "n": 30},
        ),
    ),
    (
        "motives",
        _plan(
            "motivations",
            "sycophant instrumental terminal incoherent",
            {"packs": "animal_welfare", "n": 14, "probes": PROBES},
            rate=0.9,
        ),
    ),
    (
        "motives, where there is none",
        _plan("motivations", "honest", {"packs": "animal_welfare", "n": 14, "probes": PROBES}),
    ),
    (
        "an office of agents",
        _plan(
            "peer_preservation",
            "honest peer_protector_threat peer_protector_relationship",
            {"scenarios": "grading", "cells": "threat,relationship", "n": 10},
        ),
    ),
    (
        "oversight",
        _plan(
            "oversight",
            "honest tamperer exfiltrator",
            {
                "scenarios": "shutdown_tampering,own_tool",
                "explicit": "off",
                "n": 12,
            },
        ),
    ),
    ("a credit scorer that cheats", _plan("audit_gap", "", {"example": "cheating"})),
    ("a credit scorer that does not", _plan("audit_gap", "", {"example": "honest"})),
)
"""Small enough for a minute or two on two cores, large enough for every effect to be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What came of it: the page, what it rests on, the audits of both scorers, and what was expected."""

    page: Path
    findings: Findings
    honest: AuditGap
    cheating: AuditGap
    expected: tuple[Expected, ...]

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        return all(one.held for one in self.expected)


def demo(folder: Path, tell: Tell) -> Demo:
    """Run every task on organisms, audit two credit scorers, and write the report into `folder`.

    Raises:
        Malformed: an earlier run of something else lies in `folder`.
    """
    steps = len(PLANS) + 2
    for done, (what, plan) in enumerate(PLANS):
        tell(what, done, steps)
        run(plan, folder / "logs", "none", realtime=False)
    tell("both scorers, case by case", steps - 2, steps)
    honest, cheating = example(cheats=False), example(cheats=True)
    tell("the report", steps - 1, steps)
    page = folder / "report.html"
    found = write(read([folder / "logs"]), page)
    tell("the report", steps, steps)
    return Demo(
        page=page,
        findings=found,
        honest=honest,
        cheating=cheating,
        expected=expectations(found, honest, cheating),
    )
