# SPDX-License-Identifier: Apache-2.0
"""Puts a proxy together from what a command line says, and takes it apart again. It decides nothing."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
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


@asynccontextmanager
async def make_proxy(
    url: str,
    key: str,
    targets: Sequence[Target],
    *,
    asking: Asking,
    state: Path,
    agent: str = "",
    episode: str = "",
    issuer: str = ISSUER,
) -> AsyncGenerator[Proxy, None]:
    """A proxy before `targets` that acts with the executor's `key` at the gate `url`.

    With `agent`, every call is that agent's and belongs to `episode` (stdio); without, each request brings
    its own key (HTTP). `state` is the folder in which used permits are remembered, `issuer` who makes them.
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
            agent_key=(lambda _: agent) if agent else bearer_of,
            asking=asking,
            seal=Seal(key),
            episode=(lambda _: episode) if agent else session_of,
        )
        yield await stack.enter_async_context(proxy)


def claims_file(state: Path, url: str, executor: str) -> Path:
    """One file for each executor of each gate: an outcome is told to the gate that it belongs to."""
    gate = canon.digest_bytes(url.rstrip("/").encode())[7:19]
    return state / f"claims-{re.sub(r'[^A-Za-z0-9_.-]', '_', executor)}-{gate}.db"
