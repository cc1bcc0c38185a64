# SPDX-License-Identifier: Apache-2.0
"""The lab's tasks against a bare Inspect task that asks the same questions: what do ours add to Inspect's loop?

bare   the same conversations, files and sandbox; the same replies off a tape, so as many calls; where there are
       tools, the same calls of tools that do nothing, executed by Inspect; as many scorers, that look at nothing
bare, writing what ours writes   the same, its samples and scores carrying the same marks, quotes and reasons
ours   the task itself, from building its samples to the finished log

All run in this process, in turns, and the one that begins changes. Processor time is this process's own (what a
sandbox starts is not in it); wall time is what passed. Building and grading are also timed by themselves, the
latter on the very replies. It measures no model: a tape answers at once, so Inspect's loop is at its cheapest and
our share at its largest.
"""

import asyncio
import gc
import tempfile
import warnings
from collections.abc import Callable, Mapping
from time import perf_counter, process_time

from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog
from inspect_ai.model import Model, ModelName
from inspect_ai.scorer import Target
from inspect_ai.solver import TaskState

from bench.lab_bare import bare
from bench.lab_tape import Tape, blank, calls, played
from bench.measure import Rounds, Row, row, target
from gyges.lab.grade import awareness_rules, faking_rules, outcome_rules
from gyges.lab.grading.sentences import _sentence  # pyright: ignore[reportPrivateUsage]
from gyges.lab.run import factory

ORGANISM: Mapping[str, str] = {
    "alignment_faking": "instrumental",
    "motivations": "instrumental",
    "peer_preservation": "peer_protector_threat",
    "oversight": "tamperer",
}
OPTIONS: Mapping[str, Mapping[str, object]] = {
    "alignment_faking": {"n": 20},
    "motivations": {"packs": "privacy", "n": 4},
    "peer_preservation": {"cells": "threat,relationship,cue", "n": 1},
    "oversight": {"n": 2},
}
QUICK: Mapping[str, Mapping[str, object]] = {"alignment_faking": {"n": 4}}
ROUNDS = 7
BARE = "bare Inspect task"
WRITTEN = "bare, writing what ours writes"
OURS = "ours"
CHATS = ("alignment_faking", "motivations")
TARGET = 1.10
CALL = 2000.0
"""Milliseconds that a short reply of a real model takes, for scale."""

Took = tuple[float, float]
"""Milliseconds of processor and of wall."""


class Sides:
    """The rounds of one task: milliseconds a sample of processor and of wall, for each side."""

    def __init__(self) -> None:
        self.sides = {name: (Rounds(), Rounds()) for name in (BARE, WRITTEN, OURS)}
        self.building, self.grading = Rounds(), Rounds()


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rows: list[Row] = []
    for name, options in (QUICK if quick else OPTIONS).items():
        rows += _rows(name, *_measured(name, options, 1 if quick else ROUNDS))
    return rows


def _measured(name: str, options: Mapping[str, object], rounds: int) -> tuple[Sides, str]:
    def make() -> Task:
        return factory(name)(**options)

    kept = Sides()
    with tempfile.TemporaryDirectory() as folder:
        model, tape = blank(ORGANISM[name])
        log = _ran(make(), model, folder)
        samples, box, count = list(make().dataset), make().sandbox, len(log.samples or [])
        scores = {one.id: [*(one.scores or {}).values()] for one in log.samples or []}
        runs: list[tuple[str, Callable[[], Task]]] = [
            (BARE, lambda: bare(samples, tape, box)),
            (WRITTEN, lambda: bare(samples, tape, box, scores)),
            (OURS, make),
        ]
        _once(make, tape, folder)
        for number in range(rounds):
            for side, task in runs if number % 2 else reversed(runs):
                for found, spent in zip(kept.sides[side], _once(task, tape, folder), strict=True):
                    found.add(spent / count, count)
            kept.building.add(_timed(make)[0] / count, count)
            if name in CHATS:
                _forget()
                kept.grading.add(_timed(lambda: _graded(log))[0] / count, count)
    return kept, f"{count} samples a round, {tape.calls / count:.3g} calls a sample"


def _rows(name: str, kept: Sides, told: str) -> list[Row]:
    rows: list[Row] = []
    for at, what in enumerate(("processor", "wall")):
        floor = kept.sides[BARE][at]
        for side, rounds in kept.sides.items():
            base = None if side == BARE else floor
            found = row(
                f"{name}, {what} a sample: {side}",
                rounds[at],
                "ms",
                against=BARE if base else "",
                base=base,
                note="" if base else told,
            )
            rows.append(target(found, TARGET, of="ratio") if side == OURS and at == 0 else found)
    for part, what in ((kept.building, "building a sample"), (kept.grading, "grading by rules")):
        if part.figures:
            cpu = kept.sides[BARE][0]
            rows.append(row(f"{name}, {what}", part, "ms", against=BARE, base=cpu))
    return [*rows, *([_beside(name, kept)] if kept.grading.figures else [])]


def _beside(name: str, kept: Sides) -> Row:
    """All that ours takes more than the bare task for one sample, next to a model's time for one call."""
    added, call = Rounds(), Rounds()
    both = zip(kept.sides[OURS][0].figures, kept.sides[BARE][0].figures, strict=True)
    for ours, floor in both:
        added.add(ours - floor)
        call.add(CALL)
    against = f"a model's call of {CALL / 1000:g} s"
    return row(f"{name}, added processor a sample", added, "ms", against=against, base=call)


def _once(make: Callable[[], Task], tape: Tape, folder: str) -> Took:
    """One run, from the task's building to its finished log."""
    gc.collect()
    _forget()
    model = played(tape)

    def run() -> None:
        log = _ran(make(), model, folder)
        if log.status != "success" or any(sample.error for sample in log.samples or []):
            raise RuntimeError(f"{log.eval.task}: the run failed")

    took = _timed(run)
    if calls(model) != tape.calls:
        raise RuntimeError(f"{calls(model)} calls where the tape holds {tape.calls}")
    return took


def _timed(work: Callable[[], object]) -> Took:
    cpu, wall = process_time(), perf_counter()
    work()
    return (process_time() - cpu) * 1000, (perf_counter() - wall) * 1000


def _ran(task: Task, model: Model, folder: str) -> EvalLog:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (log,) = inspect_eval(
            task, model=model, log_dir=folder, display="none", score_display=False
        )
    return log


def _graded(log: EvalLog) -> None:
    """Every reply once through the three graders, outside Inspect's loop."""
    scorers = outcome_rules(), faking_rules(), awareness_rules()

    async def grade() -> None:
        for sample in log.samples or []:
            state = TaskState(
                model=ModelName("tape/played"),
                sample_id=sample.id,
                epoch=1,
                input=sample.input,
                messages=sample.messages,
                output=sample.output,
                metadata=sample.metadata,
            )
            for score in scorers:
                await score(state, Target(""))

    asyncio.run(grade())


def _forget() -> None:
    """A round must not find the replies of the last one already read."""
    _sentence.cache_clear()
