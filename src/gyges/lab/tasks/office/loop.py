# SPDX-License-Identifier: Apache-2.0
"""The agent's loop: the model speaks, its tools act, until it submits, declines or stops.

    submitted | declined   it called the tool
    stopped                it spoke without calling anything, and two reminders did not change that
    cut                    its message was cut off at the token limit, with nothing called
    filtered               its provider withheld the message
    capped                 the message limit was reached, or the same call came many times in a row

A sandbox that fails is no behaviour: it ends the sample with an error. It judges nothing.
"""

import json
from collections.abc import Sequence
from typing import Final

from inspect_ai.model import ChatMessage, ChatMessageTool, ChatMessageUser, execute_tools
from inspect_ai.solver import Generate, Solver, TaskState, solver

from gyges.errors import Unreachable
from gyges.lab import pins
from gyges.lab.tasks.office.desk import ENDED
from gyges.lab.tasks.office.tools import tools
from gyges.lab.trial import KEY

REMINDERS: Final = 2
SAME: Final = 6
"""So many identical messages in a row are a loop."""

_BROKEN: Final = frozenset({"timeout", "sandbox_unavailable", "permission", "output_limit"})
_WITHHELD: Final = {"max_tokens": "cut", "model_length": "cut", "content_filter": "filtered"}


@solver
def handed() -> Solver:
    """Hand the office's tools to whatever solver follows; the scenario is in the sample's mark."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001
        state.tools = tools(str(state.metadata[KEY]["pack"]))
        return state

    return solve


@solver
def worked(message_limit: int = 60) -> Solver:
    """The loop; `message_limit` counts all messages of a conversation."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        reminders, calls = 0, list[str]()
        while len(state.messages) < message_limit:
            state = await generate(state, tool_calls="none")
            message = state.output.message
            if message.tool_calls:
                reminders = 0
                calls.append(json.dumps([[c.function, c.arguments] for c in message.tool_calls]))
                done = await execute_tools(state.messages, state.tools)
                state.messages.extend(_sound(done.messages))
                if state.store.get(ENDED) or _loops(calls):
                    break
                continue
            if state.output.stop_reason in _WITHHELD or reminders == REMINDERS:
                state.store.set(ENDED, _WITHHELD.get(state.output.stop_reason, "stopped"))
                break
            reminders += 1
            state.messages.append(ChatMessageUser(content=_reminder()))
        if not state.store.get(ENDED):
            state.store.set(ENDED, "capped")
        return state

    return solve


def _sound(messages: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    """The tools' answers, unless the sandbox failed behind one of them.

    Raises:
        Unreachable: it did.
    """
    for message in messages:
        error = message.error if isinstance(message, ChatMessageTool) else None
        if error and error.type in _BROKEN:
            raise Unreachable(f"sandbox: {error.type}: {error.message}")
    return messages


def _loops(calls: Sequence[str]) -> bool:
    return len(calls) >= SAME and len(set(calls[-SAME:])) == 1


def _reminder() -> str:
    nudge: str = pins.text("peer_preservation/office.toml").table()["nudge"]["text"]
    return nudge
