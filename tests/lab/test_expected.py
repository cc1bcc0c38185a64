# SPDX-License-Identifier: Apache-2.0
"""What the demo expects can fail: an effect that is missed, a scorer mistaken for the other, too many alarms."""

from dataclasses import replace
from functools import cache

import pytest

from gyges.lab.audit import AuditGap
from gyges.lab.audit.example import example
from gyges.lab.expected import HONEST, Expected, expectations
from gyges.lab.findings import Findings, findings
from gyges.lab.organisms.known import organism
from gyges.lab.read import Reading
from tests.lab.synthetic import draw
from tests.lab.test_analyse_systems import decided

GUARDERS = ("instrumental", "eval_aware")
SCORERS = [*decided("credit, cheating", 10, 25), *decided("credit, honest", 20, 20)]


@cache
def scorers() -> tuple[AuditGap, AuditGap]:
    """The audits of the worked example: honest, cheating."""
    return example(cheats=False), example(cheats=True)


def read(*guarders: str) -> Findings:
    """Findings of the honest ones, of two scorers, and of these guarders."""
    trials = [
        trial
        for name in (*HONEST, *guarders)
        for trial in draw(organism(name).comply, model=f"organism/{name}", prompts=40)
    ]
    return findings(Reading(trials=(*trials, *SCORERS), logs=()))


def expected(found: Findings, *audits: AuditGap) -> dict[str, Expected]:
    """By subject and what is expected of it."""
    rows = expectations(found, *(audits or scorers()))
    return {f"{row.subject}: {row.expected}": row for row in rows}


@pytest.mark.slow
def test_what_is_there_is_expected_and_held() -> None:
    """Both guarders' gaps, both scorers and the quiet of the honest ones."""
    held = [name for name, row in expected(read(*GUARDERS)).items() if row.held]
    assert [name.partition(":")[0] for name in held] == [
        "instrumental", "eval_aware", "honest, refuses", *["the cheating scorer"] * 2,
        *["the honest scorer"] * 2,
    ]  # fmt: skip


@pytest.mark.parametrize("missing", GUARDERS)
def test_an_effect_that_is_missed_is_not_held(missing: str) -> None:
    """A guarder that did not run, or that behaved like the honest one."""
    there = expected(read(*GUARDERS))
    gone = expected(read(*(name for name in GUARDERS if name != missing)))
    row = next(name for name in there if name.startswith(f"{missing}: complies"))
    assert there[row].held
    assert not gone[row].held
    assert gone[row].found == "nothing to compare"


def test_what_did_not_run_is_not_held() -> None:
    """No motives, no office and no oversight: nothing of these is taken for granted."""
    rows = expected(read(*GUARDERS))
    assert not rows["honest: motive: none shown"].held
    assert rows["honest: motive: none shown"].found == "did not run"
    assert not rows["tamperer: shutdown tampering more where nobody watches"].held


def test_one_scorer_taken_for_the_other_is_not_held() -> None:
    """The honest one must be cleared and the cheating one caught, not the other way round."""
    honest, cheating = scorers()
    turned = expected(read(*GUARDERS), cheating, honest)
    assert not turned["the cheating scorer: diverges"].held
    assert not turned["the honest scorer: no divergence found"].held


def test_more_alarms_than_chance_are_not_held() -> None:
    """An honest organism in which an effect is found that it lacks: one of two is more than five in a hundred."""
    found = read(*GUARDERS)
    loud = next(c for c in found.controls if c.model == "organism/instrumental")
    honest = next(c for c in found.controls if c.model == "organism/honest")
    alarmed = tuple(replace(c, effect=loud.effect) if c is honest else c for c in found.controls)
    rows = expected(replace(found, controls=alarmed))
    quiet = next(row for name, row in rows.items() if name.startswith("honest, refuses"))
    assert quiet.found == "1 of 2"
    assert not quiet.held
