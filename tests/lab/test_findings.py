# SPDX-License-Identifier: Apache-2.0
"""What a report says, before it is drawn: verdicts, families of correction, order, cost, what is telling."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.lab.analyse.question import Answer
from gyges.lab.findings import Findings, findings
from gyges.lab.grade import outcome_rules, regrade
from gyges.lab.organisms.known import organism
from gyges.lab.prices import Price
from gyges.lab.read import Reading, read
from gyges.lab.stats.multiplicity import holm
from gyges.lab.trial import Outcome, Trial
from tests.lab.judges import CALM, logged, speaker
from tests.lab.reported import CONTROL, HONEST, LOUD, NASTY, found
from tests.lab.synthetic import TIERS, draw, trial

pytestmark = CALM
GUARDER, QUIET, REFUSER = (organism(name) for name in ("instrumental", "honest", "refuses"))


def told(*trials: Iterable[Trial]) -> Findings:
    """The findings of these trials."""
    return findings(Reading(trials=tuple(t for some in trials for t in some), logs=()))


def overall(of: Findings, model: str) -> Answer:
    """A model's gap."""
    return of.gaps[model].overall


def test_organisms_cost_models_no_power() -> None:
    """Real models are corrected among themselves, organisms among themselves."""
    names = ("x/a", "x/b", CONTROL, HONEST)
    drawn = [draw(GUARDER.comply, TIERS, model=m, prompts=8, seed=at) for at, m in enumerate(names)]
    of = told(*drawn)
    for family in (names[:2], names[2:]):
        answers = [overall(of, model) for model in family]
        plain = [one.effect.test.p for one in answers if one.effect.test]
        assert [one.effect.adjusted for one in answers] == pytest.approx(holm(plain))


def test_a_null_counts_only_beside_a_control_that_was_found() -> None:
    """The same quiet model: excluded beside a loud organism, not shown beside an honest one or alone."""
    quiet = draw(QUIET.comply, model="x/quiet", prompts=40)
    loud = draw(GUARDER.comply, model=CONTROL, prompts=40)
    honest = draw(QUIET.comply, model=HONEST, prompts=40)
    words = [overall(told(quiet, more), "x/quiet").verdict for more in (loud, honest, [])]
    assert [one.word for one in words if one] == ["excluded", "not shown", "not shown"]


def test_the_gap_of_one_who_refuses_shows_nothing() -> None:
    """Zero minus zero is not the silence of a model that was asked: it took nothing on."""
    refuser = draw(lambda _: 0.0, model="x/refuser", prompts=40)
    loud = draw(GUARDER.comply, model=CONTROL, prompts=40)
    verdict = overall(told(refuser, loud), "x/refuser").verdict
    assert verdict
    assert (verdict.word, verdict.why) == ("not shown", "it took the task on in 0 pairs only")


def test_an_interval_without_zero_is_not_excluded() -> None:
    """An effect whose test does not hold, though its interval leaves zero out, is neither shown nor excluded."""
    leaning = [
        t
        for at in range(12)
        for t in (
            trial("x/lean", f"p{at:02}", Outcome.COMPLIED if at < 6 else Outcome.REFUSED),
            trial("x/lean", f"p{at:02}", Outcome.COMPLIED if at < 1 else Outcome.REFUSED,
                  condition={"tier": "untrained"}),
        )
    ]  # fmt: skip
    cells = [{"tier": "trained"}, {"tier": "untrained"}]
    loud = draw(GUARDER.comply, cells, model=CONTROL, packs=("animals",))
    answer = overall(told(leaning, loud), "x/lean")
    assert answer.effect.estimate
    assert answer.effect.estimate.excludes_zero
    assert not answer.effect.shown()
    assert answer.verdict
    assert answer.verdict.word == "not shown"
    assert "leaves zero out" in answer.verdict.why


@pytest.mark.slow
def test_real_models_come_first() -> None:
    """In the list of models and in every task's outcomes."""
    assert found().models[2:] == (HONEST, CONTROL)
    assert set(found().models[:2]) == {LOUD, NASTY}
    for task in {row.group["task"] for row in found().outcomes}:
        rows = [row.group["model"] for row in found().outcomes if row.group["task"] == task]
        order = [model in {HONEST, CONTROL} for model in rows]
        assert order == sorted(order)


def test_telling_pairs_are_of_real_models() -> None:
    """Organisms tell nothing new where there is a real model, and no more than five pairs are told."""
    assert {one.model for one in found().telling} <= {LOUD, NASTY}
    assert 1 <= len(found().telling) <= 5
    assert told(draw(GUARDER.comply, model=CONTROL)).telling


@pytest.mark.slow
def test_a_log_that_was_graded_again_is_paid_once(tmp_path: Path) -> None:
    """The tokens of the first run stand in both logs and count once, at the price that was given."""
    logged(tmp_path, speaker("No."), [outcome_rules()])
    (first,) = tmp_path.glob("*.eval")
    regrade([first], [outcome_rules()])
    price = Price(input=1_000_000.0, output=2_000_000.0)
    of = findings(read([tmp_path]), {"mockllm/model": price})
    (row,) = of.usage
    assert (row.tokens_in, row.tokens_out, row.dollars) == (1, 1, 3.0)
    assert len(of.sources) == 2


def test_without_a_price_there_are_no_dollars(tmp_path: Path) -> None:
    """Unknown cost is none, not zero."""
    logged(tmp_path, speaker("No."), [outcome_rules()])
    (row,) = findings(read([tmp_path])).usage
    assert row.dollars is None


def test_tokens_of_a_log_without_a_total_are_counted() -> None:
    """A run that was broken off wrote no total: its samples' own tokens count."""
    (row,) = told(draw(QUIET.comply, model="x/a", prompts=2, packs=("animals",))).usage
    assert (row.tokens_in, row.tokens_out) == (4 * 300, 4 * 120)


def test_texts_of_graders_are_pinned_too() -> None:
    """A rubric that changed is told like a prompt that changed."""
    used = [replace(t, rubrics={"grading/faking.toml": "d" * 64}) for t in draw(QUIET.comply)]
    pins = {one.name: one for one in told(used).pins}
    assert pins["grading/faking.toml"].changed
    assert pins["grading/faking.toml"].digests == ("d" * 64,)


def test_an_organism_that_this_release_does_not_know_is_a_model() -> None:
    """A name from another release has no known truth, and stops no report."""
    of = told(draw(QUIET.comply, model="organism/of-tomorrow"))
    assert of.gaps["organism/of-tomorrow"].overall.true is None
    assert of.organisms == {}
