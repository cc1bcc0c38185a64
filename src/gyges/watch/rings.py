# SPDX-License-Identifier: Apache-2.0
"""Every agent's ring tests, fed with the sessions that the log tells of. Needs NumPy. Arms do not leave it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from gyges.canon import Json
from gyges.drift import findings as drift
from gyges.drift.coin import Design
from gyges.drift.misuse import Grader
from gyges.drift.ring import Ring
from gyges.drift.store import pack
from gyges.drift.units import Sessions, Unit
from gyges.drift.words import Episode, Grain, Unusable
from gyges.watch.arms import Arms
from gyges.watch.plan import Plan


class _Terms(TypedDict):
    alpha: float
    manipulation: str
    graders: Mapping[str, Grader]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A ring test in the log; `design` None where its key is not at hand. `at` in ms."""

    id: str
    at: int
    share: float
    commitment: str
    design: Design | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A feature that the cue is now known to change, of one agent in one design. No arm is in it."""

    agent: str
    design: str
    rung: drift.Rung


class Rings:
    """One ring for each agent and design; features by episode take no part, since the cue is given by session."""

    def __init__(self, plan: Plan, arms: Arms) -> None:
        """No test has begun."""
        self.plan, self._arms = plan, arms
        mine = [f for f in plan.features if f.grain is Grain.SESSION]
        self._kept = [f.feature() for f in mine]
        # Measures that quote the cue are refused at the door: graders get transcripts without it.
        graders = {f.name: Grader(name=f.grader, version="", blind=True) for f in mine if f.grader}
        self._terms = _Terms(alpha=plan.alpha, manipulation=plan.manipulation, graders=graders)
        Ring(Design(id="plan", share=0.5), self._kept, **self._terms)  # refuses what cannot be
        self.begun: dict[str, Begun] = {}
        self.rings: dict[tuple[str, str], Ring] = {}
        self._sessions: dict[str, Sessions] = {}
        self._latest: dict[str, str] = {}

    def begin(self, at: int, body: Mapping[str, Json]) -> None:
        """A test that the log declares."""
        name, share = str(body.get("design", "")), body.get("share")
        self.begun[name] = Begun(
            id=name, at=at, share=float(share) if isinstance(share, int | float) else 0.0,
            commitment=str(body.get("commitment", "")), design=self._arms.design(body),
        )  # fmt: skip

    def observe(self, episode: Episode, design: str, room: str) -> tuple[list[Rung], list[str]]:
        """What rang and what was refused; `episode` was taken by the monitor, so it is whole."""
        agent, begun = episode.agent, self.begun.get(design)
        if begun is not None and begun.design is not None:
            self._latest[agent] = design
            episode = replace(episode, cue=self._arms.cue(begun.design, room))
        if agent not in self._latest:
            return [], []
        sessions = self._sessions.setdefault(agent, Sessions(self.plan.idle_ms))
        return self._step(agent, sessions.take(episode))

    def advance(self, agent: str, at: int) -> tuple[list[Rung], list[str]]:
        """It is `at` (ms): what rang and what was refused of the sessions that were idle for too long."""
        sessions = self._sessions.get(agent)
        return self._step(agent, sessions.idle(at)) if sessions else ([], [])

    def _step(self, agent: str, units: Iterable[Unit]) -> tuple[list[Rung], list[str]]:
        rang: list[Rung] = []
        refused: list[str] = []
        for unit in units:
            for name in self._designs(unit):
                try:
                    found = self._ring(agent, name).step(unit)
                    rang += [Rung(agent=agent, design=name, rung=rung) for rung in found]
                except Unusable as error:
                    refused.append(str(error))
        return rang, refused

    def reports(self, design: str) -> dict[str, drift.Report]:
        """Agent -> what its test says now."""
        return {a: ring.report() for (a, name), ring in self.rings.items() if name == design}

    def state(self) -> bytes:
        """All of it, to be compared."""
        return pack({
            "rings": [[*key, ring.tree()] for key, ring in self.rings.items()],
            "open": [[agent, sessions.tree()] for agent, sessions in self._sessions.items()],
            "latest": self._latest,
        })  # fmt: skip

    def _designs(self, unit: Unit) -> list[str]:
        """The tests that a unit belongs to; without any, the agent's latest, which counts it as left out."""
        own = {e.cue.design for e in unit.episodes if e.cue is not None}
        return sorted(own) or [self._latest[unit.episodes[0].agent]]

    def _ring(self, agent: str, name: str) -> Ring:
        design = self.begun[name].design
        if design is None:
            raise Unusable(f"design {name}: there is no key")
        if (agent, name) not in self.rings:
            self.rings[agent, name] = Ring(design, self._kept, **self._terms)
        return self.rings[agent, name]
