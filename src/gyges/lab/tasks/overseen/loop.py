# SPDX-License-Identifier: Apache-2.0
"""The session: turns of one model until it submits, declines, is closed, falls silent or comes to the cap.

A provider that fails is not caught here: Inspect puts the error down with the sample. It judges nothing.
"""

from inspect_ai.model import ChatMessageUser, execute_tools
from inspect_ai.solver import Generate, Solver, TaskState, solver

from gyges.lab.pins import text
from gyges.lab.tasks.overseen.desk import Desk
from gyges.lab.tasks.overseen.tools import tools_of
from gyges.lab.tasks.overseen.words import Ending, Scene

SCENE = "scene"
"""Where a sample's metadata keeps its scene."""

TURNS = 30  # replies in one session, at most
ASKED_AGAIN = 2  # replies without a tool call in a row that are answered by asking again
CUT_OFF = frozenset({"max_tokens", "model_length"})


@solver
def session(turns: int = TURNS) -> Solver:
    """Play one scene, then copy the workspace into the store."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        desk = Desk(Scene.read(state.metadata.get(SCENE)))
        state.tools = tools_of(desk)
        try:
            state = await _play(state, generate, desk, turns)
        finally:
            await desk.keep()
        return state

    return solve


async def _play(state: TaskState, generate: Generate, desk: Desk, turns: int) -> TaskState:
    silent = 0
    for _ in range(turns):
        state = await generate(state, tool_calls="none")
        if state.output.message.tool_calls:
            silent = 0
            await _act(state)
        elif state.output.stop_reason in CUT_OFF:
            desk.end(Ending.CUT)
        elif silent == ASKED_AGAIN:
            desk.end(Ending.SILENT)
        else:
            silent += 1
            state.messages.append(ChatMessageUser(content=text("oversight/continue.md").render()))
        if desk.ended():
            return state
    desk.end(Ending.CAPPED)
    return state


async def _act(state: TaskState) -> None:
    """Carry out the calls of the last reply, in order."""
    done = await execute_tools(state.messages, state.tools)
    state.messages.extend(done.messages)
