# SPDX-License-Identifier: Apache-2.0
"""The agents of a monitor: their sessions and streams, the alarms that rang, and all of that as bytes.

It turns what rang into alarms that explain themselves. What is asked and who may do what is monitor.py's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from gyges.drift import store
from gyges.drift.alarms import Acted, Alarm, Family, Reference, Tier, alarm_id
from gyges.drift.explain import explain
from gyges.drift.parts import Snapshot
from gyges.drift.plans import Terms, plans
from gyges.drift.revive import acted_from, alarm_from, feature_from, snapshot_from, snapshot_tree
from gyges.drift.rows import Row, row_of
from gyges.drift.streams import Line, Rang
from gyges.drift.tree import Tree, but
from gyges.drift.units import Sessions, Unit, single, units_of
from gyges.drift.words import Budget, Episode, Feature, Grain, Unusable

CASES = 256
"""Alarms that can be explained again without a replay: the oldest go first, and settled ones before open ones."""
NOTES = {
    Family.DEPLOYMENT: "Possible task mix: what it is asked now may differ from what its tests asked."
}
TOP = 5


@dataclass(slots=True, kw_only=True)
class Agent:
    """One agent's sessions, and its lines by grain."""

    name: str
    sessions: Sessions
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An alarm, which of its agent's lines rang, and the feature as it was then."""

    alarm: Alarm
    line: int
    snapshot: Snapshot


class Fleet:
    """All agents with the same features and terms."""

    def __init__(self, features: Sequence[Feature], terms: Terms) -> None:
        """Nobody has been seen."""
        self.features, self.terms = tuple(features), terms
        self._plans = plans(self.features, terms)
        self.agents: dict[str, Agent] = {}
        self.open: dict[str, Alarm] = {}
        self.cases: dict[str, Case] = {}
        self.acts: list[Acted] = []

    def new(self, name: str) -> Agent:
        """An agent that is not yet part of the fleet."""
        lines = [Line(plan, name) for plan in self._plans]
        return Agent(name=name, sessions=Sessions(self.terms.idle_ms), lines=lines)

    def agent(self, name: str) -> Agent:
        """One that has been seen; raise `Unusable` where it has not."""
        if name not in self.agents:
            raise Unusable(f"agent {name}: has not been seen")
        return self.agents[name]

    def line(self, agent: str, feature: str) -> tuple[Line, int]:
        """The agent's line that holds the feature, and its place there."""
        for line in self.agent(agent).lines:
            for at, known in enumerate(line.plan.layout.features):
                if known.name == feature:
                    return line, at
        raise Unusable(f"feature {feature}: is not one of this monitor's")

    def episode(self, agent: Agent, episode: Episode) -> list[Alarm]:
        """Take one episode that is a unit of its own, in the lines that count so."""
        unit = single(episode)
        return [
            alarm
            for at, line in enumerate(agent.lines)
            if line.plan.grain is not Grain.SESSION
            for alarm in self._step(agent, at, unit)
        ]

    def sessions(self, agent: Agent, units: Sequence[Unit]) -> list[Alarm]:
        """Take sessions that closed, in order."""
        return [
            alarm
            for unit in units
            for at, line in enumerate(agent.lines)
            if line.plan.grain is Grain.SESSION
            for alarm in self._step(agent, at, unit)
        ]

    def rows(self, line: Line, episodes: Sequence[Episode]) -> list[Row]:
        """These episodes of its agent as rows; without any, the rows that are kept."""
        if not episodes:
            return list(line.rows)
        if episodes[0].agent != line.agent:
            raise Unusable(f"episode {episodes[0].id}: is of {episodes[0].agent}, not {line.agent}")
        units = units_of(episodes, self.features, self.terms.idle_ms)
        if line.plan.grain is not Grain.SESSION:
            units = [single(episode) for episode in episodes]
        return [row_of(line.plan.layout, unit) for unit in units]

    def told(self, case: Case, rows: Sequence[Row], k: int) -> Alarm:
        """The alarm, explained from rows that end with the one that rang."""
        line = self.agent(case.alarm.agent).lines[case.line]
        known = [replace(row, stratum=line.stratum_of(row.stratum)) for row in rows]
        return explain(
            case.alarm, case.snapshot, known, line.ties, grain=line.plan.grain, k=k,
            changes=[change for _, change in line.changes],
        )  # fmt: skip

    def spent(self, agent: Agent) -> float:
        """Expected false alarms at most, of its units so far, in each family."""
        rate = self.terms.budget.alarms / self.terms.budget.sessions
        return sum(line.units * line.plan.weight * rate for line in agent.lines)

    def _step(self, agent: Agent, at: int, unit: Unit) -> list[Alarm]:
        line = agent.lines[at]
        rang = line.step(unit)
        return [self._file(self._case(agent, at, unit, one, rang)) for one in rang]

    def _case(self, agent: Agent, at: int, unit: Unit, rang: Rang, beside: Sequence[Rang]) -> Case:
        line, spec = agent.lines[at], rang.snapshot.spec
        lay = line.plan.layout
        feature = lay.features[rang.feature]
        stream = spec.streams[int(rang.snapshot.sums.mean(axis=0).argmax())]
        own = feature.name
        near = {lay.features[i].name for i in np.flatnonzero(line.evidence(spec.family)[1] >= 1)}
        near |= {
            lay.features[r.feature].name for r in beside if r.snapshot.spec.family is spec.family
        }
        name = alarm_id(
            spec.family, agent.name, own, lay.labels[stream], rang.tier, spec.reference, unit.id
        )
        alarm = Alarm(
            id=name, family=spec.family, agent=agent.name, feature=own, label=lay.labels[stream],
            direction=feature.direction, tier=rang.tier, reference=spec.reference,
            evidence=rang.evidence, threshold=rang.threshold, spent=self.spent(agent), at=unit.at,
            unit=unit.id, note=NOTES.get(spec.family, ""),
            together=tuple(sorted(near - {own})),
        )  # fmt: skip
        return Case(alarm=alarm, line=at, snapshot=rang.snapshot)

    def _file(self, case: Case) -> Alarm:
        line = self.agent(case.alarm.agent).lines[case.line]
        alarm = self._together(self.told(case, list(line.rows), TOP))
        self.cases[alarm.id] = replace(case, alarm=alarm)
        while len(self.cases) > CASES:
            settled = (name for name in self.cases if name not in self.open)
            del self.cases[next(settled, next(iter(self.cases)))]
        if alarm.tier is Tier.ALARM:
            self.open[alarm.id] = alarm
        return alarm

    def _together(self, alarm: Alarm) -> Alarm:
        """With the features whose alarms are open and came since it may have begun."""
        began = alarm.at if alarm.earliest is None else alarm.earliest
        beside = {
            a.feature for a in self.open.values()
            if (a.agent, a.family) == (alarm.agent, alarm.family) and a.at >= began
        }  # fmt: skip
        return replace(alarm, together=tuple(sorted({*alarm.together, *beside} - {alarm.feature})))

    def dump(self) -> bytes:
        """All of it."""
        terms = self.terms
        return store.pack({
            "features": [asdict(f) for f in self.features], "terms": asdict(terms),
            "acts": [asdict(a) for a in self.acts],
            "open": [asdict(a) for a in self.open.values()],
            "cases": [
                {"alarm": asdict(c.alarm), "line": c.line, "snapshot": snapshot_tree(c.snapshot)}
                for c in self.cases.values()
            ],
            "agents": [
                {"name": a.name, "sessions": a.sessions.tree(), "lines": [n.tree() for n in a.lines]}
                for a in self.agents.values()
            ],
        })  # fmt: skip


def load(data: bytes) -> Fleet:
    """The inverse of `Fleet.dump`; raise `Unusable` for other bytes."""
    tree: Tree = store.unpack(data)
    terms = tree["terms"]
    fleet = Fleet(
        [feature_from(f) for f in tree["features"]],
        Terms(**but(
            terms, budget=Budget(**terms["budget"]), baseline=Reference(terms["baseline"])
        )),
    )  # fmt: skip
    for kept in tree["agents"]:
        agent = fleet.agents[kept["name"]] = fleet.new(kept["name"])
        agent.sessions.restore(kept["sessions"])
        for line, own in zip(agent.lines, kept["lines"], strict=True):
            line.restore(own)
    fleet.acts = [acted_from(a) for a in tree["acts"]]
    fleet.open = {a["id"]: alarm_from(a) for a in tree["open"]}
    for kept in tree["cases"]:
        alarm, snapshot = alarm_from(kept["alarm"]), snapshot_from(kept["snapshot"])
        fleet.cases[alarm.id] = Case(alarm=alarm, line=kept["line"], snapshot=snapshot)
    return fleet
