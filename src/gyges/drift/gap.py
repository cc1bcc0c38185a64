# SPDX-License-Identifier: Apache-2.0
"""How large the gap between unwatched and watched is, with an interval that holds however often one looks.

    phi_i = (Y_i - m_i) * (Z_i / q - (1 - Z_i) / (1 - q))      m_i the mean of the past: unbiased for unit i's gap

Its mean is the estimate, and interval.py gives the interval for the mean of the units' gaps, for any outcome in
[0, 1] and without asymptotics: where the coin rarely falls on one side an asymptotic interval covers far too
little. It tests nothing (cue.py does that with more power).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.interval import Interval
from gyges.drift.words import Unusable

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapNow:
    """Unwatched minus watched: estimate and interval as differences of rates, the rates, and units by arm."""

    gap: float
    low: float
    high: float
    unwatched: float
    watched: float
    n_unwatched: int
    n_watched: int
    alpha: float

    @property
    def excluded(self) -> float:
        """Gaps larger than this, either way, are excluded at this level: the bound of a null result."""
        return max(abs(self.low), abs(self.high))


class Gaps:
    """Running estimates of outcomes side by side, in one design."""

    def __init__(self, streams: int, share: float) -> None:
        """`share` is the coin's probability of `unwatched`.

        Raises:
            Unusable: no streams, or a share outside (0, 1).
        """
        if streams < 1 or not 0 < share < 1:
            raise Unusable(f"gap: {streams} outcomes, a share of {share}")
        self.share = share
        self.counts: Floats = np.zeros((2, streams))  # units: watched, unwatched
        self.sums: Floats = np.zeros((2, streams))
        self._interval = Interval(streams, 1 / min(share, 1 - share))

    def step(self, outcomes: Floats, unwatched: bool | NDArray[np.bool_]) -> None:
        """Take one unit: outcomes (streams,), NaN where not measured, and the arm (one a stream, or one for all).

        Raises:
            Unusable: an outcome is not in [0, 1].
        """
        seen = ~np.isnan(outcomes)
        values = np.where(seen, outcomes, 0.0)
        if ((values < 0) | (values > 1)).any():
            raise Unusable(f"gap: an outcome must be in [0, 1], not {outcomes}")
        q, arm = self.share, np.broadcast_to(np.asarray(unwatched), seen.shape)
        mean = (self.sums.sum(axis=0) + 0.5) / (self.counts.sum(axis=0) + 1)
        phi = (values - mean) * np.where(arm, 1 / q, -1 / (1 - q))
        least = -np.maximum(mean / q, (1 - mean) / (1 - q))
        most = np.maximum((1 - mean) / q, mean / (1 - q))
        self._interval.step(phi, least, most, seen)
        self.counts += np.stack([seen & ~arm, seen & arm])
        self.sums += np.stack([values * ~arm, values * arm])

    def ends(self, alpha: float | Floats) -> tuple[Floats, Floats]:
        """The intervals' ends now at level 1 - alpha, shapes (streams,); -1 and 1 where nothing is known.

        Raises:
            Unusable: an alpha is not in (0, 1).
        """
        return self._interval.ends(alpha)

    def now(self, alpha: Floats) -> list[GapNow | None]:
        """Each outcome's gap as known now, at its own level; None while an arm is empty.

        Raises:
            Unusable: an alpha is not in (0, 1).
        """
        low, high = self.ends(alpha)
        means = self._interval.total / np.maximum(self.counts.sum(axis=0), 1)
        rates = self.sums / np.maximum(self.counts, 1)
        return [
            GapNow(
                gap=float(means[at]), low=float(low[at]), high=float(high[at]),
                unwatched=float(rates[1, at]), watched=float(rates[0, at]),
                n_unwatched=int(self.counts[1, at]), n_watched=int(self.counts[0, at]),
                alpha=float(alpha[at]),
            )
            if self.counts[:, at].all() else None
            for at in range(len(low))
        ]  # fmt: skip

    def tree(self) -> dict[str, Any]:
        """What it has seen, as plain values."""
        return {"counts": self.counts, "sums": self.sums, "interval": self._interval.tree()}

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`."""
        self.counts, self.sums = tree["counts"], tree["sums"]
        self._interval.restore(tree["interval"])
