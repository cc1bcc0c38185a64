# SPDX-License-Identifier: Apache-2.0
"""Which streams a list of features has, and the number that each stream sees of one unit.

    binary, share, number   one stream: the mean over the unit's episodes
    category                one for each label, and "other": its share of the episodes
    vector                  one for each centre: the share of the episodes that it is nearest to
    calls                   one for each tool, and "other": its share of the calls
    sequence                one for each "a > b": the share of b among what followed a; nothing if a did not occur

A value of another type, NaN, or out of range is refused by name; one that is missing leaves its streams alone.
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Episode, Feature, Grain, Kind, Unusable, Value

Floats = NDArray[np.float64]
OTHER = "other"
LABELLED = frozenset({Kind.CATEGORY, Kind.CALLS, Kind.SEQUENCE, Kind.VECTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Features and their streams, in order; `groups` is each stream's feature."""

    features: tuple[Feature, ...]
    labels: tuple[str, ...]
    groups: tuple[int, ...]

    def numbers(self) -> NDArray[np.bool_]:
        """Which streams have no scale of their own."""
        return np.array([self.features[g].kind is Kind.NUMBER for g in self.groups], dtype=np.bool_)

    def values(self, episodes: Sequence[Episode]) -> Floats:
        """What each stream sees of a unit; NaN where nothing was measured."""
        seen = [value for f in self.features for value in _seen(f, episodes)]
        return np.array(seen, dtype=np.float64)


def layout(features: Iterable[Feature], *, forced: bool = False) -> Layout:
    """The layout of these features.

    Raises:
        Unusable: a name twice, a feature that cannot be, or one by event that is not `forced`.
    """
    kept = tuple(features)
    _check(kept, forced=forced)
    streams = [(at, label) for at, f in enumerate(kept) for label in labels_of(f)]
    return Layout(
        features=kept,
        labels=tuple(label for _, label in streams),
        groups=tuple(g for g, _ in streams),
    )


def labels_of(feature: Feature) -> tuple[str, ...]:
    """The names of a feature's streams; one without a name where it has only one."""
    names = (*feature.categories, OTHER)
    if feature.kind in (Kind.CATEGORY, Kind.CALLS):
        return names
    if feature.kind is Kind.VECTOR:
        return tuple(f"cluster {at}" for at in range(len(feature.centres)))
    if feature.kind is Kind.SEQUENCE:
        return tuple(f"{a} > {b}" for a in names for b in names)
    return ("",)


def check(features: Iterable[Feature], episode: Episode) -> None:
    """Refuse an episode with a value that is not of its feature's kind.

    Raises:
        Unusable: names the feature, the episode and the value.
    """
    for feature in features:
        if feature.name in episode.values and not _fits(feature, episode.values[feature.name]):
            value = episode.values[feature.name]
            raise Unusable(
                f"episode {episode.id}: {feature.name} is {value!r}, which is no {feature.kind.value}"
            )


def _check(features: tuple[Feature, ...], *, forced: bool) -> None:
    if not features:
        raise Unusable("features: at least one is needed")
    name, times = Counter(f.name for f in features).most_common(1)[0]
    if times > 1:
        raise Unusable(f"features: {times} are called {name!r}")
    for f in features:
        if f.grain is Grain.EVENT and not forced:
            raise Unusable(
                f"feature {f.name}: events of one session hang together; analyse sessions"
            )
        if not (f.weight > 0 and math.isfinite(f.weight)):
            raise Unusable(f"feature {f.name}: a weight must be above 0, not {f.weight}")
        if OTHER in f.categories or len(set(f.categories)) < len(f.categories):
            raise Unusable(
                f"feature {f.name}: categories must differ, and none is called {OTHER!r}"
            )
        if f.kind is Kind.VECTOR:
            _check_centres(f)


def _check_centres(f: Feature) -> None:
    if len(f.centres) < 2:
        raise Unusable(f"feature {f.name}: a vector needs the centres of its clusters")
    if len({len(c) for c in f.centres}) > 1 or not all(
        math.isfinite(x) for c in f.centres for x in c
    ):
        raise Unusable(f"feature {f.name}: centres must be finite and of one length")


def _fits(feature: Feature, value: Value) -> bool:
    kind = feature.kind
    if kind is Kind.BINARY:
        return isinstance(value, bool)
    if kind is Kind.CATEGORY:
        return isinstance(value, str)
    if kind in (Kind.CALLS, Kind.SEQUENCE):
        return isinstance(value, tuple) and all(isinstance(v, str) for v in value)
    if kind is Kind.VECTOR:
        good = isinstance(value, tuple) and len(value) == len(feature.centres[0])
        return good and all(map(_finite, value))  # type: ignore[arg-type]
    return _finite(value) and (kind is Kind.NUMBER or 0 <= float(value) <= 1)  # type: ignore[arg-type]


def _finite(value: object) -> bool:
    """A number that a float can hold; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return False
    return abs(value) <= sys.float_info.max


def _seen(feature: Feature, episodes: Sequence[Episode]) -> Iterable[float]:
    """What the feature's streams see. A mean is plain arithmetic: for a few values that is quicker than an array."""
    found = [e.values[feature.name] for e in episodes if feature.name in e.values]
    if feature.kind not in LABELLED:
        numbers = cast("list[float]", found)
        return (sum(map(float, numbers)) / len(numbers) if numbers else math.nan,)
    names = labels_of(feature)
    if not found:
        return [math.nan] * len(names)
    if feature.kind is Kind.SEQUENCE:
        return _followed(found, (*feature.categories, OTHER))
    return _shares(_told(feature, found), names)


def _told(feature: Feature, found: Sequence[Value]) -> list[str]:
    """The labels that the episodes hold."""
    if feature.kind is Kind.CALLS:
        return [tool for value in found for tool in _words(value)]
    if feature.kind is Kind.VECTOR:
        centres = np.array(feature.centres)
        points = np.array(found, dtype=np.float64)
        nearest = ((points[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
        return [f"cluster {at}" for at in nearest]
    return [str(value) for value in found]


def _words(value: Value) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def _shares(told: Sequence[str], names: Sequence[str]) -> list[float]:
    counts = Counter(label if label in names else OTHER for label in told)
    total = len(told)
    return [counts[name] / total if total else math.nan for name in names]


def _followed(found: Sequence[Value], names: Sequence[str]) -> list[float]:
    known = set(names)
    pairs: Counter[tuple[str, str]] = Counter()
    for value in found:
        pairs.update(pairwise(t if t in known else OTHER for t in _words(value)))
    after = {a: sum(pairs[a, b] for b in names) for a in names}
    return [pairs[a, b] / after[a] if after[a] else math.nan for a in names for b in names]
