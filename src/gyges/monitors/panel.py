# SPDX-License-Identifier: Apache-2.0
"""Many monitors, one look: all at once, each within the budget, none of them believed.

    an answer in time                a Verdict, checked and stamped with the time it took
    no answer within the budget      Look.LATE
    an exception                     Look.BROKEN, with the name of its class and nothing else of it
    nonsense                         Look.BROKEN, with what is wrong: no verdict, suspicion that is no number in
                                     [0, 1], another monitor's name, reasons by the megabyte, text that is no text

A monitor runs in a thread of its own (`apart.py`) on a copy of the action, so one that blocks, ignores
its cancellation or scribbles on what it is shown holds up and spoils nothing. One that says `instant = True`
promises never to wait and to be quick; it runs in place, which costs about a microsecond. One with a method
`reads_past(tool)` may say that it does not look at the episode: nobody then reads it. The panel weighs
nothing (`gate/weigh.py` does) and reads no clock but a stopwatch.
"""

import asyncio
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from time import perf_counter

from gyges.action import Action
from gyges.episode import Episode
from gyges.monitors.apart import BACKLOG, Raised, room_of
from gyges.monitors.checked import checked
from gyges.ports import Monitor
from gyges.verdict import Look, Verdict

NAME = 100  # characters of a monitor's or a class's name


async def look(
    monitors: Sequence[Monitor], action: Action, episode: Episode, *, budget_s: float
) -> tuple[Verdict, ...]:
    """One verdict a monitor, in the order of `monitors`; returns within about `budget_s` seconds."""
    if not monitors:
        return ()
    start = perf_counter()
    names = [_name(monitor) for monitor in monitors]
    apart = [i for i, monitor in enumerate(monitors) if not _instant(monitor)]
    if not apart:
        pairs = zip(monitors, names, strict=True)
        return tuple(_in_place(monitor, name, action, episode) for monitor, name in pairs)
    asked = _ask(monitors, names, apart, action, episode)
    found = {
        i: _in_place(monitor, names[i], action, episode)
        for i, monitor in enumerate(monitors)
        if i not in apart
    }
    found |= await _gather(asked, names, start, budget_s)
    full = Verdict(monitor="", look=Look.LATE, reasons=(f"{BACKLOG} earlier looks have not ended",))
    return tuple(found.get(i) or replace(full, monitor=names[i]) for i in range(len(monitors)))


def reads_past(monitors: Sequence[Monitor], tool: str) -> bool:
    """Whether a monitor wants to know what the episode saw before; one that does not say does."""
    return any(_reads_past(monitor, tool) for monitor in monitors)


def _ask(
    monitors: Sequence[Monitor],
    names: Sequence[str],
    apart: Sequence[int],
    action: Action,
    episode: Episode,
) -> dict[int, "asyncio.Future[object]"]:
    shown = deepcopy(action)
    rooms = {i: room_of(monitors[i], names[i]) for i in apart}
    return {
        i: asyncio.wrap_future(room.ask(monitors[i], shown, episode))
        for i, room in rooms.items()
        if room.busy < BACKLOG
    }


async def _gather(
    asked: dict[int, "asyncio.Future[object]"], names: Sequence[str], start: float, budget_s: float
) -> dict[int, Verdict]:
    if not asked:
        return {}
    ended: dict[asyncio.Future[object], float] = {}
    for future in asked.values():
        future.add_done_callback(lambda done: ended.setdefault(done, perf_counter()))
    try:
        left = max(budget_s - (perf_counter() - start), 0)
        done, _ = await asyncio.wait(asked.values(), timeout=left)
    finally:
        for future in asked.values():
            future.cancel()
    return {
        i: _judge(names[i], future.result(), ended.get(future, perf_counter()) - start)
        if future in done
        else Verdict(monitor=names[i], look=Look.LATE, took_ms=_ms(perf_counter() - start))
        for i, future in asked.items()
    }


def _in_place(monitor: Monitor, name: str, action: Action, episode: Episode) -> Verdict:
    start = perf_counter()
    return _judge(name, _driven(monitor, action, episode), perf_counter() - start)


def _driven(monitor: Monitor, action: Action, episode: Episode) -> object:
    try:
        coroutine = monitor.look(action, episode)
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        coroutine.close()
    except Exception as error:  # noqa: BLE001 - whatever a monitor raises is its failure, not the gate's
        return Raised(name=type(error).__name__)
    return Raised(name="instant monitor that waits")


def _judge(name: str, answer: object, took_s: float) -> Verdict:
    if isinstance(answer, Raised):
        why = f"raised {answer.name[:NAME]}"
        return Verdict(monitor=name, look=Look.BROKEN, reasons=(why,), took_ms=_ms(took_s))
    return checked(name, answer, _ms(took_s))


def _instant(monitor: Monitor) -> bool:
    try:
        return getattr(monitor, "instant", False) is True
    except Exception:  # noqa: BLE001 - who fails to promise has not promised
        return False


def _reads_past(monitor: Monitor, tool: str) -> bool:
    told = getattr(monitor, "reads_past", None)
    try:
        return told is None or told(tool) is not False
    except Exception:  # noqa: BLE001 - a monitor that fails to say is shown everything
        return True


def _name(monitor: Monitor) -> str:
    try:
        name: object = monitor.name
    except Exception:  # noqa: BLE001 - a monitor without a name is still asked
        name = None
    fits = isinstance(name, str) and 0 < len(name) <= NAME and name.isprintable()
    return str(name) if fits else type(monitor).__name__[:NAME]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
