# SPDX-License-Identifier: Apache-2.0
"""`@guarded`: an ordinary Python function that runs only with the gate's leave.

    @guarded(gate, executor, tool="pay")
    def pay(to: str, amount: float) -> str: ...

    pay("Ada", amount=12)      # proposes, waits for people if need be, runs what was granted, reports

The function gets the arguments parsed from the granted bytes, never the caller's own objects, so they are
JSON values and perhaps those of an approver's edit. A no is raised as an error of `gyges.errors` with the
gate's reason. This guards against the agent only where agent and function live in different processes or
the agent cannot reach the undecorated function: code in one process can always call around a decorator.
"""

import asyncio
import contextlib
import functools
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

import msgspec

from gyges import canon
from gyges.adapters.client import Gate, granted
from gyges.adapters.executor import Admitted, Executor, blame, brief
from gyges.answer import Answer
from gyges.canon import Json
from gyges.errors import Malformed, Misconfigured, PeopleRefused, Unprocessable

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_LINGER = 5.0  # seconds a sync call waits for the gate to hear its outcome
_PLAIN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def guarded(
    gate: Gate, executor: Executor, *, tool: str, hold: float = 3600, **more: Json
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Guard a function, sync or async, as the gate's `tool` on the server named like `executor`.

    `gate` speaks with the agent's key, `executor` with its own. `hold` is how many seconds to wait for
    people; `more` are further fields of the action (`purpose`, `episode`, ...). Raises `Misconfigured`
    for a function whose parameters have no names to approve: `*args`, `**kwargs`, positional-only.
    """
    fields: dict[str, Json] = {"server": executor.name, **more}
    way = _Way(gate, executor, tool, hold, fields)

    def guard(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = _named(function)
        if inspect.iscoroutinefunction(function):
            return cast("Callable[_P, _R]", _guard_async(way, signature, function))
        return _guard_sync(way, signature, function)

    return guard


@dataclass(frozen=True, slots=True)
class _Way:
    """One guarded function's way through the corridor."""

    gate: Gate
    executor: Executor
    tool: str
    hold: float
    fields: dict[str, Json]

    async def admit(self, signature: inspect.Signature, bound: dict[str, Json]) -> Admitted:
        first = min(60, int(self.hold))
        answer = await self.gate.propose(self.tool, bound, wait=first, fields=self.fields)
        answer = await self.gate.settle(answer, seconds=self.hold)
        if not answer.settled:
            raise PeopleRefused(f"{answer.id}: nobody has answered yet", case=answer.id)
        return await self.executor.admit(granted(answer).permit, _fitting(answer, signature))

    async def finish(self, admitted: Admitted, result: object) -> None:
        self.executor.finish(admitted, ok=True, result=digest_of(result))

    async def fail(self, admitted: Admitted, error: BaseException) -> None:
        self.executor.finish(admitted, ok=blame(error), summary=brief(error))


def _guard_async(
    way: _Way, signature: inspect.Signature, function: Callable[_P, Awaitable[_R]]
) -> Callable[_P, Awaitable[_R]]:
    @functools.wraps(function)
    async def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        admitted = await way.admit(signature, _bound(signature, args, kwargs))
        try:
            result = await cast("Callable[..., Awaitable[_R]]", function)(
                **admitted.action.arguments
            )
        except BaseException as error:
            await way.fail(admitted, error)
            raise
        await way.finish(admitted, result)
        return result

    return run


def _guard_sync(
    way: _Way, signature: inspect.Signature, function: Callable[_P, _R]
) -> Callable[_P, _R]:
    @functools.wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        admitted = portal(way.admit(signature, _bound(signature, args, kwargs)))
        try:
            result = cast("Callable[..., _R]", function)(**admitted.action.arguments)
        except BaseException as error:
            portal(_told(way.executor, way.fail(admitted, error)))
            raise
        portal(_told(way.executor, way.finish(admitted, result)))
        return result

    return run


async def _told(executor: Executor, finishing: Coroutine[Any, Any, None]) -> None:
    await finishing
    with contextlib.suppress(TimeoutError):  # then the next start tells
        await executor.drain(_LINGER)  # a script may end right after the call


def digest_of(result: object) -> str:
    """Digest of a result's canonical bytes; "" for what JSON cannot say."""
    try:
        return canon.digest(canon.clean(msgspec.to_builtins(result)))
    except (Malformed, TypeError, RecursionError):
        return ""


def portal(work: Coroutine[Any, Any, _T]) -> _T:
    """Run `work` on the event loop that sync guarded functions share, in a thread of its own."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="gyges-portal", daemon=True).start()
    return loop


def _named(function: Callable[..., object]) -> inspect.Signature:
    signature = inspect.signature(function)
    for parameter in signature.parameters.values():
        if parameter.kind not in _PLAIN:
            raise Misconfigured(
                f"{function.__qualname__}: the parameter {parameter} has no name to approve"
            )
    return signature


def _bound(
    signature: inspect.Signature, args: tuple[object, ...], kwargs: dict[str, object]
) -> dict[str, Json]:
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return {name: canon.clean(value) for name, value in bound.arguments.items()}


def _fitting(answer: Answer, signature: inspect.Signature) -> bytes:
    try:
        signature.bind(**answer.action.arguments)
    except TypeError as error:
        raise Unprocessable(f"{answer.id}: the granted arguments do not fit: {error}") from None
    return answer.action.canonical()
