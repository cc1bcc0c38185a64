# SPDX-License-Identifier: Apache-2.0
"""The row of numbers that the test of all features together sees of a unit.

Everything as the layout has it, numbers as ranks, but embeddings in their own dimensions. Whole features are taken
in order while they fit; those that do not are named, and keep their own tests.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gyges.drift.layout import Layout, labels_of
from gyges.drift.predict import MOST
from gyges.drift.words import Episode, Feature, Kind

Floats = NDArray[np.float64]


class Rows:
    """Which columns there are, and which features are left `apart`."""

    def __init__(self, layout: Layout, skip: str) -> None:
        """`skip` names a feature that is no behaviour."""
        sizes = [_width(f) for f in layout.features]
        groups, left = np.array(layout.groups), MOST
        apart: list[str] = []
        streams: list[int] = []
        self._vectors: list[tuple[Feature, int]] = []
        for at, (feature, size) in enumerate(zip(layout.features, sizes, strict=True)):
            if feature.name == skip:
                continue
            if size > left:
                apart.append(feature.name)
                continue
            left -= size
            if feature.kind is Kind.VECTOR:
                self._vectors.append((feature, size))
            else:
                streams += np.flatnonzero(groups == at).tolist()
        self._streams = np.array(streams, dtype=np.intp)
        self.apart = tuple(apart)
        self.width = MOST - left

    def row(self, episodes: Sequence[Episode], values: Floats) -> Floats:
        """Shape (width,): `values` is the layout's, with numbers as ranks; NaN where nothing was measured."""
        parts = [_mean(f, size, episodes) for f, size in self._vectors]
        return np.concatenate([values[self._streams], *parts])


def _width(feature: Feature) -> int:
    return len(feature.centres[0]) if feature.kind is Kind.VECTOR else len(labels_of(feature))


def _mean(feature: Feature, size: int, episodes: Sequence[Episode]) -> Floats:
    found = [e.values[feature.name] for e in episodes if feature.name in e.values]
    if not found:
        return np.full(size, np.nan)
    means: Floats = np.array(found, dtype=np.float64).mean(axis=0)
    return means
