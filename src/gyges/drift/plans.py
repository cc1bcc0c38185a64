# SPDX-License-Identifier: Apache-2.0
"""Which features are compared with which reference, and with how much of the budget.

Features of one direction, numbers apart from the rest, go into one part, so that a unit is a few array steps
however many features there are. It keeps nothing about agents.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gyges.drift import bets
from gyges.drift.alarms import Family, Reference
from gyges.drift.baseline import LEAST, freeze
from gyges.drift.layout import Layout, labels_of, layout
from gyges.drift.parts import Part, Spec
from gyges.drift.rows import Row, columns
from gyges.drift.words import Budget, Feature, Grain, Kind, Unusable

Floats = NDArray[np.float64]
FIRST_SHARE = 0.2
"""How much of a feature's budget goes to the reference that never moves."""
STATED = frozenset({Kind.BINARY, Kind.SHARE})
"""Kinds with a rate or a mean, of which a band can be stated."""
SINGLE = frozenset({Kind.BINARY, Kind.CATEGORY, Kind.VECTOR})
"""Kinds whose streams are 0 or 1 where a unit is one episode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What agents share: `thresholds` are one a feature, for its whole budget; `weight` is the features' share."""

    grain: Grain
    layout: Layout
    thresholds: Floats
    weight: float
    specs: tuple[Spec, ...]
    seed: str
    cooldown: int
    reference: int
    keep: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The settings of a monitor.

    budget     false alarms for so many units of one agent, over all features, in each family
    seed       breaks ties of ranks: keep it from the agents
    baseline   PAST: ranks among what came before; FROZEN: nothing is bet before somebody freezes units, except
               against the agent's first units and stated bands
    cooldown   units for which a feature stays out after an alarm
    reference  units that make the first reference, which never moves
    keep       units kept for each agent to explain alarms with; 0: explain from the log
    idle_ms    a session without an episode for longer than this closes
    """

    budget: Budget = field(default_factory=Budget)
    seed: str = ""
    baseline: Reference = Reference.PAST
    cooldown: int = 100
    reference: int = 500
    keep: int = 1000
    idle_ms: int = 30 * 60_000

    def __post_init__(self) -> None:
        """Refuse settings that make no sense."""
        if self.baseline not in (Reference.PAST, Reference.FROZEN):
            raise Unusable(f"terms: a baseline is past or frozen, not {self.baseline}")
        if min(self.cooldown, self.keep, self.idle_ms) < 0 or self.reference < LEAST:
            raise Unusable(
                f"terms: cooldown {self.cooldown}, keep {self.keep}, idle_ms {self.idle_ms},"
                f" reference {self.reference} (at least {LEAST})"
            )


def plans(features: Sequence[Feature], terms: Terms) -> list[Plan]:
    """One plan for each grain that features have.

    Raises:
        Unusable: a feature that cannot be, or a stated band where none can be stated.
    """
    layout(features, forced=True)  # names are unique across grains
    for feature in features:
        _check_tolerance(feature)
    total = sum(f.weight for f in features)
    return [
        _plan(grain, [f for f in features if f.grain is grain], total, terms)
        for grain in Grain
        if any(f.grain is grain for f in features)
    ]


def share_of(spec: Spec) -> float:
    """The part's share of its features' budget; families have budgets of their own."""
    if spec.family is not Family.DRIFT or spec.reference is Reference.TOLERANCE:
        return 1.0
    return FIRST_SHARE if spec.reference is Reference.FIRST else 1 - FIRST_SHARE


def stated(lay: Layout, spec: Spec) -> dict[str, Floats]:
    """The stated bands of a part, for every stratum."""
    if spec.reference is not Reference.TOLERANCE:
        return {}
    return {"": np.array([lay.features[at].tolerance for at in spec.features]).T}


def first_of(plan: Plan) -> tuple[int, int]:
    """The size of the first reference, and how many streams share its confidence."""
    return plan.reference, len(plan.layout.groups)


def part_with(
    plan: Plan, spec: Spec, bands: Mapping[str, Floats], edges: Floats | None = None, basis: int = 0
) -> Part:
    """A part with its thresholds; `basis` units bound it."""
    thresholds = plan.thresholds[list(spec.features)] / share_of(spec)
    return Part(spec, thresholds, first=first_of(plan), bands=bands, edges=edges, basis=basis)


def frozen_parts(
    plan: Plan, rows: Sequence[Row], family: Family, features: Iterable[int] | None = None
) -> list[Part]:
    """Parts for these features (those without a stated band), bounded by these units, oldest first.

    Raises:
        Unusable: no units.
    """
    if not rows:
        raise Unusable("baseline: there are no units to freeze")
    lay = plan.layout
    chosen = [at for at, f in enumerate(lay.features) if f.tolerance is None]
    if features is not None:
        chosen = [at for at in chosen if at in set(features)]
    specs = _grouped(lay, plan.grain, chosen, Reference.FROZEN, family)
    values, strata = np.array([row.values for row in rows]), [row.stratum for row in rows]
    made: list[Part] = []
    for spec in specs:
        bands, edges = freeze(
            values[:, list(spec.streams)], strata, number=spec.number, rates=spec.rates,
            of=len(lay.groups),
        )  # fmt: skip
        made.append(part_with(plan, spec, bands, edges, len(rows)))
    return made


def _plan(grain: Grain, features: list[Feature], total: float, terms: Terms) -> Plan:
    lay = layout(features, forced=True)
    banded = [at for at, f in enumerate(features) if f.tolerance is not None]
    rest = [at for at, f in enumerate(features) if f.tolerance is None]
    specs = _grouped(lay, grain, banded, Reference.TOLERANCE)
    if terms.baseline is Reference.PAST:
        specs += _grouped(lay, grain, rest, Reference.PAST)
    specs += _grouped(lay, grain, rest, Reference.FIRST)
    return Plan(
        grain=grain, layout=lay, specs=tuple(specs), weight=sum(f.weight for f in features) / total,
        thresholds=np.array([terms.budget.threshold(f.weight, total) for f in features]),
        seed=f"{terms.seed}\0{grain.value}", cooldown=terms.cooldown,
        reference=terms.reference, keep=terms.keep,
    )  # fmt: skip


def _grouped(
    lay: Layout, grain: Grain, chosen: Iterable[int], reference: Reference,
    family: Family = Family.DRIFT,
) -> list[Spec]:  # fmt: skip
    """Parts by direction and kind, in the order in which features first ask for them."""
    banded = reference in (Reference.TOLERANCE, Reference.FROZEN)
    groups: dict[tuple[object, ...], list[int]] = {}
    for at in chosen:
        f = lay.features[at]
        rates = banded and grain is not Grain.SESSION and f.kind in SINGLE
        groups.setdefault((f.direction, f.kind is Kind.NUMBER, rates), []).append(at)
    return [
        Spec(
            reference=reference, family=family, direction=lay.features[places[0]].direction,
            number=bool(number), rates=bool(rates),
            features=tuple(places), sizes=tuple(len(labels_of(lay.features[at])) for at in places),
            streams=tuple(s for at in places for s in range(*columns(lay, at).indices(2**31))),
        )
        for (_, number, rates), places in groups.items()
    ]  # fmt: skip


def _check_tolerance(feature: Feature) -> None:
    if feature.tolerance is None:
        return
    if feature.kind not in STATED:
        raise Unusable(f"feature {feature.name}: a band can be stated of a rate or a share only")
    try:
        bets.band(*feature.tolerance)
    except Unusable as error:
        raise Unusable(f"feature {feature.name}: {error}") from None
