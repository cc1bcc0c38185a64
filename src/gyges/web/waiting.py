# SPDX-License-Identifier: Apache-2.0
"""Waiting for a case: one held-back answer (long poll), or a stream of them (server-sent events).

A wait ends when the case changes, when the time is up, when the client leaves, or when the server closes;
it holds no lock and no transaction, and a client that comes back misses nothing, since it reads the case
itself. The stream never resumes from a buffer: it tells the present state, then each change.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeAlias

import msgspec

from gyges.answer import OPEN, Answer, answer_of
from gyges.case import Case, State
from gyges.errors import GygesError
from gyges.gate.states import FINAL
from gyges.principal import Scope
from gyges.web.call import Call, Gone, Receive

KEEP_ALIVE_MS = 15_000
Ready: TypeAlias = Callable[[Case], bool]
_encode = msgspec.json.Encoder().encode


async def wait_for(call: Call[Any, Any], case: Case, ready: Ready, timeout_ms: int) -> Case:
    """`case` as soon as it is `ready`, else as it stands at the end; raise `Gone` when the client left.

    Listen first, then read, then wait: a change between the reading and the waiting is not missed.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_ms / 1000
    left = asyncio.ensure_future(_gone(call.receive))
    closing = asyncio.ensure_future(call.desk.closing.wait())
    ends: set[asyncio.Future[Any]] = {left, closing}
    try:
        while True:
            rung = call.gate.corridor.bell.listen(case.id)
            try:
                case = await call.gate.store.case(case.id) or case
                time_left = end - loop.time()
                if ready(case) or call.desk.closing.is_set() or time_left <= 0:
                    return case
                await asyncio.wait({rung, *ends}, timeout=time_left, return_when=FIRST_COMPLETED)
            finally:
                rung.cancel()
            if left.done():
                raise Gone
    finally:
        left.cancel()
        closing.cancel()


def settled(case: Case) -> bool:
    """Whether no person and no policy has anything left to say."""
    return case.state not in OPEN


def newer(seen: int) -> Ready:
    """Whether a case has a version above `seen`, or nothing can follow."""
    return lambda case: case.version > seen or case.state in FINAL


async def answer_for(call: Call[Any, Any], case: Case) -> bytes:
    """The answer's JSON for this caller; only the agent whose case it is gets its permit."""
    permit = ""
    if call.key.scope is Scope.AGENT and case.state is State.GRANTED:
        permit = await call.gate.corridor.permit(case, by=call.key)
    return _encode(answer_to(call, case, permit))


def answer_to(call: Call[Any, Any], case: Case, permit: str = "") -> Answer:
    """The answer as this caller may see it: an approver sees others' votes after their own.

    How people looked and signed is for overseers: see `answer_of`.
    """
    approver = call.key.scope is Scope.APPROVER
    blind = approver and call.gate.corridor.hides(case, call.key.name)
    full = call.key.scope not in (Scope.AGENT, Scope.EXECUTOR)
    return answer_of(case, permit, blind=blind, full=full)


async def changes(call: Call[Any, Any], case: Case, seen: int) -> AsyncGenerator[bytes, None]:
    """Server-sent events: the case now, unless it was `seen`, then at each change, until nothing can follow."""
    yield b"retry: 1000\n\n"
    try:
        while True:
            if case.version > seen:
                seen = case.version
                data = await answer_for(call, case)
                yield b"event: case\nid: %d\ndata: %s\n\n" % (seen, data)
            if case.state in FINAL or call.desk.closing.is_set():
                return
            case = await wait_for(call, case, newer(seen), KEEP_ALIVE_MS)
            await _still_live(call)
            if case.version <= seen and not call.desk.closing.is_set():
                yield b": still here\n\n"
    except (Gone, GygesError):
        return  # whoever is still there comes again, and is told then what is wrong


async def _still_live(call: Call[Any, Any]) -> None:
    key = await call.gate.store.key_by_hash(call.key.hash)
    if key is None or not key.live(call.gate.clock.now()):
        raise Gone


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
