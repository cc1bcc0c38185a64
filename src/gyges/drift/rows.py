# SPDX-License-Identifier: Apache-2.0
"""Units as rows of numbers: what is kept of them to explain an alarm, and the U's that break their ties.

A row can be made again from the log, exactly; so histories may be short or off. It bets on nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.drift.layout import LABELLED, OTHER, Layout, labels_of
from gyges.drift.tree import Tree, but
from gyges.drift.units import Unit
from gyges.drift.words import Episode, Feature, Kind, Value

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One unit. `values` is (streams,); `within` (2, features) holds how many episodes measured a feature and
    their sum of squares around the unit's mean, None where the unit is one episode; `evidence` is (features,), the
    largest of the references' as a share of its threshold; `tests` is the same against its tests, None without any.
    """

    id: str
    session: str
    episodes: tuple[str, ...]
    at: int
    stratum: str
    values: Floats
    within: Floats | None = None
    evidence: NDArray[np.float32] | None = None
    tests: NDArray[np.float32] | None = None


def row_of(layout: Layout, unit: Unit) -> Row:
    """A unit as a row."""
    return Row(
        id=unit.id, session=unit.session, episodes=tuple(e.id for e in unit.episodes), at=unit.at,
        stratum=unit.stratum, values=layout.values(unit.episodes),
        within=_within(layout.features, unit.episodes),
    )  # fmt: skip


def row_from(tree: Tree) -> Row:
    """A row from its fields."""
    return Row(**but(tree, episodes=tuple(tree["episodes"])))


def uniforms(seed: str, agent: str, unit: str, count: int) -> Floats:
    """U's in (0, 1), one a stream, that follow from the seed, the agent and the unit."""
    name = f"{seed}\0{agent}\0{unit}".encode()
    bits = np.frombuffer(hashlib.shake_256(name).digest(8 * count), dtype=">u8") >> np.uint64(11)
    found: Floats = (bits.astype(np.float64) + 0.5) * 2.0**-53
    return found


def unknown(feature: Feature, episodes: Sequence[Episode]) -> int:
    """How many labels of these episodes the feature does not know; they go to the cell `other`."""
    if feature.kind not in (Kind.CATEGORY, Kind.CALLS, Kind.SEQUENCE):
        return 0
    found = [e.values[feature.name] for e in episodes if feature.name in e.values]
    known = {*feature.categories, OTHER}
    return sum(label not in known for value in found for label in _labels(value))


def columns(layout: Layout, feature: int) -> slice:
    """The places of a feature's streams."""
    sizes = [len(labels_of(f)) for f in layout.features]
    start = sum(sizes[:feature])
    return slice(start, start + sizes[feature])


def _labels(value: Value) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)


def _within(features: Sequence[Feature], episodes: Sequence[Episode]) -> Floats | None:
    if len(episodes) < 2:
        return None
    found = np.full((2, len(features)), np.nan)
    for at, feature in enumerate(features):
        if feature.kind not in LABELLED:
            y = np.array([e.values[feature.name] for e in episodes if feature.name in e.values])
            y = y.astype(np.float64)
            found[:, at] = len(y), ((y - y.mean()) ** 2).sum() if len(y) else 0.0
    return found
