# SPDX-License-Identifier: Apache-2.0
"""The door of the API, plain ASGI: host, route, key, scope, query, body - in this order - then the handler.

Nothing is looked up for a caller before the key is known and its scope is in the table's line, so a refusal tells
nothing about what exists. Paths that are not in the table go on to the application behind (pages), with the same
security headers. It holds no route and no rule of its own: see `table.py`.
"""

import itertools
import logging
import secrets
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Scope

from gyges.errors import Forbidden, GygesError
from gyges.principal import Key
from gyges.principal import Scope as KeyScope
from gyges.web import problems
from gyges.web.auth import Doorkeeper
from gyges.web.call import Call, Desk, Gone, Header, Message, Receive, Reply, Route, Send
from gyges.web.reading import read_body, read_headers, read_json, read_query
from gyges.web.routing import Table, raw_path

logger = logging.getLogger("gyges.web")

SECURITY: tuple[Header, ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
REQUEST = "gyges.request"  # where the scope of a passed-on request carries its id
EMPTY = 204  # has no length to tell (RFC 9110 section 8.6), nor a type
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Door:
    """ASGI middleware that serves the table and passes everything else on."""

    def __init__(self, app: ASGIApp, *, desk: Desk, table: Table) -> None:
        """Serve `table` with `desk`; `app` gets what is not in the table."""
        self._app = app
        self._desk = desk
        self._table = table
        self._keeper = Doorkeeper(desk.gate.store)
        self._limit = desk.gate.settings.body_limit
        self._local = desk.gate.settings.host in {"localhost", "127.0.0.1", "::1"}
        public = urlsplit(desk.gate.settings.public_url).hostname
        self._names = LOOPBACK | {public} if public else LOOPBACK
        self._numbers = itertools.count(1)
        self._run = secrets.token_hex(4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, the answer is a `Reply` or nobody is there any more."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = f"{self._run}-{next(self._numbers):x}"
        try:
            reply = await self._answer(scope, receive)
        except GygesError as error:
            if error.status >= 500:
                logger.warning("request %s: %s: %s", request, type(error).__name__, error)
            self._desk.metrics.refused(error)
            reply = problems.problem(error, scope["path"], request)
        except Gone:
            return
        except Exception:
            logger.exception("request %s failed", request)
            reply = problems.fault(scope["path"], request)
        if reply is None:
            scope[REQUEST] = request
            await self._app(scope, receive, _headed(send, request))
        else:
            await _send(reply, send, request, head=scope["method"] == "HEAD")

    async def _answer(self, scope: Scope, receive: Receive) -> Reply | None:
        headers = read_headers(scope["headers"])
        if self._local:
            _check_host(headers, self._names)
        found = self._table.find(scope["method"], raw_path(scope))
        if found is None:
            return None
        route, params = found
        now = self._desk.gate.clock.now()
        caller = None
        if route.scopes is not None:
            client = scope.get("client")
            caller = await self._keeper.admit(headers, client[0] if client else "", now)
            _check_scope(caller, route)
        query: Any = read_query(scope["query_string"], route.query)
        body: Any = None
        if route.body is not None:
            raw = await read_body(headers, receive, self._limit)
            body = read_json(headers, raw, route.body, optional=route.body_optional)
        return await route.handler(
            Call(
                desk=self._desk,
                caller=caller,
                now=now,
                params=params,
                query=query,
                body=body,
                headers=headers,
                receive=receive,
            )
        )


def _check_host(headers: Mapping[bytes, bytes], names: frozenset[str]) -> None:
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    if name not in names:
        raise problems.Misdirected("this gate listens on loopback and answers to localhost only")


def _check_scope(caller: Key, route: Route) -> None:
    assert route.scopes is not None
    if caller.scope in route.scopes:
        return
    if caller.scope is KeyScope.AGENT and route.decides:
        logger.warning("agent %s was refused at %s %s", caller.name, route.method, route.path)
    allowed = " or ".join(sorted(route.scopes))
    raise Forbidden(f"this takes a key of scope {allowed}; yours is {caller.scope}")


async def _send(reply: Reply, send: Send, request: str, *, head: bool) -> None:
    headers = [
        (b"cache-control", reply.cache),
        (b"x-request-id", request.encode()),
        *SECURITY,
        *reply.headers,
    ]
    if reply.status != EMPTY:
        headers.append((b"content-type", reply.type))
        if reply.chunks is None:
            headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.chunks is not None and not head:
        async with aclosing(reply.chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if head else reply.body})


def _headed(send: Send, request: str) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            ours = [*SECURITY, (b"x-request-id", request.encode())]
            added = [(name, value) for name, value in ours if name not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return send_with_headers
