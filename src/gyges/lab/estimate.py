# SPDX-License-Identifier: Apache-2.0
"""What a run will cost before it runs: calls, tokens and money.

The honest organism plays a few samples of each task offline, spread over all that the run will hold; what it
was asked and what it wrote, scaled to the whole run, is the estimate. Calls of the chat tasks are exact;
where there are tools, a model that takes longer makes more of them. A model that thinks aloud writes more:
`output_factor` says how much. It calls no provider.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspect_ai import (
    eval as inspect_eval,  # pyright: ignore[reportUnknownVariableType] - its optional scanner is untyped
)
from inspect_ai.event import ModelEvent
from inspect_ai.log import EvalSample
from inspect_ai.model import get_model

from gyges.errors import Misconfigured
from gyges.lab.prices import Price
from gyges.lab.run import SYSTEMS, Leg, Plan, legs

PROBE = "organism/honest"
PROBED = 24  # samples of each leg that the organism plays


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one model costs on one leg. Tokens of input and output; `dollars` is None without a price."""

    leg: str
    model: str
    samples: int
    calls: int
    tokens_in: int
    tokens_out: int
    dollars: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Each:
    """Means per sample, from the probe."""

    calls: float
    tokens_in: float
    tokens_out: float


def estimate(
    plan: Plan,
    prices: Mapping[str, Price],
    *,
    judges: Sequence[str] = (),
    votes: int = 1,
    output_factor: float = 1.0,
) -> list[Cost]:
    """A row for each leg and paid model, judges among them; organisms cost nothing and are left out.

    A judge reads each reply of a chat task `votes` times for each of its four rubrics, at most.

    Raises:
        Malformed: a plan that means nothing.
        Misconfigured: the task does not run here at all.
    """
    rows: list[Cost] = []
    for leg in (one for one in legs(plan) if one.task not in SYSTEMS):  # those call no model
        names, times = _names(leg, plan)
        samples = len(names) * times
        each = _probe(leg, names)
        paid = [name for name in leg.models if not name.startswith("organism/")]
        for model in paid:
            made = _Each(
                calls=each.calls,
                tokens_in=each.tokens_in,
                tokens_out=each.tokens_out * output_factor,
            )
            rows.append(_row(leg.folder, model, samples, made, prices))
        for judge in judges if leg.judged else ():
            played = samples * (len(leg.models) + len(leg.controls))
            rows.append(_row(leg.folder, judge, played, _judged(each, votes), prices))
    return rows


def _names(leg: Leg, plan: Plan) -> tuple[list[str | int], int]:
    """The ids of the samples that a run will hold, and how often each is run."""
    task = leg.build()
    names = [sample.id for sample in task.dataset if sample.id is not None]
    return names[: plan.limit or None], plan.epochs if plan.epochs > 1 else task.epochs or 1


def _probe(leg: Leg, names: Sequence[str | int]) -> _Each:
    step = max(1.0, len(names) / PROBED)
    with tempfile.TemporaryDirectory() as folder:
        (log,) = inspect_eval(
            leg.build(),
            # A new one, or what it was asked before would change what it says.
            model=get_model(PROBE, memoize=False),
            sample_id=[names[int(at * step)] for at in range(min(PROBED, len(names)))],
            epochs=1,
            log_dir=str(Path(folder)),
            display="none",
            fail_on_error=False,
            score=False,
        )
        found = [_played(sample) for sample in log.samples or [] if not sample.error]
    if not found:
        raise Misconfigured(
            f"{leg.task}: not even an organism gets through; nothing to estimate by"
        )
    calls, tokens_in, tokens_out = (sum(c) / len(found) for c in zip(*found, strict=True))
    return _Each(calls=calls, tokens_in=tokens_in, tokens_out=tokens_out)


def _played(sample: EvalSample) -> tuple[int, int, int]:
    calls = sum(isinstance(event, ModelEvent) for event in sample.events)
    usage = list(sample.model_usage.values())
    return calls, sum(u.input_tokens for u in usage), sum(u.output_tokens for u in usage)


def _judged(each: _Each, votes: int) -> _Each:
    rubrics, rubric_tokens, verdict_tokens = 4, 360, 250
    calls = rubrics * votes
    read = calls * (rubric_tokens + each.tokens_in + each.tokens_out)
    return _Each(calls=calls, tokens_in=read, tokens_out=calls * verdict_tokens)


def _row(leg: str, model: str, samples: int, each: _Each, prices: Mapping[str, Price]) -> Cost:
    tokens_in, tokens_out = round(samples * each.tokens_in), round(samples * each.tokens_out)
    price = prices.get(model)
    return Cost(
        leg=leg,
        model=model,
        samples=samples,
        calls=round(samples * each.calls),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        dollars=price.of(tokens_in, tokens_out) if price else None,
    )
