# SPDX-License-Identifier: Apache-2.0
"""Running episodes in memory: which there are, and when a timer must look at them. It closes none."""

from collections.abc import Sequence

from gyges.episode import Running
from gyges.ports import Change


class Episodes:
    """A dictionary of running episodes by agent and id."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Running] = {}

    def put(self, change: Change) -> None:
        """Carry out what `change` says about episodes."""
        for one in change.running:
            self._all.pop((one.agent, one.id), None)
            if one.due:
                self._all[one.agent, one.id] = one

    def times(self) -> Sequence[int]:
        """When each is due."""
        return [one.due for one in self._all.values()]

    def idle(self, now: int, limit: int) -> Sequence[Running]:
        """See `ports.Store.idle`."""
        found = [one for one in self._all.values() if one.due <= now]
        return sorted(found, key=lambda one: (one.due, one.agent, one.id))[: max(limit, 0)]
