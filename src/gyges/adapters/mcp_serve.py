# SPDX-License-Identifier: Apache-2.0
"""How agents reach the proxy: stdio with one agent's key, or streamable HTTP with each agent's own.

Over HTTP the agent's gate key is its bearer token: unknown keys are turned away at the door, and sessions
belong to the key that opened them. Host and Origin are checked against DNS rebinding. It judges nothing.
"""

import socket
import time
from collections import OrderedDict
from types import FrameType
from typing import Any

import uvicorn
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Route

from gyges import canon
from gyges.adapters.client import Gate
from gyges.adapters.mcp import Proxy
from gyges.errors import Forbidden, Unauthenticated, Unreachable

PATH = "/mcp"
GRACE_S = 5  # seconds that calls under way have to end when the proxy stops
FRESH = (
    60.0  # seconds for which a key is let in without asking; every call asks the gate all the same
)
MANY = 1024
Context = ServerRequestContext[Any, Any]


async def serve_stdio(proxy: Proxy) -> None:
    """Serve one client over this process's stdin and stdout until it leaves."""
    async with stdio_server() as (reading, writing):
        server: Server[Any] = proxy.server
        await server.run(reading, writing, server.create_initialization_options())


def http_app(proxy: Proxy, *, hosts: tuple[str, ...], origins: tuple[str, ...] = ()) -> Starlette:
    """The ASGI application with the one endpoint `/mcp`.

    `hosts` are the Host headers that are answered, `origins` the web pages that may call ("*" as a port
    stands for any port).
    """
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=list(hosts),
        allowed_origins=list(origins),
    )
    manager = StreamableHTTPSessionManager(app=proxy.server, security_settings=security)
    endpoint = RequireAuthMiddleware(StreamableHTTPASGIApp(manager), [])
    return Starlette(
        routes=[Route(PATH, endpoint=endpoint)],
        middleware=[
            Middleware(AuthenticationMiddleware, backend=BearerAuthBackend(Door(proxy.gate))),
            Middleware(AuthContextMiddleware),
        ],
        lifespan=lambda _: manager.run(),
    )


class _Server(uvicorn.Server):
    """Ends gracefully at the first signal, and leaves the exit to whoever began it."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """First signal: finish what is under way; second: at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def serve_http(app: Starlette, listening: socket.socket) -> None:
    """Serve `app` on a listening socket until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    await _Server(config).serve(sockets=[listening])


def bearer_of(ctx: Context) -> str:
    """The agent's key of an HTTP request; "" where there is none."""
    header = ctx.request.headers.get("authorization", "") if ctx.request is not None else ""
    kind, _, key = header.partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def session_of(ctx: Context) -> str:
    """The episode of an HTTP request: its MCP session where there is one (2025-11-25)."""
    session = ctx.request.headers.get("mcp-session-id") if ctx.request is not None else None
    return f"mcp:{session}" if session else ""


class Door:
    """Lets in whoever the gate knows as an agent; a `TokenVerifier` of the `mcp` package."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._known: OrderedDict[str, float] = OrderedDict()  # digest of the key -> until when

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token's holder, None for a key that the gate does not know as an agent's.

        A gate that does not answer turns nobody away here: it will not let any call run either, and the
        agent shall hear that reason, not a wrong one.
        """
        if not (token.isascii() and token.isprintable()):
            return None
        who = canon.digest_bytes(token.encode())
        if self._known.get(who, 0.0) < time.monotonic():
            try:
                await self._gate.speaking_for(token).find(limit=1)
            except (Unauthenticated, Forbidden):
                self._known.pop(who, None)
                return None
            except Unreachable:
                return _access(token, who)
            self._known[who] = time.monotonic() + FRESH
            if len(self._known) > MANY:
                self._known.popitem(last=False)
        return _access(token, who)


def _access(token: str, who: str) -> AccessToken:
    return AccessToken(token=token, client_id=who, scopes=[])
