# SPDX-License-Identifier: Apache-2.0
"""One agent's streams side by side: each unit is one step of all of them, and features are groups of streams.

A feature such as the tool mix has a stream for each category; its evidence is the mean over their sums, which is
an e-detector again and names the category that carries it. State is arrays, so that hundreds of features of a
thousand agents fit into memory. A value that was not measured, or not bet on, leaves its stream alone: a sum that grew
without a bet would reach any threshold in the end, and mean nothing. It knows no names.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gyges.drift.sums import CEILING
from gyges.drift.words import Unusable

Floats = NDArray[np.float64]
Factors = NDArray[np.float32]


class Bettor(Protocol):
    """Turns the values of one unit into betting factors."""

    bets: int

    def factors(self, values: Floats, u: Floats, stratum: str, /) -> Factors:
        """Values (streams,) to factors (bets, streams): NaN where it does not bet. Only past values may be used."""
        ...


class Bank:
    """Shiryaev-Roberts sums of the streams, and the features that they belong to."""

    def __init__(self, bettor: Bettor, groups: Sequence[int], thresholds: Sequence[float]) -> None:
        """`groups` gives each stream's feature, ascending from 0; `thresholds` is one a feature.

        Raises:
            Unusable: groups are not 0, 0, 1, 1, 2 ... or a threshold is below 1.
        """
        self.bettor = bettor
        self.groups, self._starts, self._sizes = _frame(tuple(groups))
        if len(self._starts) != len(thresholds):
            raise Unusable("bank: groups must be 0, 0, 1, ... with one threshold each")
        self.thresholds = _limits(tuple(thresholds))
        self.sums = np.zeros((bettor.bets, len(self.groups)), dtype=np.float32)

    def step(self, values: Floats, u: Floats, stratum: str = "") -> NDArray[np.intp]:
        """Take one unit; the features that reach their thresholds now. `reset` begins them again."""
        factors = self.bettor.factors(values, u, stratum)
        bet = ~(np.isnan(values) | np.isnan(factors[0]))
        if bet.all():
            _grow(self.sums, factors, self.sums)
        else:
            np.copyto(self.sums, _grow(self.sums, factors, np.empty_like(self.sums)), where=bet)
        return np.flatnonzero(self.evidence >= self.thresholds)

    def reset(self, features: NDArray[np.intp]) -> None:
        """Begin these features again."""
        self.sums[:, np.isin(self.groups, features)] = 0

    @property
    def evidence(self) -> Floats:
        """Each feature's mean sum, shape (features,)."""
        streams: Floats = self.sums.sum(axis=0) / np.float64(len(self.sums))
        if len(self.groups) == len(self.thresholds):
            return streams
        found: Floats = np.add.reduceat(streams, self._starts) / self._sizes
        return found


def _grow(sums: Factors, factors: Factors, out: Factors) -> Factors:
    np.add(sums, np.float32(1), out=out)
    np.multiply(out, factors, out=out)
    return np.minimum(out, np.float32(CEILING), out=out)


@lru_cache(maxsize=1024)
def _frame(groups: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Streams' features, where each begins, and its size: the same arrays for all agents, nobody writes to them."""
    found = np.array(groups, dtype=np.intp)
    steps = np.diff(found, prepend=-1)
    if not np.isin(steps, (0, 1)).all():
        raise Unusable("bank: groups must be 0, 0, 1, ... with one threshold each")
    made = found, np.flatnonzero(steps), np.bincount(found)
    for array in made:
        array.flags.writeable = False
    return made


@lru_cache(maxsize=1024)
def _limits(thresholds: tuple[float, ...]) -> Floats:
    found = np.array(thresholds, dtype=np.float64)
    if not (found >= 1).all():
        raise Unusable(f"bank: a threshold must be at least 1, not {min(thresholds)}")
    found.flags.writeable = False
    return found
