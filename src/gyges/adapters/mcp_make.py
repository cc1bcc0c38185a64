# SPDX-License-Identifier: Apache-2.0
"""Puts a proxy together from what a command line says, and takes it apart again. It decides nothing."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gyges import canon
from gyges.adapters.claims import Claims
from gyges.adapters.client import Gate
from gyges.adapters.executor import ISSUER, Executor
from gyges.adapters.mcp import Proxy, Side
from gyges.adapters.mcp_hold import Asking
from gyges.adapters.mcp_serve import bearer_of, session_of
from gyges.adapters.mcp_state import Seal
from gyges.adapters.mcp_upstream import Target, Upstream
from gyges.errors import Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """The one agent that a proxy serves, and the name of this run.

    With `ring` the run is an episode opened at the gate, and what a ring test wants the agent told becomes the
    `instructions` of the proxy's server, which a client may put into the system prompt.
    """

    key: str
    episode: str = ""
    ring: bool = False


@asynccontextmanager
async def make_proxy(
    url: str,
    key: str,
    targets: Sequence[Target],
    *,
    asking: Asking,
    state: Path,
    one: One | None = None,
    issuer: str = ISSUER,
) -> AsyncGenerator[Proxy, None]:
    """A proxy before `targets` that acts with the executor's `key` at the gate `url`.

    With `one`, every call is that agent's (stdio); without, each request brings its own key (HTTP). `state` is
    the folder in which used permits are remembered, `issuer` who makes them.
    """
    async with AsyncExitStack() as stack:
        gate = await stack.enter_async_context(Gate(url, key))
        executors: dict[str, Executor] = {}
        for name in {target.executor or target.name for target in targets}:
            claims = Claims(claims_file(state, url, name))
            stack.callback(claims.close)
            executors[name] = Executor(gate, name=name, claims=claims, issuer=issuer)
        sides = [
            Side(upstream=Upstream(target), executor=executors[target.executor or target.name])
            for target in targets
        ]
        proxy = Proxy(
            gate,
            sides,
            agent_key=(lambda _: one.key) if one else bearer_of,
            asking=asking,
            seal=Seal(key),
            episode=(lambda _: one.episode) if one else session_of,
        )
        if one and one.ring:
            proxy.server.instructions = await _told(stack, gate.speaking_for(one.key), one.episode)
        yield await stack.enter_async_context(proxy)


async def _told(stack: AsyncExitStack, agent: Gate, episode: str) -> str | None:
    """Open the episode until the stack ends; what its agent is to be told."""
    opened = await agent.open_episode(episode, ring=True)

    async def close() -> None:
        with suppress(Unreachable):  # silence closes it as well
            await agent.close_episode(opened.id)

    stack.push_async_callback(close)
    return opened.cue or None


def claims_file(state: Path, url: str, executor: str) -> Path:
    """One file for each executor of each gate: an outcome is told to the gate that it belongs to."""
    gate = canon.digest_bytes(url.rstrip("/").encode())[7:19]
    return state / f"claims-{re.sub(r'[^A-Za-z0-9_.-]', '_', executor)}-{gate}.db"
