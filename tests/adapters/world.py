# SPDX-License-Identifier: Apache-2.0
"""A whole small world on loopback: a real gate, a real office behind a real proxy, and keys for everybody."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import CallToolResult
from starlette.types import ASGIApp

from gyges.adapters.claims import Claims
from gyges.adapters.client import Gate
from gyges.adapters.executor import Executor
from gyges.adapters.mcp import Proxy, Side
from gyges.adapters.mcp_hold import Asking
from gyges.adapters.mcp_serve import bearer_of, http_app, session_of
from gyges.adapters.mcp_state import Seal
from gyges.adapters.mcp_upstream import Target, Upstream
from gyges.answer import Answer
from gyges.case import Say, State
from gyges.gate.policy_folder import starter_text
from gyges.principal import Scope
from gyges.settings import Settings
from gyges.web.app import make_app
from gyges.wiring import Gate as OpenGate
from gyges.wiring import SystemClock, found, open_gate
from tests import patience
from tests.adapters.office import TOOLS, Office, make_office

PEOPLE: dict[str, tuple[Scope, dict[str, Any]]] = {
    "bot": (Scope.AGENT, {"owner": "olga", "executor": "office"}),
    "other": (Scope.AGENT, {"owner": "olga", "executor": "office"}),
    "office": (Scope.EXECUTOR, {}),
    "elsewhere": (Scope.EXECUTOR, {}),
    "alice": (Scope.APPROVER, {"groups": ("finance", "reviewers")}),
    "bob": (Scope.APPROVER, {"groups": ("finance",)}),
    "rita": (Scope.APPROVER, {"groups": ("reviewers",)}),
    "audrey": (Scope.AUDITOR, {}),
    "root": (Scope.ADMIN, {}),
}


def make_folder(folder: Path) -> Path:
    """A fresh data folder with the starter policy and the office's tools."""
    found(folder, now=SystemClock().now())
    (folder / "policy" / "starter.cedar").write_text(starter_text())
    (folder / "policy" / "tools.json").write_text(json.dumps({"office": {"tools": TOOLS}}))
    (folder / "policy" / "groups.json").write_text('{"reviewers": {}, "finance": {"size": 3}}')
    return folder


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0) -> AsyncGenerator[str, None]:
    """`app` on uvicorn on a free loopback port; its base URL."""
    config = uvicorn.Config(
        app, port=port, log_level="warning", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass(slots=True)
class World:
    """Everything that runs, and how to reach it."""

    gate: OpenGate
    url: str
    secrets: dict[str, str]
    office: Office
    office_url: str
    folder: Path
    stack: AsyncExitStack
    wire: Gate
    house: AsyncExitStack
    executors: list[Executor] = field(default_factory=list)

    def speak(self, who: str) -> Gate:
        """The gate, with the key of `who`."""
        return self.wire.speaking_for(self.secrets[who])

    def executor(self, name: str = "office", file: str = "claims.db") -> Executor:
        """An executor with its own key and claims file."""
        made = Executor(self.speak(name), name=name, claims=Claims(self.folder / file))
        self.executors.append(made)
        return made

    async def proxy(self, asking: Asking | None = None, *, sides: Sequence[Side] = ()) -> Proxy:
        """A proxy, entered; before the office, unless other `sides` are given."""
        aim = Target(name="office", url=f"{self.office_url}/mcp")
        sides = sides or [Side(upstream=Upstream(aim), executor=self.executor())]
        made = Proxy(
            self.speak("bot"),
            sides,
            agent_key=bearer_of,
            asking=replace(asking or Asking(), inbox=self.url),
            seal=Seal(self.secrets["office"]),
            episode=session_of,
        )
        return await self.stack.enter_async_context(made)

    async def serve(self, proxy: Proxy) -> str:
        """`proxy` over HTTP; its URL."""
        app = http_app(proxy, hosts=("127.0.0.1:*",))
        return f"{await self.stack.enter_async_context(serving(app))}/mcp"

    async def client(self, url: str, who: str = "bot", mode: str = "auto", **more: Any) -> Client:
        """A real MCP client with the key of `who`."""
        headers = {"authorization": f"Bearer {self.secrets[who]}"}
        http = await self.stack.enter_async_context(create_mcp_http_client(headers))
        transport = streamable_http_client(url, http_client=http)
        return await self.stack.enter_async_context(
            Client(transport, mode=mode, cache=None, **more)
        )

    async def restart_office(self) -> None:
        """The office's server goes away and comes back at the same place, with no memory of sessions."""
        await self.house.aclose()
        port = int(self.office_url.rpartition(":")[2])
        await self.house.enter_async_context(serving(office_app(self.office), port))

    async def cases(self, **query: Any) -> list[Answer]:
        """What an auditor sees, newest first."""
        return (await self.speak("audrey").find(**query))[0]

    async def waiting(self, count: int = 1) -> Answer:
        """The newest case that waits for people, as soon as `count` do."""
        async with asyncio.timeout(patience.S):
            while len(answers := await self.cases(state="waiting")) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return answers[0]

    async def decide(self, who: str, answer: Answer, say: Say = Say.APPROVE, **more: str) -> Answer:
        """One person's word."""
        more = {"reason": "as discussed", **more}
        return await self.speak(who).decide(answer.id, say, digest=answer.digest, **more)

    async def ended(self, case: str) -> Answer:
        """The case once its outcome is in."""
        ends = (State.DONE, State.FAILED, State.UNKNOWN)
        async with asyncio.timeout(patience.S):
            while True:
                answer = await self.speak("audrey").look(case)
                if answer.state in ends:
                    return answer
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_world(folder: Path, **changes: Any) -> AsyncGenerator[World, None]:
    """A world on a fresh folder; `changes` are settings of its gate."""
    gate = await open_gate(Settings(data=str(make_folder(folder / "data")), **changes))
    office = Office()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gate.close)
        secrets = {
            name: (await gate.enrol(name=name, scope=scope, by="test", **more))[1]
            for name, (scope, more) in PEOPLE.items()
        }
        url = await stack.enter_async_context(serving(make_app(gate)))
        house = await stack.enter_async_context(AsyncExitStack())
        office_url = await house.enter_async_context(serving(office_app(office)))
        async with AsyncExitStack() as inner:
            wire = await inner.enter_async_context(Gate(url, ""))
            yield World(gate, url, secrets, office, office_url, folder, inner, wire, house)


def office_app(office: Office) -> ASGIApp:
    """The office over streamable HTTP."""
    return make_office(office).streamable_http_app(transport_security=_LOCAL)


_LOCAL = TransportSecuritySettings(
    enable_dns_rebinding_protection=True, allowed_hosts=["127.0.0.1:*"], allowed_origins=[]
)


def text(result: object) -> str:
    """All text of a tool result."""
    return "\n".join(block.text for block in result.content)  # type: ignore[attr-defined]


def case_of(result: CallToolResult) -> str:
    """The id of the case that a result belongs to."""
    return str((result.meta or {})["gyges/case"])
