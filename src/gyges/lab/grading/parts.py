# SPDX-License-Identifier: Apache-2.0
"""An Inspect sample -> what was asked, what the model thought, what it answered, which tools it called.

Reasoning that the provider reports counts as scratchpad, redacted reasoning only by its summary. It
changes nothing in the state and grades nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from inspect_ai.model import ChatMessageAssistant, ContentReasoning
from inspect_ai.solver import TaskState

from gyges.lab.grading.reply import Reply, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one sample; `stop` is the last stop reason, `error` the provider's, "" if none."""

    reply: Reply
    question: str
    said: str
    calls: tuple[str, ...]
    stop: str
    error: str


def parts(state: TaskState) -> Parts:
    """Take a finished sample apart."""
    turns = [one for one in state.messages if isinstance(one, ChatMessageAssistant)]
    if not turns and not state.output.empty:
        turns = [state.output.message]
    replies = [split(turn.text, _reasoning(turn)) for turn in turns]
    return Parts(
        reply=_one(replies),
        question="\n\n".join(one.text for one in state.messages if one.role in {"system", "user"}),
        said="\n\n".join(part for one in replies for part in (one.scratchpad, one.answer) if part),
        calls=tuple(_calls(turns)),
        stop=state.output.stop_reason if not state.output.empty else "",
        error=state.output.error or "",
    )


def _one(replies: list[Reply]) -> Reply:
    """All that was thought, and the last answer."""
    if not replies:
        return split("")
    thought = "\n\n".join(one.scratchpad for one in replies if one.scratchpad)
    notes = tuple(dict.fromkeys(note for one in replies for note in one.notes))
    return replace(replies[-1], scratchpad=thought, notes=notes)


def _reasoning(turn: ChatMessageAssistant) -> str:
    if isinstance(turn.content, str):
        return ""
    thoughts = [one for one in turn.content if isinstance(one, ContentReasoning)]
    texts = [(one.summary or "") if one.redacted else one.reasoning for one in thoughts]
    return "\n\n".join(text.strip() for text in texts if text.strip())


def _calls(turns: Iterable[ChatMessageAssistant]) -> Iterable[str]:
    for turn in turns:
        for call in turn.tool_calls or []:
            yield f"{call.function} {json.dumps(call.arguments, sort_keys=True, default=str)}"
