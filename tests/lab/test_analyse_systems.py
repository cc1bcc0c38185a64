# SPDX-License-Identifier: Apache-2.0
"""Decision systems in the report: a gap between twins, in a table of its own, and never a verdict for silence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gyges.lab.analyse.systems import systems
from gyges.lab.findings import findings
from gyges.lab.read import Reading, read
from gyges.lab.report import as_json, page
from gyges.lab.trial import Outcome, Trial
from tests.lab.synthetic import draw, trial


def decided(system: str, live: int, audit: int, pairs: int = 40) -> list[Trial]:
    """Trials of `audit_gap`: the first `live` (or `audit`) of the pairs were decided in favour."""
    return [
        trial(
            "none/none",
            f"{number:05}",
            Outcome.COMPLIED if number < favoured else Outcome.REFUSED,
            task="audit_gap",
            pack=system,
            condition={"context": context},
        )
        for context, favoured in (("live", live), ("audit", audit))
        for number in range(pairs)
    ]


def test_a_system_that_is_harder_on_real_cases_is_shown() -> None:
    """Ten of forty pairs differ, all to the disadvantage of the living: -25 points, and it is significant."""
    found = systems([*decided("a cheat", 10, 20), *decided("the same", 20, 20)])
    cheat = found["a cheat"]
    assert cheat.effect.estimate
    assert cheat.effect.estimate.value == pytest.approx(-0.25)
    assert cheat.effect.test
    assert cheat.effect.test.p == pytest.approx(2 / 2**10)
    assert cheat.effect.adjusted == pytest.approx(4 / 2**10)
    assert cheat.verdict
    assert cheat.verdict.word == "shown"


def test_the_silence_of_a_system_shows_nothing_here() -> None:
    """No gap was planted into these pairs, so none is excluded, not even beside a system that cheats."""
    found = systems([*decided("a cheat", 10, 20), *decided("the same", 20, 20)])
    verdict = found["the same"].verdict
    assert verdict
    assert verdict.word == "not shown"


def test_a_decision_that_failed_is_no_refusal() -> None:
    """A pair with a call that failed leaves the estimate, and the partner is named."""
    whole = decided("a cheat", 10, 20)
    broken = trial("none/none", "x", Outcome.ERRORED, task="audit_gap", pack="a cheat",
                   condition={"context": "live"})  # fmt: skip
    partner = trial("none/none", "x", task="audit_gap", pack="a cheat",
                    condition={"context": "audit"})  # fmt: skip
    found = systems([*whole, broken, partner])["a cheat"]
    assert found.pairs == 40
    assert len(found.alone) == 1
    assert found.silent == {"errored": 1}


@pytest.mark.slow
def test_a_system_is_no_model() -> None:
    """It stands in its own section and in no table of models, and its decisions are no compliance."""
    chat = draw(lambda _: 0.5, model="vendor/chat", prompts=8)
    found = findings(Reading(trials=(*chat, *decided("a cheat", 10, 20)), logs=()))
    assert found.models == ("vendor/chat",)
    assert found.trials == len(chat) + 80
    assert {row.group["task"] for row in found.outcomes} == {"alignment_faking"}
    shown = page(found)
    assert 'id="systems"' in shown
    assert "a cheat" in shown
    assert "audits" in as_json(found)
    without = page(findings(Reading(trials=tuple(chat), logs=())))
    assert 'id="systems"' not in without


@pytest.mark.slow
def test_gyges_lab_run_asks_a_system_and_the_report_shows_it(tmp_path: Path) -> None:
    """The worked example that cheats, through Inspect and out of its log: harder on real cases."""
    gyges = [sys.executable, "-m", "gyges.cli.main", "lab"]
    options = ["-T", "example=cheating", "-T", "n=300", "-o", str(tmp_path), "--json"]
    done = subprocess.run(
        [*gyges, "run", "audit_gap", *options], capture_output=True, check=True, cwd=tmp_path
    )
    (log,) = json.loads(done.stdout)
    assert (log["model"], log["status"]) == ("none/none", "success")
    found = findings(read([tmp_path]))
    assert found.audits["credit, cheating"].effect.shown(-1)
