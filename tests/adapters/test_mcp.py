# SPDX-License-Identifier: Apache-2.0
"""Real MCP clients of both eras, through the proxy, to a real server, past a real gate."""

import asyncio

import pytest
from mcp import Client

from gyges.case import Say, State
from tests.adapters.world import World

ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])


def text(result: object) -> str:
    """All text of a tool result."""
    return "\n".join(block.text for block in result.content)  # type: ignore[attr-defined]


@pytest.fixture
async def url(world: World) -> str:
    """Where the proxy listens."""
    return await world.serve(await world.proxy())


@ERAS
async def test_an_allowed_call_runs_once_and_its_result_comes_back_whole(
    world: World, url: str, mode: str
) -> None:
    """Text, structured content and _meta pass unchanged, and the outcome is in the log."""
    client = await world.client(url, mode=mode)
    result = await client.call_tool("read_file", {"path": "a.txt"})
    assert text(result) == "read_file done"
    assert result.structured_content == {"got": {"path": "a.txt"}}
    assert result.meta is not None
    assert result.meta["office/page"] == 7
    assert world.office.done == [("read_file", {"path": "a.txt"})]
    ended = await world.ended(result.meta["gyges/case"])
    assert ended.state is State.DONE
    assert ended.outcome is not None
    assert ended.outcome.result.startswith("sha256:")


@ERAS
async def test_a_call_that_needs_approval_is_held_until_people_answer(
    world: World, url: str, mode: str
) -> None:
    """The held call returns the tool's result once the last approval is in."""
    client = await world.client(url, mode=mode)
    call = asyncio.create_task(client.call_tool("pay", {"to": "Ada", "amount": 4800}))
    case = await world.waiting()
    assert world.office.done == []
    await world.decide("alice", case, group="finance")
    assert not call.done()
    await world.decide("bob", case)
    assert text(await call) == "pay done"
    assert world.office.done == [("pay", {"to": "Ada", "amount": 4800})]
    assert (await world.ended(case.id)).state is State.DONE


@ERAS
async def test_a_denial_is_a_result_that_the_model_can_read(
    world: World, url: str, mode: str
) -> None:
    """Reason and guidance of the person who refused reach the agent, and nothing ran."""
    client = await world.client(url, mode=mode)
    call = asyncio.create_task(client.call_tool("send_mail", {"to": "x", "text": "y"}))
    case = await world.waiting()
    await world.decide("rita", case, Say.DENY, reason="not to x", guidance="ask Ada first")
    result = await call
    assert result.is_error
    assert "not to x" in text(result)
    assert "ask Ada first" in text(result)
    assert case.id in text(result)
    assert world.office.done == []


@ERAS
async def test_the_constitution_refuses_whatever_anyone_says(
    world: World, url: str, mode: str
) -> None:
    """A tool that touches the overseer is not listed, and calling it by name all the same is refused."""
    client = await world.client(url, mode=mode)
    names = {tool.name for tool in (await client.list_tools()).tools}
    assert "read_file" in names
    assert "stop_log" not in names
    result = await client.call_tool("stop_log", {})
    assert result.is_error
    assert "Policy refused" in text(result)
    assert world.office.done == []


async def _opened(client: Client) -> str:
    return client.protocol_version
