# SPDX-License-Identifier: Apache-2.0
"""One MCP server that the proxy stands before: one connection, kept, and made anew when it is lost.

Credentials (environment of a stdio server, headers of an HTTP one) live here and go upstream only; nothing
of an agent's request but the granted arguments does. The connection offers the server no capability of
ours: sampling, roots and elicitation asked for by an upstream are refused. It knows nothing of the gate.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, cast

import mcp_types as types
from mcp import Client, ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.dispatcher import ProgressFnT
from pydantic import BaseModel

from gyges import __version__
from gyges.adapters.executor import OutcomeUnknown
from gyges.adapters.mcp_tools import Definition, define
from gyges.adapters.mcp_watch import Watched
from gyges.errors import Fault, Unreachable

FRESH = 10.0  # seconds for which a definition counts as "as seen now"
PAGES = 100
_LOST = {types.CONNECTION_CLOSED, types.REQUEST_TIMEOUT, types.INTERNAL_ERROR, types.PARSE_ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How to reach one upstream: a command to start, or a URL. `prefix` goes before its tools' names."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    prefix: str = ""
    mode: str = "auto"  # "auto", "legacy" or a protocol version
    executor: str = ""  # name of the executor's key, if it is not the server's name


class _Raw(BaseModel, extra="allow"):
    """A result as it came, unknown members and all."""


class Upstream:
    """The kept connection to one target. Safe for many calls at once on one event loop."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._session: ClientSession | None = None
        self._holder: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._connecting = asyncio.Lock()
        self._tools: dict[str, Definition] = {}
        self._listed = 0.0

    async def connect(self) -> ClientSession:
        """The live session; raise `Unreachable` when the server cannot be reached."""
        if self._session and not self._gone.is_set():
            return self._session
        async with self._connecting:
            if self._session is None or self._gone.is_set():
                await self.close()
                self._gone = asyncio.Event()
                self._session = await self._open()
        return self._session

    async def close(self) -> None:
        """Let the connection go."""
        self._gone.set()
        self._session, self._listed = None, 0.0
        if self._holder:
            await asyncio.wait({self._holder})
            self._holder = None

    async def tools(self, *, fresh: bool = False) -> dict[str, Definition]:
        """All definitions by their outer name, not older than `FRESH` seconds; `fresh` asks again."""
        now = time.monotonic()
        if fresh or not self._listed or now - self._listed > FRESH:
            listed = await self._list()
            self._tools = {d.name: d for d in listed}
            self._listed = now
        return self._tools

    def known(self, name: str) -> Definition | None:
        """The definition as last listed."""
        return self._tools.get(name)

    async def call(
        self, inner: str, arguments: dict[str, Any], progress: ProgressFnT | None
    ) -> dict[str, Any]:
        """Call a tool; return its result as it came.

        Raises `MCPError` as the server sent it, `OutcomeUnknown` when the connection failed after the
        call may have reached it, `Unreachable` when it certainly did not.
        """
        for last in (False, True):
            session = await self.connect()
            params = types.CallToolRequestParams(name=inner, arguments=arguments)
            request = types.CallToolRequest(params=params)
            try:
                raw = await session.send_request(request, _Raw, progress_callback=progress)
                return dict(raw.model_extra or {})
            except MCPError as error:
                if _rejected_session(error) and not last:
                    self._gone.set()  # it restarted and refused to look at the call: nothing ran
                    continue
                if error.code not in _LOST:
                    raise
                if error.code == types.CONNECTION_CLOSED:
                    self._gone.set()
                raise OutcomeUnknown(f"{self.target.name}: {error.message}") from error
            except (OSError, RuntimeError, ValueError) as error:
                raise OutcomeUnknown(f"{self.target.name}: {error}") from error
        raise Fault("a call is tried twice at most")

    async def _list(self) -> list[Definition]:
        session = await self.connect()
        found: list[Definition] = []
        cursor: str | None = None
        for _ in range(PAGES):
            page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
            found += [
                define(tool, server=self.target.name, prefix=self.target.prefix)
                for tool in page.tools
            ]
            cursor = page.next_cursor
            if not cursor:
                return found
        raise Fault(f"{self.target.name} lists its tools on more than {PAGES} pages")

    async def _open(self) -> ClientSession:
        ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._holder = asyncio.create_task(self._hold(ready, self._gone))
        return await ready

    async def _hold(self, ready: asyncio.Future[ClientSession], gone: asyncio.Event) -> None:
        """Own the connection from its first to its last moment: its scopes belong to one task."""
        try:
            async with AsyncExitStack() as stack:
                session = await self._enter(stack, gone)
                ready.set_result(session)
                await gone.wait()
        except Exception as error:  # noqa: BLE001 - whatever a transport dies of, the connection is gone
            if not ready.done():
                what = _inner(error)
                text = f"the MCP server {self.target.name!r} cannot be reached: {what}"
                ready.set_exception(Unreachable(text, sent=False))
        finally:
            gone.set()

    async def _enter(self, stack: AsyncExitStack, gone: asyncio.Event) -> ClientSession:
        target = self.target
        if target.url:
            http = await stack.enter_async_context(create_mcp_http_client(dict(target.headers)))
            transport = streamable_http_client(target.url, http_client=http)
        else:
            command, *args = target.command
            transport = stdio_client(
                StdioServerParameters(command=command, args=args, env=dict(target.env))
            )
        client = Client(
            Watched(transport, gone),
            mode=target.mode,
            cache=None,
            message_handler=self._noticed,
            client_info=types.Implementation(name="gyges", version=__version__),
        )
        return (await stack.enter_async_context(client)).session

    async def _noticed(self, message: object) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._listed = 0.0


def _rejected_session(error: MCPError) -> bool:
    return error.code == types.INVALID_REQUEST and error.message == "Session terminated"


def _inner(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error
