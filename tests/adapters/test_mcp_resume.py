# SPDX-License-Identifier: Apache-2.0
"""The same call made again: joined, remembered, resumed after a restart, sent to the right server."""

import asyncio
from typing import Any

import pytest

from gyges.adapters.mcp import Side
from gyges.adapters.mcp_hold import Asking
from gyges.adapters.mcp_upstream import Target, Upstream
from gyges.case import Say, State
from tests.adapters.world import World, case_of, text


@pytest.mark.slow
async def test_two_live_identical_calls_share_one_case_and_one_run(world: World, url: str) -> None:
    """The impatient agent that asks twice gets one approval, one run, two answers."""
    client = await world.client(url)
    mail = {"to": "x", "text": "y"}
    first = asyncio.create_task(client.call_tool("send_mail", mail))
    case = await world.waiting()
    held = asyncio.Event()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        held.set()

    second = asyncio.create_task(client.call_tool("send_mail", mail, progress_callback=note))
    await held.wait()
    third = asyncio.create_task(client.call_tool("send_mail", {**mail, "text": "z"}))
    await world.waiting(count=2)
    await world.decide("rita", case)
    assert text(await first) == text(await second) == "send_mail done"
    assert world.office.done == [("send_mail", mail)]
    third.cancel()


@pytest.mark.slow
async def test_an_idempotency_key_gives_one_run_and_the_same_result(world: World, url: str) -> None:
    """A repeated key is answered from memory; with other arguments it is refused."""
    client = await world.client(url)
    meta: Any = {"gyges/idempotency-key": "k-1"}
    one = await client.call_tool("read_file", {"path": "a"}, meta=meta)
    two = await client.call_tool("read_file", {"path": "a"}, meta=meta)
    assert case_of(one) == case_of(two)
    assert text(one) == text(two)
    other = await client.call_tool("read_file", {"path": "b"}, meta=meta)
    assert other.is_error
    assert world.office.done == [("read_file", {"path": "a"})]


@pytest.mark.slow
async def test_after_the_hold_time_the_same_call_resumes_the_same_case(world: World) -> None:
    """A client with little patience gets the case's id, comes back, and finds its approval."""
    url = await world.serve(await world.proxy(Asking(seconds=0.2)))
    client = await world.client(url)
    mail = {"to": "x", "text": "y"}
    first = await client.call_tool("send_mail", mail)
    assert first.is_error
    case = await world.waiting()
    assert case.id in text(first)
    assert case.id in text(await client.call_tool("send_mail", mail))
    await world.decide("rita", case)
    assert text(await client.call_tool("send_mail", mail)) == "send_mail done"
    assert len(await world.cases(tool="send_mail")) == 1


@pytest.mark.slow
async def test_a_denial_that_came_after_the_hold_time_is_told_once(world: World) -> None:
    """Whoever comes back hears no and what to do instead, from the edited case as well; then it may ask anew."""
    client = await world.client(await world.serve(await world.proxy(Asking(seconds=0.2))))
    mail = {"to": "all", "text": "y"}
    assert (await client.call_tool("send_mail", mail)).is_error
    old = await world.waiting()
    new = await world.speak("rita").edit(
        old.id, digest=old.digest, arguments={"to": "Ada", "text": "y"}, reason="only Ada"
    )
    await world.decide("alice", new, say=Say.DENY, guidance="ask Ada first")
    told = await client.call_tool("send_mail", mail)
    assert case_of(told) == new.id
    assert "ask Ada first" in text(told)
    again = await client.call_tool("send_mail", mail)
    assert case_of(again) not in (old.id, new.id)
    assert world.office.done == []


@pytest.mark.slow
async def test_under_an_idempotency_key_the_edited_case_is_resumed(world: World) -> None:
    """The key leads from the agent's own case to the one that an approver put in its place."""
    client = await world.client(await world.serve(await world.proxy(Asking(seconds=0.2))))
    mail, meta = {"to": "all", "text": "y"}, {"gyges/idempotency-key": "k-2"}
    assert (await client.call_tool("send_mail", mail, meta=meta)).is_error  # type: ignore[arg-type]
    case = await world.waiting()
    new = await world.speak("rita").edit(
        case.id, digest=case.digest, arguments={"to": "Ada", "text": "y"}, reason="only Ada"
    )
    await world.decide("alice", new, group="reviewers")
    result = await client.call_tool("send_mail", mail, meta=meta)  # type: ignore[arg-type]
    assert case_of(result) == new.id
    assert world.office.done == [("send_mail", {"to": "Ada", "text": "y"})]


@pytest.mark.slow
async def test_a_new_proxy_finds_the_cases_that_an_old_one_left_open(world: World) -> None:
    """The durable id is the gate's: a proxy that was restarted resumes, and runs once."""
    mail = {"to": "x", "text": "y"}
    old = await world.serve(await world.proxy(Asking(seconds=0.1)))
    await (await world.client(old)).call_tool("send_mail", mail)
    case = await world.waiting()
    await world.decide("rita", case)
    new = await world.serve(await world.proxy(Asking(seconds=0.1)))
    result = await (await world.client(new)).call_tool("send_mail", mail)
    assert case_of(result) == case.id
    assert world.office.done == [("send_mail", mail)]


@pytest.mark.slow
async def test_an_upstream_that_restarts_is_reached_again(world: World, url: str) -> None:
    """The connection that was lost is made anew for the next call."""
    client = await world.client(url, mode="legacy")
    await client.call_tool("read_file", {"path": "a"})
    await world.restart_office()
    result = await client.call_tool("read_file", {"path": "b"})
    assert text(result) == "read_file done"
    assert world.office.done[-1] == ("read_file", {"path": "b"})


@pytest.mark.slow
async def test_several_servers_are_told_apart_by_prefix(world: World) -> None:
    """A name that two servers offer is refused; with a prefix each call goes where it belongs."""
    executor = world.executor()
    made = [
        Side(
            upstream=Upstream(Target(name=name, url=f"{world.office_url}/mcp", prefix=prefix)),
            executor=executor,
        )
        for name, prefix in (("office", ""), ("twin", ""), ("spare", "spare."))
    ]
    both = await world.serve(await world.proxy(sides=made[:2]))
    result = await (await world.client(both)).call_tool("read_file", {"path": "a"})
    assert result.is_error
    assert "prefixes" in text(result)
    apart = await world.serve(await world.proxy(sides=[made[0], made[2]]))
    client = await world.client(apart)
    assert text(await client.call_tool("read_file", {"path": "a"})) == "read_file done"
    unknown = await client.call_tool("spare.read_file", {"path": "b"})
    assert unknown.is_error
    assert world.office.done == [("read_file", {"path": "a"})]
    assert (await world.cases(tool="spare.read_file"))[0].state is State.DENIED
