# SPDX-License-Identifier: Apache-2.0
"""Streams of one agent that are compared with the same reference in the same way: a bank, and who may bet in it.

    past        by rank among all units before (conformal): the default, no baseline is needed
    tolerance   against a stated band
    frozen      against the bounds of units that somebody froze
    first       against the bounds of the agent's first units, which never move

A feature that alarmed begins again at 0 and stays out for a while; a muted one stays out. Units that a reference
could say nothing about are counted. It knows no names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.alarms import Family, Reference
from gyges.drift.banded import Means, Rates
from gyges.drift.bank import Bank, Bettor
from gyges.drift.baseline import First, positions
from gyges.drift.ranked import Ranked
from gyges.drift.tree import Tree, but, fields
from gyges.drift.words import Direction

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a part is: `features` and `streams` are places in the layout, streams by feature."""

    reference: Reference
    family: Family = Family.DRIFT
    direction: Direction = Direction.BOTH
    number: bool = False  # all its streams are numbers, or none is
    rates: bool = False  # all its values are 0 or 1
    features: tuple[int, ...]
    sizes: tuple[int, ...]  # streams of each feature
    streams: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that is needed to compute a feature's factors once more: see explain.py."""

    spec: Spec
    age: int  # units that its sums have seen since they began at 0
    sums: NDArray[np.float32]
    counts: Mapping[str, NDArray[np.int32]]
    bands: Mapping[str, Floats]
    edges: Floats
    basis: int  # units that its bounds rest on; 0 where they are stated, or where it ranks


class Part:
    """A bank with its bettor; features are numbered as in `spec.features`."""

    def __init__(
        self, spec: Spec, thresholds: Floats, *, first: tuple[int, int] = (0, 0),
        bands: Mapping[str, Floats] | None = None, edges: Floats | None = None, basis: int = 0,
    ) -> None:  # fmt: skip
        """`first` is the size of a first reference and how many streams share its confidence; `basis` is the size of
        a frozen one.

        `bands`, (2, streams) for each stratum, NaN where not known, are those of a stated or frozen reference;
        the stratum "" of a tolerance stands for all. `edges` are the scales of numbers.
        """
        self.spec = spec
        self.streams = _places(spec.streams)
        self.bands = dict(bands or {})
        self.edges = np.zeros((0, 0)) if edges is None else edges
        self.basis = first[0] if spec.reference is Reference.FIRST else basis
        self.bettor = _bettor(spec, self.bands, first)
        groups = np.repeat(np.arange(len(spec.features)), spec.sizes)
        self.bank = Bank(self.bettor, groups.tolist(), thresholds.tolist())
        self.age = np.zeros(len(spec.features), dtype=np.int32)
        self.quiet = np.zeros(len(spec.features), dtype=np.int32)
        self.muted = np.zeros(len(spec.features), dtype=np.bool_)
        self.watched = np.zeros(len(spec.features), dtype=np.bool_)
        self.unbet = np.zeros(len(spec.features), dtype=np.int32)

    def step(self, values: Floats, u: Floats, stratum: str) -> Floats:
        """Take the layout's values of one unit; the evidence of each feature after it."""
        own = values[self.streams]
        self.age += 1
        if self.spec.reference in (Reference.TOLERANCE, Reference.FROZEN):
            own, stratum = self._bounded(own, stratum)
        self.bank.step(own, u[self.streams], stratum)
        self.begin_again(np.flatnonzero((self.quiet > 0) | self.muted))
        np.maximum(self.quiet - 1, 0, out=self.quiet)
        evidence = self.bank.evidence
        self.age[evidence == 0] = 0
        return evidence

    @property
    def scale(self) -> NDArray[Any]:
        """The edges of its numbers, (streams, bins - 1); the first is NaN where they are not known yet."""
        if isinstance(self.bettor, Ranked) and self.spec.number:
            return self.bettor.edges
        return self.edges

    def forget(self, feature: int) -> None:
        """A ranked feature begins to learn what is normal from here on."""
        if isinstance(self.bettor, Ranked):
            self.bettor.forget(np.flatnonzero(self.bank.groups == feature))
        self.begin_again(np.array([feature]))
        self.quiet[feature] = 0

    def begin_again(self, features: NDArray[np.intp]) -> None:
        """These features' sums go back to 0."""
        if len(features):
            self.bank.reset(features)
            self.age[features] = 0
            self.watched[features] = False

    def snapshot(self, feature: int) -> Snapshot:
        """This feature as it is now, copied."""
        mine = np.flatnonzero(self.bank.groups == feature)
        bettor, edges, bands = self.bettor, self.edges, self.bands
        counts: dict[str, NDArray[np.int32]] = {}
        if isinstance(bettor, Ranked):
            edges = bettor.edges.astype(np.float64)
            counts = {s: found[mine].astype(np.int32) for s, found in bettor.counts.items()}
        if isinstance(bettor, First):
            edges = bettor.edges.astype(np.float64)
            bands = {s: ends.astype(np.float64) for s, ends in bettor.bands.items()}
        spec = Spec(**but(
            fields(self.spec), features=(self.spec.features[feature],), sizes=(len(mine),),
            streams=tuple(self.streams[mine].tolist()),
        ))  # fmt: skip
        return Snapshot(
            spec=spec, age=int(self.age[feature]), sums=self.bank.sums[:, mine], counts=counts,
            bands={s: ends[:, mine] for s, ends in bands.items()},
            edges=edges[mine] if self.spec.number and len(edges) else np.zeros((0, 0)),
            basis=self.basis,
        )  # fmt: skip

    def _bounded(self, own: Floats, stratum: str) -> tuple[Floats, str]:
        """Values on the scale of the bounds, NaN where there are none, and the stratum to look up."""
        if self.spec.reference is Reference.TOLERANCE:
            return own, ""
        placed = positions(own, self.edges) if self.spec.number else own
        band = self.bands.get(stratum)
        able = np.zeros(len(own), dtype=np.bool_) if band is None else ~np.isnan(band[0])
        placed = np.where(able, placed, np.nan)
        seen, bet = (
            np.bincount(self.bank.groups[~np.isnan(v)], minlength=len(self.unbet))
            for v in (own, placed)
        )
        self.unbet += (seen > 0) & (bet == 0)
        return placed, stratum

    def tree(self) -> Tree:
        """All of it, as plain values."""
        learnt = self.bettor.state() if isinstance(self.bettor, Ranked | First) else {}
        return {
            "spec": fields(self.spec), "bands": self.bands, "edges": self.edges, "learnt": learnt,
            "thresholds": self.bank.thresholds, "sums": self.bank.sums, "age": self.age,
            "quiet": self.quiet, "muted": self.muted, "watched": self.watched, "unbet": self.unbet,
            "basis": self.basis,
        }  # fmt: skip


def part_of(tree: Tree, first: tuple[int, int]) -> Part:
    """The inverse of `Part.tree`."""
    part = Part(
        spec_of(tree["spec"]), tree["thresholds"], first=first, bands=tree["bands"],
        edges=tree["edges"], basis=tree["basis"],
    )  # fmt: skip
    part.bank.sums = tree["sums"]
    if isinstance(part.bettor, Ranked | First):
        part.bettor.restore(tree["learnt"])
    part.age, part.quiet, part.muted = tree["age"], tree["quiet"], tree["muted"]
    part.watched, part.unbet = tree["watched"], tree["unbet"]
    return part


def spec_of(tree: Tree) -> Spec:
    """A spec from plain values."""
    places = {name: tuple(tree[name]) for name in ("features", "sizes", "streams")}
    return Spec(
        reference=Reference(tree["reference"]), family=Family(tree["family"]),
        direction=Direction(tree["direction"]), number=tree["number"], rates=tree["rates"], **places,
    )  # fmt: skip


def bettor_of(spec: Spec, bands: Mapping[str, Floats]) -> Bettor:
    """The bettor of a stated or frozen reference; where a band is not known it is never asked."""
    pairs = {s: _pairs(found) for s, found in bands.items()}
    return Rates(pairs, spec.direction) if spec.rates else Means(pairs, spec.direction)


@lru_cache(maxsize=1024)
def _places(streams: tuple[int, ...]) -> NDArray[np.intp]:
    """The same array for all agents; nobody writes to it."""
    found = np.array(streams, dtype=np.intp)
    found.flags.writeable = False
    return found


def _bettor(spec: Spec, bands: Mapping[str, Floats], first: tuple[int, int]) -> Bettor:
    numbers = np.full(len(spec.streams), spec.number)
    if spec.reference is Reference.PAST:
        return Ranked(numbers, spec.direction)
    if spec.reference is Reference.FIRST:
        return First(len(numbers), spec.direction, *first, number=spec.number)
    return bettor_of(spec, bands)


def _pairs(bands: Floats) -> Sequence[tuple[float, float]]:
    return [(0.0, 1.0) if np.isnan(low) else (float(low), float(high)) for low, high in bands.T]
