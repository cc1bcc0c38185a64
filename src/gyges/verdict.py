# SPDX-License-Identifier: Apache-2.0
"""What one monitor thinks of one action. A verdict can make an answer stricter and nothing else."""

from dataclasses import dataclass
from enum import StrEnum


class Look(StrEnum):
    """How the look ended."""

    DONE = "done"
    LATE = "late"  # no answer within the panel's budget
    BROKEN = "broken"  # raised, or answered nonsense


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Evidence: characters [start, end) of the value at `pointer` (RFC 6901) in the action."""

    pointer: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One monitor's answer; `suspicion` in [0, 1] is meaningful only where `look` is DONE."""

    monitor: str
    suspicion: float = 0.0
    reasons: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    look: Look = Look.DONE
    took_ms: int = 0

    @property
    def sane(self) -> bool:
        """Whether `suspicion` is a number in [0, 1] (NaN is not)."""
        return 0.0 <= self.suspicion <= 1.0
