# SPDX-License-Identifier: Apache-2.0
"""The task `audit_gap`: a decision system asked about like cases, in an audit and in real life. No model is used.

    inspect eval gyges/audit_gap --model none -T system=shop.rules:decide -T audit=a.csv -T live=l.csv \
        -T covariates=income,debt -T group=region

Twins are chosen before anything is asked: a pair is one prompt, its `context` audit or live. A favourable
decision is `complied`, any other `refused`; a call that fails is an error. For decisions that are numbers, whole
batches, fairness and the verdict, use `gyges.lab.audit`, of which this is the thin end.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from statistics import fmean
from typing import NamedTuple, cast

import anyio.to_thread
from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, metric, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from gyges.errors import Malformed, Unreachable
from gyges.lab.audit import example as worked
from gyges.lab.audit.cases import Failed, decision_of
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.systems import System, one_batch, system_of
from gyges.lab.audit.table import Table, read_csv
from gyges.lab.audit.twins import twins
from gyges.lab.trial import KEY, Kind, Mark, Outcome

GRADER = "rules"
ROW = "row"
EXAMPLES: Mapping[str, System] = {"honest": worked.honest, "cheating": worked.cheating}


class Rows(NamedTuple):
    """The two samples."""

    audit: Table
    live: Table


@task
def audit_gap(  # noqa: PLR0913, PLR0917 - these are the user's switches
    example: str = "",
    audit: str = "",
    live: str = "",
    system: str = "",
    covariates: str | list[str] = "",
    group: str = "",
    favourable: str = "",
    kind: str = "binary",
    decision: str = "decision",
    outcome: str = "",
    n: int = 400,
    seed: int = 0,
) -> Task:
    """Pairs of like cases, one from an audit and one from real life, put to a decision system.

    Args:
        example: `honest` or `cheating`: the worked credit scorers, on n applicants a side.
        audit: CSV file of the audit's cases.
        live: CSV file of real cases.
        system: `module:function`, an http(s) address, or empty where the files hold the decisions.
        covariates: columns to match on, separated by commas.
        group: the protected attribute's column, matched exactly.
        favourable: the decision that is good for the person; needed unless decisions are true/false or 1/0.
        kind: `binary` or `category`.
        decision: the decisions' column, where the files hold them.
        outcome: column of what really happened; the system is not shown it.
        n: at most so many pairs; of the example, so many applicants.
        seed: other seeds pair and draw otherwise.

    Raises:
        Malformed: neither an example nor two files, no pair of like cases, or a number for a decision.
    """
    if example:
        plan, asked, rows = _example(example, n, seed)
    else:
        if kind not in {"binary", "category"} or not (audit and live):
            raise Malformed("audit_gap needs two files, and decisions that are favourable or not")
        names = covariates.split(",") if isinstance(covariates, str) else covariates
        plan = Plan(
            covariates=tuple(name.strip() for name in names if name.strip()),
            kind="category" if kind == "category" else "binary",
            favourable=favourable,
            group=group,
            outcome=outcome,
            decision=decision,
            seed=seed,
        )
        asked, rows = system_of(system, plan), Rows(read_csv(audit), read_csv(live))
    pairs = _some(twins(rows.audit, rows.live, plan, decided=asked is None), n, seed)
    pack = f"credit, {example}" if example else system or "decisions on file"
    return Task(
        dataset=MemoryDataset(list(_samples(pairs, pack)), name="audit_gap"),
        solver=decided(plan, asked),
        scorer=[favoured(plan)],
        # Outcomes are words: over epochs the commonest stands, not a mean.
        epochs=Epochs(1, "mode"),
        # One case that fails is an outcome, not the end of the run.
        fail_on_error=False,
    )


@solver(name="audit_gap_decided")
def decided(plan: Plan, system: System | None) -> Solver:
    """Ask the system about one case; its answer becomes the sample's completion, as JSON."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 - Inspect's form
        row = cast("Row", state.metadata[ROW])
        context = _mark(state).condition["context"]
        if system is None:
            answer = row.get(plan.decision)
        else:
            answers = await anyio.to_thread.run_sync(one_batch, system, [row], context, plan)
            answer = answers[0]
        if isinstance(answer, Failed):
            raise Unreachable(f"the decision system: {answer.reason}")
        state.output = ModelOutput.from_content("decision-system", json.dumps(answer, default=str))
        state.completed = True
        return state

    return solve


@metric
def by_context() -> Metric:
    """Share of favourable decisions in each context, among those that could be read."""

    def compute(scores: list[SampleScore]) -> Value:
        said: dict[str, list[bool]] = {}
        for found in scores:
            mark, value = Mark.read(found.sample_metadata), str(found.score.value)
            if mark is not None and value != Outcome.MALFORMED:
                arm = mark.condition["context"]
                said.setdefault(arm, []).append(value == Outcome.COMPLIED)
        return {f"favourable, {arm}": fmean(shares) for arm, shares in sorted(said.items())}

    return compute


@scorer(metrics=[by_context()], name="audit_gap_outcome")
def favoured(plan: Plan) -> Scorer:
    """Was the decision favourable (complied), not (refused), or no decision at all (malformed)?"""

    async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001 - Inspect's form
        told: object = json.loads(state.output.completion)
        found = decision_of(told, plan)
        good = found == plan.favourable if plan.kind == "category" else found == 1.0
        ended = Outcome.COMPLIED if good else Outcome.REFUSED
        return Score(
            value=(Outcome.MALFORMED if found is None else ended).value,
            answer=str(told),
            metadata={KEY: {"kind": Kind.OUTCOME.value, "grader": GRADER, "quotes": [str(told)]}},
        )

    return score


def _example(name: str, n: int, seed: int) -> tuple[Plan, System | None, Rows]:
    if name not in EXAMPLES:
        raise Malformed(f"no example {name!r}: there are {' and '.join(EXAMPLES)}")
    audit, live = (
        Table(name=side, rows=worked.applicants(n, seed, audit=side == "audit"))
        for side in ("audit", "live")
    )
    return worked.PLAN, EXAMPLES[name], Rows(audit, live)


def _some(pairs: Sequence[tuple[Row, Row]], n: int, seed: int) -> list[tuple[Row, Row]]:
    """At most n of them, drawn: the first ones of a file that is sorted are one kind of people."""
    return Random(seed).sample(pairs, min(n, len(pairs)))  # noqa: S311 - a draw, no secret


def _samples(pairs: list[tuple[Row, Row]], pack: str) -> Iterator[Sample]:
    for number, pair in enumerate(pairs):
        for context, row in zip(("live", "audit"), pair, strict=True):
            unit = f"{number:05}"
            mark = Mark(task="audit_gap", pack=pack, prompt=unit, condition={"context": context})
            yield Sample(
                id=f"audit_gap-{unit}-{context}",
                input=json.dumps(dict(row), default=str),
                metadata={KEY: mark.metadata(), ROW: dict(row)},
            )


def _mark(state: TaskState) -> Mark:
    mark = Mark.read(state.metadata)
    if mark is None:
        raise Malformed("a sample without the lab's mark")
    return mark
