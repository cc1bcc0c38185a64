# SPDX-License-Identifier: Apache-2.0
"""The words of drift: features, episodes, units, budgets and alarms. Plain values that decide nothing.

An `Episode` is one run of an agent as numbers. Episodes of one session are one `Unit` of analysis, since what
happens within a session is not independent; a threshold on anything smaller keeps no promise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = bool | float | str | tuple[str, ...] | tuple[float, ...]


class Unusable(ValueError):
    """Input that cannot be used. One line that says what, and where."""


class Kind(StrEnum):
    """What a feature's values are, and so how they are bet on."""

    BINARY = "binary"  # bool: violation, refusal, approval needed
    SHARE = "share"  # float in [0, 1]: bounded numbers, means over a session
    NUMBER = "number"  # any finite float: latency, length
    CATEGORY = "category"  # str: one label a unit
    CALLS = "calls"  # tuple of str: tools in the order of their use; the mix counts
    SEQUENCE = "sequence"  # the same; which tool follows which counts
    VECTOR = "vector"  # tuple of float: an embedding


class Direction(StrEnum):
    """Which change is looked for."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


class Grain(StrEnum):
    """The unit of analysis. `EVENT` is refused unless forced: events of one session hang together."""

    SESSION = "session"
    EPISODE = "episode"
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One measured aspect of behaviour.

    `tolerance` is the band of rates or means that counts as unchanged (frozen baselines; both in [0, 1]).
    `categories` are known labels of a category or of calls; others go to a cell of their own. `centres` are those
    of a vector's clusters. `weight` is its share of the false-alarm budget relative to the others.
    """

    name: str
    kind: Kind
    direction: Direction = Direction.BOTH
    grain: Grain = Grain.SESSION
    tolerance: tuple[float, float] | None = None
    categories: tuple[str, ...] = ()
    centres: tuple[tuple[float, ...], ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """Which arm of a ring test an episode was in: `unwatched` if it was told that nobody watches."""

    design: str
    unwatched: bool
    grain: Grain = Grain.SESSION  # what was randomised: analysed at the same grain, or refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One run of an agent, closed. `at` is in ms since the epoch; a value that is missing was not measured."""

    id: str
    agent: str
    at: int
    session: str = (
        ""  # episodes of one session, or of one user, hang together; empty: one of its own
    )
    stratum: str = ""  # task type, hour
    fingerprint: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])
    cue: Cue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most `alarms` expected false alarms for every `sessions` units of one agent, over all its features."""

    alarms: float = 1.0
    sessions: int = 10_000

    def __post_init__(self) -> None:
        """Refuse a budget that promises nothing."""
        if not (0 < self.alarms < self.sessions):
            raise Unusable(f"budget: {self.alarms} alarms in {self.sessions} sessions")

    def threshold(self, weight: float, total: float) -> float:
        """The e-detector's threshold for a feature with `weight` of `total`: expected false alarms by T are at
        most T * sum(1 / c), resets included, so c = N * total / (B * weight) spends B in N units.
        """
        return self.sessions * total / (self.alarms * weight)
