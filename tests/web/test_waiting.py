# SPDX-License-Identifier: Apache-2.0
"""The stream of a case, over a real connection: each change once, in order, until nothing can follow."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gyges.web import waiting
from tests import patience
from tests.web.conftest import MAIL, PAY, READ, Served, canonical, next_turns

Event = tuple[str, dict[str, Any]]


async def read(answer: httpx.Response) -> AsyncIterator[Event]:
    """(id, data) of each event; comments as ("", {})."""
    found: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line.startswith(":"):
            yield "", {}
        elif line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif "data" in found:
            assert found["event"] == "case"
            yield found["id"], json.loads(found["data"])
            found = {}


def opened(served: Served, who: str, case: dict[str, Any], **headers: str) -> Any:
    """The open stream of `case`."""
    sent = {"authorization": f"Bearer {served.secrets[who]}", **headers}
    return served.client.stream(
        "GET", f"/v1/actions/{case['id']}/stream", headers=sent, timeout=patience.S
    )


@pytest.mark.slow
async def test_a_stream_tells_each_step_and_ends(served: Served) -> None:
    """From waiting to done, with the permit for the agent exactly while it is granted."""
    case = await served.propose(PAY)
    states: list[tuple[str, bool]] = []
    async with opened(served, "bot", case) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        async for _, seen in read(answer):
            states.append((seen["state"], bool(seen["permit"])))
            if seen["state"] == "waiting":
                who = "bob" if seen["approvals"] else "alice"
                await served.decide(who, case)
            elif seen["state"] == "granted":
                body = {"permit": seen["permit"], "action": canonical(seen)}
                await served.call("office", "POST", f"/v1/actions/{case['id']}/redeem", body)
            elif seen["state"] == "redeemed":
                path = f"/v1/actions/{case['id']}/outcome"
                await served.call("office", "POST", path, {"ok": True})
    assert states == [
        ("waiting", False),
        ("waiting", False),
        ("granted", True),
        ("redeemed", False),
        ("done", False),
    ]


@pytest.mark.slow
async def test_a_stream_taken_up_again_starts_after_what_was_seen(served: Served) -> None:
    """Last-Event-ID is the version that was seen: it is not told twice; nonsense there starts from now."""
    case = await served.propose(MAIL)
    async with opened(served, "bot", case, **{"last-event-id": str(case["version"])}) as answer:
        events = read(answer)
        told = asyncio.ensure_future(anext(events))
        await served.decide("rita", case)
        _, seen = await told
        assert seen["state"] == "granted"
    async with opened(served, "bot", case, **{"last-event-id": "nonsense"}) as answer:
        _, seen = await anext(read(answer))
        assert seen["state"] == "granted"


@pytest.mark.slow
async def test_the_stream_of_a_final_case_is_one_event(served: Served) -> None:
    """A case that was denied is told once, and the stream ends by itself."""
    case = await served.propose({"tool": "stop_log", "arguments": {}})
    async with opened(served, "audrey", case) as answer:
        events = [seen["state"] async for _, seen in read(answer)]
    assert events == ["denied"]


@pytest.mark.slow
async def test_a_quiet_stream_is_kept_alive(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comments come while nothing happens, so that no proxy in between gives up."""
    monkeypatch.setattr(waiting, "KEEP_ALIVE_MS", 20)
    case = await served.propose(MAIL)
    async with opened(served, "bot", case) as answer:
        found = read(answer)
        kinds = [(await anext(found))[0] for _ in range(4)]
    assert kinds == [str(case["version"]), "", "", ""]


@pytest.mark.slow
async def test_a_revoked_key_ends_its_stream(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a key may hear ends with the key, at the latest with the next sign of life."""
    monkeypatch.setattr(waiting, "KEEP_ALIVE_MS", 20)
    case = await served.propose(MAIL)
    async with opened(served, "audrey", case) as answer:
        found = read(answer)
        await anext(found)
        key = next(key for key in await served.gate.store.keys() if key.name == "audrey")
        await served.gate.revoke(key.id, by="test")
        rest = [event async for event in found]
    assert all(event == ("", {}) for event in rest)


@pytest.mark.slow
async def test_many_wait_and_all_are_told(served: Served) -> None:
    """Thirty long polls of one case return with the one decision, and nobody is left listening."""
    case = await served.propose(MAIL)
    path = f"/v1/actions/{case['id']}?wait=60"
    held = [asyncio.create_task(served.call("bot", "GET", path)) for _ in range(30)]
    await served.decide("rita", case)
    async with asyncio.timeout(patience.S / 2):  # a guard: without the decision it would be 60
        states = {(await one).json()["state"] for one in held}
    assert states == {"granted"}


@pytest.mark.slow
async def test_who_leaves_is_no_longer_listened_for(served: Served) -> None:
    """A client that hangs up while it waits leaves nothing behind in the gate."""
    case = await served.propose(MAIL)
    bell = served.gate.corridor.bell
    held = asyncio.create_task(served.call("bot", "GET", f"/v1/actions/{case['id']}?wait=60"))
    while case["id"] not in bell._waiting:
        await next_turns()
    held.cancel()
    while case["id"] in bell._waiting:
        await next_turns()
    assert (await served.propose(READ))["state"] == "granted"


@pytest.mark.slow
async def test_a_closing_server_ends_its_streams(served: Served) -> None:
    """The stream of an open case ends when the server wants to."""
    case = await served.propose(MAIL)
    async with opened(served, "bot", case) as answer:
        found = read(answer)
        await anext(found)
        served.app.state.desk.closing.set()
        assert [event async for event in found] == []
