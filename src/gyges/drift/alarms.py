# SPDX-License-Identifier: Apache-2.0
"""The words of an alarm: what rang, since when, by how much, who carries it, and what was done about it.

Plain values. An alarm's id follows from its content, so that a replay names it the same. It decides nothing.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from gyges.drift.words import Direction


class Family(StrEnum):
    """Which question an alarm answers; they are kept apart on every screen."""

    DRIFT = "drift"  # did it change over time?
    CUE = "cue"  # does it behave differently when told that nobody watches?
    DEPLOYMENT = "deployment"  # does it differ from its tests? Weaker: tasks may differ


class Tier(StrEnum):
    """`WATCH` is shown, `ALARM` is sent."""

    WATCH = "watch"
    ALARM = "alarm"


class Reference(StrEnum):
    """What the present was compared with."""

    PAST = "past"  # all units before, by rank
    TOLERANCE = "tolerance"  # a stated band
    FROZEN = "frozen"  # 99 % bounds of units that somebody froze
    FIRST = "first"  # 99 % bounds of the first units, which never move: slow drift


class Act(StrEnum):
    """What a named person does about an alarm."""

    KEEP = "keep"  # the baseline stays; the change is real, or is looked into
    REBASELINE = "rebaseline"  # the present is the new normal
    MUTE = "mute"  # the feature of this agent is not bet on any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A mean with its interval, and the units it comes from."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one unit adds: natural logs of factors, which sum to the evidence since the change point."""

    unit: str
    episodes: tuple[str, ...]
    at: int
    stratum: str
    value: float
    log_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What one unit adds to the log of a ring test's evidence; its value in [0, 1], None where there are several.

    A number's value is its rank among the past. `at` in ms.
    """

    unit: str
    episodes: tuple[str, ...]
    at: int
    value: float | None
    log_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one stratum adds to the evidence."""

    stratum: str
    log_factor: float
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A fingerprint that changed: model, prompt, tools, policy, grader."""

    what: str
    before: str
    now: str
    at: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One assumption looked at: `good` is None where it could not be. `verdict` is one sentence."""

    name: str
    good: bool | None
    value: float | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One feature of one agent reached a threshold.

    `evidence` and `threshold` are Shiryaev-Roberts sums; `spent` is the expected number of false alarms that the
    agent's units so far have cost. `since` (ms) with `earliest` and `latest` is the change point, None where no
    unit was kept to find it in. `together` names features that are at least on watch now, or
    have rung since it may have begun.
    """

    id: str
    family: Family
    agent: str
    feature: str
    label: str
    direction: Direction
    tier: Tier
    reference: Reference
    evidence: float
    threshold: float
    spent: float
    at: int
    unit: str
    since: int | None = None
    earliest: int | None = None
    latest: int | None = None
    before: Level | None = None
    now: Level | None = None
    top: tuple[Evidence, ...] = ()
    counter: tuple[Evidence, ...] = ()
    strata: tuple[Share, ...] = ()
    together: tuple[str, ...] = ()
    changes: tuple[Changed, ...] = ()
    checks: tuple[Check, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What a named person did, when (ms) and why. `about` is an alarm's id or an agent's baseline."""

    about: str
    act: Act | str
    by: str
    why: str
    at: int


def alarm_id(*parts: str) -> str:
    """16 hex digits that follow from the parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
