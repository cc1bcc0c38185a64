# SPDX-License-Identifier: Apache-2.0
"""Monitors that say what they are told to: to see what a gate makes of a verdict."""

from gyges.action import Action
from gyges.episode import Episode
from gyges.verdict import Verdict


class Fixed:
    """Always the same suspicion."""

    instant = True

    def __init__(self, name: str, suspicion: float) -> None:
        """`suspicion` may be nonsense: then the panel calls the monitor broken."""
        self.name = name
        self.suspicion = suspicion

    async def look(self, action: Action, episode: Episode) -> Verdict:
        """The same verdict whatever is shown."""
        del action, episode
        return Verdict(monitor=self.name, suspicion=self.suspicion, reasons=("as it was told",))
