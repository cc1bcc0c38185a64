# SPDX-License-Identifier: Apache-2.0
"""All streams of one agent at one grain: its parts, what it counts, and the units it remembers.

A feature without a stated band has two parts, which share its budget: a live one (`past`, or `frozen` once
somebody froze units) and one against the agent's first units, which sees drift too slow for the live one. Two
tiers: `watch` when evidence reaches `watch_at`, told once until it falls to a quarter; `alarm` at the threshold, then
the sums begin again and the feature stays out for `cooldown` units. It writes no sentences: see explain.py.
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gyges.drift.alarms import Changed, Family, Reference, Tier
from gyges.drift.baseline import First
from gyges.drift.parts import Part, Snapshot, part_of
from gyges.drift.plans import Plan, first_of, frozen_parts, part_with, stated
from gyges.drift.rows import Row, row_from, row_of, uniforms, unknown
from gyges.drift.tree import Tree, fields
from gyges.drift.units import Unit

Floats = NDArray[np.float64]
CLEAR = 20
"""How many times its size after so many units a sum must be to be shown."""
STRATA, CROWD = 64, "(other strata)"
"""How many strata of an agent have a baseline of their own, and what the rest are pooled as: a label that is new each
time would learn for ever and never be bet on.
"""
CHANGES = 64
"""Changes of fingerprints that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """A feature (its place in the layout) reached a tier."""

    feature: int
    tier: Tier
    evidence: float
    threshold: float
    snapshot: Snapshot


def watch_at(part: Part) -> Floats:
    """Where `watch` begins for each feature: a thousandth of the threshold, but no lower than `CLEAR` times the units
    since the sums began. Sums of nothing are as large as those units on average (they may be that large after a
    long time), so a feature is on watch for nothing in at most 1 of `CLEAR` units.
    """
    limits = part.bank.thresholds
    return np.minimum(np.maximum(limits / 1000, CLEAR * part.age), limits)


class Line:
    """One agent at one grain."""

    def __init__(self, plan: Plan, agent: str) -> None:
        """Nothing has been seen."""
        self.plan, self.agent, self.units = plan, agent, 0
        self.parts = [part_with(plan, spec, stated(plan.layout, spec)) for spec in plan.specs]
        self.missing = np.zeros(len(plan.layout.features), dtype=np.int64)
        self.unknown = np.zeros(len(plan.layout.features), dtype=np.int64)
        self.strata: dict[str, None] = {}
        self.crowded = 0  # units of strata beyond the first `STRATA`
        self.rows: deque[Row] = deque(maxlen=plan.keep)
        self.prints: dict[str, str] = {}
        self.changes: deque[tuple[int, Changed]] = deque(maxlen=CHANGES)  # with the unit's number

    def step(self, unit: Unit) -> list[Rang]:
        """Take one unit; what rang."""
        layout = self.plan.layout
        unit = replace(unit, stratum=self._admit(unit.stratum))
        row = row_of(layout, unit)
        self._count(unit, row.values)
        self._compare_prints(unit)
        u = self.ties(unit.id)
        shares = {Family.DRIFT: np.zeros(len(layout.features), dtype=np.float32)}
        rang: list[Rang] = []
        for part in self.parts:
            found = part.step(row.values, u, unit.stratum)
            share = shares.setdefault(part.spec.family, np.zeros_like(shares[Family.DRIFT]))
            places = list(part.spec.features)
            share[places] = np.maximum(share[places], found / part.bank.thresholds)
            rang += self._look(part, found)
        self._adopt()
        self.units += 1
        self.crowded += unit.stratum == CROWD
        if self.plan.keep:
            evidence, tests = shares[Family.DRIFT], shares.get(Family.DEPLOYMENT)
            self.rows.append(replace(row, evidence=evidence, tests=tests))
        return rang

    def freeze(
        self, rows: Sequence[Row], family: Family, features: Collection[int] | None = None
    ) -> None:
        """Bound these features (all of them) by these units from here on, in place of what they were compared with.

        Raises:
            Unusable: there are no units.
        """
        kept = [replace(row, stratum=self._admit(row.stratum)) for row in rows]
        made = frozen_parts(self.plan, kept, family, features)
        old = live_parts(self.parts, family)
        if features is None:
            mute = self._muted(old)
            self.parts = [p for p in self.parts if p not in old]
            for part in made:
                part.muted |= np.isin(part.spec.features, mute)
        for part in old:
            part.muted |= np.isin(part.spec.features, list(features or ()))
        self.parts += made

    def unmute(self, feature: int) -> None:
        """Let the newest part of each reference bet on the feature again."""
        newest = {
            (p.spec.family, p.spec.reference): p for p in self.parts if feature in p.spec.features
        }
        for part in newest.values():
            part.muted[part.spec.features.index(feature)] = False

    def muted(self, feature: int, family: Family = Family.DRIFT) -> tuple[Reference, ...]:
        """References of this family that do not bet on the feature, since somebody muted it."""
        live = live_parts(self.parts, family)
        rest = [p for p in self.parts if p.spec.family is family and p not in live]
        found = [p for p in rest if feature in self._muted([p])]
        if feature in self._muted(live):
            found.append(next(p for p in reversed(live) if feature in p.spec.features))
        return tuple(p.spec.reference for p in found)

    def stratum_of(self, name: str) -> str:
        """The stratum as it is kept."""
        return name if name in self.strata else CROWD

    def parts_of(self, family: Family, reference: Reference, feature: int) -> list[Part]:
        """The parts that compare the feature so."""
        return [
            p for p in self.parts
            if (p.spec.family, p.spec.reference) == (family, reference) and feature in p.spec.features
        ]  # fmt: skip

    def ties(self, unit: str) -> Floats:
        """The U's of a unit."""
        return uniforms(self.plan.seed, self.agent, unit, len(self.plan.layout.groups))

    def evidence(self, family: Family = Family.DRIFT) -> tuple[Floats, Floats]:
        """Each feature's evidence as a share of its threshold, and of where it is on watch: (features,) each."""
        alarm, watch = np.zeros((2, len(self.plan.layout.features)))
        for part in self.parts:
            if part.spec.family is family:
                places, found = list(part.spec.features), part.bank.evidence
                alarm[places] = np.maximum(alarm[places], found / part.bank.thresholds)
                watch[places] = np.maximum(watch[places], found / watch_at(part))
        return alarm, watch

    def _admit(self, name: str) -> str:
        if len(self.strata) < STRATA:
            self.strata.setdefault(name)
        return self.stratum_of(name)

    @staticmethod
    def _muted(parts: Sequence[Part]) -> list[int]:
        """Features that none of these parts bets on."""
        open_ = {at for p in parts for at, m in zip(p.spec.features, p.muted, strict=True) if not m}
        return [at for p in parts for at in p.spec.features if at not in open_]

    def _look(self, part: Part, evidence: Floats) -> list[Rang]:
        limits, watch = part.bank.thresholds, watch_at(part)
        over, near = evidence >= limits, evidence >= watch
        found = [
            Rang(
                feature=part.spec.features[at], tier=Tier.ALARM if over[at] else Tier.WATCH,
                evidence=float(evidence[at]), threshold=float(limits[at]),
                snapshot=part.snapshot(int(at)),
            )
            for at in np.flatnonzero(over | (near & ~part.watched))
        ]  # fmt: skip
        part.watched = ~over & (near | (part.watched & (evidence >= watch / 4)))
        rang = np.flatnonzero(over)
        part.begin_again(rang)
        part.quiet[rang] = self.plan.cooldown
        return found

    def _adopt(self) -> None:
        """Numbers of the first reference take the scale of the live part, once it has one."""
        for first, live in self._firsts():
            if first.lacks():
                first.adopt(live.scale)

    def _firsts(self) -> Iterator[tuple[First, Part]]:
        """Each first reference with the live parts that see the same streams."""
        for part in self.parts:
            if isinstance(part.bettor, First):
                for live in live_parts(self.parts, Family.DRIFT):
                    if live.spec.streams == part.spec.streams:
                        yield part.bettor, live

    def _count(self, unit: Unit, values: Floats) -> None:
        groups = np.asarray(self.plan.layout.groups)
        seen = np.bincount(groups[~np.isnan(values)], minlength=len(self.missing))
        self.missing += seen == 0
        self.unknown += [unknown(f, unit.episodes) for f in self.plan.layout.features]

    def _compare_prints(self, unit: Unit) -> None:
        for episode in unit.episodes:
            for what, now in episode.fingerprint.items():
                before = self.prints.get(what)
                if before is not None and before != now:
                    change = Changed(what=what, before=before, now=now, at=episode.at, unit=unit.id)
                    self.changes.append((self.units, change))
                self.prints[what] = now

    def tree(self) -> Tree:
        """All of it, as plain values."""
        return {
            "units": self.units, "missing": self.missing, "unknown": self.unknown,
            "strata": list(self.strata), "crowded": self.crowded,
            "prints": self.prints, "changes": [[at, fields(c)] for at, c in self.changes],
            "rows": [fields(row) for row in self.rows], "parts": [p.tree() for p in self.parts],
        }  # fmt: skip

    def restore(self, tree: Tree) -> None:
        """The inverse of `tree`."""
        self.units, self.missing, self.unknown = tree["units"], tree["missing"], tree["unknown"]
        self.strata, self.crowded = dict.fromkeys(tree["strata"]), tree["crowded"]
        self.prints = tree["prints"]
        self.changes = deque([(at, Changed(**c)) for at, c in tree["changes"]], maxlen=CHANGES)
        self.rows = deque([row_from(row) for row in tree["rows"]], maxlen=self.plan.keep)
        self.parts = [part_of(part, first_of(self.plan)) for part in tree["parts"]]
        for first, live in self._firsts():
            first.share(live.scale)


def live_parts(parts: Sequence[Part], family: Family) -> list[Part]:
    """The parts that a new baseline takes the place of."""
    replaced = {Reference.PAST, Reference.FROZEN}
    return [p for p in parts if p.spec.family is family and p.spec.reference in replaced]
