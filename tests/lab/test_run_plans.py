# SPDX-License-Identifier: Apache-2.0
"""Controls and options of a run: the same configuration for all, and nothing begun that cannot end."""

from dataclasses import replace
from pathlib import Path

import pytest
from inspect_ai.model import get_model

from gyges.errors import Malformed
from gyges.lab import registry
from gyges.lab.read import read
from gyges.lab.run import CONTROLS, SYSTEMS, TASKS, Plan, legs, run
from tests.lab.overseen import INSPECT

pytestmark = INSPECT
PLAN = Plan(
    tasks=("alignment_faking",), models=("organism/refuses",), options={"packs": "privacy", "n": 2}
)


def test_every_task_is_registered_and_has_controls_that_exist() -> None:
    """A null result needs a control, so no task of models is without; each of its organisms can be made."""
    assert set(CONTROLS) == set(TASKS) - set(SYSTEMS)
    assert {*TASKS, *SYSTEMS} <= set(registry.__all__)
    for names in CONTROLS.values():
        assert names[0] == "honest"
        assert len(names) > 1
        assert [get_model(f"organism/{name}").name for name in names] == list(names)


def test_controls_are_put_the_questions_that_the_models_are_put() -> None:
    """In each format one leg, one task, one set of options: a control cannot run under another configuration."""
    chat, completion = legs(replace(PLAN, base=("x/base",)))
    assert completion.controls == chat.controls == ("organism/honest", "organism/instrumental")
    assert completion.options == {**chat.options, "format": "completion"}
    assert all(len(sample.input) == 1 for sample in completion.build().dataset)
    (alone,) = legs(replace(PLAN, models=(), base=("x/base",)))
    assert alone == completion


def test_a_base_model_is_refused_where_there_are_tools() -> None:
    """A task without a completion format says so before anything runs."""
    plan = Plan(tasks=("alignment_faking", "oversight"), base=("x/base",))
    with pytest.raises(Malformed, match="task oversight: a base model cannot take it"):
        legs(plan)


@pytest.mark.parametrize(
    ("plan", "match"),
    [
        (replace(PLAN, options={"packs": "kindness"}), "kindness"),
        (replace(PLAN, options={"n": "many"}), "task alignment_faking: "),
        (replace(PLAN, options={"epochs": 0}), "epochs=0"),
        (
            Plan(tasks=("alignment_faking", "oversight"), options={"n": 1, "scenarios": "none"}),
            "no such scenario",
        ),
    ],
)
def test_hours_of_one_leg_are_not_spent_before_another_is_found_wrong(
    plan: Plan, match: str, tmp_path: Path
) -> None:
    """A value that does not fit is told in one line before any log is begun, in whichever leg it is."""
    with pytest.raises(Malformed, match=match) as caught:
        run(plan, tmp_path, "none")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.rglob("*.eval")) == []


@pytest.mark.slow
def test_a_run_holds_models_and_controls_with_limit_and_epochs(tmp_path: Path) -> None:
    """One log each in the leg's folder, `limit` samples, each `epochs` times."""
    whole, logs = run(replace(PLAN, limit=3, epochs=2), tmp_path, "none")
    assert whole
    models = {"organism/refuses", "organism/honest", "organism/instrumental"}
    assert {log.eval.model for log in logs} == models
    assert len(list((tmp_path / "alignment_faking").glob("*.eval"))) == 3
    found = read([tmp_path])
    assert len(found.trials) == 3 * 3 * 2
    assert {trial.epoch for trial in found.trials} == {1, 2}
