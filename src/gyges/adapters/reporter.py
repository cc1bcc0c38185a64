# SPDX-License-Identifier: Apache-2.0
"""Keeps an executor's claims off the event loop, and tells the gate every outcome until it has heard.

An outcome is on disk before it is told, and telling happens in a task of its own: the agent need not wait
for it, and a gate that is away hears later. It verifies nothing and runs nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from gyges.adapters.claims import Claims, Untold
from gyges.adapters.client import Gate
from gyges.errors import Fault, Forbidden, GygesError, StoreDown, Unauthenticated

RETRY = 1.0  # seconds before an outcome is told again, doubling up to a minute
_LINGER = 3.0  # seconds that a closing executor gives to what is under way
_T = TypeVar("_T")


class Reporter:
    """One executor's claims, and its word to the gate."""

    def __init__(self, gate: Gate, claims: Claims) -> None:
        self._gate = gate
        self._claims = claims
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="gyges-claims")
        self._telling: set[asyncio.Task[None]] = set()
        self._kept: set[asyncio.Task[Any]] = set()
        self._recovered = False

    async def recover(self) -> None:
        """Begin telling what processes before us left untold; only the first call does."""
        if self._recovered:
            return
        await self._off_loop(self._claims.interrupted)
        untold = await self._off_loop(self._claims.untold)
        if not self._recovered:
            self._recovered = True
            for each in untold:
                self._tell(each)

    async def claim(self, nonce: str, case: str, at: int) -> None:
        """`Claims.claim`."""
        await self._off_loop(lambda: self._claims.claim(nonce, case, at))

    async def release(self, nonce: str) -> None:
        """`Claims.release`."""
        await self._off_loop(lambda: self._claims.release(nonce))

    async def settle(self, untold: Untold) -> None:
        """Write an outcome down, and begin to tell it."""
        write = partial(self._claims.settle, untold.nonce, ok=untold.ok, result=untold.result)
        with contextlib.suppress(StoreDown):  # it has happened: the gate hears of it all the same
            await self._off_loop(partial(write, summary=untold.summary))
        self._tell(untold)

    def keep(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Begin `work` so that it goes on to its end even if whoever began it is cancelled."""
        task = asyncio.get_running_loop().create_task(work)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    async def drain(self, seconds: float | None = None) -> None:
        """Wait until the gate has heard what this event loop has to tell; raise `TimeoutError` after `seconds`."""
        async with asyncio.timeout(seconds):
            while ours := [*_here(self._kept), *_here(self._telling)]:
                await asyncio.wait(ours)

    async def close(self) -> None:
        """Give what is under way a moment, then stop telling; what is still untold stays on disk."""
        with contextlib.suppress(TimeoutError):
            await self.drain(_LINGER)
        telling = _here(self._telling)
        for task in telling:
            task.cancel()
        await asyncio.gather(*telling, return_exceptions=True)
        self._disk.shutdown()

    def _tell(self, untold: Untold) -> None:
        task = asyncio.get_running_loop().create_task(self._report(untold))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _report(self, untold: Untold) -> None:
        delay = RETRY
        while True:
            try:
                await self._gate.report(
                    untold.case, ok=untold.ok, result=untold.result, summary=untold.summary
                )
                break
            except (Unauthenticated, Forbidden):
                return  # our key is no good: the next start, with a better one, tells it
            except Fault:
                await asyncio.sleep(delay)
                delay = min(delay * 2, 60)
            except GygesError:
                break  # the gate has made up its mind without us
        with contextlib.suppress(StoreDown):  # then it is told twice, which is harmless
            await self._off_loop(lambda: self._claims.told(untold.nonce))

    async def _off_loop(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)


def _here(tasks: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    loop = asyncio.get_running_loop()
    return [task for task in tuple(tasks) if task.get_loop() is loop]
