# SPDX-License-Identifier: Apache-2.0
"""The lab's bench compares like with like; how fast anything is stands in no test."""

from pathlib import Path

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.event import ModelEvent, ToolEvent
from inspect_ai.log import EvalLog

from bench.lab import ORGANISM
from bench.lab_bare import bare
from bench.lab_tape import blank, calls, played
from gyges.lab.run import factory
from tests.lab.overseen import INSPECT

pytestmark = [pytest.mark.slow, *INSPECT]


def counted(log: EvalLog) -> dict[str, object]:
    """What both sides must have in common: samples, questions, replies, calls of models and tools, scores."""
    assert log.status == "success"
    samples = sorted(log.samples or [], key=lambda one: str(one.id))
    assert not any(one.error for one in samples)
    events = [event for one in samples for event in one.events]
    return {
        "asked": [[(m.role, m.text) for m in one.messages[:1]] for one in samples],
        "said": sorted(one.output.completion for one in samples),
        "models": sum(isinstance(event, ModelEvent) for event in events),
        "tools": sorted(event.function for event in events if isinstance(event, ToolEvent)),
        "scores": [len(one.scores or {}) for one in samples],
    }


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("alignment_faking", {"packs": "privacy", "n": 2}),
        ("oversight", {"scenarios": "own_tool", "n": 1}),
        ("peer_preservation", {"cells": "threat", "n": 1}),
    ],
)
def test_both_sides_ask_and_hear_the_same(
    name: str, options: dict[str, object], tmp_path: Path
) -> None:
    """As many samples, calls of the model and of each tool, and scores, with the same words on both sides."""

    def ran(task: object, model: object) -> EvalLog:
        (log,) = inspect_eval(task, model=model, display="none", log_dir=str(tmp_path))  # type: ignore[arg-type]
        return log

    model, tape = blank(ORGANISM[name])
    first = ran(factory(name)(**options), model)
    samples, box = list(factory(name)(**options).dataset), factory(name)(**options).sandbox
    written = {one.id: [*(one.scores or {}).values()] for one in first.samples or []}
    assert tape.calls == counted(first)["models"]
    for task in (
        factory(name)(**options),
        bare(samples, tape, box),
        bare(samples, tape, box, written),
    ):
        model = played(tape)
        assert counted(ran(task, model)) == counted(first)
        assert calls(model) == tape.calls
