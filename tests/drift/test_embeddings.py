# SPDX-License-Identifier: Apache-2.0
"""Clusters of embeddings: found again where they are, the same for the same seed, refused where there are none."""

import numpy as np
import pytest

from gyges.drift.embeddings import centres
from gyges.drift.words import Unusable


def clouds(per: int = 40) -> np.ndarray:
    """Five small clouds around the corners of a simplex."""
    rng = np.random.default_rng(6)
    return np.concatenate([np.eye(5)[k] * 10 + rng.normal(0, 0.1, (per, 5)) for k in range(5)])


def test_clouds_are_found() -> None:
    """Each centre is the mean of one cloud."""
    found = np.array(sorted(centres(clouds(), 5, seed=3), key=np.argmax))
    means = np.array([clouds()[k * 40 : (k + 1) * 40].mean(axis=0) for k in range(5)])
    assert found == pytest.approx(means, abs=1e-9)


def test_the_seed_decides() -> None:
    """The same seed gives the same centres to the bit."""
    points = np.random.default_rng(1).normal(size=(300, 8))
    assert centres(points, 32, seed=5) == centres(points, 32, seed=5)
    assert centres(points, 32, seed=5) != centres(points, 32, seed=6)


def test_more_clusters_lie_nearer() -> None:
    """The mean distance to the nearest centre falls with the number of clusters, and none is empty."""
    points = np.random.default_rng(2).normal(size=(400, 4))
    spread = []
    for clusters in (2, 8, 32):
        found = np.array(centres(points, clusters))
        away = ((points[:, None] - found) ** 2).sum(axis=2)
        assert len(set(away.argmin(axis=1).tolist())) == clusters
        spread.append(away.min(axis=1).mean())
    assert spread == sorted(spread, reverse=True)


@pytest.mark.parametrize(
    ("vectors", "clusters", "said"),
    [
        ([[1.0, 2.0], [1.0]], 2, "one length"),
        ([], 2, "one length"),
        ([[1.0], [float("nan")]], 2, "not finite"),
        ([[1.0], [1.0], [2.0]], 3, "3 clusters of 2 different vectors"),
        ([[1.0], [2.0]], 1, "1 clusters"),
    ],
)
def test_what_has_no_clusters_is_refused(
    vectors: list[list[float]], clusters: int, said: str
) -> None:
    """The error says what is wrong with the vectors or their number."""
    with pytest.raises(Unusable, match=said):
        centres(vectors, clusters)
