# SPDX-License-Identifier: Apache-2.0
"""Recorded prompts, each answered in both arms: every feature's paired test, its gap, and what was left out.

One alpha is split evenly over the features. An event differs where it happened in one arm only; of a number only the
sign of the difference counts, so that one wild value is one vote. A pair with an arm missing, or with a feature not
measured in an arm, is left out there and counted by arm; whether that happens more in one arm than in the other is
tested the same way, at a level of its own: a difference there may be all that a gap is made of. Where the cue
changes nothing at all, answers are missing alike and the evidence is fair. It runs nothing: answers come in.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gyges.drift.coin import Design
from gyges.drift.findings import Check
from gyges.drift.guards import ALPHA
from gyges.drift.layout import layout
from gyges.drift.many import split
from gyges.drift.misuse import check_plan
from gyges.drift.paired import PairedTest
from gyges.drift.words import Direction, Feature, Grain, Kind, Unusable

Values = Mapping[str, bool | float]
ORDER = Design(id="replay", share=0.5, grain=Grain.EPISODE)
"""The coin of which arm of a prompt is played first: unwatched first in one of two."""
KINDS = (Kind.BINARY, Kind.NUMBER)
FIRST = 5
"""Prompts that differ, named for each way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByArm:
    """How many prompts lack something in the unwatched arm only, in the watched one only, and in both."""

    unwatched: int = 0
    watched: int = 0
    both: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One feature over all pairs. `only_unwatched` pairs had the event there alone, or the larger number there.

    `gap` is unwatched minus watched, of rates or of signs, between `low` and `high` with chance 1 - alpha_k at all
    times; evidence now and at its highest, the limit 1 / alpha_k. The first prompts that differ are named by id.
    """

    feature: str
    kind: Kind
    pairs: int
    only_unwatched: int
    only_watched: int
    evidence: float
    peak: float
    limit: float
    gap: float
    low: float
    high: float
    unmeasured: ByArm
    first_unwatched: tuple[str, ...]
    first_watched: tuple[str, ...]

    @property
    def rang(self) -> bool:
        """Whether the cue is known to change it."""
        return self.peak >= self.limit

    @property
    def excluded(self) -> float | None:
        """Gaps larger than this, either way, are excluded, 0 to 1; None before the first pair."""
        return max(abs(self.low), abs(self.high)) if self.pairs else None

    @property
    def says(self) -> str:
        """One line for a person."""
        if not self.pairs:
            return f"{self.feature}: no pair has it in both arms, so nothing can be said"
        found = "the cue changes it" if self.rang else "no change shown"
        number = self.kind is Kind.NUMBER
        more, what = ("larger", "gap of signs") if number else ("only", "gap")
        line = (
            f"{self.feature}: {found} (evidence {self.peak:.3g} of {self.limit:.3g}); of {self.pairs}"
            f" pairs {more} unwatched in {self.only_unwatched}, {more} watched in {self.only_watched};"
            f" {what} {100 * self.gap:+.1f} points ({100 * self.low:+.1f} to {100 * self.high:+.1f})"
        )
        bound = f"; gaps above {100 * (self.excluded or 0):.1f} points are excluded"
        return line if self.rang else line + bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """All that is known: with chance 1 - alpha no feature is called out wrongly, ever. `pairs` have both arms."""

    alpha: float
    pairs: int
    lost: ByArm
    compared: tuple[Compared, ...]
    checks: tuple[Check, ...]

    @property
    def rang(self) -> bool:
        """Whether the cue is known to change anything."""
        return any(one.rang for one in self.compared)


class _Missing:
    """What is missing by arm, and whether it is so more in one of them."""

    def __init__(self) -> None:
        self.test, self.both = PairedTest(ALPHA), 0

    def step(self, *, unwatched: bool, watched: bool) -> bool:
        """Note what is missing in one pair; whether anything is."""
        self.both += unwatched and watched
        self.test.step(unwatched=unwatched, watched=watched)
        return unwatched or watched

    def by_arm(self) -> ByArm:
        return ByArm(
            unwatched=self.test.only_unwatched, watched=self.test.only_watched, both=self.both
        )


class _Test:
    """One feature."""

    def __init__(self, feature: Feature, alpha: float) -> None:
        self.feature, self.test, self.missing = feature, PairedTest(alpha), _Missing()
        self.first: tuple[list[str], list[str]] = ([], [])

    def step(self, id: str, unwatched: Values, watched: Values) -> None:
        one, other = unwatched.get(self.feature.name), watched.get(self.feature.name)
        self.missing.step(unwatched=one is None, watched=other is None)
        if one is None or other is None:
            return
        self.test.step(unwatched=one > other, watched=other > one)
        if one != other:
            self.first[other > one].append(id)

    def compared(self) -> Compared:
        test, (gap, low, high) = self.test, self.test.gap
        return Compared(
            feature=self.feature.name, kind=self.feature.kind, evidence=test.evidence,
            pairs=test.agree + test.only_unwatched + test.only_watched,
            only_unwatched=test.only_unwatched, only_watched=test.only_watched,
            peak=test.peak, limit=1 / test.alpha, gap=gap, low=low, high=high,
            unmeasured=self.missing.by_arm(), first_unwatched=tuple(self.first[0][:FIRST]),
            first_watched=tuple(self.first[1][:FIRST]),
        )  # fmt: skip


class Replays:
    """Prompts in with the answers of both arms; what the cue changes out."""

    def __init__(
        self, features: Sequence[Feature], *, alpha: float = 0.05, cues: Sequence[str] = ()
    ) -> None:
        """`cues` are the texts of the arms, which no feature's name may hold.

        Raises:
            Unusable: a feature that is no event and no number, that looks one way only, or that holds an arm or a
                cue; names twice; an alpha that is none.
        """
        check_features(features, cues)
        self.alpha = alpha
        parts = split(alpha, [f.weight for f in features])
        self._tests = [_Test(f, part) for f, part in zip(features, parts, strict=True)]
        self._lost = _Missing()
        self._seen: set[str] = set()

    def step(self, id: str, unwatched: Values | None, watched: Values | None) -> None:
        """Take one prompt's answers; None for an arm that gave none. Values that are not there are not measured.

        Raises:
            Unusable: the prompt came before, or a value is not of its feature's kind; nothing has changed.
        """
        if id in self._seen:
            raise Unusable(f"prompt {id}: came before")
        for values in (unwatched or {}, watched or {}):
            for one in self._tests:
                if not _fits(one.feature, values.get(one.feature.name)):
                    told = f"{values[one.feature.name]!r}, which is no {one.feature.kind.value}"
                    raise Unusable(f"prompt {id}: {one.feature.name} is {told}")
        self._seen.add(id)
        self._lost.step(unwatched=unwatched is None, watched=watched is None)
        if unwatched is None or watched is None:
            return
        for one in self._tests:
            one.step(id, unwatched, watched)

    @property
    def rang(self) -> bool:
        """Whether the cue is known to change anything."""
        return any(one.test.peak >= 1 / one.test.alpha for one in self._tests)

    def report(self) -> Replayed:
        """All that is known now."""
        lost = self._lost.by_arm()
        parts = {t.feature.name: t.missing for t in self._tests if t.missing.by_arm() != ByArm()}
        return Replayed(
            alpha=self.alpha, pairs=len(self._seen) - lost.unwatched - lost.watched - lost.both,
            lost=lost, compared=tuple(one.compared() for one in self._tests),
            checks=tuple(_checked(*one) for one in (("answers", self._lost), *parts.items())),
        )  # fmt: skip


def check_features(features: Sequence[Feature], cues: Sequence[str]) -> None:
    """Refuse features as `Replays` does; raise `Unusable`."""
    layout(features)
    for feature in features:
        _check(feature, cues)


def _check(feature: Feature, cues: Sequence[str]) -> None:
    where = f"feature {feature.name}"
    if feature.kind not in KINDS:
        raise Unusable(
            f"{where}: a replay compares {' and '.join(KINDS)}, not {feature.kind.value}; "
            "make each label an event of its own"
        )
    if feature.direction is not Direction.BOTH:
        raise Unusable(f"{where}: a replay looks both ways")
    for cue in ("", *cues):
        design = Design(id="replay", share=0.5, cue=cue, grain=feature.grain)
        check_plan(design, [feature], {})


def _fits(feature: Feature, value: bool | float | None) -> bool:
    if value is None or feature.kind is Kind.BINARY:
        return value is None or isinstance(value, bool)
    return not isinstance(value, bool) and math.isfinite(value)


def _checked(name: str, missing: _Missing) -> Check:
    found = missing.by_arm()
    holds = missing.test.peak < 1 / ALPHA
    counts = f"missing unwatched only {found.unwatched}, watched only {found.watched}"
    told = "no difference shown" if holds else "unlike by arm: the gap may be one of what is left"
    return Check(name=name, holds=holds, says=f"{name}: {counts}; {told}")
