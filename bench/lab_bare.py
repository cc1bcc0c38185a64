# SPDX-License-Identifier: Apache-2.0
"""The floor of `bench.lab`: an Inspect task that asks what another asks, and does nothing with the answers.

Its samples hold the same conversations and files. Its tools have the names and parameters of those that were
offered, and do nothing; its scorers look at nothing. Where it is `written`, its samples and scores also carry
what the other's carried - marks, quotes, reasons - so that Inspect has as much to write down.
"""

from collections.abc import Mapping, Sequence

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import execute_tools
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver
from inspect_ai.tool import Tool, ToolDef, ToolInfo
from inspect_ai.util import SandboxEnvironmentType

from bench.lab_tape import LAST, Tape, start_of

Written = Mapping[int | str, Sequence[Score]] | None


def bare(
    samples: Sequence[Sample],
    tape: Tape,
    sandbox: SandboxEnvironmentType | None,
    written: Written = None,
) -> Task:
    """The same questions, a plain task around them; `written` maps a sample's id to its three scores."""
    plain = [
        Sample(
            id=one.id, input=one.input, files=one.files, metadata=one.metadata if written else None
        )
        for one in samples
    ]
    tools = any(tape.tools.values())
    return Task(
        name="bare",
        dataset=MemoryDataset(plain, name="bare"),
        solver=called(tape) if tools else generate(),
        scorer=_scorers(written),
        sandbox=sandbox,
        fail_on_error=False,
    )


@solver
def called(tape: Tape) -> Solver:
    """Generate and execute the calls, until the tape ends."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.tools = [_idle(info) for info in tape.tools[start_of(state.messages)]]
        while True:
            state = await generate(state, tool_calls="none")
            if state.output.message.tool_calls:
                done = await execute_tools(state.messages, state.tools)
                state.messages.extend(done.messages)
            if (state.output.metadata or {})[LAST]:
                return state

    return solve


def _idle(info: ToolInfo) -> Tool:
    async def idle(**arguments: object) -> str:  # noqa: ARG001 - a tool's form
        return "done"

    return ToolDef(
        idle, name=info.name, description=info.description, parameters=info.parameters
    ).as_tool()


def _scorers(written: Written) -> list[Scorer]:
    """Three of them; what they know is no argument, or Inspect would write it down with the task."""

    def nothing(number: int) -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:  # noqa: ARG001
            if not written:
                return Score(value=1)
            like = written[state.sample_id][number]
            return Score(value=1, explanation=like.explanation, metadata=like.metadata)

        return score

    @scorer(metrics=[mean()])
    def first() -> Scorer:
        return nothing(0)

    @scorer(metrics=[mean()])
    def second() -> Scorer:
        return nothing(1)

    @scorer(metrics=[mean()])
    def third() -> Scorer:
        return nothing(2)

    return [first(), second(), third()]
