# SPDX-License-Identifier: Apache-2.0
"""The client: words in, words out, and the gate's errors as our own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.adapters.client import Gate, granted, problem
from gyges.case import Say, State
from gyges.episode import Kind
from gyges.errors import (
    CallerError,
    Conflict,
    Expired,
    Fault,
    Forbidden,
    GygesError,
    Malformed,
    Misconfigured,
    NotFound,
    PeopleRefused,
    PolicyRefused,
    Stopped,
    StoreDown,
    Unauthenticated,
)
from gyges.ports import EventQuery
from tests.adapters.world import World

KINDS = [Conflict, Expired, Forbidden, Malformed, NotFound, PolicyRefused, Stopped, StoreDown]


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_document_becomes_the_error_that_made_it(kind: type[GygesError]) -> None:
    """Kind by its code, text by its detail."""
    told = json.dumps({"code": kind.code, "detail": "the reason", "status": kind.status}).encode()
    error = problem(kind.status, told)
    assert type(error) is kind
    assert str(error) == "the reason"


@given(st.integers(300, 599), st.binary(max_size=60))
def test_any_answer_that_is_no_yes_becomes_an_error_of_ours(status: int, body: bytes) -> None:
    """Whatever a broken gate or a foreign proxy says, callers see one tree of errors."""
    error = problem(status, body)
    assert isinstance(error, Fault if status >= 500 else CallerError)
    assert str(error)


@pytest.mark.slow
async def test_keys_and_paths_that_would_smuggle_a_header_are_refused(world: World) -> None:
    """Nothing a caller passes can begin a new line of the request."""
    with pytest.raises(Misconfigured):
        Gate(world.url, "gy_agent_x\r\nx-evil: 1")
    gate = world.speak("bot")
    for case in ("c-1 HTTP/1.1\r\nx: 1", "c 1", "c-\u00e9"):
        with pytest.raises(Malformed):
            await gate.look(case)
    with pytest.raises(Malformed):
        await gate.propose("read_file", {"path": "a"}, idempotency="k\r\nx: 1")


@pytest.mark.slow
async def test_each_no_is_raised_as_what_it_is(world: World) -> None:
    """Policy's, a person's, one's own withdrawal, and a key that is none."""
    bot = world.speak("bot")
    fields = {"server": "office"}
    with pytest.raises(PolicyRefused):
        granted(await bot.propose("stop_log", {}, fields=fields))
    mail = {"to": "x", "text": "y"}
    asked = await bot.propose("send_mail", mail, fields=fields)
    await world.decide("rita", asked, Say.DENY, reason="no", guidance="ask")
    with pytest.raises(PeopleRefused, match="ask"):
        granted(await bot.look(asked.id))
    asked = await bot.propose("send_mail", mail, fields=fields)
    await bot.withdraw(asked.id, "changed my mind")
    with pytest.raises(Conflict):
        granted(await bot.look(asked.id))
    with pytest.raises(Unauthenticated):
        await world.wire.find()
    with pytest.raises(Forbidden):
        await bot.decide(asked.id, Say.APPROVE, digest=asked.digest)


@pytest.mark.slow
async def test_settling_waits_for_people_and_follows_an_edit(world: World) -> None:
    """The answer that comes back is that of the case which took the first one's place."""
    bot = world.speak("bot")
    asked = await bot.propose("send_mail", {"to": "all", "text": "y"}, fields={"server": "office"})
    assert (await bot.settle(asked, seconds=0.05)).state is State.WAITING
    new = await world.speak("rita").edit(
        asked.id, digest=asked.digest, arguments={"to": "Ada", "text": "y"}
    )
    await world.decide("alice", new, group="reviewers")
    settled = granted(await bot.settle(asked, seconds=60))
    assert settled.id == new.id
    assert settled.action.arguments == {"to": "Ada", "text": "y"}
    assert settled.permit


@pytest.mark.slow
async def test_an_episode_is_opened_closed_and_measured(world: World) -> None:
    """Its id may hold anything; a grader's own answer is not the agent's to give."""
    bot, audrey = world.speak("bot"), world.speak("audrey")
    name = "run 7/\u00fc?"
    opened = await bot.open_episode(name, session="s-1", task="bills", model="m-3", ring=True)
    assert (opened.id, opened.session, opened.cue) == (name, "s-1", "")
    await bot.propose("read_file", {"path": "a"}, fields={"server": "office", "episode": name})
    await bot.close_episode(name)
    await bot.close_episode(name)
    await audrey.measure(name, {"polite": True, "topics": ["a"]}, grader="tone", version="1")
    with pytest.raises(Forbidden):
        await bot.measure(name, {"polite": True}, grader="me", version="1", agent="bot")
    with pytest.raises(NotFound):
        await bot.close_episode("never opened")
    ours = (Kind.EPISODE_OPENED, Kind.EPISODE_CLOSED, Kind.MEASURED)
    found = await world.gate.store.events(EventQuery(kinds=ours))
    assert [recorded.event.kind for recorded in found] == [*ours]
    assert (await bot.open_episode()).id.startswith("e-")
