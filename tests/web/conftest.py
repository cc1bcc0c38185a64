# SPDX-License-Identifier: Apache-2.0
"""A real gate on a fresh data folder, people and agents with keys, and two ways to speak HTTP to it.

Nothing is faked: SQLite on disk, Cedar, signed permits. `house` speaks to the application in this process,
`served` to uvicorn on a loopback port.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette

from gyges.action import Action
from gyges.gate.policy_folder import starter_text
from gyges.ports import Clock
from gyges.principal import Scope
from gyges.settings import Settings
from gyges.web.app import make_app
from gyges.web.server import config, listen, url_of
from gyges.wiring import Gate, SystemClock, found, open_gate
from tests import patience

TOOLS = {
    "office": {
        "tools": [
            {
                "name": "read_file",
                "risk": "read",
                "inputSchema": {
                    "type": "object",
                    "properties": {"path": {"type": "string"}},
                    "required": ["path"],
                },
            },
            {
                "name": "send_mail",
                "risk": "send",
                "inputSchema": {
                    "type": "object",
                    "properties": {"to": {"type": "string"}, "text": {"type": "string"}},
                    "required": ["to"],
                },
            },
            {
                "name": "pay",
                "risk": "pay",
                "amount": "/amount",
                "inputSchema": {
                    "type": "object",
                    "properties": {"to": {"type": "string"}, "amount": {"type": "number"}},
                    "required": ["to", "amount"],
                },
            },
            {"name": "stop_log", "risk": "oversee", "inputSchema": {"type": "object"}},
        ]
    }
}
BASE = "http://127.0.0.1:8420"
READ = {"tool": "read_file", "arguments": {"path": "a.txt"}}
MAIL = {"tool": "send_mail", "arguments": {"to": "ada@example.org", "text": "hello"}}
PAY = {"tool": "pay", "arguments": {"to": "Ada", "amount": 4800}}


@dataclass(slots=True)
class House:
    """An open gate with its application, the keys of all who live there, and a client."""

    gate: Gate
    app: Starlette
    client: httpx.AsyncClient
    secrets: dict[str, str] = field(default_factory=dict)

    async def call(
        self, who: str, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """One request as `who` ("" for nobody)."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            sent["authorization"] = f"Bearer {self.secrets[who]}"
        return await self.client.request(method, path, json=body, headers=sent)

    async def propose(self, body: object = MAIL, who: str = "bot") -> dict[str, Any]:
        """The answer to a proposal."""
        answer = await self.call(who, "POST", "/v1/actions", body)
        assert answer.status_code in (200, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def decide(self, who: str, case: dict[str, Any], say: str = "approve") -> httpx.Response:
        """One person's word on `case`."""
        body = {"say": say, "digest": case["digest"], "reason": "as discussed"}
        return await self.call(who, "POST", f"/v1/actions/{case['id']}/decision", body)


class Served(House):
    """A `House` whose client speaks to uvicorn on a loopback port."""


def make_folder(folder: Path) -> Path:
    """A fresh data folder with the starter policy and the office's tools."""
    found(folder, now=SystemClock().now())
    (folder / "policy" / "starter.cedar").write_text(starter_text())
    (folder / "policy" / "tools.json").write_text(json.dumps(TOOLS))
    (folder / "policy" / "groups.json").write_text('{"reviewers": {}, "finance": {"size": 3}}')
    return folder


async def enrol_all(gate: Gate) -> dict[str, str]:
    """Name -> secret of everybody the tests need."""
    people = {
        "bot": (Scope.AGENT, {"owner": "olga", "executor": "office"}),
        "other": (Scope.AGENT, {"owner": "olga", "executor": "elsewhere"}),
        "office": (Scope.EXECUTOR, {}),
        "elsewhere": (Scope.EXECUTOR, {}),
        "alice": (Scope.APPROVER, {"groups": ("finance", "reviewers")}),
        "bob": (Scope.APPROVER, {"groups": ("finance",)}),
        "rita": (Scope.APPROVER, {"groups": ("reviewers",)}),
        "audrey": (Scope.AUDITOR, {}),
        "root": (Scope.ADMIN, {}),
    }
    return {
        name: (await gate.enrol(name=name, scope=scope, by="test", **more))[1]  # type: ignore[arg-type]
        for name, (scope, more) in people.items()
    }


def with_keys(folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder with everybody enrolled, closed again, and their secrets."""

    async def enrol() -> dict[str, str]:
        gate = await open_gate(Settings(data=str(folder)))
        try:
            return await enrol_all(gate)
        finally:
            await gate.close()

    return folder, asyncio.run(enrol())


def speaking(app: Starlette) -> httpx.AsyncClient:
    """A client of `app` in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


@asynccontextmanager
async def open_house(
    folder: Path, *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[House]:
    """A `House` on a fresh folder; `changes` are settings. Without a `clock` it has the real time."""
    settings = replace(Settings(data=str(make_folder(folder))), **changes)
    gate = await open_gate(settings, clock=clock)
    try:
        app = make_app(gate)
        async with speaking(app) as client:
            yield House(gate, app, client, await enrol_all(gate))
    finally:
        await gate.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A gate whose application is called in this process."""
    async with open_house(tmp_path / "data") as opened:
        yield opened


@asynccontextmanager
async def behind(house: House) -> AsyncIterator[str]:
    """A house behind a real server, on a loopback port of its own; the address."""
    sock = listen(replace(house.gate.settings, port=0))
    server = uvicorn.Server(config(house.app, ()))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield url_of(sock)
    finally:
        house.app.state.desk.closing.set()
        server.should_exit = True
        await running
        sock.close()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A gate behind a real server, with its loops, in this process."""
    async with (
        open_house(tmp_path / "data") as house,
        behind(house) as url,
        httpx.AsyncClient(base_url=url, timeout=patience.S) as client,
    ):
        yield Served(house.gate, house.app, client, house.secrets)


def canonical(answer: dict[str, Any]) -> str:
    """The canonical bytes of the answer's action, as text."""
    return msgspec.convert(answer["action"], Action).canonical().decode()


async def next_turns(count: int = 20) -> None:
    """Let every task that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)
