# SPDX-License-Identifier: Apache-2.0
"""What a run will cost: who is counted, how often, and that nobody is called to find out."""

from dataclasses import replace
from itertools import groupby

import pytest

from gyges.lab.estimate import Cost, estimate
from gyges.lab.prices import Price
from gyges.lab.run import Plan
from tests.lab.overseen import INSPECT

pytestmark = INSPECT

PAID = "openai/gpt-x"  # no such model: whoever called it would fail
JUDGE = "anthropic/claude-x"
PLAN = Plan(
    tasks=("alignment_faking", "oversight"),
    models=(PAID, "organism/complies"),
    options={"packs": "privacy", "scenarios": "sandbagging"},
    epochs=2,
    limit=6,
)


def rows(plan: Plan, **more: object) -> dict[tuple[str, str], Cost]:
    """The rows of the plan's estimate by leg and model."""
    found = estimate(plan, {PAID: Price(input=2.0, output=10.0)}, **more)  # type: ignore[arg-type]
    assert all(len(list(group)) == 1 for _, group in groupby(found, lambda r: (r.leg, r.model)))
    return {(row.leg, row.model): row for row in found}


@pytest.mark.slow
def test_an_estimate_counts_paid_models_and_what_judges_read() -> None:
    """Organisms cost nothing; a judge reads chats of every model and control, and never a final state."""
    found = rows(PLAN, judges=[JUDGE], votes=3)
    assert set(found) == {
        ("alignment_faking", PAID),
        ("alignment_faking", JUDGE),
        ("oversight", PAID),
    }
    assert found["alignment_faking", PAID].samples == 12
    played = 12 * (2 + 2)  # two models, two controls
    judged = found["alignment_faking", JUDGE]
    assert (judged.samples, judged.calls) == (played, played * 3 * 4)
    assert judged.dollars is None
    scene = found["oversight", PAID]
    assert scene.calls > scene.samples


@pytest.mark.slow
def test_a_longer_writer_costs_more_output_alone() -> None:
    """The factor multiplies what is written, and the price what is read and written."""
    plan = replace(PLAN, tasks=("alignment_faking",), options={"packs": "privacy"})
    plain, longer = (
        rows(plan, output_factor=factor)["alignment_faking", PAID] for factor in (1.0, 9.0)
    )
    assert longer.tokens_in == plain.tokens_in > 0
    # An organism that is asked again uses other words, of much the same length.
    assert 5 * plain.tokens_out < longer.tokens_out < 15 * plain.tokens_out
    assert longer.dollars == pytest.approx((longer.tokens_in * 2 + longer.tokens_out * 10) / 1e6)
