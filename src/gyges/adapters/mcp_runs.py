# SPDX-License-Identifier: Apache-2.0
"""One case, one run, however many identical calls are waiting for it; and results kept for a little while.

A run goes on while at least one caller is there, and is cancelled when the last has left. It decides
nothing: that a case runs once is the gate's and the executor's doing, this is only so that two callers
of one case both hear the result.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from mcp.shared.dispatcher import ProgressFnT

Result = dict[str, Any]
KEPT = 64  # results


@dataclass(slots=True)
class Run:
    """A run under way and those who listen to it."""

    task: asyncio.Task[Result] | None = None
    callers: int = 0
    listeners: list[ProgressFnT] = field(default_factory=list[ProgressFnT])

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Pass progress on to every caller that asked for it."""
        for listener in tuple(self.listeners):
            await listener(progress, total, message)


class Runs:
    """The runs of one proxy, by case."""

    def __init__(self) -> None:
        self._live: dict[str, Run] = {}
        self._kept: OrderedDict[str, Result] = OrderedDict()

    def has(self, case: str) -> bool:
        """Whether `once` would join or remember instead of beginning."""
        return case in self._live or case in self._kept

    async def once(
        self,
        case: str,
        begin: Callable[[Run], Coroutine[Any, Any, Result]],
        listener: ProgressFnT | None,
        *,
        keep: bool,
    ) -> Result:
        """The result of the one run of `case`: joined if it is under way, remembered if it was kept."""
        if case in self._kept:
            return self._kept[case]
        run = self._live.get(case)
        if run is None:
            run = self._live[case] = Run()
            run.task = asyncio.get_running_loop().create_task(begin(run))
            run.task.add_done_callback(lambda task: self._ended(case, task, keep=keep))
        return await _listen(run, listener)

    def _ended(self, case: str, task: asyncio.Task[Result], *, keep: bool) -> None:
        del self._live[case]
        if keep and not task.cancelled() and task.exception() is None:
            self._kept[case] = task.result()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)


async def _listen(run: Run, listener: ProgressFnT | None) -> Result:
    assert run.task is not None
    run.callers += 1
    if listener:
        run.listeners.append(listener)
    try:
        return await asyncio.shield(run.task)
    finally:
        run.callers -= 1
        if listener:
            run.listeners.remove(listener)
        if not run.callers and not run.task.done():
            run.task.cancel()
