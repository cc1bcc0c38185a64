# SPDX-License-Identifier: Apache-2.0
"""Drift as people are shown it: plain values without arrays, made from the fold. No arm is in any of them."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gyges.drift.alarms import Acted, Changed, Tier
from gyges.watch.docket import Docket, Noted
from gyges.watch.plan import Plan

if TYPE_CHECKING:
    from gyges.watch.fold import Fold

QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One agent. `state` is quiet, watch or alarm; `units` are its sessions so far, which are expected to have
    cost `spent` false alarms at most; `feature` has the most evidence, `share` of its threshold.
    """

    agent: str
    state: str
    units: int
    spent: float
    unsettled: int
    feature: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureNow:
    """One feature of an agent: its evidence as a share of its threshold, and what it could not use."""

    name: str
    kind: str
    grader: str
    state: str
    share: float
    units: int
    missing: int
    unknown: int
    unbet: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a named person did about an alarm, or about the agent's baseline; `at` in ms."""

    about: str
    act: str
    by: str
    why: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDrift:
    """One agent: features by evidence, alarms newest first, what people did, what was left out and why."""

    seen: Seen
    features: tuple[FeatureNow, ...]
    alarms: tuple[Noted, ...]
    acts: tuple[Done, ...]
    left_out: dict[str, int]
    told: str  # what the latest refusal said


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The feature's sessions as far as they are kept, oldest first; `values` has a row for each, one number a
    label, None where nothing was measured. `evidence` is a share of its threshold: at 1 it rings.
    """

    at: tuple[int, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    evidence: tuple[float, ...]
    changes: tuple[Changed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """One feature of one agent."""

    agent: str
    feature: FeatureNow
    line: Line
    alarms: tuple[Noted, ...]


def promise(plan: Plan) -> str:
    """The budget in words."""
    return (
        f"at most {plan.alarms:g} false alarms are expected in {plan.sessions:,} sessions of one agent,"
        f" over {len(plan.features)} features together"
    )


def fleet(fold: "Fold | None", docket: Docket) -> tuple[Seen, ...]:
    """Every agent: alarms first, then by evidence. Without a fold, what the log says of alarms."""
    names = dict.fromkeys([*(fold.monitor.agents() if fold else ()), *docket.agents()])
    found = [_seen(fold, docket, name) for name in names]
    order = (Tier.ALARM.value, Tier.WATCH.value, QUIET)
    return tuple(sorted(found, key=lambda s: (order.index(s.state), -s.share, s.agent)))


def agent_drift(fold: "Fold", docket: Docket, name: str) -> AgentDrift:
    """One agent; raise `drift.Unusable` for one that no session is of."""
    evidence = fold.monitor.evidence(name)
    features = tuple(_now(fold, docket, name, f, evidence[f]) for f in evidence)
    return AgentDrift(
        seen=_seen(fold, docket, name), features=features, alarms=docket.of(name),
        acts=tuple(_done(act) for act in fold.monitor.acts() if _about(act, name, docket)),
        left_out=dict(fold.left_out.get(name, {})), told=fold.told.get(name, ""),
    )  # fmt: skip


def feature_drift(fold: "Fold", docket: Docket, name: str, feature: str) -> FeatureDrift:
    """One feature; raise `drift.Unusable` for an agent or a feature that there is not."""
    found = fold.monitor.timeline(name, feature)
    evidence = fold.monitor.evidence(name)[feature]
    line = Line(
        at=found.at, units=found.units, labels=found.labels,
        values=tuple(tuple(map(_or_none, row)) for row in found.values.tolist()),
        evidence=tuple(found.evidence.tolist()), changes=found.changes,
    )  # fmt: skip
    now = _now(fold, docket, name, feature, evidence)
    return FeatureDrift(agent=name, feature=now, line=line, alarms=docket.of(name, feature))


def _seen(fold: "Fold | None", docket: Docket, name: str) -> Seen:
    monitor = fold.monitor if fold and name in fold.monitor.agents() else None
    evidence = monitor.evidence(name) if monitor else {}
    best = max(evidence, key=lambda f: evidence[f][0], default="")
    tiers = {tier for _, tier in evidence.values()}
    state = Tier.WATCH.value if Tier.WATCH in tiers else QUIET
    units = [monitor.tally(name, feature).units for feature in evidence] if monitor else []
    return Seen(
        agent=name, state=Tier.ALARM.value if docket.on(name) else state,
        units=max(units, default=0), spent=monitor.spent(name) if monitor else 0.0,
        unsettled=docket.unsettled(name), feature=best, share=evidence[best][0] if best else 0.0,
    )  # fmt: skip


def _now(
    fold: "Fold", docket: Docket, agent: str, name: str, evidence: tuple[float, Tier | None]
) -> FeatureNow:
    """An alarm that the log has and nobody settled is on; otherwise what the evidence says now."""
    tally, share, tier = fold.monitor.tally(agent, name), *evidence
    watched = next(f for f in fold.plan.features if f.name == name)
    on = any(noted.settled is None for noted in docket.of(agent, name))
    calm = tier.value if tier is Tier.WATCH else QUIET
    return FeatureNow(
        name=name, kind=watched.kind.value, grader=watched.grader,
        state=Tier.ALARM.value if on else calm, share=share, units=tally.units,
        missing=tally.missing, unknown=tally.unknown, unbet=tally.unbet,
    )  # fmt: skip


def _about(act: Acted, agent: str, docket: Docket) -> bool:
    noted = docket.get(act.about)
    return noted.agent == agent if noted else act.about.startswith(f"{agent} ")


def _done(act: Acted) -> Done:
    return Done(about=act.about, act=str(act.act), by=act.by, why=act.why, at=act.at)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
