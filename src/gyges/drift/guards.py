# SPDX-License-Identifier: Apache-2.0
"""What a ring test watches over itself: evidence, at a level of its own, that it is not what it claims to be.

    coin       the arms fall as the design says: a predictive Beta against the stated share
    measured   each feature is measured as often in one arm as in the other
    the arm    a feature that is 1 in one arm and 0 in the other, always, may be the arm and no behaviour

The first is the sample ratio test of Lindon, Malek, Anytime-valid inference for multinomial count data (NeurIPS
2022). A check that speaks does not stop the test; it says what to look at before believing it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.cue import CEILING, CueTests
from gyges.drift.findings import Check
from gyges.drift.gap import Gaps
from gyges.drift.words import Direction

ALPHA = 0.001
"""The chance that the coin, or any feature's measuring, is ever called unsound wrongly; each."""
PRIOR = 100.0
"""Throws by the stated share that the predictive Beta begins with."""
ENOUGH = 20
"""Units in each arm before a feature can be told to be the arm."""


class Guards:
    """The checks of one ring test."""

    def __init__(self, share: float, features: Sequence[str]) -> None:
        """`features` are those whose measuring is compared."""
        self.share, self._features = share, tuple(features)
        self.thrown = [0, 0]  # watched, unwatched
        self.evidence = self.peak = 1.0
        self.measured = CueTests(share, [Direction.BOTH] * len(features))

    def step(self, measured: NDArray[np.bool_], *, unwatched: bool) -> None:
        """Take one unit: which features were measured, shape (features,), and its arm."""
        chance = self.share if unwatched else 1 - self.share
        foretold = (self.thrown[unwatched] + PRIOR * chance) / (sum(self.thrown) + PRIOR)
        self.evidence = min(self.evidence * foretold / chance, CEILING)
        self.peak = max(self.peak, self.evidence)
        self.thrown[unwatched] += 1
        self.measured.step(measured.astype(np.float64), unwatched)

    def checks(self, gaps: Gaps, names: Sequence[str]) -> tuple[Check, ...]:
        """What they say now; `names` are those of the streams in `gaps`."""
        share = f"{self.thrown[1]} of {sum(self.thrown)} unwatched, {self.share:g} stated"
        lost = np.flatnonzero(self.measured.peak >= len(self._features) / ALPHA).tolist()
        exact = [names[at] for at in _exact(gaps)]
        unlike = ", ".join(self._features[at] for at in lost)
        return (
            Check(name="coin", holds=self.peak < 1 / ALPHA, says=share),
            Check(name="measured", holds=not lost, says=_told("measured unlike by arm", unlike)),
            Check(name="the arm", holds=not exact, says=_told("tells the arm", ", ".join(exact))),
        )

    def tree(self) -> dict[str, Any]:
        """What it has seen, as plain values."""
        coin = [self.evidence, self.peak]
        return {"thrown": list(self.thrown), "coin": coin, "measured": self.measured.tree()}

    def restore(self, tree: dict[str, Any]) -> None:
        """The inverse of `tree`."""
        self.thrown, (self.evidence, self.peak) = list(tree["thrown"]), tree["coin"]
        self.measured.restore(tree["measured"])


def _exact(gaps: Gaps) -> list[int]:
    enough = (gaps.counts >= ENOUGH).all(axis=0)
    none, full = gaps.sums == 0, gaps.sums == gaps.counts
    found: list[int] = np.flatnonzero(enough & ((none[0] & full[1]) | (none[1] & full[0]))).tolist()
    return found


def _told(what: str, names: str) -> str:
    return f"{what}: {names or 'none'}"
