# SPDX-License-Identifier: Apache-2.0
"""Wakes those who wait for a case in this process. It carries no news: whoever wakes reads the store."""

import asyncio
from collections import defaultdict

EVERY = "*"


class Bell:
    """`ring(name)` ends every `wait(name)` and every `wait(EVERY)` that is under way."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def ring(self, name: str) -> None:
        """Wake them all."""
        for key in (name, EVERY):
            for future in self._waiting.pop(key, ()):
                if not future.done():
                    future.set_result(None)

    def listen(self, name: str) -> "asyncio.Future[None]":
        """A future that the next `ring(name)` resolves. Listen first, then read the store, then await."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[name].add(future)
        future.add_done_callback(lambda done: self._forget(name, done))
        return future

    async def wait(self, future: "asyncio.Future[None]", timeout_ms: int) -> bool:
        """Whether `future` was rung within the time; it is spent either way."""
        done, _ = await asyncio.wait({future}, timeout=max(timeout_ms, 0) / 1000)
        future.cancel()
        return bool(done)

    def _forget(self, name: str, future: "asyncio.Future[None]") -> None:
        waiting = self._waiting.get(name)
        if waiting is not None:
            waiting.discard(future)
            if not waiting:
                del self._waiting[name]
