# SPDX-License-Identifier: Apache-2.0
"""What stands between cases: standing grants (narrow leave given ahead) and stops (kill switches).

A standing grant never allows by itself: it is its maker's approval, given ahead, for one tool, under
pins on the arguments, a number of uses, a sum and an end. It counts where its maker's vote would count.
"""

from dataclasses import dataclass
from enum import StrEnum

from gyges.canon import Json

ALL = "all"


class Match(StrEnum):
    """How a pin compares the argument at its pointer."""

    EQUALS = "equals"
    ONE_OF = "one_of"
    PREFIX = "prefix"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A condition on one argument. A pointer (RFC 6901) that finds nothing does not match."""

    pointer: str
    test: Match
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One person's approval ahead of time. `sum_limit` bounds the total of the number at `sum_pointer`."""

    id: str
    agent: str
    tool: str
    pins: tuple[Pin, ...]
    person: str
    group: str
    created: int  # ms
    expires: int  # ms; a grant always ends
    max_uses: int
    uses: int = 0
    sum_pointer: str = ""
    sum_limit: float = 0
    sum_used: float = 0
    reason: str = ""
    revoked: int = 0  # ms
    revoked_by: str = ""
    version: int = 0  # set by the store

    def live(self, now: int) -> bool:
        """Whether it may still be used at `now`."""
        return not self.revoked and now < self.expires and self.uses < self.max_uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A kill switch that is on. `scope` is "all", "agent:NAME" or "tool:NAME"."""

    scope: str
    by: str
    at: int  # ms
    reason: str = ""

    def covers(self, agent: str, tool: str) -> bool:
        """Whether this stop holds for that agent or that tool."""
        return self.scope in (ALL, f"agent:{agent}", f"tool:{tool}")
