# SPDX-License-Identifier: Apache-2.0
"""The proxy's door over HTTP: whose key, which host, which page."""

import httpx
import pytest

from tests import patience
from tests.adapters.world import World

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


async def hello(url: str, **headers: str) -> int:
    """Status of an initialize request."""
    async with httpx.AsyncClient(timeout=patience.S) as http:
        return (await http.post(url, json=HELLO, headers={**ACCEPT, **headers})).status_code


@pytest.mark.slow
@pytest.mark.parametrize("key", ["", "gy_agent_" + "A" * 43, "office", "nonsense\u00e9"])
async def test_whoever_is_not_an_agent_is_turned_away(world: World, key: str) -> None:
    """No key, an unknown key and an executor's key all get 401 at the door."""
    url = await world.serve(await world.proxy())
    token = world.secrets.get(key, key)
    headers = (
        {"authorization": f"Bearer {token}".encode("latin-1").decode("latin-1")} if key else {}
    )
    async with httpx.AsyncClient(timeout=patience.S) as http:
        raw = [(k.encode(), v.encode("latin-1")) for k, v in {**ACCEPT, **headers}.items()]
        answer = await http.post(url, json=HELLO, headers=raw)
    assert answer.status_code == 401


@pytest.mark.slow
async def test_a_rebound_host_and_a_foreign_page_are_refused(world: World) -> None:
    """A web page that had its name rebound to this address cannot speak to the proxy."""
    url = await world.serve(await world.proxy())
    key = {"authorization": f"Bearer {world.secrets['bot']}"}
    assert await hello(url, **key) == 200
    assert await hello(url, **key, host="evil.example:80") == 421
    assert await hello(url, **key, origin="http://evil.example") == 403


@pytest.mark.slow
async def test_a_session_belongs_to_the_key_that_opened_it(world: World) -> None:
    """Another agent that learns a session's id cannot use it."""
    url = await world.serve(await world.proxy())
    async with httpx.AsyncClient(timeout=patience.S) as http:
        mine = {**ACCEPT, "authorization": f"Bearer {world.secrets['bot']}"}
        opened = await http.post(url, json=HELLO, headers=mine)
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        assert (await http.post(url, json=ping, headers={**mine, **session})).status_code == 200
        other = {**ACCEPT, **session, "authorization": f"Bearer {world.secrets['other']}"}
        assert (await http.post(url, json=ping, headers=other)).status_code == 404


@pytest.mark.slow
async def test_a_revoked_key_does_nothing_more(world: World) -> None:
    """The door may remember a key for a minute; the gate does not, and the call is refused."""
    client = await world.client(await world.serve(await world.proxy()))
    assert not (await client.call_tool("read_file", {"path": "a"})).is_error
    key = next(k for k in await world.gate.store.keys() if k.name == "bot")
    await world.gate.revoke(key.id, by="test")
    assert (await client.call_tool("read_file", {"path": "b"})).is_error
    assert world.office.done == [("read_file", {"path": "a"})]
