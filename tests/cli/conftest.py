# SPDX-License-Identifier: Apache-2.0
"""A gate in a process of its own, made by `gyges init` and served by `gyges serve`, and the people around it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gyges.adapters.client import Gate
from gyges.answer import Answer
from gyges.cli.init import make
from gyges.principal import Scope
from gyges.settings import read_settings
from gyges.wiring import open_gate
from tests import patience


def _tool(name: str, risk: str, **properties: str) -> dict[str, Any]:
    shape = {key: {"type": kind} for key, kind in properties.items()}
    return {"name": name, "risk": risk, "inputSchema": {"type": "object", "properties": shape}}


TOOLS = {
    "office": {
        "tools": [
            _tool("read_file", "read", path="string"),
            _tool("send_mail", "send", to="string", body="string"),
            _tool("pay", "pay", to="string", amount="number") | {"amount": "/amount"},
        ]
    }
}
PEOPLE = {
    "ada": (Scope.AGENT, {"owner": "olga", "executor": "office"}),
    "rita": (Scope.APPROVER, {"groups": ("reviewers",)}),
    "rob": (Scope.APPROVER, {"groups": ("reviewers",)}),
    "fay": (Scope.APPROVER, {"groups": ("finance",)}),
    "fred": (Scope.APPROVER, {"groups": ("finance",)}),
    "root": (Scope.ADMIN, {}),
    "audrey": (Scope.AUDITOR, {}),
}


@dataclass(frozen=True)
class Town:
    """A served gate and everybody's key."""

    url: str
    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)

    def key_file(self, name: str) -> str:
        """The file with a person's key."""
        file = self.folder / f"{name}.key"
        if not file.exists():
            file.write_text(self.secrets[name] + "\n")
        return str(file)

    def here(self, name: str) -> list[str]:
        """The options that say which gate, and whose key."""
        return ["--url", self.url, "--key-file", self.key_file(name)]

    def propose(self, tool: str, arguments: dict[str, Any], **fields: Any) -> Answer:
        """What the agent proposes, and the gate's first answer."""

        async def work() -> Answer:
            async with Gate(self.url, self.secrets["ada"]) as gate:
                return await gate.propose(tool, arguments, fields={"server": "office", **fields})

        return asyncio.run(work())

    def look(self, id: str) -> Answer:
        """The case as the agent sees it now."""

        async def work() -> Answer:
            async with Gate(self.url, self.secrets["ada"]) as gate:
                return await gate.look(id)

        return asyncio.run(work())


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A gate that is served for the whole session; tests make cases of their own in it."""
    folder = tmp_path_factory.mktemp("town")
    data = folder / "data"
    make(data)
    (data / "policy" / "tools.json").write_text(json.dumps(TOOLS))
    secrets = asyncio.run(_enrol(data))
    command = [sys.executable, "-m", "gyges.cli.main", "serve", "--data", str(data), "--port", "0"]
    with (folder / "serve.err").open("wb") as errors:
        served = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, stderr=errors, env=clean_environment()
        )
    assert served.stdout is not None
    try:
        ready = json.loads(served.stdout.readline())
        yield Town(ready["url"], folder, secrets)
    finally:
        served.terminate()
        served.wait(patience.S)
        served.stdout.close()


async def _enrol(data: Path) -> dict[str, str]:
    gate = await open_gate(read_settings(data / "gyges.toml", {}, data=str(data)))
    try:
        made: dict[str, str] = {}
        for name, (scope, more) in PEOPLE.items():
            fields: dict[str, Any] = dict(more)
            _, made[name] = await gate.enrol(name=name, scope=scope, by="test", **fields)
        return made
    finally:
        await gate.close()


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that Gyges would read, and `more`."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GYGES_")}
    return plain | {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"} | more


def without(modules: Sequence[str], *words: str) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own that has none of these modules."""
    code = (
        f"import sys; sys.modules |= dict.fromkeys({tuple(modules)!r});"
        f"from gyges.cli.main import main; sys.exit(main({list(words)!r}))"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )


@pytest.fixture(autouse=True)
def _no_keys_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own keys never reach a test."""
    for name in [name for name in os.environ if name.startswith("GYGES_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")
