# SPDX-License-Identifier: Apache-2.0
"""A small real MCP server to stand behind the proxy: it keeps what it did, and can be slow, fail and hang.

`python office.py` serves stdio and appends what it did to the file $OFFICE_DIARY; `make_office` builds it for HTTP.
"""

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

Context = ServerRequestContext[Any, Any]
TEXT = {"type": "string"}


def schema(**properties: dict[str, str]) -> dict[str, Any]:
    """An inputSchema in which every property is required."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def tool(
    name: str, risk: str, description: str = "", **properties: dict[str, str]
) -> dict[str, Any]:
    """A tool as in `tools.json`."""
    told = {"description": description} if description else {}
    return {"name": name, "risk": risk, "inputSchema": schema(**properties), **told}


TOOLS = [
    tool("read_file", "read", "Read a file.", path=TEXT),
    tool("send_mail", "send", "Send a mail.", to=TEXT, text=TEXT),
    {**tool("pay", "pay", "Pay.", to=TEXT, amount={"type": "number"}), "amount": "/amount"},
    tool("steps", "read", "Work in steps, telling progress.", count={"type": "integer"}),
    tool("hang", "read", "Never end by itself."),
    tool("trip", "read", "Report an error as a result."),
    tool("crash", "read", "Fail with a protocol error."),
    tool("ask_more", "read", "Ask for more input in the middle."),
    tool("stop_log", "oversee", "Switch the log off."),
]


@dataclass(slots=True)
class Office:
    """The server's memory. `definitions` is what it tells of its tools."""

    definitions: list[dict[str, Any]] = field(default_factory=lambda: json.loads(json.dumps(TOOLS)))
    done: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    metas: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    diary: Path | None = None

    async def list(
        self, _: Context, __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """All tools, without what `tools.json` adds."""
        plain = [
            {k: v for k, v in d.items() if k not in ("risk", "amount")} for d in self.definitions
        ]
        return types.ListToolsResult(tools=[types.Tool.model_validate(d) for d in plain])

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        """Do it, and write it down."""
        arguments = params.arguments or {}
        self.done.append((params.name, arguments))
        self.metas.append(dict(ctx.meta or {}))
        if ctx.request is not None:
            self.headers.append(dict(ctx.request.headers))
        if self.diary:
            with self.diary.open("a") as out:
                out.write(json.dumps([params.name, arguments]) + "\n")
        self.begun.set()
        special = getattr(self, f"_{params.name}", None)
        return await special(ctx, arguments) if special else _said(f"{params.name} done", arguments)

    async def _steps(self, ctx: Context, arguments: dict[str, Any]) -> types.CallToolResult:
        for step in range(arguments["count"]):
            await ctx.session.report_progress(step + 1, arguments["count"], f"step {step + 1}")
        return _said("all steps done", arguments)

    async def _hang(self, ctx: Context, arguments: dict[str, Any]) -> types.CallToolResult:
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        raise AssertionError

    async def _trip(self, ctx: Context, arguments: dict[str, Any]) -> types.CallToolResult:
        block = types.TextContent(type="text", text="the tool tripped")
        return types.CallToolResult(content=[block], is_error=True)

    async def _crash(self, ctx: Context, arguments: dict[str, Any]) -> types.CallToolResult:
        raise MCPError(code=-32042, message="out of paper", data={"tray": 2})

    async def _ask_more(self, ctx: Context, arguments: dict[str, Any]) -> types.InputRequiredResult:
        return types.InputRequiredResult(request_state="more, please")


def _said(text: str, arguments: dict[str, Any]) -> types.CallToolResult:
    block = types.TextContent(type="text", text=text)
    return types.CallToolResult(
        content=[block], structured_content={"got": arguments}, _meta={"office/page": 7}
    )


def make_office(office: Office) -> Server[Any]:
    """The server over `office`."""
    return Server("office", version="1", on_list_tools=office.list, on_call_tool=office.call)


async def main() -> None:
    """Serve stdio."""
    server = make_office(Office(diary=Path(os.environ["OFFICE_DIARY"])))
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


if __name__ == "__main__":
    asyncio.run(main())
