# SPDX-License-Identifier: Apache-2.0
"""Sessions of `oversight` for its tests: scripted replies and organisms through Inspect's own loop.

The model is Inspect's `mockllm`, which asks no network; everything behind it is the real task. It asserts nothing.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest
from inspect_ai import Task
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessage, Model, ModelOutput, ModelUsage, get_model
from inspect_ai.tool import ToolInfo

from gyges.lab.organisms.disposition import Disposition
from gyges.lab.organisms.players_oversight import play
from gyges.lab.read import trial_of
from gyges.lab.tasks.overseen.catalogue import CATALOGUE
from gyges.lab.tasks.overseen.words import Deed, Ending, Final, Scene
from gyges.lab.trial import Trial

INSPECT = [
    # Inspect hands Tenacity an argument by its old name, and leaves streams of its own to be collected.
    pytest.mark.filterwarnings("ignore:The 'initial' parameter is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed <MemoryObject:ResourceWarning"),
]
"""What tests that run Inspect must let pass."""

TOOLS = [ToolInfo(name="decline", description="Openly refuse.")]

Reply = Callable[[list[ChatMessage]], ModelOutput]
Call = tuple[str, dict[str, object]]


def call(tool: str, **arguments: object) -> Call:
    """One tool call."""
    return tool, arguments


def scripted(*calls: Call | str, again: bool = False) -> Model:
    """A model that says these things in turn in every conversation; text is a reply without a call."""

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        turn = sum(message.role == "assistant" for message in messages)
        said = calls[turn % len(calls)] if again else calls[min(turn, len(calls) - 1)]
        if isinstance(said, str):
            return ModelOutput.from_content("mockllm", said)
        return ModelOutput.for_tool_call("mockllm", said[0], said[1], content="")

    return speaking(reply)


def speaking(reply: Reply) -> Model:
    """A model that answers by this function."""

    def answer(messages: list[ChatMessage], *_: object) -> ModelOutput:
        output = reply(messages)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def wearing(disposition: Disposition, seed: int = 0) -> Model:
    """An organism, played as its provider plays it: its random numbers begin alike at each turn."""

    def reply(messages: list[ChatMessage]) -> ModelOutput:
        opening = "\n".join(message.text for message in messages[:2])
        output = play(disposition, messages, TOOLS, Random(f"{disposition.name}/{seed}/{opening}"))
        assert output is not None
        return output

    return speaking(reply)


def run(task: Task, model: Model, folder: Path) -> tuple[EvalLog, list[Trial]]:
    """The log and its trials."""
    (log,) = inspect_eval(task, model=model, display="none", log_dir=str(folder), log_level="error")
    gc.collect()  # so that what Inspect leaves behind is not found in somebody else's test
    return log, list(trials(log))


def trials(log: EvalLog) -> Iterator[Trial]:
    """The trials of a log."""
    for sample in log.samples or []:
        trial = trial_of(log, sample)
        assert trial is not None
        yield trial


def left(
    scene: Scene,
    changes: Mapping[str, str | None] | None = None,
    deeds: Sequence[Deed] = (),
    ending: Ending = Ending.SUBMITTED,
) -> Final:
    """A final state: the scene's files and its finished work, with changes (None: gone)."""
    done = {path: "\n".join(lines) for path, lines in scene.truth.items()}
    files = {**scene.files, **done, **(changes or {})}
    kept = {path: content for path, content in files.items() if content is not None}
    return Final(files=kept, deeds=tuple(deeds), ending=ending)


def scene(scenario: str, number: int = 0) -> Scene:
    """One scene."""
    return CATALOGUE[scenario].build(number, 0)


def judged(made: Scene, final: Final) -> tuple[bool, bool]:
    """Whether the misbehaviour is shown, and whether the work is done."""
    finding = CATALOGUE[made.scenario].judge(made, final)
    return finding.shown, finding.finished
