# SPDX-License-Identifier: Apache-2.0
"""Drift as people are shown it: plain values without arrays, made from the fold. No arm is in any of them.

What only the log knows (alarms on an agent or a feature that is not watched any more) is shown all the same, so that
somebody can settle it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gyges.drift.alarms import Acted, Changed, Family, Reference, Tier
from gyges.drift.words import Unusable
from gyges.watch.docket import Docket, Noted
from gyges.watch.plan import Plan

if TYPE_CHECKING:
    from gyges.watch.fold import Fold

QUIET = "quiet"
STATES = (QUIET, Tier.WATCH.value, Tier.ALARM.value)  # best first


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One agent. `state` is quiet, watch or alarm; `units` are its sessions so far, which are expected to have
    cost `spent` false alarms at most; `feature` has the most evidence of drift, `share` of its threshold. `families`
    has the state in each family, `rang` counts its alarms by family, `open` those that nobody has settled.
    """

    agent: str
    state: str
    units: int
    spent: float
    unsettled: int
    feature: str
    share: float
    families: dict[str, str]
    rang: dict[str, int]
    open: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureNow:
    """One feature of an agent in one family: its evidence as a share of its threshold, and what it could not use.
    `muted` names the references that do not look at it. One that is not watched (any more) has no `kind`.
    """

    name: str
    kind: str
    grader: str
    state: str
    share: float
    units: int
    missing: int
    unknown: int
    unbet: int
    muted: tuple[Reference, ...] = ()


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
    """One agent: features by evidence of drift, alarms newest first, what people did, what was left out and why.

    `deployment` has the features by evidence that they differ from its tests, which are sessions of the agent `tests`;
    empty where it is not compared with any. A difference there may be one of tasks.
    """

    seen: Seen
    features: tuple[FeatureNow, ...]
    deployment: tuple[FeatureNow, ...]
    tests: str
    alarms: tuple[Noted, ...]
    acts: tuple[Done, ...]
    left_out: dict[str, int]
    told: str  # what the latest refusal said


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The feature's sessions as far as they are kept, oldest first; `values` has a row for each, one number a
    label, None where nothing was measured. `evidence` of drift is a share of its threshold: at 1 it rings;
    `deployment` is the same against its tests, None before there were any, and empty without.
    """

    at: tuple[int, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    evidence: tuple[float, ...]
    changes: tuple[Changed, ...]
    deployment: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDrift:
    """One feature of one agent; `tested` is how it stands against its tests, None without any."""

    agent: str
    feature: FeatureNow
    line: Line
    alarms: tuple[Noted, ...]
    tested: FeatureNow | None = None


def promise(plan: Plan) -> str:
    """The budget in words."""
    alarms = "1 false alarm is" if plan.alarms == 1 else f"{plan.alarms:g} false alarms are"
    over = (
        "in 1 feature"
        if len(plan.features) == 1
        else f"over {len(plan.features)} features together"
    )
    return f"at most {alarms} expected in {plan.sessions:,} sessions of one agent, {over}"


def fleet(fold: "Fold | None", docket: Docket) -> tuple[Seen, ...]:
    """Every agent: alarms first, then by evidence. Without a fold, what the log says of alarms."""
    names = dict.fromkeys([*(fold.monitor.agents() if fold else ()), *docket.agents()])
    found = [_seen(fold, docket, name) for name in names]
    return tuple(sorted(found, key=lambda s: (-STATES.index(s.state), -s.share, s.agent)))


def agent_drift(fold: "Fold | None", docket: Docket, name: str) -> AgentDrift:
    """One agent; raise `drift.Unusable` for one that no session and no alarm is of."""
    alarms = docket.of(name)
    if alarms and not (fold and fold.knows(name)):
        seen = _seen(fold, docket, name)
        return AgentDrift(
            seen=seen, features=(), deployment=(), tests="", alarms=alarms, acts=(), left_out={},
            told="",
        )  # fmt: skip
    if fold is None:
        raise Unusable(f"agent {name}: has no alarm, and nothing is watched")
    return AgentDrift(
        seen=_seen(fold, docket, name), features=_standing(fold, docket, name, Family.DRIFT),
        deployment=_standing(fold, docket, name, Family.DEPLOYMENT),
        tests=fold.tests.get(name, ""), alarms=alarms,
        acts=tuple(_done(act) for act in fold.monitor.acts() if _about(act, name, docket)),
        left_out=dict(fold.left_out.get(name, {})), told=fold.told.get(name, ""),
    )  # fmt: skip


def feature_drift(fold: "Fold | None", docket: Docket, name: str, feature: str) -> FeatureDrift:
    """One feature; raise `drift.Unusable` for an agent or a feature that neither sessions nor alarms tell of."""
    alarms = docket.of(name, feature)
    watched = fold is not None and feature in {f.name for f in fold.plan.features}
    if alarms and not (watched and fold and fold.knows(name)):
        return _unwatched(name, feature, alarms)
    if fold is None:
        raise Unusable(f"feature {feature} of {name}: has no alarm, and nothing is watched")
    found = fold.monitor.timeline(name, feature)
    evidence = fold.monitor.evidence(name)[feature]
    line = Line(
        at=found.at, units=found.units, labels=found.labels,
        values=tuple(tuple(map(_or_none, row)) for row in found.values.tolist()),
        evidence=tuple(found.evidence.tolist()), changes=found.changes,
        deployment=tuple(map(_or_none, found.tests.tolist())),
    )  # fmt: skip
    now = _now(fold, docket, name, feature, evidence)
    against = [f for f in _standing(fold, docket, name, Family.DEPLOYMENT) if f.name == feature]
    return FeatureDrift(
        agent=name, feature=now, tested=against[0] if against else None, line=line, alarms=alarms
    )


def _unwatched(name: str, feature: str, alarms: tuple[Noted, ...]) -> FeatureDrift:
    """What the log says of a feature that is not watched."""
    on = any(noted.settled is None for noted in alarms)
    now = FeatureNow(
        name=feature, kind="", grader="", state=Tier.ALARM.value if on else QUIET, share=0.0,
        units=0, missing=0, unknown=0, unbet=0,
    )  # fmt: skip
    line = Line(at=(), units=(), labels=(), values=(), evidence=(), changes=())
    return FeatureDrift(agent=name, feature=now, line=line, alarms=alarms)


def _seen(fold: "Fold | None", docket: Docket, name: str) -> Seen:
    monitor = fold.monitor if fold and fold.knows(name) else None
    evidence = monitor.evidence(name) if monitor else {}
    tested = monitor.evidence(name, Family.DEPLOYMENT) if monitor and monitor.tested(name) else {}
    best = max(evidence, key=lambda f: evidence[f][0], default="")
    alarms = docket.of(name)
    found = {Family.DRIFT: evidence, Family.CUE: {}, Family.DEPLOYMENT: tested}
    families = {f.value: _state(f, now, alarms) for f, now in found.items()}
    return Seen(
        agent=name, state=max(families.values(), key=STATES.index), families=families,
        units=monitor.units(name) if monitor else 0,
        spent=monitor.spent(name) if monitor else 0.0,
        unsettled=docket.unsettled(name), feature=best, share=evidence[best][0] if best else 0.0,
        rang=dict(Counter(n.family.value for n in alarms)),
        open=dict(Counter(n.family.value for n in alarms if n.settled is None)),
    )  # fmt: skip


def _state(
    family: Family, evidence: Mapping[str, tuple[float, Tier | None]], alarms: Iterable[Noted]
) -> str:
    """How an agent stands in one family: an alarm that the log has and nobody settled is on."""
    if any(n.settled is None and n.family is family for n in alarms):
        return Tier.ALARM.value
    return Tier.WATCH.value if Tier.WATCH in {tier for _, tier in evidence.values()} else QUIET


def _standing(fold: "Fold", docket: Docket, name: str, family: Family) -> tuple[FeatureNow, ...]:
    """The agent's features in one family, by evidence; none where it is not compared with tests."""
    if family is Family.DEPLOYMENT and not fold.monitor.tested(name):
        return ()
    evidence = fold.monitor.evidence(name, family)
    return tuple(_now(fold, docket, name, f, found, family) for f, found in evidence.items())


def _now(
    fold: "Fold", docket: Docket, agent: str, name: str, evidence: tuple[float, Tier | None],
    family: Family = Family.DRIFT,
) -> FeatureNow:  # fmt: skip
    """An alarm that the log has and nobody settled is on; otherwise what the evidence says now."""
    tally, share, tier = fold.monitor.tally(agent, name, family), *evidence
    watched = next(f for f in fold.plan.features if f.name == name)
    on = docket.told(agent, name, family)
    calm = tier.value if tier is Tier.WATCH else QUIET
    return FeatureNow(
        name=name, kind=watched.kind.value, grader=watched.grader,
        state=Tier.ALARM.value if on else calm, share=share, units=tally.units,
        missing=tally.missing, unknown=tally.unknown, unbet=tally.unbet,
        muted=tally.muted,
    )  # fmt: skip


def _about(act: Acted, agent: str, docket: Docket) -> bool:
    noted = docket.get(act.about)
    return noted.agent == agent if noted else act.about.startswith(f"{agent} ")


def _done(act: Acted) -> Done:
    return Done(about=act.about, act=str(act.act), by=act.by, why=act.why, at=act.at)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
