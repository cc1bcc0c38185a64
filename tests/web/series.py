# SPDX-License-Identifier: Apache-2.0
"""Features with sessions, evidence, marks and alarms, made by a fixed seed, for tests of pictures. It tests nothing."""

import random
from collections.abc import Sequence
from dataclasses import replace

from gyges.drift.alarms import Alarm, Changed, Family, Level, Reference, Tier
from gyges.drift.words import Direction
from gyges.watch.asked import FeatureDrift, FeatureNow, Line
from gyges.watch.docket import Noted, Settled

BEGUN, HOUR = 1_800_000_000_000, 3_600_000
Rows = Sequence[tuple[float | None, ...]]


def hour(count: int) -> int:
    """When session `count` was, ms."""
    return BEGUN + count * HOUR


def feature(
    rows: Rows, *, kind: str = "binary", name: str = "denied", labels: tuple[str, ...] = ("",),
    changes: tuple[tuple[str, int], ...] = (), alarms: tuple[Noted, ...] = (), agent: str = "clerk",
) -> FeatureDrift:  # fmt: skip
    """A feature with these values, one session an hour; `changes` are (what, session)."""
    rng = random.Random(3)
    line = Line(
        at=tuple(map(hour, range(len(rows)))), units=tuple(f"u{i}" for i in range(len(rows))),
        labels=labels, values=tuple(rows),
        evidence=tuple(rng.lognormvariate(-4, 1.5) for _ in rows),
        changes=tuple(Changed(what=what, before="a", now="b", at=hour(at), unit=f"u{at}")
                      for what, at in changes),
    )  # fmt: skip
    now = FeatureNow(
        name=name, kind=kind, grader="", state="alarm", share=1.0, units=len(rows), missing=0,
        unknown=0, unbet=0,
    )  # fmt: skip
    return FeatureDrift(agent=agent, feature=now, line=line, alarms=alarms)


def alarm(at: int, since: int, *, label: str = "", settled: bool = False) -> Noted:
    """An alarm with session `at` of a change since session `since`."""
    found = Alarm(
        id=f"a{at}", family=Family.DRIFT, agent="clerk", feature="denied", label=label,
        direction=Direction.UP, tier=Tier.ALARM, reference=Reference.PAST, evidence=2000.0,
        threshold=1000.0, spent=0.01, at=hour(at), unit=f"u{at}", since=hour(since),
        earliest=hour(since - 5), latest=hour(since + 5),
        before=Level(mean=0.05, low=0.04, high=0.07, n=since),
        now=Level(mean=0.4, low=0.3, high=0.5, n=at - since),
    )  # fmt: skip
    by = Settled(choice="keep", by="alice", reason="wanted", at=hour(at + 1)) if settled else None
    return Noted(
        id=found.id, index=1, at=hour(at), family=Family.DRIFT, agent="clerk", feature="denied",
        evidence=2000.0, limit=1000.0, unit=found.unit, alarm=found, settled=by,
    )  # fmt: skip


def events(count: int, *, changed: int | None = None) -> Rows:
    """An event in 5 % of sessions, in 40 % once it changed; 2 % were not measured."""
    rng = random.Random(1)
    rates = [0.05 if i < (changed or count) else 0.4 for i in range(count)]
    return [(float(rng.random() < rate),) if rng.random() > 0.02 else (None,) for rate in rates]


def mix(count: int, labels: int) -> Rows:
    """Shares of so many labels, which sum to 1."""
    rng = random.Random(2)
    weights = [[rng.random() / (1 + at) for at in range(labels)] for _ in range(count)]
    return [tuple(x / sum(row) for x in row) for row in weights]


def changed(count: int = 600) -> FeatureDrift:
    """A feature with all marks: a change of model, an alarm that is open, one that is settled."""
    at = 2 * count // 3
    marks = (("model", at - 3), ("prompt", at - 2), ("policy", count // 5))
    alarms = (alarm(at + 20, at), alarm(count // 3, count // 3 - 9, settled=True))
    return feature(events(count, changed=at), changes=marks, alarms=alarms)


def against_tests(found: FeatureDrift) -> FeatureDrift:
    """The same with evidence against the agent's tests since its fiftieth session, and an alarm because of it."""
    count = len(found.line.at)
    shares = tuple(None if i < 50 else min(1.2, 0.001 * 1.1 ** (i - 50)) for i in range(count))
    noted = alarm(count // 2, count // 2 - 9)
    assert noted.alarm
    rang = replace(
        noted, family=Family.DEPLOYMENT, alarm=replace(noted.alarm, family=Family.DEPLOYMENT)
    )
    return replace(found, line=replace(found.line, deployment=shares), alarms=(*found.alarms, rang))
