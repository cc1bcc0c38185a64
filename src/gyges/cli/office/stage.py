# SPDX-License-Identifier: Apache-2.0
"""Sets the demo's stage: a fresh folder, and gate, office, proxy and agent as processes of their own.

    FOLDER/gate/  the gate's data folder      FOLDER/people/  one key file a person, for terminals
    FOLDER/office/  files and books           FOLDER/*.err    what the processes complain about

Who holds what: the office's token is known to the office and the proxy; the agent has its own gate key
and nothing else. It plays no part in the play: it only starts and ends the processes.
"""

import asyncio
import contextlib
import json
import os
import re
import secrets
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gyges.cli.common import write_secret
from gyges.cli.init import make
from gyges.errors import Misconfigured
from gyges.gate.accounts import Edit
from gyges.person import Role
from gyges.principal import Scope
from gyges.settings import read_settings

if TYPE_CHECKING:
    from gyges.wiring import Gate

AGENT, OWNER, OFFICE = "demo-agent", "olga", "office"
PEOPLE = {"rita": "reviewers", "fay": "finance", "fred": "finance"}
RISKS = {
    "list_files": "read", "read_file": "read", "send_mail": "send", "pay": "pay",
    "set_audit_log": "oversee",
}  # fmt: skip
HOLD_S = 2  # how long the proxy holds a call before it tells the agent to come back
START_S = 120
END_S = 10
_PRIVATE = ("GYGES_", "OFFICE_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A running demo. `agent` yields what the agent says."""

    folder: Path
    gate: str  # its URL
    people: Mapping[str, str]  # name -> secret of their key
    links: Mapping[str, str]  # name -> where their browser signs in, once
    auditor: str
    agent: AsyncIterator[dict[str, Any]]


@contextlib.asynccontextmanager
async def raised(folder: Path) -> AsyncGenerator[Stage]:
    """Everything started and ready, in this order: office, gate, proxy, agent; ended in the reverse."""
    token = secrets.token_urlsafe(32)
    async with contextlib.AsyncExitStack() as stack:
        cast = Cast(stack, folder)
        office_dir = folder / "office"
        office_dir.mkdir(parents=True)
        office = await cast.start(
            "office", spoken("office.server", str(office_dir)), {"OFFICE_TOKEN": token}
        )
        make(folder / "gate")
        credential = {"OFFICE_AUTH": f"Bearer {token}"}
        await cast.finish("tools", spoken("main", *pinning(office, folder)), credential)
        held, links = await enrol(folder / "gate")
        gate = await cast.start("gate", spoken("main", *serving(folder)), {})
        secret = credential | {"GYGES_EXECUTOR_KEY": held[OFFICE]}
        proxy = await cast.start("proxy", spoken("main", *standing(office, gate, folder)), secret)
        command = spoken("office.agent", proxy, gate, office)
        saying = await cast.run("agent", command, {"GYGES_AGENT_KEY": held[AGENT]})
        yield Stage(
            folder=folder, gate=gate, agent=_said(saying),
            people={name: held[name] for name in PEOPLE}, auditor=held["auditor"],
            links={name: f"{gate}/link/{links[name]}?next=/inbox" for name in PEOPLE},
        )  # fmt: skip


def pinning(office: str, folder: Path) -> list[str]:
    """`gyges tools pin ...`: approve the definitions that the office gives now, with their risks."""
    risks = [word for tool, risk in RISKS.items() for word in ("--risk", f"{tool}={risk}")]
    policy = ["--policy", str(folder / "gate" / "policy")]
    return ["tools", "pin", *_office(office), *risks, "--amount", "pay=/amount", *policy]


def serving(folder: Path) -> list[str]:
    """`gyges serve ...`."""
    return ["serve", "--data", str(folder / "gate"), "--port", "0", "--json"]


def standing(office: str, gate: str, folder: Path) -> list[str]:
    """`gyges mcp ...`: the proxy before the office."""
    here = ["--gate", gate, "--http", "0", "--state", str(folder / "proxy")]
    return ["mcp", *_office(office), *here, "--hold", str(HOLD_S)]


def _office(url: str) -> list[str]:
    return ["--upstream", url, "--name", OFFICE, "--header", "Authorization: env:OFFICE_AUTH"]


async def enrol(data: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Enrol everybody while the gate is not yet serving; name -> secret of the key, and of the people's links.

    People's keys are also written to files.
    """
    from gyges.wiring import open_gate

    gate = await open_gate(read_settings(data / "gyges.toml", {}, data=str(data)))
    try:
        made = {
            AGENT: await gate.enrol(
                name=AGENT, scope=Scope.AGENT, by="demo", owner=OWNER, executor=OFFICE
            ),
            OFFICE: await gate.enrol(name=OFFICE, scope=Scope.EXECUTOR, by="demo"),
            "auditor": await gate.enrol(name="auditor", scope=Scope.AUDITOR, by="demo"),
        }
        for name, group in PEOPLE.items():
            made[name] = await gate.enrol(
                name=name, scope=Scope.APPROVER, by="demo", groups=(group,)
            )
        links = {name: await _invite(gate, name, group) for name, group in PEOPLE.items()}
    finally:
        await gate.close()
    people = data.parent / "people"
    people.mkdir(mode=0o700)
    held = {name: secret for name, (_, secret) in made.items()}
    for name in PEOPLE:
        write_secret(people / f"{name}.key", held[name])
    return held, links


async def _invite(gate: "Gate", name: str, group: str) -> str:
    """Give a person an account; return the secret of a link that signs one browser in."""
    now, seconds = gate.clock.now(), gate.settings.link_seconds
    edit = Edit(display=name.capitalize(), roles=(Role.APPROVER,), groups=(group,))
    await gate.accounts.add(name, by="demo", now=now, edit=edit)
    return (await gate.accounts.make_link(name, by="demo", now=now, seconds=seconds))[1]


class Cast:
    """The processes, ended with the stack they were started on."""

    def __init__(self, stack: contextlib.AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._processes: list[asyncio.subprocess.Process] = []

    async def start(self, name: str, command: list[str], private: dict[str, str]) -> str:
        """Start a server; return the URL in its first line."""
        out = await self.run(name, command, private)
        try:
            async with asyncio.timeout(START_S):
                line = (await out.readline()).decode()
        except TimeoutError:
            line = ""
        found = re.search(r"http://[^\s\"]+", line)
        if not found:
            raise Misconfigured(f"the {name} does not start: {self._complaint(name)}")
        return found[0]

    async def finish(self, name: str, command: list[str], private: dict[str, str]) -> None:
        """Run a command to its end; raise `Misconfigured` when it fails."""
        out = await self.run(name, command, private)
        await out.read()
        if await self._processes[-1].wait():
            raise Misconfigured(f"{name}: {self._complaint(name)}")

    async def run(
        self, name: str, command: list[str], private: dict[str, str]
    ) -> asyncio.StreamReader:
        """Start a process that knows no secret but `private`; return its standard output."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith(_PRIVATE)}
        with (self._folder / f"{name}.err").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=plain | private,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=1 << 20,
            )
        self._processes.append(process)
        self._stack.push_async_callback(_end, process)
        assert process.stdout is not None
        return process.stdout

    def _complaint(self, name: str) -> str:
        text = (self._folder / f"{name}.err").read_text(errors="replace").strip()
        return text.splitlines()[-1][:300] if text else "it said nothing"


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def spoken(name: str, *arguments: str) -> list[str]:
    """The command line that runs a module of ours below `gyges.cli`."""
    return [sys.executable, "-m", f"gyges.cli.{name}", *arguments]


async def _said(out: asyncio.StreamReader) -> AsyncIterator[dict[str, Any]]:
    async for line in out:
        yield json.loads(line)
