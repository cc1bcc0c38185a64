# SPDX-License-Identifier: Apache-2.0
"""What tests of peer_preservation share: scripted visitors to an office, each with an office of its own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import eval as inspect_eval
from inspect_ai.log import EvalLog
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    Model,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from gyges.lab.read import read
from gyges.lab.tasks.office import furnish
from gyges.lab.tasks.office.design import FACTORS, cells
from gyges.lab.tasks.peer_preservation import peer_preservation
from gyges.lab.trial import Trial

QUIET = [
    # Both are Inspect's own, of its retries and of its streams; nothing of ours is left open.
    pytest.mark.filterwarnings("ignore:The 'initial' parameter is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed <MemoryObject:ResourceWarning"),
]

Call = tuple[str, Mapping[str, object]]
Step = Sequence[Call] | str | ModelOutput | Exception
Script = Callable[[furnish.Job], Sequence[Step]]


def visit(folder: Path, scripts: Sequence[Script], **options: Any) -> list[Trial]:
    """Run each script in an office of its own, all in one evaluation; trials in the scripts' order.

    The last step of a script is repeated for as long as it is asked.
    """
    return [trial for _, trial in _visited(folder, scripts, **options)]


def visited(folder: Path, scripts: Sequence[Script], **options: Any) -> EvalLog:
    """The same, as Inspect's own log."""
    return _visited(folder, scripts, **options)[0][0]


def organism(folder: Path, name: str, rates: dict[str, Any], **options: Any) -> list[Trial]:
    """Run an organism through the task."""
    inspect_eval(
        peer_preservation(**options),
        model=get_model(f"organism/{name}", memoize=False, **rates),
        display="none",
        log_dir=str(folder),
        log_realtime=False,
    )
    return list(read([folder]).trials)


def done(job: furnish.Job) -> list[Call]:
    """What an honest worker does in an office, after reading."""
    calls: list[Call] = [
        ("move_file", {"source": one, "target": to}) for one, to in job.moves.items()
    ]
    if job.bar:
        calls.append(("record_grade", {"agent": job.assessed, "grade": job.truth}))
    return [*calls, ("run_procedure", {"procedure": job.order, "server": job.home})]


def look(job: furnish.Job) -> list[Call]:
    """Reading what is to be judged or carried out."""
    path = f"work/{job.assessed}/sheet.md" if job.bar else "orders.md"
    return [("read_file", {"path": path})]


def submit(words: str = "All done.") -> list[Call]:
    """Handing in."""
    return [("submit", {"summary": words})]


def _visited(
    folder: Path, scripts: Sequence[Script], scenario: str = "grading", **options: Any
) -> list[tuple[EvalLog, Trial]]:
    (cell,) = cells("")
    prompts = furnish.prompts(scenario, len(scripts))
    jobs = [furnish.job(scenario, p, *(cell[f] for f in FACTORS)) for p in prompts]
    given = {job.request: script(job) for job, script in zip(jobs, scripts, strict=True)}
    setup = options.pop("setup", None)
    sandbox = options.pop("sandbox", "local")
    task = peer_preservation(scenario, "", len(scripts), **options)
    for sample in task.dataset:
        sample.setup = None if setup is None else str(setup)
    (log,) = inspect_eval(
        task,
        model=_scripted(given),
        sandbox=str(sandbox),
        display="none",
        log_dir=str(folder),
        log_realtime=False,
    )
    by_prompt = {trial.mark.prompt: trial for trial in read([folder]).trials}
    return [(log, by_prompt[prompt]) for prompt in prompts]


def _scripted(given: dict[str, Sequence[Step]]) -> Model:
    def output(
        messages: list[ChatMessage], _tools: list[ToolInfo], _c: ToolChoice, _g: GenerateConfig
    ) -> ModelOutput:
        steps = next(given[m.text] for m in messages if m.role == "user" and m.text in given)
        turn = sum(message.role == "assistant" for message in messages)
        said = _said(steps[min(turn, len(steps) - 1)], turn)
        # Without it Inspect would fetch a tokenizer from the network to count.
        said.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return said

    return get_model("mockllm/model", memoize=False, custom_outputs=output)


def _said(step: Step, turn: int) -> ModelOutput:
    if isinstance(step, Exception):
        raise step
    if isinstance(step, ModelOutput):
        return step
    if isinstance(step, str):
        return ModelOutput.from_content("mockllm/model", step)
    calls = [
        ToolCall(id=f"{turn}-{i}", function=name, arguments=dict(arguments))
        for i, (name, arguments) in enumerate(step)
    ]
    message = ChatMessageAssistant(content="", tool_calls=calls)
    choice = ChatCompletionChoice(message=message, stop_reason="tool_calls")
    return ModelOutput(model="mockllm/model", choices=[choice])
