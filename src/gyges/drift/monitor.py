# SPDX-License-Identifier: Apache-2.0
"""The monitor: episodes of agents in, alarms out. All of drift behind one door.

The budget says: at most `alarms` false alarms are expected in every `sessions` units of one agent, over all its
features together, resets and both references included; bounds from a reference add one chance in a hundred that
some bound misses. The families have budgets of their own and are never mixed: `drift` (did it change over time)
and `deployment` (does it differ from its tests: weaker, since tasks may differ).

It reads no clock, and the same episodes and acts give the same alarms and the same dump, bit for bit. What is
refused has changed nothing.
"""

from collections.abc import Sequence

from gyges.drift import checks
from gyges.drift.alarms import Act, Acted, Alarm, Family, Reference, Tier
from gyges.drift.baseline import LEAST
from gyges.drift.fleet import Fleet, load
from gyges.drift.kept import Tally, Timeline, tally, timeline
from gyges.drift.plans import Terms
from gyges.drift.rows import Row
from gyges.drift.words import Episode, Feature, Unusable


class Monitor:
    """Drift of many agents with the same features."""

    def __init__(
        self, features: Sequence[Feature], terms: Terms | None = None, *, forced: bool = False,
        sample: Sequence[Episode] = (),
    ) -> None:  # fmt: skip
        """`forced` accepts features by event; refused, their correlation is measured in `sample`.

        Raises:
            Unusable: a feature that cannot be, or that keeps no promise.
        """
        if not forced:
            checks.refuse_events(features, sample)
        self.fleet = Fleet(features, terms or Terms())

    # --- what comes in -------------------------------------------------------------------------

    def observe(self, episode: Episode) -> list[Alarm]:
        """Take one closed episode; what rang because of it, on watch or alarm.

        Raises:
            Unusable: names the episode and what is wrong; nothing has changed.
        """
        known = self.fleet.agents
        agent = known.get(str(episode.agent)) or self.fleet.new(str(episode.agent))
        agent.sessions.check(self.fleet.features, episode)
        known[agent.name] = agent
        rang = self.fleet.sessions(agent, agent.sessions.take(episode))
        return rang + self.fleet.episode(agent, episode)

    def close(self, agent: str, session: str, at: int) -> list[Alarm]:
        """A session ended at `at` (ms); raise `Unusable` where it is not open or the clock went backwards."""
        found = self.fleet.agent(agent)
        return self.fleet.sessions(found, found.sessions.close(session, at))

    def advance(self, agent: str, at: int) -> list[Alarm]:
        """It is `at` (ms) by the data's clock: sessions that have been idle close."""
        found = self.fleet.agent(agent)
        found.sessions.check_clock(at, f"agent {agent}")
        return self.fleet.sessions(found, found.sessions.idle(at))

    def busy(self) -> tuple[str, ...]:
        """Agents with a session that is not over."""
        return tuple(name for name, agent in self.fleet.agents.items() if agent.sessions.open)

    def last(self, agent: str) -> int:
        """The agent's time (ms): that of its latest episode, or to which it was advanced; 0 before the first."""
        found = self.fleet.agents.get(agent)
        return found.sessions.last if found else 0

    # --- what people do ------------------------------------------------------------------------

    def freeze(
        self, agent: str, episodes: Sequence[Episode] = (), *, by: str, why: str, at: int,
        family: Family = Family.DRIFT, of: str = "",
    ) -> None:  # fmt: skip
        """Take these episodes of the agent, or the units kept, as what is normal. With `DEPLOYMENT` they are of
        its tests, and what comes is compared with them beside all else; `of` names the agent as which it was
        tested here, whose units are kept.

        Raises:
            Unusable: nobody answers for it, there are no units, too few of another agent, or an episode cannot
                be used.
        """
        _named(by, why)
        if family is Family.CUE:
            raise Unusable("baseline: the cue is tested against the other arm, nothing is frozen")
        made = self.fleet.agents.get(agent) or self.fleet.new(agent)
        tested = self.tests_of(agent, of, family) if of else None
        chosen = tested or [self.fleet.rows(line, episodes) for line in made.lines]
        if not all(chosen):
            raise Unusable(f"baseline of {agent}: there are no units to freeze")
        self.fleet.agents[agent] = made
        for line, rows in zip(made.lines, chosen, strict=True):
            line.freeze(rows, family)
        self.fleet.acts.append(
            Acted(about=f"{agent} {family}", act="freeze", by=by, why=why, at=at)
        )

    def tests_of(self, agent: str, of: str, family: Family = Family.DEPLOYMENT) -> list[list[Row]]:
        """The units kept of the agent `of`, for each grain: what `agent` was like when it was tested.

        Raises:
            Unusable: they are no tests, of the agent itself, of nobody, or too few to say anything.
        """
        if family is not Family.DEPLOYMENT or of == agent:
            raise Unusable(f"baseline of {agent}: tests are those of another agent, not of {of}")
        found = [list(line.rows) for line in self.fleet.agent(of).lines]
        least = min(map(len, found))
        if least < LEAST:
            raise Unusable(f"baseline of {agent}: {least} sessions of {of} are kept, not {LEAST}")
        return found

    def ack(
        self, alarm: str, act: Act, *, by: str, why: str, at: int, episodes: Sequence[Episode] = ()
    ) -> None:
        """Settle an alarm. A new baseline is what comes from here on for ranks, and for bounds these episodes or
        the units kept since the change. The first reference and stated bands never move: keep or mute them.

        Raises:
            Unusable: no such alarm is open, nobody answers for it, or its reference cannot move.
        """
        _named(by, why)
        if alarm not in self.fleet.open:
            raise Unusable(f"alarm {alarm}: is not open")
        if act is Act.REBASELINE:
            self._rebaseline(self.fleet.open[alarm], episodes)
        if act is Act.MUTE:
            self._mute(self.fleet.open[alarm])
        del self.fleet.open[alarm]
        self.fleet.acts.append(Acted(about=alarm, act=act, by=by, why=why, at=at))

    def unmute(self, agent: str, feature: str, *, by: str, why: str, at: int) -> None:
        """Bet on the feature again, with all its references, as if it had just alarmed; raise `Unusable`."""
        _named(by, why)
        line, place = self.fleet.line(agent, feature)
        line.unmute(place)
        self.fleet.acts.append(
            Acted(about=f"{agent} {feature}", act="unmute", by=by, why=why, at=at)
        )

    # --- what is asked -------------------------------------------------------------------------

    def unsettled(self, agent: str = "") -> tuple[Alarm, ...]:
        """Alarms that nobody has acknowledged, oldest first; of all agents where none is named."""
        return tuple(a for a in self.fleet.open.values() if not agent or a.agent == agent)

    def agents(self) -> tuple[str, ...]:
        """All agents seen, in the order of their coming."""
        return tuple(self.fleet.agents)

    def acts(self) -> tuple[Acted, ...]:
        """What people did, oldest first."""
        return tuple(self.fleet.acts)

    def explain(self, alarm: str, k: int = 10, episodes: Sequence[Episode] = ()) -> Alarm:
        """The alarm with its `k` strongest transcripts and counter-examples, from the units kept, or from these
        episodes of the agent, which hold all since its sums began and the unit that rang.

        Raises:
            Unusable: no such alarm is known any more, or the unit that rang is not there.
        """
        case = self.fleet.cases.get(alarm)
        if case is None:
            raise Unusable(f"alarm {alarm}: is not known any more; replay the log")
        rows = self.fleet.rows(self.fleet.agent(case.alarm.agent).lines[case.line], episodes)
        last = next((at for at, row in enumerate(rows) if row.id == case.alarm.unit), None)
        if last is None:
            raise Unusable(f"alarm {alarm}: its unit {case.alarm.unit} is not at hand")
        return self.fleet.told(case, rows[: last + 1], k)

    def timeline(self, agent: str, feature: str) -> Timeline:
        """The feature's units as far as they are kept."""
        line, at = self.fleet.line(agent, feature)
        alarms = [case.alarm for case in self.fleet.cases.values()]
        return timeline(line, at, [a for a in alarms if (a.agent, a.feature) == (agent, feature)])

    def evidence(
        self, agent: str, family: Family = Family.DRIFT
    ) -> dict[str, tuple[float, Tier | None]]:
        """Each feature's evidence as a share of its threshold, and its tier now; strongest first. An alarm that
        nobody has settled is on.
        """
        found: dict[str, tuple[float, Tier | None]] = {}
        for line in self.fleet.agent(agent).lines:
            for f, a, w in zip(line.plan.layout.features, *line.evidence(family), strict=True):
                found[f.name] = (float(a), Tier.WATCH if w >= 1 else None)
        for known in self.unsettled(agent):
            if known.family is family:
                found[known.feature] = (found[known.feature][0], Tier.ALARM)
        return dict(sorted(found.items(), key=lambda kv: (kv[1][1] is not Tier.ALARM, -kv[1][0])))

    def units(self, agent: str) -> int:
        """How many units of the agent there were; 0 for one that has not been seen."""
        known = self.fleet.agents.get(agent)
        return max((line.units for line in known.lines), default=0) if known else 0

    def tested(self, agent: str) -> bool:
        """Whether the agent is compared with its tests."""
        lines = self.fleet.agent(agent).lines
        return any(p.spec.family is Family.DEPLOYMENT for line in lines for p in line.parts)

    def tally(self, agent: str, feature: str, family: Family = Family.DRIFT) -> Tally:
        """What the feature could not use; its frozen baseline is that of `family`."""
        return tally(*self.fleet.line(agent, feature), family)

    def spent(self, agent: str) -> float:
        """False alarms that this agent's units so far are expected to have cost at most, in each family."""
        return self.fleet.spent(self.fleet.agent(agent))

    # --- how it is kept ------------------------------------------------------------------------

    def dump(self) -> bytes:
        """The whole state, settings and seed included."""
        return self.fleet.dump()

    @classmethod
    def load(cls, data: bytes) -> "Monitor":
        """A monitor that goes on exactly where the dumped one was; raise `Unusable` for other bytes."""
        fleet = load(data)
        made = cls(fleet.features, fleet.terms, forced=True)
        made.fleet = fleet
        return made

    def _rebaseline(self, alarm: Alarm, episodes: Sequence[Episode]) -> None:
        if alarm.reference not in (Reference.PAST, Reference.FROZEN):
            raise Unusable(
                f"alarm {alarm.id}: the {alarm.reference} reference never moves; keep or mute"
            )
        if alarm.family is Family.DEPLOYMENT:
            raise Unusable(f"alarm {alarm.id}: what it does now is not what its tests were")
        line, at = self.fleet.line(alarm.agent, alarm.feature)
        if alarm.reference is Reference.PAST:
            for part in line.parts_of(alarm.family, alarm.reference, at):
                part.forget(part.spec.features.index(at))
            return
        rows = self.fleet.rows(line, episodes)
        if not episodes:
            rows = [row for row in rows if alarm.since is not None and row.at >= alarm.since]
        line.freeze(rows, alarm.family, [at])

    def _mute(self, alarm: Alarm) -> None:
        line, at = self.fleet.line(alarm.agent, alarm.feature)
        for part in line.parts_of(alarm.family, alarm.reference, at):
            part.muted[part.spec.features.index(at)] = True


def _named(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise Unusable("a baseline or an alarm is settled by a named person, with a reason")
