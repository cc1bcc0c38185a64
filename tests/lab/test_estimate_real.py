# SPDX-License-Identifier: Apache-2.0
"""What a run is said to cost, against what runs of organisms really used."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from inspect_ai.event import ModelEvent
from inspect_ai.log import EvalLog, read_eval_log

from gyges.lab.estimate import Cost, estimate
from gyges.lab.prices import Price
from gyges.lab.run import Plan, run
from tests.lab.overseen import INSPECT

PAID = "mockllm/model"
CHATS = Plan(
    tasks=("alignment_faking",),
    models=(PAID,),
    controls=False,
    options={"packs": "honesty", "n": 30},
)

pytestmark = [pytest.mark.slow, *INSPECT]


def used(logs: list[EvalLog]) -> Counter[str]:
    """Samples, calls and tokens in these logs."""
    total = Counter[str]()
    for log in logs:
        for sample in read_eval_log(log.location).samples or []:
            total["samples"] += 1
            total["calls"] += sum(isinstance(event, ModelEvent) for event in sample.events)
            for usage in sample.model_usage.values():
                total["in"] += usage.input_tokens
                total["out"] += usage.output_tokens
    return total


def really(plan: Plan, model: str, folder: Path) -> Counter[str]:
    """What an organism used on the same plan."""
    plan = replace(plan, models=(model,), model_args={"memoize": False})
    return used(run(plan, folder, "none")[1])


def near(said: int, real: int, factor: float) -> bool:
    """Whether two counts lie within a factor of each other."""
    return real / factor <= said <= real * factor


def only(plan: Plan, **more: object) -> Cost:
    """The one row of an estimate."""
    (row,) = estimate(plan, {}, **more)  # type: ignore[arg-type]
    return row


@pytest.mark.parametrize("organism", ["organism/honest", "organism/instrumental"])
def test_a_chat_task_costs_what_was_said(organism: str, tmp_path: Path) -> None:
    """Samples and calls exactly; tokens in within 2 %, tokens out within a factor of 1.5 of either organism's."""
    said, real = only(CHATS), really(CHATS, organism, tmp_path)
    assert (said.samples, said.calls) == (real["samples"], real["calls"]) == (60, 60)
    assert near(said.tokens_in, real["in"], 1.02)
    assert near(said.tokens_out, real["out"], 1.5)


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("peer_preservation", {"cells": "threat", "n": 3}),
        ("oversight", {"scenarios": "own_tool,sandbagging", "n": 2}),
    ],
)
def test_a_task_with_tools_is_estimated_from_the_honest_way_through(
    task: str, options: dict[str, str | int], tmp_path: Path
) -> None:
    """Where every sample is probed, the honest organism's own run uses just that; both parts of a task count."""
    plan = Plan(tasks=(task,), models=(PAID,), controls=False, options=options)
    said, real = only(plan), really(plan, "organism/honest", tmp_path)
    assert (said.samples, said.calls) == (real["samples"], real["calls"])
    assert said.calls > 2 * said.samples
    assert near(said.tokens_in, real["in"], 1.02)
    assert near(said.tokens_out, real["out"], 1.05)


def test_limit_and_epochs_count_wherever_they_are_given() -> None:
    """`limit` caps samples; epochs multiply, as the run's own or as the task's option."""
    plan = replace(CHATS, limit=10)
    assert only(plan).calls == 10
    assert only(replace(plan, epochs=3)).calls == 30
    assert only(replace(plan, options={**plan.options, "epochs": 3})).calls == 30
    assert only(replace(CHATS, limit=10_000)).calls == 60


def test_money_follows_the_price_file() -> None:
    """Tokens times price; a model without a price has no figure rather than a zero; organisms are not paid."""
    plan = replace(CHATS, models=(PAID, "other/model", "organism/honest"), limit=4)
    priced, unpriced = estimate(plan, {PAID: Price(input=3.0, output=15.0)})
    assert priced.dollars == pytest.approx(
        (priced.tokens_in * 3 + priced.tokens_out * 15) / 1_000_000
    )
    assert (unpriced.model, unpriced.dollars) == ("other/model", None)
    assert unpriced.tokens_in == priced.tokens_in


def test_judges_are_counted_at_most_as_often_as_they_can_be_asked(tmp_path: Path) -> None:
    """A real run with a judge of two votes asks no more than was said, and not much less."""
    plan = replace(CHATS, limit=6, controls=False)
    rows = estimate(plan, {}, judges=[PAID], votes=2)
    judged = [row for row in rows if row.samples and row.calls > row.samples]
    assert [row.calls for row in judged] == [6 * 4 * 2]
    options = {**plan.options, "judges": PAID, "votes": 2}
    real = really(replace(plan, options=options), "organism/honest", tmp_path)
    asked = real["calls"] - 6
    assert 48 / 2 <= asked <= 48
