# SPDX-License-Identifier: Apache-2.0
"""Serves an open gate on a socket until a signal: uvicorn, with the gate's own loops beside it.

A stop is graceful: no new connections, waiting clients get the present state, running requests end, then the loops.
It opens no gate and closes none; TLS is for a proxy in front.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from gyges.errors import Misconfigured
from gyges.ports import Notifier
from gyges.settings import Settings
from gyges.web.app import make_app
from gyges.web.running import Everyone, keep_time, tell_people

if TYPE_CHECKING:
    from gyges.wiring import Gate

GRACE_S = 10  # how long running requests may take to end
KEEP_ALIVE_S = 75  # idle connections are kept longer than pools keep them


class _Server(uvicorn.Server):
    """uvicorn's server that also ends waiting clients, and leaves the exit to its caller."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        """`closing` is set at the first signal."""
        super().__init__(config)
        self._closing = closing
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's
        """First signal: end gracefully; second: at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._closing.set)


async def serve(gate: "Gate", notifier: Notifier, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the URL once connections are accepted."""
    settings = gate.settings
    app = make_app(gate)
    with listen(settings) as sock:
        gate.courier.base = settings.public_url.rstrip("/") or url_of(sock)
        server = _Server(config(app, settings.trusted_proxies), app.state.desk.closing)
        async with asyncio.TaskGroup() as group:
            loops = [
                group.create_task(keep_time(gate)),
                group.create_task(tell_people(gate, Everyone(gate.courier, notifier))),
                group.create_task(gate.book.run()),
                *(group.create_task(gate.courier.run(name)) for name in gate.courier.legs),
            ]
            ready(url_of(sock))
            await server.serve(sockets=[sock])
            for loop in loops:
                loop.cancel()


def config(app: ASGIApp, trusted_proxies: Sequence[str]) -> uvicorn.Config:
    """How uvicorn is set; a stop is the caller's business, and so is opening what `app` serves."""
    return uvicorn.Config(
        app, lifespan="off", ws="none", http="httptools", log_config=None, access_log=False,
        server_header=False, proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies), timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )  # fmt: skip


def listen(settings: Settings) -> socket.socket:
    """A listening socket: connections queue from here on. Raise `Misconfigured` if there can be none."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise Misconfigured(f"cannot listen on {where}: {error.strerror or error}") from None


def url_of(sock: socket.socket) -> str:
    """Where the socket can be reached."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
