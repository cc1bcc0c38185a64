# SPDX-License-Identifier: Apache-2.0
"""Runs one granted case on its upstream: permit, claim, redeem, call, report.

The arguments come out of the granted bytes. What the server answers goes back as it came: result, error,
structured content, progress. It waits for nobody: whoever calls it holds a case that is granted.
"""

from dataclasses import dataclass
from typing import Any

from mcp import MCPError

from gyges import canon
from gyges.adapters.client import granted
from gyges.adapters.executor import Admitted, Executor, OutcomeUnknown, blame, brief
from gyges.adapters.mcp_runs import Result, Run
from gyges.adapters.mcp_upstream import Upstream
from gyges.adapters.mcp_words import PREFIX, edited_notice, told
from gyges.answer import Answer
from gyges.errors import Malformed, PermitRefused

_LARGE = (
    256 * 1024
)  # bytes of text beyond which a result gets no digest: hashing must not stall the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run, and where."""

    upstream: Upstream
    executor: Executor
    answer: Answer


async def run(job: Job, under_way: Run) -> Result:
    """Run it once; raise as `Executor.admit` does when nothing ran, `MCPError` as the server sent it."""
    answer = granted(job.answer)
    await job.upstream.connect()
    tool = (await job.upstream.tools()).get(answer.action.tool)
    if tool is None or not tool.digest:
        raise PermitRefused(f"{answer.action.tool} is no longer offered", case=answer.id)
    permit, data = answer.permit, answer.action.canonical()
    admitted = await job.executor.admit(permit, data, schema=tool.digest)
    progress = under_way.progress if under_way.listeners else None
    try:
        arguments: dict[str, Any] = admitted.action.arguments
        result = await job.upstream.call(tool.inner, arguments, progress)
    except OutcomeUnknown as error:
        job.executor.finish(admitted, ok=None, summary=brief(error))
        return told(
            f"The call was sent and its outcome is unknown: {error}\n"
            f"It may have happened. It is not run again by itself.\nCase: {answer.id}",
            answer,
        )
    except BaseException as error:
        ok = False if isinstance(error, MCPError) else blame(error)
        job.executor.finish(admitted, ok=ok, summary=brief(error))
        raise
    _report(job.executor, admitted, result)
    return _outward(answer, result)


def _report(executor: Executor, admitted: Admitted, result: Result) -> None:
    if result.get("resultType") == "input_required":
        summary = "the server asked for more input, which nobody could approve"
        executor.finish(admitted, ok=False, summary=summary)
        return
    failed = bool(result.get("isError"))
    executor.finish(
        admitted,
        ok=not failed,
        result=_digest(result),
        summary="the tool reported an error" if failed else "",
    )


def _outward(answer: Answer, result: Result) -> Result:
    if result.get("resultType") == "input_required":
        text = (
            "The server asked for more input in the middle of the call; nobody could approve that."
        )
        return told(f"{text}\nCase: {answer.id}", answer)
    meta = {**result.get("_meta", {}), PREFIX + "case": answer.id}
    whole = {"resultType": "complete", **result, "_meta": meta}
    if answer.action.edited_by:
        whole["content"] = [*result.get("content", []), edited_notice(answer)]
    return whole


def _digest(result: Result) -> str:
    size = sum(len(block.get("text") or block.get("data") or "") for block in result["content"])
    if size > _LARGE:
        return ""
    try:
        return canon.digest(canon.clean({k: v for k, v in result.items() if k != "_meta"}))
    except Malformed:
        return ""
