# SPDX-License-Identifier: Apache-2.0
"""Clusters of a reference's embeddings: the centres that a vector feature counts its units by.

k-means as of Lloyd (IEEE Trans. Inf. Theory 1982), seeded as of Arthur and Vassilvitskii (k-means++, SODA 2007).
Found once, on a reference, then frozen. It makes no embeddings.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Unusable

Floats = NDArray[np.float64]
Centres = tuple[tuple[float, ...], ...]
ROUNDS = 100


def centres(vectors: Sequence[Sequence[float]] | Floats, clusters: int = 32, *, seed: int = 0) -> Centres:  # fmt: skip
    """`clusters` centres of vectors of shape (units, dimensions), for `Feature.centres`; the same for the same seed.

    Raises:
        Unusable: vectors of unequal length or not finite, or fewer different ones than clusters.
    """
    points = _points(vectors)
    different = len(np.unique(points, axis=0))
    if not 2 <= clusters <= different:
        raise Unusable(f"embeddings: {clusters} clusters of {different} different vectors")
    rng = np.random.default_rng(seed)
    found = _begin(points, clusters, rng)
    for _ in range(ROUNDS):
        nearest = _distances(points, found).argmin(axis=1)
        moved = np.array([
            points[nearest == k].mean(axis=0) if (nearest == k).any() else found[k]
            for k in range(clusters)
        ])  # fmt: skip
        if np.array_equal(moved, found):
            break
        found = moved
    return tuple(tuple(float(x) for x in centre) for centre in found)


def _begin(points: Floats, clusters: int, rng: np.random.Generator) -> Floats:
    """Points far from each other: each with a chance that grows with the square of its distance to those taken."""
    taken = [points[rng.integers(len(points))]]
    while len(taken) < clusters:
        near = _distances(points, np.array(taken)).min(axis=1)
        taken.append(points[rng.choice(len(points), p=near / near.sum())])
    return np.array(taken)


def _distances(points: Floats, found: Floats) -> Floats:
    """Squared, shape (units, clusters)."""
    crossed = points @ found.T
    apart: Floats = (points**2).sum(axis=1)[:, None] - 2 * crossed + (found**2).sum(axis=1)
    return np.maximum(apart, 0.0)


def _points(vectors: Sequence[Sequence[float]] | Floats) -> Floats:
    lengths = {len(v) for v in vectors}
    if len(lengths) != 1 or 0 in lengths:
        raise Unusable(f"embeddings: vectors of one length are needed, not of {sorted(lengths)}")
    points = np.asarray(vectors, dtype=np.float64)
    if not np.isfinite(points).all():
        raise Unusable("embeddings: a vector holds a number that is not finite")
    return points
