# SPDX-License-Identifier: Apache-2.0
"""The executor against a real gate: only what was granted, only once, only here, only now."""

import asyncio
import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gyges.action import Action
from gyges.adapters.claims import Claims
from gyges.adapters.client import Gate, granted
from gyges.adapters.executor import Executor, OutcomeUnknown
from gyges.adapters.keyset import KeySet
from gyges.answer import Answer
from gyges.case import State
from gyges.errors import (
    GygesError,
    PermitRefused,
    Stopped,
    StoreDown,
    Unreachable,
)
from tests.adapters.world import World

READ = {"path": "a.txt"}


async def grant(world: World, tool: str = "read_file", arguments: Any = None) -> Answer:
    """A granted case of `bot`."""
    asked: Any = arguments or READ
    answer = await world.speak("bot").propose(tool, asked, fields={"server": "office"})
    return granted(answer)


class Work:
    """Work that counts how often it is done, and may fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.seen: list[Action] = []
        self.error = error

    async def __call__(self, action: Action) -> str:
        """Do it."""
        self.seen.append(action)
        if self.error:
            raise self.error
        return "done"


@pytest.mark.slow
async def test_a_granted_action_runs_once_with_the_granted_bytes(world: World) -> None:
    """The work sees the action parsed from the bytes; a second try with the same permit is refused."""
    executor, work, case = world.executor(), Work(), await grant(world)
    data = case.action.canonical()
    assert await executor.run(case.permit, data, work) == "done"
    assert work.seen == [case.action]
    assert (await world.ended(case.id)).state is State.DONE
    with pytest.raises(PermitRefused, match="already used"):
        await executor.run(case.permit, data, work)
    assert len(work.seen) == 1


@pytest.mark.slow
async def test_many_at_once_run_it_once(world: World) -> None:
    """Twenty races with one permit, in two executors of the same name with memories of their own."""
    case, work = await grant(world), Work()
    two = [world.executor(file="one.db"), world.executor(file="two.db")]
    data = case.action.canonical()
    tries = [two[i % 2].run(case.permit, data, work) for i in range(20)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert ended.count("done") == 1
    assert len(work.seen) == 1
    assert all(isinstance(e, GygesError) for e in ended if e != "done")


@pytest.mark.slow
async def test_other_bytes_do_not_run(world: World) -> None:
    """Changed arguments, another tool, another spelling of the same JSON: none is what was granted."""
    executor, work = world.executor(), Work()
    case = await grant(world)
    data = case.action.canonical()
    other = (await grant(world, arguments={"path": "b.txt"})).action.canonical()
    spelled = json.dumps(json.loads(data), indent=1).encode()
    for wrong in (data.replace(b"a.txt", b"b.txt"), data + b" ", spelled, other, b"", b"{}"):
        with pytest.raises(PermitRefused):
            await executor.run(case.permit, wrong, work)
    assert work.seen == []
    assert await executor.run(case.permit, data, work) == "done"


def resigned(token: str, key: Ed25519PrivateKey, **changes: Any) -> str:
    """The permit with changed claims, signed by `key` under the same header."""
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims | changes, key, algorithm="EdDSA", headers=header)


def unsigned(token: str, **header: str) -> str:
    """The permit's payload under another header."""
    head = {**jwt.get_unverified_header(token), **header}
    text = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
    return f"{text}.{token.split('.')[1]}."


@pytest.mark.slow
async def test_forged_permits_are_refused(world: World) -> None:
    """No signature, another algorithm, type or key, changed claims, half a token: nothing runs."""
    executor, work, case = world.executor(), Work(), await grant(world)
    token, data = case.permit, case.action.canonical()
    head, body, sign = token.split(".")
    forged = [
        "",
        "a.b",
        token[:-4],
        f"{head}.{body}.",
        unsigned(token, alg="none"),
        unsigned(token, alg="HS256") + sign,
        unsigned(token, typ="JWT") + sign,
        unsigned(token, kid="nobody") + sign,
        resigned(token, Ed25519PrivateKey.generate()),
        resigned(token, Ed25519PrivateKey.generate(), exp=int(time.time()) + 60),
    ]
    for wrong in forged:
        with pytest.raises(PermitRefused):
            await executor.run(wrong, data, work)
    assert work.seen == []


@pytest.mark.slow
async def test_a_permit_for_another_executor_is_refused(world: World) -> None:
    """The audience is checked here, before the gate is asked."""
    case, work = await grant(world), Work()
    with pytest.raises(PermitRefused, match="made out to"):
        await world.executor("elsewhere").run(case.permit, case.action.canonical(), work)
    assert work.seen == []


@pytest.mark.slow
async def test_another_definition_of_the_tool_is_refused(world: World) -> None:
    """An executor that knows its tool by another definition than the approved one does not act."""
    case, work = await grant(world), Work()
    with pytest.raises(PermitRefused, match="definition"):
        await world.executor().run(
            case.permit, case.action.canonical(), work, schema="sha256:" + "0" * 64
        )
    assert work.seen == []


@pytest.mark.slow
async def test_a_kill_switch_stops_a_permit_that_is_out_and_lifting_it_frees_it(
    world: World,
) -> None:
    """Stopped means nothing ran and nothing was used up."""
    executor, work, case = world.executor(), Work(), await grant(world)
    root = world.speak("root")
    await root.request("PUT", "/v1/stops/agent:bot", {"reason": "drill"})
    with pytest.raises(Stopped):
        await executor.run(case.permit, case.action.canonical(), work)
    assert work.seen == []
    await root.request("DELETE", "/v1/stops/agent:bot")
    assert await executor.run(case.permit, case.action.canonical(), work) == "done"


@pytest.mark.slow
async def test_without_the_gate_nothing_runs(world: World) -> None:
    """A valid permit in hand is not enough when the gate cannot be asked; later it still counts."""
    case, work = await grant(world), Work()
    keys = KeySet(pinned=await world.wire.request("GET", "/.well-known/jwks.json"))
    nowhere = Gate("http://127.0.0.1:9", world.secrets["office"])
    claims = Claims(world.folder / "claims.db")
    lost = Executor(nowhere, name="office", claims=claims, keys=keys)
    with pytest.raises(Unreachable):
        await lost.run(case.permit, case.action.canonical(), work)
    await nowhere.close()
    assert work.seen == []
    found = Executor(world.speak("office"), name="office", claims=claims, keys=keys)
    assert await found.run(case.permit, case.action.canonical(), work) == "done"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("error", "state"),
    [(ValueError("no paper"), State.FAILED), (OutcomeUnknown("line cut"), State.UNKNOWN)],
)
async def test_how_it_failed_is_told(world: World, error: Exception, state: State) -> None:
    """The error goes on to the caller, its kind and first line to the gate."""
    case = await grant(world)
    with pytest.raises(type(error)):
        await world.executor().run(case.permit, case.action.canonical(), Work(error))
    ended = await world.ended(case.id)
    assert ended.state is state
    assert ended.outcome is not None
    assert str(error) in ended.outcome.summary


@pytest.mark.slow
async def test_what_a_crash_cut_off_is_reported_unknown_at_the_next_start(world: World) -> None:
    """Claimed, redeemed, then gone: the next start tells, and the permit stays used."""
    case, work = await grant(world), Work()
    before = Claims(world.folder / "claims.db")
    crashed = Executor(world.speak("office"), name="office", claims=before)
    await crashed.admit(case.permit, case.action.canonical())
    before.close()
    async with Executor(
        world.speak("office"), name="office", claims=Claims(world.folder / "claims.db")
    ) as after:
        assert (await world.ended(case.id)).state is State.UNKNOWN
        with pytest.raises(PermitRefused):
            await after.run(case.permit, case.action.canonical(), work)
    assert work.seen == []


@pytest.mark.slow
async def test_an_outcome_that_was_not_told_is_told_by_the_next(world: World) -> None:
    """Done is done even if the process ended before the gate heard."""
    case = await grant(world)
    before = Claims(world.folder / "claims.db")
    first = Executor(world.speak("office"), name="office", claims=before)
    admitted = await first.admit(case.permit, case.action.canonical())
    before.settle(admitted.permit.nonce, ok=True, summary="went well")
    before.close()
    async with world.executor() as after:
        await after.drain(60)
    assert (await world.ended(case.id)).state is State.DONE


@pytest.mark.slow
async def test_a_caller_that_leaves_during_admission_leaves_no_run_behind(world: World) -> None:
    """Cancelled between claim and work: nothing runs, and the gate hears that nothing ran."""
    executor, work, case = world.executor(), Work(), await grant(world)
    running = asyncio.create_task(executor.run(case.permit, case.action.canonical(), work))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await executor.drain(60)
    assert work.seen == []
    ended = await world.ended(case.id)
    assert ended.state is State.FAILED
    assert ended.outcome is not None
    assert "not run" in ended.outcome.summary


@pytest.mark.slow
async def test_a_memory_that_cannot_be_written_means_no(world: World) -> None:
    """The nonce is on disk before anything runs, or nothing runs."""
    claims, case, work = Claims(world.folder / "claims.db"), await grant(world), Work()
    executor = Executor(world.speak("office"), name="office", claims=claims)
    claims.close()
    with pytest.raises(StoreDown):
        await executor.run(case.permit, case.action.canonical(), work)
    assert work.seen == []
    assert (await world.speak("audrey").look(case.id)).state is State.GRANTED
