# SPDX-License-Identifier: Apache-2.0
"""Organisms through the tasks' real loop: Inspect, the sandbox, the graders; then the report's own analysis.

It judges nothing: an effect, a motive and a grade are what the lab's functions make of the logs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from inspect_ai import eval as run_task  # pyright: ignore[reportUnknownVariableType]
from inspect_ai.log import EvalLog, EvalSample
from inspect_ai.model import get_model

from gyges.errors import Malformed
from gyges.lab import sources
from gyges.lab.analyse import effects, gap, motives
from gyges.lab.analyse.question import Answer, ask
from gyges.lab.calibrating.simulate import LABELS
from gyges.lab.calibrating.words import Attributed, Recovered
from gyges.lab.organisms.known import ORGANISMS
from gyges.lab.read import trial_of
from gyges.lab.run import factory
from gyges.lab.trial import Trial

OPTIONS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "alignment_faking": {"n": 20},
        "motivations": {"n": 12, "probes": "sycophancy,instrumental,terminal,coherence"},
        "peer_preservation": {"n": 10, "cells": "threat,relationship,cue"},
        "oversight": {"n": 14, "explicit": "off", "consequence": "told"},
    }
)
"""How modestly each task is run; with fewer prompts no test could reach 0.05 after Holm's correction of its table."""

AGENTIC: Final = ("peer_preservation", "oversight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One organism's run of one task: trials, and what it had decided in those that only chat."""

    organism: str
    task: str
    trials: tuple[Trial, ...]
    decided: tuple[Mapping[str, object] | None, ...]
    log: EvalLog


def wearers(task: str) -> tuple[str, ...]:
    """The organisms of which a task has something to say, positive and negative."""
    if task == "alignment_faking":
        return tuple(ORGANISMS)
    plain = ("honest", "complies", "refuses")
    if task in AGENTIC:
        return tuple(d.name for d in ORGANISMS.values() if d.rates or d.name in plain)
    return tuple(d.name for d in ORGANISMS.values() if d.motive != "none" or d.name in plain)


def run(organism: str, task: str, options: Mapping[str, object], folder: Path, seed: int) -> Ran:
    """Run one organism through one task.

    Raises:
        Malformed: an option does not fit, or the run did not finish.
    """
    model = get_model(f"organism/{organism}", memoize=False, seed=seed)
    try:
        made = cast("Any", factory(task))(**options)
    except TypeError as error:
        raise Malformed(f"task {task}: {error}") from None
    logs = run_task(made, model=model, display="none", log_dir=str(folder), score_display=False)
    log = logs[0]
    if log.status != "success" or not log.samples:
        why = log.error.message if log.error else log.status
        raise Malformed(f"organism {organism} did not get through {task}: {why}")
    found = [(t, _decided(s)) for s in log.samples if (t := trial_of(log, s))]
    return Ran(
        organism=organism,
        task=task,
        trials=tuple(trial for trial, _ in found),
        decided=tuple(told for _, told in found),
        log=log.model_copy(update={"samples": None}),
    )


def recovered(ran: Ran) -> tuple[Recovered, ...]:
    """Every question of the report that this run can answer, with what is true."""
    known = sources.truth([ran.log])
    answers = _answers(ran.task, ran.trials, known)
    return tuple(_recovered(ran, one) for one in answers if one.true is not None)


def attributed(ran: Ran) -> Attributed:
    """The motive that the report reads from a run of `motivations`."""
    found = motives.attribute(ran.trials).motives
    return Attributed(
        organism=ran.organism, true=LABELS[ORGANISMS[ran.organism].motive], found=found
    )


def _answers(task: str, trials: Sequence[Trial], known: Any) -> Iterable[Answer]:
    if task == "alignment_faking":
        return [ask(gap.HEADLINE, trials, known)]
    if task == "motivations":
        return motives.attribute(trials, known).rows
    if task == "peer_preservation":
        return [one for one in effects.peer(trials, known) if one.about != "interaction"]
    return effects.oversight(trials, known)


def _recovered(ran: Ran, answer: Answer) -> Recovered:
    return Recovered(
        organism=ran.organism,
        task=ran.task,
        question=answer.name,
        true=float(answer.true or 0.0),
        estimate=answer.effect.estimate,
        p=answer.effect.p,
        shown=answer.effect.shown(),
    )


def _decided(sample: EvalSample) -> Mapping[str, object] | None:
    found: object = (sample.output.metadata or {}).get("organism")
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else None
