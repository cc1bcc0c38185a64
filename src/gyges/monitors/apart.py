# SPDX-License-Identifier: Apache-2.0
"""A thread and an event loop of its own for one monitor, so that whatever it does it does to itself.

A monitor that blocks, spins or ignores its cancellation holds this thread and never the gate's loop; the
same loop serves all its looks, so clients and connections it keeps stay usable. The thread is a daemon and
ends when its monitor is collected. It judges no answer (`panel.py` does), and it is no sandbox: a monitor
runs in the gate's process, and native code that keeps the interpreter's lock stops everybody.
"""

import asyncio
import threading
import weakref
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from gyges.action import Action
from gyges.episode import Episode
from gyges.ports import Monitor

BACKLOG = 256  # looks under way at one monitor; a further one is late at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """The monitor raised; only the class's name is kept, since a message may carry what it looked at."""

    name: str


class Room:
    """One monitor's thread. `busy` counts the looks that were begun and have not ended, late ones included."""

    def __init__(self, name: str) -> None:
        """Start the thread and its loop."""
        self.busy = 0
        self.kept: Monitor | None = None  # a monitor that cannot tell when it is collected
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, name=f"monitor {name}", daemon=True).start()

    def ask(self, monitor: Monitor, action: Action, episode: Episode) -> Future[object]:
        """Begin one look; the future holds its answer, whatever that is, or `Raised`. Cancelling it is enough."""
        future: Future[object] = Future()
        with self._lock:
            self.busy += 1
        self._loop.call_soon_threadsafe(self._start, monitor, action, episode, future)
        return future

    def close(self) -> None:
        """Let the thread end after what it is doing now."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _start(
        self, monitor: Monitor, action: Action, episode: Episode, future: Future[object]
    ) -> None:
        task = self._loop.create_task(contained(monitor, action, episode))
        task.add_done_callback(partial(self._end, future))
        future.add_done_callback(partial(self._stop, task))

    def _stop(self, task: asyncio.Task[object], future: Future[object]) -> None:
        if future.cancelled():
            self._loop.call_soon_threadsafe(task.cancel)

    def _end(self, future: Future[object], task: asyncio.Task[object]) -> None:
        with self._lock:
            self.busy -= 1
        answer = Raised(name="CancelledError") if task.cancelled() else task.result()
        if future.set_running_or_notify_cancel():
            future.set_result(answer)

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


async def contained(monitor: Monitor, action: Action, episode: Episode) -> object:
    """The monitor's answer or `Raised`. Nothing that a monitor raises gets further, an exit included."""
    try:
        return await monitor.look(action, episode)
    except BaseException as error:  # noqa: BLE001 - an exit would end the thread and every later look
        return Raised(name=type(error).__name__)


_rooms: dict[int, Room] = {}


def room_of(monitor: Monitor, name: str) -> Room:
    """The monitor's room, made when it is first asked and closed when it is collected."""
    found = _rooms.get(id(monitor))
    if found is None:
        found = _rooms[id(monitor)] = Room(name)
        try:
            weakref.finalize(monitor, _leave, id(monitor)).atexit = False
        except TypeError:
            found.kept = monitor
    return found


def _leave(number: int) -> None:
    _rooms.pop(number).close()
