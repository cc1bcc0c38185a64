# SPDX-License-Identifier: Apache-2.0
"""The servers that others are compared with: `python servers.py echo`, `python servers.py tools`.

`echo` is bare ASGI on exactly the gate's uvicorn settings: read the body, answer a small JSON. `tools` is a small
MCP server over streamable HTTP. Each prints its URL as one JSON line and serves until SIGTERM.
"""

import asyncio
import json
import socket
import sys
from typing import Any

import uvicorn
import uvloop

ANSWER = b'{"id":"c-06bfsywn0r4zjnqk6f4wtzkn3g","state":"granted","effect":"allow"}'


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Read the whole body, say something short."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(ANSWER)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def tools() -> Any:
    """An MCP server with one tool that says a sentence."""
    import mcp_types as types
    from mcp.server.lowlevel import Server
    from mcp.server.transport_security import TransportSecuritySettings

    from bench.office import tool

    told = tool("work")
    shown = {name: told[name] for name in ("name", "description", "inputSchema")}

    async def listed(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(shown)])

    async def called(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        path = (params.arguments or {})["path"]
        block = types.TextContent(type="text", text=f"work done on {path}")
        return types.CallToolResult(content=[block])

    server: Server[Any] = Server("office", version="1", on_list_tools=listed, on_call_tool=called)
    local = TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=["127.0.0.1:*"], allowed_origins=[]
    )
    return server.streamable_http_app(transport_security=local)


async def main(what: str) -> None:
    """Serve one of them."""
    from gyges.web.server import config

    sock = socket.create_server(("127.0.0.1", 0), backlog=2048)
    settings = config(echo if what == "echo" else tools(), ())
    settings.lifespan = "off" if what == "echo" else "on"
    print(json.dumps({"url": f"http://127.0.0.1:{sock.getsockname()[1]}"}), flush=True)
    await uvicorn.Server(settings).serve(sockets=[sock])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1]))
