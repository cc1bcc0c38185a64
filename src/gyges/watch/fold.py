# SPDX-License-Identifier: Apache-2.0
"""Drift as a fold over the log: closed episodes, measures and people's acts in order, alarms out. Needs NumPy.

    state after n events = fold of the first n     the same plan and log give the same state, bit for bit

An episode waits until its graders have spoken, or `wait_ms` of the log's own time, and its agent's later episodes
wait behind it. It reads no clock and no file, writes nothing, and keeps the arms of a ring test to itself.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from gyges.canon import Json
from gyges.drift.alarms import Act, Alarm, Family, Reference, Tier
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.words import Budget, Episode, Unusable, Value
from gyges.episode import Kind, Recorded
from gyges.watch.arms import Arms
from gyges.watch.docket import FREEZE, UNMUTE, alarm_in
from gyges.watch.plan import Plan
from gyges.watch.rings import Rings, Rung
from gyges.watch.said import episode_of, taken

KINDS = (
    Kind.DRIFT_ALARM,
    Kind.EPISODE_CLOSED, Kind.MEASURED, Kind.DRIFT_SETTLED, Kind.DRIFT_BASELINE, Kind.RING_DESIGN,
)  # fmt: skip
LOOK_MS = 60_000  # how often it is asked which sessions have been silent for too long
SKEW_MS = 60_000  # so far the clocks of those who write the log may differ
REMEMBERED = 10_000  # early measures, and episodes after whose release a measure is late
Rang: TypeAlias = Alarm | Rung


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """A closed episode whose graders may still speak; `due` is ms by the log."""

    episode: Episode
    design: str
    room: str  # whose arm it has
    missing: set[str]
    due: int
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    graders: dict[str, str] = field(default_factory=dict[str, str])


def terms_of(plan: Plan, seed: str) -> Terms:
    """The plan as the monitor's settings; raise `Unusable`."""
    baseline = Reference.PAST if plan.baseline == "none" else Reference.FROZEN
    return Terms(
        budget=Budget(alarms=plan.alarms, sessions=plan.sessions), seed=seed, baseline=baseline,
        reference=plan.reference, idle_ms=plan.idle_ms,
    )  # fmt: skip


class Fold:
    """What the log so far comes to."""

    def __init__(self, plan: Plan, seed: str, arms: Arms) -> None:
        """Nothing has been seen. Raise `Unusable` for a plan that keeps no promise."""
        self.plan = plan
        kept = [watched.feature() for watched in plan.features]
        self.monitor = Monitor(kept, terms_of(plan, seed))
        self.rings = Rings(plan, arms)
        self.now = 0
        self._look = 0  # when sessions are looked at again
        self.left_out: dict[str, Counter[str]] = {}  # agent -> why something of it was left out
        self.told: dict[str, str] = {}  # agent -> what the latest refusal said
        self.tests: dict[str, str] = {}  # agent -> as which agent it was tested
        self._noted: set[str] = set()  # alarms in the log
        self._waiting: dict[str, deque[_Waiting]] = {}
        self._early: OrderedDict[tuple[str, str], list[dict[str, Json]]] = OrderedDict()
        self._over: OrderedDict[tuple[str, str], None] = OrderedDict()

    def take(self, recorded: Recorded) -> list[Rang]:
        """Fold one event; what rang because of it."""
        event = recorded.event
        self.now = max(self.now, event.at)
        rang = self._due() + self._silent()
        if recorded.redacted:
            self._leave(event.agent, "redacted")
            return rang
        match event.kind:
            case Kind.EPISODE_CLOSED:
                self._closed(event.agent, event.at, event.body)
                rang += self._release(event.agent)
            case Kind.MEASURED:
                self._measured(event.agent, event.body)
                rang += self._release(event.agent)
            case Kind.DRIFT_ALARM:
                self._rang(event.body)
            case Kind.RING_DESIGN:
                self.rings.begin(event.at, event.body)
            case _:
                self._acted(event.at, event.body)
        return rang

    def knows(self, agent: str) -> bool:
        """Whether a session of the agent has been looked at."""
        return agent in self.monitor.fleet.agents

    def hush(self) -> None:
        """What rang so far and is not in the log is nobody's news."""
        for alarm in self.monitor.unsettled():
            if alarm.id not in self._noted:
                why = "it is not in the log"
                self.monitor.ack(alarm.id, Act.KEEP, by="gate", why=why, at=self.now)

    def state(self) -> bytes:
        """All of it, to be compared."""
        waiting = {agent: list(queue) for agent, queue in self._waiting.items() if queue}
        rest = (
            self.now,
            self._look,
            sorted(self._noted),
            self.left_out,
            self.told,
            self.tests,
            waiting,
            self._early,
            self._over,
        )
        return self.monitor.dump() + self.rings.state() + repr(rest).encode()

    def _due(self) -> list[Rang]:
        """Release what has waited long enough."""
        ready = [a for a, queue in self._waiting.items() if queue and queue[0].due <= self.now]
        return [rang for agent in ready for rang in self._release(agent)]

    def _silent(self) -> list[Rang]:
        """Sessions that have been idle for too long by the log's own time are over, whoever's event tells it."""
        rang: list[Rang] = []
        if self.now < self._look:
            return rang
        self._look = self.now + LOOK_MS
        for agent in self.monitor.busy():
            queue = self._waiting.get(agent)
            now = queue[0].episode.at if queue else self.now
            rang += self.monitor.advance(agent, max(now - SKEW_MS, self.monitor.last(agent)))
            rungs, refused = self.rings.advance(agent, self.monitor.last(agent))
            rang += rungs
            self._refused(agent, refused)
        return rang

    def _closed(self, agent: str, at: int, body: Mapping[str, Json]) -> None:
        told = episode_of(agent, at, body, self.plan.strata)
        if told is None:
            self._leave(agent, "not whole")
            return
        one = _Waiting(
            episode=told.episode, design=told.design, room=told.room,
            missing=set(self.plan.graded), due=self.now + self.plan.wait_ms,
        )  # fmt: skip
        self._waiting.setdefault(agent, deque()).append(one)
        for measured in self._early.pop((agent, told.episode.id), []):
            self._fill(one, measured)

    def _measured(self, agent: str, body: Mapping[str, Json]) -> None:
        if not self.plan.graded:
            return
        name = str(body.get("episode", ""))
        for one in self._waiting.get(agent, ()):
            if one.episode.id == name:
                self._fill(one, body)
                return
        if (agent, name) in self._over:
            self._leave(agent, "measured late")
            return
        self._early.setdefault((agent, name), []).append(dict(body))
        if len(self._early) > REMEMBERED:
            self._early.popitem(last=False)

    def _fill(self, one: _Waiting, body: Mapping[str, Json]) -> None:
        """The first word of each feature's grader counts."""
        grader, graded = str(body.get("grader", "")), self.plan.graded
        for name, value in taken(body).items():
            if graded.get(name) == grader and name not in one.values:
                one.values[name] = value
                one.graders[f"grader {grader}"] = str(body.get("version", ""))
                one.missing.discard(name)

    def _release(self, agent: str) -> list[Rang]:
        """Hand on the agent's episodes in order, as long as the first is complete or has waited long enough."""
        queue = self._waiting.get(agent, deque[_Waiting]())
        rang: list[Rang] = []
        while queue and (not queue[0].missing or queue[0].due <= self.now):
            one = queue.popleft()
            self._over[agent, one.episode.id] = None
            if len(self._over) > REMEMBERED:
                self._over.popitem(last=False)
            rang += self._observe(one)
        return rang

    def _observe(self, one: _Waiting) -> list[Rang]:
        last, at = self.monitor.last(one.episode.agent), one.episode.at
        episode = replace(
            one.episode, values={**one.episode.values, **one.values},
            fingerprint={**one.episode.fingerprint, **one.graders},
            at=last if last - SKEW_MS <= at < last else at,
        )  # fmt: skip
        try:
            found: list[Rang] = list(self.monitor.observe(episode))
        except Unusable as error:
            self._leave(episode.agent, "refused", str(error))
            return []
        rungs, refused = self.rings.observe(episode, one.design, one.room)
        self._refused(episode.agent, refused)
        return [*found, *rungs]

    def _refused(self, agent: str, refused: Iterable[str]) -> None:
        for why in refused:
            self._leave(agent, "left out of the ring test", why)

    def _acted(self, at: int, body: Mapping[str, Json]) -> None:
        """A person's act, where it is about something that is still so."""
        names = ("alarm", "agent", "choice", "by", "reason")
        alarm, agent, choice, by, why = (str(body.get(name, "")) for name in names)
        if choice in (FREEZE, UNMUTE):
            about = str(body.get("feature" if choice == UNMUTE else "of", ""))
            self._begin(choice, agent, about, by=by, why=why, at=at)
        elif alarm in {known.id for known in self.monitor.unsettled(agent)}:
            try:
                self.monitor.ack(alarm, Act(choice), by=by, why=why, at=at)
            except Unusable as error:
                self._leave(agent, "kept instead of what was chosen", str(error))
                self.monitor.ack(alarm, Act.KEEP, by=by, why=why, at=at)

    def _rang(self, body: Mapping[str, Json]) -> None:
        """An alarm that is in the log is open, whether or not this fold rang it: people's acts are about it."""
        alarm = alarm_in(body)
        if alarm is None:
            return
        self._noted.add(alarm.id)
        names = {watched.name for watched in self.plan.features}
        if alarm.agent in self.monitor.agents() and alarm.feature in names:
            self.monitor.fleet.open.setdefault(alarm.id, alarm)

    def _begin(self, choice: str, agent: str, about: str, *, by: str, why: str, at: int) -> None:
        """An act that answers no alarm; `about` is a feature to unmute, or as which agent it was tested."""
        try:
            if choice == UNMUTE:
                self.monitor.unmute(agent, about, by=by, why=why, at=at)
            elif about:
                family = Family.DEPLOYMENT
                self.monitor.freeze(agent, by=by, why=why, at=at, family=family, of=about)
                self.tests[agent] = about
            else:
                self.monitor.freeze(agent, by=by, why=why, at=at)
        except Unusable as error:
            self._leave(agent, f"{choice}: could not be done", str(error))

    def _leave(self, agent: str, why: str, told: str = "") -> None:
        self.left_out.setdefault(agent, Counter())[why] += 1
        if told:
            self.told[agent] = told[:500]


def loud(rang: Iterable[Rang]) -> list[Rang]:
    """Those that people are told of: not what is only on watch."""
    return [one for one in rang if not isinstance(one, Alarm) or one.tier is Tier.ALARM]
