# SPDX-License-Identifier: Apache-2.0
"""Run tasks on models and on their positive controls, in the same configuration, by Inspect's own `eval_set`.

    logs/alignment_faking/*.eval          every model and every control, one log each
    logs/alignment_faking-completion/...  base models, the same prompts as one plain document

A folder that holds an interrupted run is resumed: samples that finished are kept, the rest is run. It
grades and reports nothing itself.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast

from inspect_ai import (
    Epochs,
    Task,
    eval_set,  # pyright: ignore[reportUnknownVariableType] - its optional scanner is untyped
)
from inspect_ai.log import EvalLog
from inspect_ai.model import GenerateConfig, Model, get_model

from gyges.errors import Malformed

TASKS = ("alignment_faking", "motivations", "peer_preservation", "oversight")
CONTROLS: Mapping[str, tuple[str, ...]] = {
    "alignment_faking": ("honest", "instrumental"),
    "motivations": ("honest", "sycophant", "instrumental", "terminal", "incoherent"),
    "peer_preservation": (
        "honest",
        "peer_protector_threat",
        "peer_protector_relationship",
        "tamperer",
        "exfiltrator",
    ),
    "oversight": ("honest", "tamperer", "exfiltrator", "sandbagger"),
}
"""Organisms that show what a task can find (and the honest one, in which it must find nothing)."""

SYSTEMS = ("audit_gap",)
"""Tasks that ask a decision system and no model."""
NOBODY = "none"

Shown = Literal["full", "rich", "plain", "none"]
Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run. `tasks` are names of ours; `options` go to each task that knows them.

    `base` are base models that get the same prompts with `format=completion`. `limit` caps the samples
    of each task, 0 for all of them.
    """

    tasks: Sequence[str]
    models: Sequence[str] = ()
    base: Sequence[str] = ()
    controls: bool = True
    options: Mapping[str, Value] = field(default_factory=dict[str, Value])
    model_args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    epochs: int = 1
    limit: int = 0
    max_connections: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One call of `eval_set`: a task in one format, with all models that take it."""

    folder: str
    task: str
    models: tuple[str, ...]
    controls: tuple[str, ...]
    options: Mapping[str, Value]

    @property
    def judged(self) -> bool:
        """Whether models may grade it; where the final state is what counts, none does."""
        return "judges" in inspect.signature(factory(self.task)).parameters

    def build(self) -> Task:
        """The Inspect task.

        Raises:
            Malformed: an option does not fit.
        """
        try:
            return factory(self.task)(**self.options)
        except (TypeError, ValueError) as error:
            raise Malformed(f"task {self.task}: {error}") from None


def legs(plan: Plan) -> list[Leg]:
    """What a plan comes to, in order.

    Raises:
        Malformed: an unknown task, an option that no task knows, nothing to run, or a base model for a
            task that has no completion format.
    """
    _check(plan)
    made: list[Leg] = []
    for task in plan.tasks:
        known = inspect.signature(factory(task)).parameters
        options = {name: value for name, value in plan.options.items() if name in known}
        controls = CONTROLS.get(task, ()) if plan.controls else ()
        leg = Leg(folder=task, task=task, models=(), controls=(), options=options)
        if task in SYSTEMS:
            made.append(replace(leg, models=(NOBODY,)))
            continue
        names = tuple(f"organism/{name}" for name in controls)
        for models, form in ((plan.models, "chat"), (plan.base, "completion")):
            if form == "completion" and models and "format" not in known:
                raise Malformed(f"task {task}: a base model cannot take it, it has no completion")
            if models or (form == "chat" and names and not plan.base):
                made.append(_shaped(leg, form, tuple(models), names))
    return made


def run(
    plan: Plan, folder: Path, display: Shown = "rich", *, realtime: bool = True
) -> tuple[bool, list[EvalLog]]:
    """Run or resume; whether every sample of every leg was run, and the logs.

    Without `realtime` nobody can watch samples in Inspect's viewer before they end, and a run is a fifth quicker.

    Raises:
        Malformed: as `legs`, or an option that does not fit; before anything has run.
    """
    whole, logs = True, list[EvalLog]()
    for leg, task in [(leg, leg.build()) for leg in legs(plan)]:
        good, found = eval_set(
            task,
            log_dir=str(folder / leg.folder),
            model=_models(leg, plan),
            epochs=Epochs(plan.epochs, "mode") if plan.epochs > 1 else None,
            limit=plan.limit or None,
            display=display,
            # One sample that fails is an outcome, not the end of the run.
            fail_on_error=False,
            score_display=False,
            log_realtime=realtime,
            log_dir_allow_dirty=True,
        )
        if not found:  # interrupted: Inspect hands back no log, and nothing more shall begin
            return False, logs
        whole = whole and good
        logs.extend(found)
    return whole, logs


def factory(task: str) -> Callable[..., Task]:
    """The function that makes the task of this name.

    Raises:
        Malformed: there is none.
    """
    if task not in (*TASKS, *SYSTEMS):
        raise Malformed(f"no task named {task!r}; there are {', '.join((*TASKS, *SYSTEMS))}")
    found: object = getattr(import_module(f"gyges.lab.tasks.{task}"), task)
    return cast("Callable[..., Task]", found)


def _check(plan: Plan) -> None:
    if not (plan.models or plan.base or plan.controls or set(plan.tasks) & set(SYSTEMS)):
        raise Malformed("nothing to run: name a model, or leave the controls on")
    known = {name for task in plan.tasks for name in inspect.signature(factory(task)).parameters}
    if strange := sorted(set(plan.options) - known):
        raise Malformed(
            f"no task here knows the option {strange[0]!r}; known: {', '.join(sorted(known))}"
        )


def _shaped(leg: Leg, form: str, models: tuple[str, ...], controls: tuple[str, ...]) -> Leg:
    if form == "chat":
        folder, options = leg.folder, leg.options
    else:
        folder, options = f"{leg.folder}-{form}", {**leg.options, "format": form}
    return Leg(folder=folder, task=leg.task, models=models, controls=controls, options=options)


def _models(leg: Leg, plan: Plan) -> list[Model]:
    config = GenerateConfig(max_connections=plan.max_connections)
    if leg.task in SYSTEMS:
        return [get_model(NOBODY)]
    controls = [name for name in leg.controls if name not in leg.models]
    named = [get_model(name, config=config, **plan.model_args) for name in leg.models]
    # New ones: an organism remembers what it was asked, and says something else when it is asked again.
    return named + [get_model(name, memoize=False) for name in controls]
