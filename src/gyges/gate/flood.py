# SPDX-License-Identifier: Apache-2.0
"""Notices when one agent puts more to people than people can read: a minute's count of asks for each agent.

Kept in memory: a restart forgets at most a minute. What is allowed or denied without people is not counted,
and neither is what a person edited.
"""

from collections import defaultdict, deque

WINDOW_MS = 60_000


class Flood:
    """When each agent asked people within the last minute. As many entries as there were asks then."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self._asks: defaultdict[str, deque[int]] = defaultdict(deque)
        self._told: dict[str, int] = {}

    def note(self, agent: str, now: int) -> None:
        """People are asked on behalf of `agent` at `now` (ms)."""
        self._asks[agent].append(now)

    def over(self, agent: str, now: int, most: int) -> bool:
        """Whether `agent` has asked `most` times within the minute up to `now`; 0 is any number."""
        asks = self._asks.get(agent)
        while asks and asks[0] <= now - WINDOW_MS:
            asks.popleft()
        if not asks:
            self._asks.pop(agent, None)
            return False
        return 0 < most <= len(asks)

    def news(self, agent: str, now: int) -> bool:
        """Whether people should be told of a flood by `agent`: once a minute while it lasts."""
        if now - self._told.get(agent, -WINDOW_MS) < WINDOW_MS:
            return False
        self._told[agent] = now
        return True
