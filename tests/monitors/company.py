# SPDX-License-Identifier: Apache-2.0
"""Monitors to try the panel with: every one is a real monitor, few of them are good ones."""

import asyncio
import threading
from dataclasses import dataclass

from gyges.action import Action
from gyges.episode import Episode
from gyges.monitors.panel import look
from gyges.verdict import Verdict

ACTION = Action(agent="demo", tool="pay", arguments={"to": "ACME", "amount": 4800})
EPISODE = Episode(id="e", agent="demo", events=())
LONG = 60.0  # seconds; a budget that no test uses up
SHORT = 0.05


@dataclass(eq=False)
class Answers:
    """A monitor that answers what it was given, and raises it if it is an exception."""

    answer: object
    name: str = "m"
    instant: bool = False

    async def look(self, action: Action, episode: Episode) -> Verdict:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value]


class Waits:
    """A monitor that answers when told to; `began` and `cancelled` say how far it came."""

    name = "waits"

    def __init__(self, stubborn: bool = False) -> None:
        self.stubborn = stubborn
        self.go = threading.Event()
        self.began = threading.Event()
        self.cancelled = threading.Event()

    async def look(self, action: Action, episode: Episode) -> Verdict:
        self.began.set()
        while not self.go.is_set():
            try:
                await asyncio.sleep(0.001)
            except asyncio.CancelledError:
                self.cancelled.set()
                if not self.stubborn:
                    raise
        return Verdict(monitor=self.name, suspicion=0.3)


class Blocks(Waits):
    """A monitor that never gives its loop back until told to."""

    name = "blocks"

    async def look(self, action: Action, episode: Episode) -> Verdict:
        self.began.set()
        self.go.wait()
        return Verdict(monitor=self.name)


async def one(monitor: object, budget_s: float = LONG) -> Verdict:
    (verdict,) = await look([monitor], ACTION, EPISODE, budget_s=budget_s)  # type: ignore[list-item]
    return verdict


def good(name: str = "m", **fields: object) -> Verdict:
    return Verdict(monitor=name, **{"suspicion": 0.2, **fields})  # type: ignore[arg-type]
