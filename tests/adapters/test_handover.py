# SPDX-License-Identifier: Apache-2.0
"""Guarded functions: they run with leave, on the granted bytes, and raise the gate's no."""

import asyncio
import inspect
from typing import Any

import pytest

from gyges.adapters.handover import _fitting, digest_of, guarded
from gyges.case import Say, State
from gyges.errors import Malformed, Misconfigured, PeopleRefused, PolicyRefused, Unprocessable
from tests.adapters.world import World


@pytest.mark.slow
async def test_an_async_function_runs_on_arguments_parsed_from_the_granted_bytes(
    world: World,
) -> None:
    """Defaults are part of what is proposed; the caller's objects are not what arrives."""
    got: list[Any] = []

    @guarded(world.speak("bot"), world.executor(), tool="send_mail")
    async def send(to: str, text: str = "hello") -> dict[str, str]:
        """Send."""
        got.append((to, text))
        return {"sent": to}

    calling = asyncio.create_task(send("Ada"))
    case = await world.waiting()
    assert case.action.arguments == {"to": "Ada", "text": "hello"}
    await world.decide("rita", case)
    assert await calling == {"sent": "Ada"}
    assert got == [("Ada", "hello")]
    ended = await world.ended(case.id)
    assert ended.state is State.DONE
    assert ended.outcome is not None
    assert ended.outcome.result == digest_of({"sent": "Ada"})


@pytest.mark.slow
async def test_a_sync_function_runs_in_its_callers_thread(world: World) -> None:
    """A plain function, called from a thread without an event loop, is guarded all the same."""

    @guarded(world.speak("bot"), world.executor(), tool="read_file")
    def read(path: str) -> str:
        """Read."""
        return f"contents of {path}"

    assert await asyncio.to_thread(read, "a.txt") == "contents of a.txt"
    case = (await world.cases(tool="read_file"))[0]
    assert (await world.ended(case.id)).state is State.DONE


@pytest.mark.slow
async def test_a_person_s_no_carries_reason_and_guidance(world: World) -> None:
    """The function does not run, and the caller learns why."""
    ran: list[str] = []

    @guarded(world.speak("bot"), world.executor(), tool="send_mail")
    async def send(to: str, text: str) -> None:
        ran.append(to)

    calling = asyncio.create_task(send("all", "hi"))
    await world.decide(
        "rita", await world.waiting(), Say.DENY, reason="too many", guidance="only Ada"
    )
    with pytest.raises(PeopleRefused, match=r"too many.*only Ada"):
        await calling
    assert ran == []


@pytest.mark.slow
async def test_policys_no_is_raised(world: World) -> None:
    """A tool that touches the overseer, and a tool that nobody approved."""
    for tool in ("stop_log", "made_up"):

        @guarded(world.speak("bot"), world.executor(), tool=tool)
        async def act() -> None:
            raise AssertionError

        with pytest.raises(PolicyRefused):
            await act()


@pytest.mark.slow
async def test_nobody_answering_in_time_is_a_no_for_now(world: World) -> None:
    """The hold time bounds the caller's wait; the case stays open."""

    @guarded(world.speak("bot"), world.executor(), tool="send_mail", hold=0.2)
    async def send(to: str, text: str) -> None:
        raise AssertionError

    with pytest.raises(PeopleRefused, match="nobody has answered"):
        await send("a", "b")
    assert (await world.waiting()).state is State.WAITING


@pytest.mark.slow
async def test_an_error_of_the_function_is_told_and_raised(world: World) -> None:
    """The caller sees the function's own exception; the gate hears that it failed."""

    @guarded(world.speak("bot"), world.executor(), tool="read_file")
    async def read(path: str) -> None:
        raise FileNotFoundError(path)

    with pytest.raises(FileNotFoundError):
        await read("gone.txt")
    case = (await world.cases(tool="read_file"))[0]
    assert (await world.ended(case.id)).state is State.FAILED


@pytest.mark.slow
async def test_granted_arguments_that_do_not_fit_the_function_use_nothing_up(world: World) -> None:
    """A function that lost a parameter since the call was approved does not redeem the permit."""
    answer = await world.speak("bot").propose(
        "read_file", {"path": "a"}, fields={"server": "office"}
    )
    with pytest.raises(Unprocessable, match="do not fit"):
        _fitting(answer, inspect.Signature())


@pytest.mark.slow
async def test_what_has_no_name_or_no_json_is_refused(world: World) -> None:
    """Parameters that nobody could approve, and values that JSON cannot say."""
    guard = guarded(world.speak("bot"), world.executor(), tool="read_file")
    with pytest.raises(Misconfigured, match="no name to approve"):
        guard(lambda *args: None)
    with pytest.raises(Misconfigured, match="no name to approve"):
        guard(lambda **kwargs: None)

    @guard
    async def read(path: object) -> None:
        raise AssertionError

    with pytest.raises(Malformed):
        await read(object())
    with pytest.raises(TypeError):
        await read("a", "b")  # type: ignore[call-arg]
    assert await world.cases() == []
