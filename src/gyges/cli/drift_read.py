# SPDX-License-Identifier: Apache-2.0
"""Episodes of a file through a monitor and, where they hold cues, through ring tests. It prints nothing.

With a file of tests each agent is compared with what it did there as well, in a family of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gyges.cli.drift_file import LONGEST, Read, features_of, read_file
from gyges.cli.drift_noted import left_out, notes, units_watched
from gyges.drift.alarms import Alarm, Family, Reference, Tier
from gyges.drift.coin import Design
from gyges.drift.findings import Report
from gyges.drift.many import split
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.ring import Ring
from gyges.drift.units import Sessions, Unit, single, units_of
from gyges.drift.words import Budget, Episode, Feature, Grain, Unusable
from gyges.errors import Malformed

BASELINES = {"none": Reference.PAST, "frozen": Reference.FROZEN}
OFTEN = 200
"""Episodes between two words on progress."""

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asked for."""

    budget: Budget
    baseline: str
    reference: int
    features: tuple[str, ...]
    manipulation: str
    alpha: float
    tests: Path | None = None
    tested_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the file held and what rang; `spent` is each agent's expected false alarms in each family, `ring` by agent
    and design. `units` were watched, `tests` are each agent's episodes there, `left_out` counts units by reason.
    """

    name: str
    episodes: int
    features: tuple[Feature, ...]
    alarms: tuple[Alarm, ...]
    watches: tuple[Alarm, ...]
    spent: Mapping[str, float]
    ring: tuple[tuple[str, Report], ...]
    units: Mapping[str, int]
    tests: Mapping[str, int]
    left_out: Mapping[str, Mapping[str, int]]
    notes: tuple[str, ...]

    @property
    def rang(self) -> bool:
        """Whether anything reached its threshold."""
        return bool(self.alarms) or any(f.rung for _, report in self.ring for f in report.findings)


def budget_of(text: str) -> Budget:
    """`B/N` as a budget.

    Raises:
        Malformed: it is none.
    """
    alarms, _, sessions = text.partition("/")
    try:
        return Budget(alarms=float(alarms), sessions=int(sessions))
    except ValueError as error:  # Unusable is one
        told = f": {error}" if isinstance(error, Unusable) else ""
        raise Malformed(
            f"budget {text!r}: expected alarms/sessions, such as 1/10000{told}"
        ) from None


def read(file: Path, asked: Asked, tell: Tell) -> Found:
    """Watch the file's episodes.

    Raises:
        Malformed: the file or what was asked cannot be used; names the line where there is one.
    """
    if asked.baseline not in BASELINES:
        raise Malformed(f"baseline {asked.baseline!r}: expected {' or '.join(BASELINES)}")
    taken = read_file(file)
    others = [read_file(asked.tests)] if asked.tests else []
    features = features_of(taken, asked.features, *others)
    for one in (taken, *others):
        _check(one, features)
    try:
        split(asked.alpha, [1.0])
        monitor = Monitor(features, _terms(asked))
        tests = by_agent(taken, others[0], asked.tested_as) if others else {}
        for agent, episodes in tests.items():
            monitor.freeze(
                agent,
                episodes,
                by="gyges drift read",
                why="--tests",
                at=0,
                family=Family.DEPLOYMENT,
            )
        rang = _watched(monitor, taken, asked, tell)
        ring = tuple(_ring(taken, features, asked))
    except Unusable as error:
        raise Malformed(f"{file}: {error}") from None
    units = units_watched(monitor, features)
    return Found(
        name=str(file), episodes=len(taken.episodes), features=features, ring=ring, units=units,
        tests={agent: len(episodes) for agent, episodes in tests.items()},
        left_out=left_out(monitor, features), notes=notes(taken, units, monitor.fleet.terms),
        alarms=tuple(a for a in rang if a.tier is Tier.ALARM),
        watches=tuple(a for a in rang if a.tier is Tier.WATCH),
        spent={agent: monitor.spent(agent) for agent in monitor.agents()},
    )  # fmt: skip


def by_agent(taken: Read, tests: Read, tested_as: str) -> dict[str, list[Episode]]:
    """The episodes of `tests` for each agent of `taken`: those of its name, or of the agent `tested_as`.

    Raises:
        Malformed: an episode is its own test, or there are no tests of any of them.
    """
    own = {(e.agent, e.id) for e in taken.episodes}
    found: dict[str, list[Episode]] = {}
    for agent in dict.fromkeys(e.agent for e in taken.episodes):
        name = tested_as or agent
        for line, episode in zip(tests.lines, tests.episodes, strict=True):
            if episode.agent == name:
                if (agent, episode.id) in own and name == agent:
                    where = f"{tests.name}, line {line}: episode {episode.id}"
                    raise Malformed(f"{where}: is in {taken.name} too, and cannot be its own test")
                found.setdefault(agent, []).append(replace(episode, agent=agent))
    if not found:
        names = ", ".join(dict.fromkeys(e.agent for e in tests.episodes))
        raise Malformed(f"{tests.name}: has tests of {names[:LONGEST]} only; see --tests-agent")
    return found


def _check(taken: Read, features: Sequence[Feature]) -> None:
    """Refuse what cannot be used with its line, before anything is computed."""
    sessions: dict[str, Sessions] = {}
    for line, episode in zip(taken.lines, taken.episodes, strict=True):
        own = sessions.setdefault(episode.agent, Sessions(Terms().idle_ms))
        try:
            own.check(features, episode)
        except Unusable as error:
            raise Malformed(f"{taken.name}, line {line}: {str(error)[:LONGEST]}") from None
        own.take(episode)


def _terms(asked: Asked) -> Terms:
    baseline = BASELINES[asked.baseline]
    return Terms(budget=asked.budget, baseline=baseline, reference=asked.reference)


def _watched(monitor: Monitor, taken: Read, asked: Asked, tell: Tell) -> list[Alarm]:
    """All that rang; with a frozen baseline each agent's first sessions are frozen and not watched."""
    rang: list[Alarm] = []
    frozen = _first(taken, asked.reference) if asked.baseline == "frozen" else {}
    for agent, episodes in frozen.items():
        monitor.freeze(agent, episodes, by="gyges drift read", why="--baseline frozen", at=0)
    normal = {id(episode) for episodes in frozen.values() for episode in episodes}
    total = len(taken.episodes)
    for at, episode in enumerate(taken.episodes):
        if at % OFTEN == 0:
            tell("watching", at, total)
        if id(episode) in normal:
            continue
        rang += monitor.observe(episode)
    last = max(episode.at for episode in taken.episodes) + monitor.fleet.terms.idle_ms + 1
    for agent in monitor.agents():
        rang += monitor.advance(agent, last)
    tell("watched", total, total)
    return rang


def _first(taken: Read, count: int) -> dict[str, list[Episode]]:
    """The episodes of each agent's first `count` sessions."""
    sessions: dict[str, set[str]] = {}
    found: dict[str, list[Episode]] = {}
    for episode in taken.episodes:
        own = sessions.setdefault(episode.agent, set())
        name = episode.session or f"\0{episode.id}"
        if name in own or len(own) < count:
            own.add(name)
            found.setdefault(episode.agent, []).append(episode)
    return found


def _ring(taken: Read, features: Sequence[Feature], asked: Asked) -> list[tuple[str, Report]]:
    """The report of each agent in each design that it had a cue of."""
    found: list[tuple[str, Report]] = []
    for agent in dict.fromkeys(episode.agent for episode in taken.episodes):
        own = [episode for episode in taken.episodes if episode.agent == agent]
        told = {episode.cue.design for episode in own if episode.cue}
        for design in (design for design in taken.designs if design.id in told):
            grained = [replace(feature, grain=design.grain) for feature in features]
            ring = Ring(design, grained, alpha=asked.alpha, manipulation=asked.manipulation)
            for unit in _units(own, grained, design):
                ring.step(unit)
            found.append((agent, ring.report()))
    return found


def _units(own: list[Episode], features: Sequence[Feature], design: Design) -> list[Unit]:
    if design.grain is Grain.EPISODE:
        return [single(episode) for episode in own]
    return units_of(own, features, Terms().idle_ms)
