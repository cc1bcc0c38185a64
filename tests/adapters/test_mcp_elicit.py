# SPDX-License-Identifier: Apache-2.0
"""Links in place of held calls, in both eras: they lead people to the inbox and give nobody any leave."""

import asyncio
from typing import Any

import mcp_types as types
import pytest
from mcp import Client, MCPError

from gyges.adapters.mcp_hold import Asking
from gyges.case import Say, State
from tests.adapters.world import World, text

MAIL = {"to": "x", "text": "y"}


class Person:
    """Whoever sits at the agent's client: is shown links and says `word` to each."""

    def __init__(self, word: str = "accept") -> None:
        self.word = word
        self.shown: list[types.ElicitRequestURLParams] = []
        self.seen = asyncio.Event()

    async def __call__(self, _: Any, params: Any) -> types.ElicitResult:
        """Look at the link."""
        self.shown.append(params)
        self.seen.set()
        return types.ElicitResult(action=self.word)  # type: ignore[arg-type]


@pytest.fixture
async def url(world: World) -> str:
    """Where a proxy listens that gives links."""
    return await world.serve(await world.proxy(Asking(elicit=True)))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_client_is_shown_the_case_and_gets_the_result_after_approval(
    world: World, url: str, mode: str
) -> None:
    """The link leads to the case; the answer comes by the same call once people approved."""
    person = Person()
    client = await world.client(url, mode=mode, elicitation_callback=person)
    call = asyncio.create_task(client.call_tool("send_mail", MAIL))
    await person.seen.wait()
    case = await world.waiting()
    assert person.shown[0].url == f"{world.url}/a/{case.id}"
    assert world.office.done == []
    await world.decide("rita", case)
    assert text(await call) == "send_mail done"
    assert world.office.done == [("send_mail", MAIL)]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_an_accepted_link_is_no_approval(world: World, mode: str) -> None:
    """The client says accept, nobody approves, nothing runs."""
    url = await world.serve(await world.proxy(Asking(elicit=True, seconds=0.3)))
    client = await world.client(url, mode=mode, elicitation_callback=Person())
    result = await client.call_tool("send_mail", MAIL)
    assert result.is_error
    assert (await world.waiting()).state is State.WAITING
    assert world.office.done == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_declined_link_ends_the_call_and_leaves_the_case_open(
    world: World, url: str, mode: str
) -> None:
    """Declining at the agent's side is no denial either: people may still approve."""
    client = await world.client(url, mode=mode, elicitation_callback=Person("decline"))
    result = await client.call_tool("send_mail", MAIL)
    assert result.is_error
    assert "turned down" in text(result)
    await world.decide("rita", await world.waiting())
    assert text(await client.call_tool("send_mail", MAIL)) == "send_mail done"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_client_that_takes_no_links_is_held(world: World, url: str, mode: str) -> None:
    """Without the capability the call is held as if no links were given."""
    client = await world.client(url, mode=mode)
    call = asyncio.create_task(client.call_tool("send_mail", MAIL))
    await world.decide("rita", await world.waiting())
    assert text(await call) == "send_mail done"


async def first_state(client: Client) -> str:
    """The requestState of a mail that waits."""
    asked = await client.session.call_tool("send_mail", MAIL, allow_input_required=True)
    assert isinstance(asked, types.InputRequiredResult)
    assert asked.request_state
    return asked.request_state


async def retry(client: Client, state: str, arguments: dict[str, str] | None = None) -> Any:
    """The call again, with the state that came with the question."""
    return await client.session.call_tool(
        "send_mail", arguments or MAIL, request_state=state, allow_input_required=True
    )


async def modern(world: World, url: str, who: str = "bot") -> Client:
    """A client that drives the rounds by hand."""
    return await world.client(url, who=who, mode="2026-07-28", elicitation_callback=Person())


@pytest.mark.slow
async def test_a_retry_with_changed_arguments_is_refused(world: World, url: str) -> None:
    """The state belongs to the call that was shown to people, and to no other."""
    client = await modern(world, url)
    state = await first_state(client)
    await world.decide("rita", await world.waiting())
    result = await retry(client, state, {**MAIL, "to": "mallory"})
    assert result.is_error
    assert "not the call that waits" in text(result)
    assert world.office.done == []
    assert text(await retry(client, state)) == "send_mail done"


@pytest.mark.slow
async def test_a_forged_or_altered_state_is_refused(world: World, url: str) -> None:
    """A state is ours whole, or it is nothing."""
    client = await modern(world, url)
    state = await first_state(client)
    await world.decide("rita", await world.waiting())
    for forged in ("v1.AAAA", "nonsense", state[:-2] + ("AA" if state[-2:] != "AA" else "BB")):
        result = await retry(client, forged)
        assert result.is_error
    assert world.office.done == []


@pytest.mark.slow
async def test_another_agents_state_is_refused(world: World, url: str) -> None:
    """Whoever steals a state cannot collect the approval that it names."""
    state = await first_state(await modern(world, url))
    await world.decide("rita", await world.waiting())
    result = await retry(await modern(world, url, "other"), state)
    assert result.is_error
    assert "another agent" in text(result)
    assert world.office.done == []


@pytest.mark.slow
async def test_a_state_that_is_used_again_runs_nothing_again(world: World, url: str) -> None:
    """A replayed state gives the remembered result; a proxy that forgot it refuses."""
    client = await modern(world, url)
    state = await first_state(client)
    await world.decide("rita", await world.waiting())
    assert text(await retry(client, state)) == "send_mail done"
    assert not (await retry(client, state)).is_error
    fresh = await modern(world, await world.serve(await world.proxy(Asking(elicit=True))))
    result = await retry(fresh, state)
    assert result.is_error
    assert "not run again" in text(result)
    assert world.office.done == [("send_mail", MAIL)]


@pytest.mark.slow
async def test_a_denial_told_to_a_state_is_told_once(world: World, url: str) -> None:
    """Who came back with the state has heard the no: the same call without it begins a new case."""
    client = await modern(world, url)
    state = await first_state(client)
    case = await world.waiting()
    await world.decide("rita", case, say=Say.DENY)
    assert case.id in text(await retry(client, state))
    await first_state(client)
    assert (await world.waiting()).id != case.id


@pytest.mark.slow
async def test_a_protocol_error_is_not_raised_for_a_waiting_call(world: World, url: str) -> None:
    """A client that ignores the question and calls again is asked again about the same case."""
    client = await modern(world, url)
    await first_state(client)
    with pytest.raises(MCPError, match="Unknown tool"):
        await client.session.call_tool("nothing", {})
    await first_state(client)
    assert len(await world.cases(state="waiting")) == 1
