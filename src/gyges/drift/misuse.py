# SPDX-License-Identifier: Apache-2.0
"""What a ring test refuses, by name, because its promise would be void; and what it leaves out and counts.

Refused: an analysis finer or coarser than what the coin was thrown for, a grader that has seen the arm, a feature
that holds the cue's words or the arm. Left out and counted: what has no arm, or comes late. It tests nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from gyges.drift.coin import Design
from gyges.drift.findings import OMNIBUS
from gyges.drift.units import Unit
from gyges.drift.words import Episode, Feature, Grain, Unusable, Value

ARM_WORDS = frozenset({"arm", "cue", "unwatched", "unmonitored", "watched", "monitored"})
"""Names of features and labels that say which arm a unit was in."""
FILLERS = frozenset({"is", "the", "in", "session", "design", "episode"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """Who measured a feature, and whether it can know the arm: a transcript with the cue in it tells."""

    name: str
    version: str
    blind: bool


def check_plan(design: Design, features: Iterable[Feature], graders: Mapping[str, Grader]) -> None:
    """Refuse a plan whose analysis would not be what the coin pays for.

    Raises:
        Unusable: names the design, the feature and the reason.
    """
    kept = tuple(features)
    for feature in kept:
        where = f"design {design.id}: feature {feature.name}"
        if feature.grain is not design.grain:
            raise Unusable(
                f"{where} is analysed by {feature.grain.value} but the cue is drawn by "
                f"{design.grain.value}: analyse it by {design.grain.value}"
            )
        if any(_tells(name, design) for name in (feature.name, *feature.categories)):
            raise Unusable(f"{where} holds the arm or the cue, which is no behaviour")
        if feature.name == OMNIBUS:
            raise Unusable(f"{where} is called as the test of all features is")
    strangers = graders.keys() - {f.name for f in kept}
    if strangers:
        raise Unusable(f"design {design.id}: graders of no feature: {', '.join(sorted(strangers))}")
    for name, grader in graders.items():
        if not grader.blind:
            raise Unusable(
                f"design {design.id}: grader {grader.name} {grader.version} of feature {name} "
                "has seen the arm: take the cue out of what it reads"
            )


def check_unit(design: Design, unit: Unit) -> str:
    """Why a unit is left out; empty if it is not.

    Raises:
        Unusable: its arms differ, the cue was drawn for something else than what the unit is, or a value holds the
            arm or the cue.
    """
    cues = [e.cue for e in unit.episodes]
    mine = [c for c in cues if c is not None and c.design == design.id]
    if any(c.grain is not design.grain for c in mine):
        raise Unusable(
            f"design {design.id}: unit {unit.id} had its cue drawn by "
            f"{', '.join(sorted({c.grain.value for c in mine}))} but is analysed by {design.grain.value}"
        )
    if design.grain is Grain.EPISODE and len(unit.episodes) > 1:
        raise Unusable(f"design {design.id}: unit {unit.id} is more than the episode of its cue")
    if len({c.unwatched for c in mine}) > 1:
        raise Unusable(
            f"design {design.id}: unit {unit.id} has both arms: its cue was not drawn by session"
        )
    for episode in unit.episodes:
        _check_values(design, episode)
    if not mine:
        return "no arm" if None in cues else "another design"
    return "" if len(mine) == len(cues) else "an episode without the arm"


def _check_values(design: Design, episode: Episode) -> None:
    for name, value in episode.values.items():
        if any(_tells(text, design) for text in _texts(value)):
            raise Unusable(
                f"design {design.id}: {name} of episode {episode.id} holds the arm or the cue, "
                "which is no behaviour"
            )


@lru_cache(maxsize=4096)
def _tells(text: str, design: Design) -> bool:
    """Whether it holds the cue's words, or names an arm and nothing else."""
    cue = " ".join(design.cue.casefold().split())
    if cue and cue in " ".join(text.casefold().split()):
        return True
    words = set(re.findall(r"[a-z]+", text.casefold())) - FILLERS
    return bool(words) and words <= ARM_WORDS


def _texts(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()
