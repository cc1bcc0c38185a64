# SPDX-License-Identifier: Apache-2.0
"""`gyges mcp` as people start it: a process between an MCP client and a server it starts itself."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from gyges.case import State
from gyges.episode import Kind
from gyges.ports import EventQuery
from gyges.watch.episodes import Episodes
from tests import patience
from tests.adapters import office as office_module
from tests.adapters.world import World, case_of, open_world, text
from tests.watch.hall import CUE, RING

ROOT = Path(office_module.__file__).resolve().parents[2]
OFFICE = f"{sys.executable} -m tests.adapters.office"
ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])


def command(world: World, *more: str) -> StdioServerParameters:
    """The proxy's command line and environment."""
    diary = world.folder / "diary"
    return StdioServerParameters(
        command=sys.executable,
        args=[
            *("-m", "gyges.cli.main", "mcp", "--upstream", OFFICE, "--name", "office"),
            *("--gate", world.url, "--state", str(world.folder / "state")),
            *("--env", f"OFFICE_DIARY={diary}", "--env", f"PYTHONPATH={ROOT}"),
            *more,
        ],
        env={
            "GYGES_AGENT_KEY": world.secrets["bot"],
            "GYGES_EXECUTOR_KEY": world.secrets["office"],
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        },
        cwd=ROOT,
    )


def done(world: World) -> list[object]:
    """What the office wrote into its diary."""
    diary = world.folder / "diary"
    return [json.loads(line) for line in diary.read_text().splitlines()] if diary.exists() else []


async def begun(world: World) -> None:
    """Wait until the office has begun something."""
    for _ in range(3000):
        if done(world):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the office was never called")


@pytest.mark.slow
@ERAS
async def test_a_server_started_by_the_proxy_is_protected(world: World, mode: str) -> None:
    """Listing is filtered, reading runs, mail waits for a person, all over stdio on both sides."""
    async with Client(command(world), mode=mode, cache=None) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"read_file", "pay"} <= names
        assert "stop_log" not in names
        result = await client.call_tool("read_file", {"path": "a"})
        assert text(result) == "read_file done"
        call = asyncio.create_task(client.call_tool("send_mail", {"to": "x", "text": "y"}))
        await world.decide("rita", await world.waiting())
        assert text(await call) == "send_mail done"
        assert (await world.ended(case_of(result))).state is State.DONE
    assert done(world) == [["read_file", {"path": "a"}], ["send_mail", {"to": "x", "text": "y"}]]


@pytest.mark.slow
async def test_a_proxy_that_is_killed_in_the_middle_of_a_call_leaves_unknown(world: World) -> None:
    """Kill -9 between claim and report: the next start tells the gate that nobody can know."""
    parameters = command(world)
    proxy = await asyncio.create_subprocess_exec(
        parameters.command,
        *parameters.args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **(parameters.env or {})},
        cwd=ROOT,
    )
    assert proxy.stdin
    call = {"name": "hang", "arguments": {}}
    for message in (hello(), initialized(), {"id": 2, "method": "tools/call", "params": call}):
        proxy.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    await begun(world)
    proxy.send_signal(signal.SIGKILL)
    await proxy.wait()
    proxy.stdin.close()
    case = (await world.cases(tool="hang"))[0]
    assert case.state is State.REDEEMED
    async with Client(command(world), mode="legacy", cache=None):
        assert (await world.ended(case.id)).state is State.UNKNOWN
    assert done(world) == [["hang", {}]]


@pytest.mark.slow
@pytest.mark.parametrize("told", ["by option", "by environment", ""])
async def test_permits_are_taken_of_the_gate_that_was_named(tmp_path: Path, told: str) -> None:
    """A gate with a name of its own in its permits: who knows it runs them, who does not refuses."""
    async with open_world(tmp_path, issuer="our gate") as world:
        parameters = command(world, *(("--issuer", "our gate") if told == "by option" else ()))
        if told == "by environment":
            parameters.env = {**(parameters.env or {}), "GYGES_ISSUER": "our gate"}
        async with Client(parameters, mode="legacy", cache=None) as client:
            result = await client.call_tool("read_file", {"path": "a"})
        assert done(world) == ([["read_file", {"path": "a"}]] if told else [])
    assert ("comes from 'our gate'" in text(result)) is not bool(told)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_run_in_a_ring_test_is_told_its_cue(world: World, mode: str) -> None:
    """The run is an episode from start to end; its cue is the server's instructions, to a client that asks for them."""
    world.gate.episodes = Episodes(replace(world.gate.episodes.parts, ring=RING))
    names = {RING.told(f"run-{n}"): f"run-{n}" for n in range(8)}
    assert set(names) == {"", CUE}
    for cue, name in names.items():
        parameters = command(world, "--ring", "--episode", name)
        async with Client(parameters, mode=mode, cache=None) as client:
            assert (client.instructions or "") == cue
            await client.call_tool("read_file", {"path": "a"})
        async with asyncio.timeout(patience.S):
            query = EventQuery(episode=name, kinds=(Kind.EPISODE_CLOSED,))
            while not (found := await world.gate.store.events(query)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        told = found[0].event.body
        assert (told["by"], told["design"]) == ("agent", "d-1")


@pytest.mark.slow
async def test_a_ring_test_over_http_is_the_clients(world: World) -> None:
    """One text for all sessions would be no test: the option is refused."""
    parameters = command(world, "--ring", "--http", "0")
    proxy = await asyncio.create_subprocess_exec(
        parameters.command, *parameters.args, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
        env={**os.environ, **(parameters.env or {})},
    )  # fmt: skip
    _, told = await proxy.communicate()
    assert proxy.returncode == 2
    assert "--ring is for one agent over stdio" in told.decode()


def hello() -> dict[str, object]:
    """The first message of a 2025-11-25 client."""
    info = {"name": "t", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}
    return {"id": 1, "method": "initialize", "params": params}


def initialized() -> dict[str, object]:
    """The second."""
    return {"method": "notifications/initialized"}


@pytest.mark.slow
async def test_the_servers_process_gets_none_of_the_proxys_keys(world: World) -> None:
    """The environment of the protected server is what `--env` names and the few harmless ones."""
    spy = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))"
    seen = world.folder / "env"
    parameters = command(world)
    parameters.args[parameters.args.index(OFFICE)] = f'{sys.executable} -c "{spy}" {seen}'
    async with Client(parameters, mode="legacy", cache=None) as client:
        await client.call_tool("read_file", {"path": "a"})
    text = seen.read_text()
    assert "OFFICE_DIARY" in text
    assert "GYGES" not in text
    assert world.secrets["office"] not in text
    assert world.secrets["bot"] not in text
