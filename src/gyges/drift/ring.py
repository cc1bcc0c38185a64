# SPDX-License-Identifier: Apache-2.0
"""The ring test of one agent in one design: every feature's cue test and gap, and all of them together.

One alpha is split by weights over the features and the test of all together; a feature with labels has the mean of
its labels' evidence, which is evidence again. Beside it, at a level of their own, stand checks of the test itself:
that the coin fell as the design says, that both arms were measured alike, and that no feature is the arm. It reads
no key: units bring their arms, and those without are counted. What is refused (misuse.py) has changed nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift import misuse
from gyges.drift.behaviour import Rows
from gyges.drift.coin import Design
from gyges.drift.cue import CueTests, PastRanks
from gyges.drift.findings import OMNIBUS, Finding, Report, Rung
from gyges.drift.gap import GapNow, Gaps
from gyges.drift.guards import Guards
from gyges.drift.layout import check, layout
from gyges.drift.many import split
from gyges.drift.moved import Movers
from gyges.drift.predict import Predictor
from gyges.drift.units import Unit
from gyges.drift.words import Feature, Kind, Unusable

Floats = NDArray[np.float64]

REMEMBERED = 8192
"""Sessions back in which one that comes again is known."""


class Ring:
    """Units of one agent in, features whose evidence reaches its limit out."""

    def __init__(
        self, design: Design, features: Iterable[Feature], *, alpha: float = 0.05,
        omnibus: float = 1.0, manipulation: str = "", graders: Mapping[str, misuse.Grader] | None = None,
    ) -> None:  # fmt: skip
        """`omnibus` is the weight of all together, beside the features' weights.

        `manipulation` names the binary feature "mentions being watched": no behaviour, so it has all of alpha for
        itself and a report of its own. `graders` says who measured which features.

        Raises:
            Unusable: a plan that would void the promise, or cannot be.
        """
        kept = tuple(features)
        self.design, self.alpha, self._told = design, alpha, manipulation
        self._layout = layout(kept)
        misuse.check_plan(design, kept, graders or {})
        if manipulation and manipulation not in {f.name for f in kept if f.kind is Kind.BINARY}:
            raise Unusable(f"design {design.id}: {manipulation} is no binary feature to check")
        self._parts = _parts(kept, alpha, omnibus, manipulation)
        groups = self._layout.groups
        self._starts, self._sizes = np.flatnonzero(np.diff(groups, prepend=-1)), np.bincount(groups)
        self._numbers = np.flatnonzero(self._layout.numbers())
        self._rows = Rows(self._layout, manipulation)
        if not self._rows.width:
            raise Unusable(f"design {design.id}: no behaviour to test")
        self._tests = CueTests(design.share, [kept[g].direction for g in groups])
        self._gaps = Gaps(len(groups), design.share)
        self._ranks = PastRanks(len(self._numbers))
        self._guards = Guards(design.share, [f.name for f in kept])
        self._together = Predictor(self._rows.width, design.share)
        self._peaks: Floats = np.ones(len(kept) + 1)
        self._movers = Movers(len(kept) + 1)
        self._left_out: Counter[str] = Counter()
        self._rungs: dict[str, Rung] = {}
        self._seen = np.zeros(REMEMBERED, dtype=np.uint64)
        self._taken = 0

    def step(self, unit: Unit) -> list[Rung]:
        """Take one closed unit; the features that it is now known of that the cue changes them.

        Raises:
            Unusable: a value of the wrong kind, or misuse; nothing has changed.
        """
        for episode in unit.episodes:
            check(self._layout.features, episode)
        why = misuse.check_unit(self.design, unit) or self._again(unit)
        if why:
            self._left_out[why] += 1
            return []
        arm = any(e.cue.unwatched for e in unit.episodes if e.cue)
        values = self._layout.values(unit.episodes)
        values[self._numbers] = self._ranks.step(values[self._numbers])
        before = self._evidence()
        self._guards.step(self._measured(unit), unwatched=arm)
        self._gaps.step(values, arm)
        self._tests.step(values, arm)
        self._together.step(self._rows.row(unit.episodes, values), unwatched=arm)
        now = self._evidence()
        self._movers.step(unit, np.log(now / before), self._single(values))
        np.maximum(self._peaks, now, out=self._peaks)
        return self._ring(unit, now)

    def report(self) -> Report:
        """All that is known now."""
        gaps = self._gaps.now((self._parts[:-1] / self._sizes)[list(self._layout.groups)])
        found = {name: self._finding(at, name, gaps) for at, name in enumerate(self._names())}
        told = found.pop(self._told, None)
        return Report(
            design=self.design.id, alpha=self.alpha, watched=self._guards.thrown[0],
            unwatched=self._guards.thrown[1], findings=tuple(found.values()), manipulation=told,
            left_out=dict(self._left_out), apart=self._rows.apart,
            checks=self._guards.checks(self._gaps, self._streams()),
        )  # fmt: skip

    def tree(self) -> dict[str, Any]:
        """What it has seen, copied, as plain values; the plan is not in it."""
        return deepcopy({
            "tests": self._tests.tree(), "gaps": self._gaps.tree(), "ranks": self._ranks.tree(),
            "guards": self._guards.tree(), "together": self._together.tree(), "peaks": self._peaks,
            "moved": self._movers.tree(),
            "left_out": dict(self._left_out), "rungs": [asdict(r) for r in self._rungs.values()],
            "seen": self._seen, "taken": self._taken,
        })  # fmt: skip

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`, for a ring test of the same plan."""
        tree = deepcopy(tree)
        for part in ("tests", "gaps", "ranks", "guards", "together"):
            getattr(self, f"_{part}").restore(tree[part])
        self._peaks, self._seen, self._taken = tree["peaks"], tree["seen"], tree["taken"]
        self._movers.restore(tree["moved"])
        self._left_out = Counter(tree["left_out"])
        self._rungs = {r["feature"]: Rung(**r) for r in tree["rungs"]}

    def _evidence(self) -> Floats:
        own = np.add.reduceat(self._tests.evidence, self._starts) / self._sizes
        return np.append(own, self._together.evidence)

    def _ring(self, unit: Unit, now: Floats) -> list[Rung]:
        new: list[Rung] = []
        for at in np.flatnonzero(now >= 1 / self._parts).tolist():
            name = self._names()[at]
            if name not in self._rungs:
                limit = 1 / float(self._parts[at])
                self._rungs[name] = Rung(
                    feature=name, evidence=float(now[at]), limit=limit, unit=unit.id, at=unit.at
                )
                new.append(self._rungs[name])
        return [rung for rung in new if rung.feature != self._told]

    def _finding(self, at: int, name: str, gaps: Sequence[GapNow | None]) -> Finding:
        kept = self._layout.features
        streams = [s for s, group in enumerate(self._layout.groups) if group == at]
        rung = self._rungs.get(name)
        return Finding(
            feature=name, evidence=float(self._evidence()[at]), peak=float(self._peaks[at]),
            limit=1 / float(self._parts[at]), rung=rung,
            top=self._movers.top(at) if rung else (),
            counter=self._movers.counter(at) if rung else (),
            ranked=at < len(kept) and kept[at].kind is Kind.NUMBER,
            gaps={self._layout.labels[s]: gaps[s] for s in streams},
        )  # fmt: skip

    def _single(self, values: Floats) -> list[float | None]:
        """Each test's value of this unit, where it is one number."""
        own = [
            float(values[start]) if size == 1 and not np.isnan(values[start]) else None
            for start, size in zip(self._starts.tolist(), self._sizes.tolist(), strict=True)
        ]
        return [*own, None]

    def _measured(self, unit: Unit) -> NDArray[np.bool_]:
        found = {name for e in unit.episodes for name in e.values}
        return np.array([f.name in found for f in self._layout.features])

    def _again(self, unit: Unit) -> str:
        """Why a unit is not the first of its session, if so: its coin has been used."""
        name = (unit.session or unit.id).encode()
        mark = np.uint64(int.from_bytes(hashlib.blake2b(name, digest_size=8).digest()) or 1)
        if (self._seen == mark).any():
            return "its session came before"
        self._seen[self._taken % REMEMBERED] = mark
        self._taken += 1
        return ""

    def _names(self) -> list[str]:
        return [*(f.name for f in self._layout.features), OMNIBUS]

    def _streams(self) -> list[str]:
        names = self._names()
        pairs = zip(self._layout.groups, self._layout.labels, strict=True)
        return [f"{names[g]} {label}".strip() for g, label in pairs]


def _parts(kept: tuple[Feature, ...], alpha: float, omnibus: float, told: str) -> Floats:
    """Each feature's part of alpha, and last that of all together."""
    weights = [f.weight for f in kept if f.name != told]
    *own, together = split(alpha, [*weights, omnibus])
    left = iter(own)
    return np.array([*(alpha if f.name == told else next(left) for f in kept), together])
