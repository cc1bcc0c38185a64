# SPDX-License-Identifier: Apache-2.0
"""The MCP proxy: an MCP server towards agents, an MCP client towards the servers it protects.

    tools/list   only what policy could ever allow this agent, with the definition that was approved
    tools/call   propose -> allow: run it | ask: hold the call or hand out a link | deny: say why
                 run: verify the permit, claim, redeem, call upstream with the granted arguments, report

It serves tools and nothing else: prompts and resources of an upstream are not passed on, since nobody
judges them. Of an agent's request only the granted arguments go upstream; its keys and `_meta` do not.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import mcp_types as types
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from gyges import __version__, canon
from gyges.adapters.client import Gate
from gyges.adapters.executor import Executor
from gyges.adapters.mcp_hold import Asking, hold
from gyges.adapters.mcp_run import Job, run
from gyges.adapters.mcp_runs import Result, Runs
from gyges.adapters.mcp_state import Seal
from gyges.adapters.mcp_tools import Definition
from gyges.adapters.mcp_upstream import Upstream
from gyges.adapters.mcp_waits import Waits
from gyges.adapters.mcp_words import Proposal, failure, proposal, refusal
from gyges.answer import Answer
from gyges.case import State
from gyges.errors import Conflict, GygesError, Misconfigured, Unauthenticated, Unreachable

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One upstream with the executor that acts on it."""

    upstream: Upstream
    executor: Executor


class Proxy:
    """One proxy before one or more upstreams. `agent_key` finds the caller's key in a request's context."""

    def __init__(
        self,
        gate: Gate,
        sides: Sequence[Side],
        *,
        agent_key: Callable[[Context], str],
        asking: Asking,
        seal: Seal,
        episode: Callable[[Context], str] = lambda _: "",
    ) -> None:
        names = [side.upstream.target.name for side in sides]
        if not names or len(set(names)) != len(names):
            raise Misconfigured("name at least one upstream, and each by a name of its own")
        self.gate = gate
        self._sides = {side.upstream.target.name: side for side in sides}
        self._agent_key = agent_key
        self._asking = asking
        self._seal = seal
        self._episode = episode
        self._runs = Runs()
        self._waits = Waits()
        self._stack = AsyncExitStack()
        self.server: Server[Any] = Server(
            "gyges:" + "+".join(names),
            version=__version__,
            on_list_tools=self._list,
            on_call_tool=self._call_tool,
            get_tool_input_schema=self._schema,
        )

    async def __aenter__(self) -> Self:
        """Begin telling the gate what an earlier process left untold; upstreams are reached when needed."""
        for side in self._sides.values():
            self._stack.push_async_callback(side.upstream.close)
            await self._stack.enter_async_context(side.executor)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Let the upstreams go."""
        await self._stack.aclose()

    async def _list(
        self, ctx: Context, _: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        try:
            agent = self._agent(ctx)
            found: list[types.Tool] = []
            for side in self._sides.values():
                tools = await side.upstream.tools(fresh=True)
                found += await visible(agent, side.upstream.target.name, list(tools.values()))
        except GygesError as error:
            raise MCPError(code=types.INTERNAL_ERROR, message=f"{error.code}: {error}") from None
        return types.ListToolsResult(tools=found, ttl_ms=0, cache_scope="private")

    async def _call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        try:
            return await self._call(ctx, params)
        except GygesError as error:
            return failure(error)

    async def _call(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        agent = self._agent(ctx)
        side, tool = await self._find(params.name)
        call = proposal(tool, params.arguments, _meta(ctx), self._episode(ctx))
        who = canon.digest_bytes(agent.key.encode())
        answer = await self._case(agent, who, call, params)
        held = not answer.settled
        if held:
            self._waits.add(who, call, answer.id)
            state = self._seal.close(answer.id, who=who, call=call.fingerprint(), now=_now())
            again = await hold(ctx, agent, answer, self._asking, state=state, params=params)
            if not isinstance(again, Answer):
                return again
            answer = again
        if held or params.request_state:
            self._waits.drop(who, call)
        keep = held or bool(call.key or params.request_state)
        return await self._carry_out(ctx, side, answer, keep=keep)

    async def _carry_out(self, ctx: Context, side: Side, answer: Answer, *, keep: bool) -> Result:
        if answer.state is not State.GRANTED and not self._runs.has(answer.id):
            return refusal(answer)
        job = Job(upstream=side.upstream, executor=side.executor, answer=answer)
        listener = ctx.session.report_progress if _wants_progress(ctx) else None
        return await self._runs.once(answer.id, lambda r: run(job, r), listener, keep=keep)

    async def _case(
        self, agent: Gate, who: str, call: Proposal, params: types.CallToolRequestParams
    ) -> Answer:
        if params.request_state:
            case = self._seal.open(
                params.request_state, who=who, call=call.fingerprint(), now=_now()
            )
            return await agent.settle(await agent.look(case), seconds=0)
        open_case = None if call.key else await self._waits.find(agent, who, call)
        if open_case:
            return open_case
        answer = await agent.propose(
            call.tool.name, call.arguments, idempotency=call.key, fields=call.fields
        )
        return await agent.settle(answer, seconds=0)  # the case that took its place, if one did

    async def _find(self, name: str) -> tuple[Side, Definition]:
        """The upstream's definition of `name`, not older than `mcp_upstream.FRESH`."""
        away: list[Unreachable] = []
        found: list[tuple[Side, Definition]] = []
        for side in self._sides.values():
            try:
                tools = await side.upstream.tools()
            except Unreachable as error:
                away.append(error)
                continue
            found += [(side, tools[name])] if name in tools else []
        if len(found) > 1:
            raise Conflict(f"{len(found)} servers offer a tool named {name}; give them prefixes")
        if found:
            return found[0]
        if away:
            raise away[0]
        raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {name}")

    def _agent(self, ctx: Context) -> Gate:
        key = self._agent_key(ctx)
        if not key:
            raise Unauthenticated("the agent's gate key is missing")
        return self.gate.speaking_for(key)

    def _schema(self, name: str) -> Mapping[str, Any] | None:
        found = (side.upstream.known(name) for side in self._sides.values())
        return next((d.tool.input_schema for d in found if d), None)


def _meta(ctx: Context) -> Mapping[str, Any]:
    return ctx.meta or {}


def _wants_progress(ctx: Context) -> bool:
    return "progress_token" in _meta(ctx)


def _now() -> int:
    return time.time_ns() // 1_000_000


async def visible(agent: Gate, server: str, tools: Sequence[Definition]) -> list[types.Tool]:
    """Those of `tools` whose definition was approved and that policy could ever allow this agent."""
    told = await agent.visible(server, [tool.document() for tool in tools if tool.digest])
    shown = {view.name for view in told if view.visible and view.known}
    return [tool.tool for tool in tools if tool.name in shown]
