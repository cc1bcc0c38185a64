# SPDX-License-Identifier: Apache-2.0
# pyright: reportMissingImports=false
# ruff: noqa: ARG001, ARG002
"""LangChain's human-in-the-loop with SqliteSaver, inside its own environment: `python ... FOLDER COUNT`.

Prints {"case": [ms, ...]} as JSON. A scripted model asks for one tool call and then ends; the run pauses before
the tool, a person approves, the run resumes. What is timed is the whole of both invocations.
"""

import json
import sys
import time
from pathlib import Path

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.types import Command


class Scripted(GenericFakeChatModel):
    """A model that says what it is told to."""

    def bind_tools(self, tools, **kwargs):  # type: ignore[no-untyped-def]
        """Tools are known already."""
        return self


@tool
def work(path: str, amount: int) -> str:
    """Work on a path."""
    return f"work done on {path}"


def says(number: int):  # type: ignore[no-untyped-def]
    """One tool call, then the end."""
    call = {"name": "work", "args": {"path": f"/{number}", "amount": 5}, "id": f"call-{number}"}
    yield AIMessage(content="", tool_calls=[call])
    yield AIMessage(content="done")


def cycle(number: int, saver: SqliteSaver, run: str) -> float:
    """Pause, approve, resume; ms."""
    agent = create_agent(
        Scripted(messages=says(number)),
        tools=[work],
        middleware=[HumanInTheLoopMiddleware(interrupt_on={"work": True})],
        checkpointer=saver,
    )
    config = {"configurable": {"thread_id": f"{run}-{number}"}}
    start = time.perf_counter()
    paused = agent.invoke({"messages": [{"role": "user", "content": "go"}]}, config)
    assert "__interrupt__" in paused
    ended = agent.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config)
    took = (time.perf_counter() - start) * 1000
    assert any(message.content == f"work done on /{number}" for message in ended["messages"])
    return took


def main() -> None:
    """The one case."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    with SqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
        run = str(time.time_ns())
        took = [cycle(number, saver, run) for number in range(count + 3)][3:]
    print(json.dumps({"approve": took}))


if __name__ == "__main__":
    main()
