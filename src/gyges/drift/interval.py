# SPDX-License-Identifier: Apache-2.0
"""An interval for the mean of what bounded values were expected to be, that holds however often one looks.

    exp( l * sum(x_i - mean_i) - sum psi(l, c_i) * (x_i - f_i)^2 ),   psi(l, c) = (-ln(1 - c l) - c l) / c^2

is a supermartingale for each stake l, where mean_i is what x_i is expected to be given the past, f_i is foretold
from the past, and -c_i is the least that x_i - f_i can be. Mixed over stakes it is above 2 / alpha at any time with
probability alpha / 2 at most; the means at which it is not are the interval, and the same from above. It holds for
every n, whatever the distribution and should the means differ: nothing asymptotic is in it.

Sources: Howard, Ramdas, McAuliffe, Sekhon, Time-uniform, nonparametric, nonasymptotic confidence sequences (Annals
of Statistics 2021, theorem 4); Karampatziakis, Mineiro, Ramdas, Off-policy confidence sequences (ICML 2021).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.words import Unusable

Floats = NDArray[np.float64]

STAKES, FADING = 8, 0.7
"""Stakes mixed: the largest that is safe and halves of it, each with 0.7 of the weight of the one before."""
SAFE = 0.9
FORETOLD = 0.5
"""No mean further from 0 is foretold: a foretelling serves only to make the interval narrower."""
HALVINGS = 50
"""In search of an end, in [-1, 1]."""
WEIGHTS = np.log([FADING**k * (1 - FADING) / (1 - FADING**STAKES) for k in range(STAKES)])[:, None]


class Interval:
    """Streams side by side; their means are in [-1, 1]."""

    def __init__(self, streams: int, largest: float) -> None:
        """`largest` is the furthest from 0 that a value can be."""
        self._stakes: Floats = np.array([SAFE / (largest + FORETOLD) / 2**k for k in range(STAKES)])
        self.n: Floats = np.zeros(streams)
        self.total: Floats = np.zeros(streams)
        self.spent: Floats = np.zeros((2, STAKES, streams))  # sums of psi: from below, from above

    def step(self, values: Floats, least: Floats, most: Floats, seen: NDArray[np.bool_]) -> None:
        """Take a value where `seen`, with the bounds that the past gave it, least <= 0 <= most; shapes (streams,)."""
        foretold = np.clip(self.total / np.maximum(self.n, 1), -FORETOLD, FORETOLD)
        square = np.where(seen, (values - foretold) ** 2, 0.0)
        stakes = self._stakes[:, None]
        self.spent[0] += _psi(stakes, foretold - least) * square
        self.spent[1] += _psi(stakes, most - foretold) * square
        self.total += np.where(seen, values, 0.0)
        self.n += seen

    def signs(self, ups: int, downs: int, n: int) -> None:
        """Take the first stream's values at once, where they are 1 `ups` times, -1 `downs` times, and else 0."""
        self.n[0], self.total[0] = n, ups - downs
        self.spent[:, :, 0] = _psi(self._stakes, np.ones(STAKES)) * (ups + downs)

    def ends(self, alpha: float | Floats) -> tuple[Floats, Floats]:
        """The intervals' ends now at level 1 - alpha, shapes (streams,); -1 and 1 where nothing is known.

        Raises:
            Unusable: an alpha is not in (0, 1).
        """
        level = np.asarray(alpha)
        if not ((level > 0) & (level < 1)).all():
            raise Unusable(f"an interval: alpha must be in (0, 1), not {alpha}")
        goal = np.log(2 / level)
        return self._end(0, goal), -self._end(1, goal)

    def tree(self) -> dict[str, Any]:
        """What it has seen, as plain values."""
        return {"n": self.n, "total": self.total, "spent": self.spent}

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`."""
        self.n, self.total, self.spent = tree["n"], tree["total"], tree["spent"]

    def _end(self, side: int, goal: Floats) -> Floats:
        """The largest mean, seen from this side, that the money bet against it refutes."""
        total = self.total * (1 - 2 * side)
        low, high = np.full(len(total), -1.0), np.full(len(total), 1.0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            money = self._stakes[:, None] * (total - self.n * middle) - self.spent[side]
            refuted = np.logaddexp.reduce(WEIGHTS + money, axis=0) >= goal
            low, high = np.where(refuted, middle, low), np.where(refuted, high, middle)
        return low


def _psi(stakes: Floats, bound: Floats) -> Floats:
    """Shape (stakes, streams); `bound` is at least 1/2 and stakes * bound below 1."""
    scaled = stakes * bound
    found: Floats = (-np.log1p(-scaled) - scaled) / (bound * bound)
    return found
