# SPDX-License-Identifier: Apache-2.0
"""`gyges mcp`: put an MCP server behind the gate.

    gyges mcp --upstream "python my_server.py" --name office                    stdio, one agent
    gyges mcp --upstream "python my_server.py" --name office --http 8421        HTTP, each agent with its key

Over stdio the agent's key is GYGES_AGENT_KEY; over HTTP each agent sends its own as bearer token. The
proxy's executor key is GYGES_EXECUTOR_KEY. Standard output belongs to the protocol.
"""

import asyncio
import logging
import os
import re
import secrets
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gyges.cli.common import DEFAULT_URL, Url, read_key
from gyges.cli.serve import spare_pauses
from gyges.errors import Misconfigured
from gyges.principal import Scope

if TYPE_CHECKING:
    from gyges.adapters.mcp import Proxy
    from gyges.adapters.mcp_hold import Asking
    from gyges.adapters.mcp_make import One
    from gyges.adapters.mcp_upstream import Target

Upstreams = Annotated[
    list[str] | None,
    typer.Option(help="A command or URL, or NAME=command; give it again for each server."),
]
Name = Annotated[str, typer.Option(help="The server's name in policy, where --upstream has none.")]
Config = Annotated[Path | None, typer.Option(help="A TOML file with [upstream.NAME] tables.")]
Env = Annotated[
    list[str] | None, typer.Option(help="For the server: NAME, NAME=value or NAME=file:PATH.")
]
Header = Annotated[
    list[str] | None, typer.Option(help='For the server: "Name: value", env:VAR or file:PATH.')
]
Prefix = Annotated[str, typer.Option(help="Goes before the names of the server's tools.")]
Mode = Annotated[str, typer.Option(help="Towards the server: auto, legacy or a protocol version.")]


def mcp(  # noqa: PLR0913 - each is one option of the command
    *,
    upstream: Upstreams = None,
    name: Name = "",
    config: Config = None,
    env: Env = None,
    header: Header = None,
    prefix: Prefix = "",
    mode: Mode = "auto",
    gate: Url = DEFAULT_URL,
    http: Annotated[
        str | None, typer.Option(help="Listen on [HOST:]PORT instead of stdio; 0 is a free port.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another Host header to answer over HTTP.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A web page's origin that may call over HTTP.")
    ] = None,
    on_ask: Annotated[
        Literal["hold", "elicit"],
        typer.Option(help="While people are asked: hold the call, or give the client a link."),
    ] = "hold",
    hold: Annotated[float, typer.Option(help="Seconds that a call is held at most.")] = 240,
    inbox: Annotated[str, typer.Option(help="Where people's browsers find the gate.")] = "",
    executor: Annotated[
        str, typer.Option(help="Name of the executor's key; by default the server's name.")
    ] = "",
    state: Annotated[
        Path | None, typer.Option(help="Folder in which used permits are remembered.")
    ] = None,
    episode: Annotated[str, typer.Option(help="Name of this run of the agent (stdio).")] = "",
    ring: Annotated[
        bool, typer.Option("--ring", help="Take part in the gate's ring test (stdio).")
    ] = False,
    issuer: Annotated[
        str, typer.Option(help="The gate's setting `issuer`.", envvar="GYGES_ISSUER")
    ] = "gyges",
) -> None:
    """Put an MCP server behind the gate."""
    from gyges.adapters.mcp_hold import Asking
    from gyges.adapters.mcp_make import One

    if ring and http:
        raise Misconfigured("--ring is for one agent over stdio; over HTTP, clients open episodes")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    targets = find_targets(upstream, name, config, env, header, prefix, mode)
    _run(
        gate,
        [replace(found, executor=found.executor or executor) for found in targets],
        Asking(seconds=hold, elicit=on_ask == "elicit", inbox=inbox or gate),
        state or state_folder(),
        One(
            key="" if http else read_key(Scope.AGENT, None),
            episode=episode or f"mcp:{secrets.token_hex(8)}",
            ring=ring,
        ),
        issuer,
        Listen(http, tuple(allow_host or ()), tuple(allow_origin or ())) if http else None,
    )


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen over HTTP, and to whom."""

    where: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...]


def _run(
    gate: str,
    targets: "list[Target]",
    asking: "Asking",
    state: Path,
    one: "One",
    issuer: str,
    listen: Listen | None,
) -> None:
    import uvloop

    key = read_key(Scope.EXECUTOR, None)

    async def run() -> None:
        from gyges.adapters.mcp_make import make_proxy
        from gyges.adapters.mcp_serve import serve_stdio

        async with make_proxy(
            gate, key, targets,
            asking=asking, state=state, one=None if listen else one, issuer=issuer,
        ) as proxy:  # fmt: skip
            spare_pauses()
            await (_serve_http(proxy, listen) if listen else serve_stdio(proxy))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def find_targets(
    upstream: list[str] | None,
    name: str,
    config: Path | None,
    env: list[str] | None,
    header: list[str] | None,
    prefix: str,
    mode: str,
) -> "list[Target]":
    """The upstreams that a command line names; raise `Misconfigured` when there is none."""
    from gyges.adapters.mcp_targets import read_targets, target_of

    texts = upstream or []
    if bool(texts) == bool(config):
        raise Misconfigured(
            "name the server to protect: --upstream COMMAND or URL, or --config FILE"
        )
    if config:
        return read_targets(config)
    if len(texts) > 1 and (name or env or header):
        raise Misconfigured("several upstreams with env, headers or --name need a --config FILE")
    return [
        target_of(text, name=name, env=env or (), headers=header or (), prefix=prefix, mode=mode)
        for text in texts
    ]


def state_folder() -> Path:
    """Where state is kept if nothing else is said (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "gyges"


async def _serve_http(proxy: "Proxy", listen: Listen) -> None:
    from gyges.adapters.mcp_serve import PATH, http_app, serve_http

    host, port = address(listen.where)
    own = [f"{name}:*" for name in ("127.0.0.1", "localhost", "[::1]")]
    app = http_app(proxy, hosts=(*own, *listen.hosts), origins=listen.origins)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Misconfigured(f"cannot listen on {listen.where}: {error.strerror or error}") from None
    with listening:
        shown = f"[{host}]" if ":" in host else host
        print(f"Listening on http://{shown}:{listening.getsockname()[1]}{PATH}", flush=True)
        await serve_http(app, listening)


def address(where: str) -> tuple[str, int]:
    """Host and port of "[HOST:]PORT"; without a host only this machine can call."""
    found = re.fullmatch(r"(?:(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):)?([0-9]{1,5})", where)
    if not found or int(found[2]) > 65535:
        raise Misconfigured(f"{where!r} is not [HOST:]PORT")
    return (found[1] or "127.0.0.1").strip("[]"), int(found[2])
