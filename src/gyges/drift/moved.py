# SPDX-License-Identifier: Apache-2.0
"""Which sessions moved the evidence of a ring test: the few that spoke loudest for each feature, and against it.

A unit's part is the log of what it multiplied the evidence by; the parts of all units sum to the log of the evidence,
exactly. Who knows a unit's part and what it did can tell its arm, so `ring.py` names none before a feature has rung.
By then those coins have been used, and no other coin follows from them. It keeps no unit besides.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gyges.drift.alarms import Moved
from gyges.drift.units import Unit

Floats = NDArray[np.float64]
KEPT = 5
"""Units that are remembered of each feature, for it and against it."""


class Movers:
    """The loudest units of each test, for and against, loudest first; of two alike the earlier one."""

    def __init__(self, tests: int) -> None:
        """Nothing has been seen."""
        self.loudest: tuple[list[list[Moved]], ...] = tuple(
            [[] for _ in range(tests)] for _ in range(2)
        )
        self._bars: Floats = np.zeros((2, tests))

    def step(self, unit: Unit, logs: Floats, values: Sequence[float | None]) -> None:
        """Take one unit: what it adds to each test's log evidence, shape (tests,), and its value there."""
        for side, signed in enumerate((logs, -logs)):
            for at in np.flatnonzero(signed > self._bars[side]).tolist():
                one = Moved(
                    unit=unit.id, episodes=tuple(e.id for e in unit.episodes), at=unit.at,
                    value=values[at], log_factor=float(logs[at]),
                )  # fmt: skip
                self._keep(side, at, one)

    def top(self, test: int) -> tuple[Moved, ...]:
        """Those that speak for a difference between the arms."""
        return tuple(self.loudest[0][test])

    def counter(self, test: int) -> tuple[Moved, ...]:
        """Those that speak against it."""
        return tuple(self.loudest[1][test])

    def tree(self) -> list[Any]:
        """What it has seen, as plain values."""
        return [[[asdict(one) for one in kept] for kept in side] for side in self.loudest]

    def restore(self, tree: list[Any]) -> None:
        """The inverse of `tree`."""
        for side, tests in enumerate(tree):
            for at, kept in enumerate(tests):
                self.loudest[side][at] = [_moved(one) for one in kept]
                self._bars[side, at] = _bar(self.loudest[side][at])

    def _keep(self, side: int, at: int, one: Moved) -> None:
        kept = self.loudest[side][at]
        kept.append(one)
        kept.sort(key=lambda found: -abs(found.log_factor))
        del kept[KEPT:]
        self._bars[side, at] = _bar(kept)


def _moved(told: dict[str, Any]) -> Moved:
    return replace(Moved(**told), episodes=tuple(told["episodes"]))


def _bar(kept: Sequence[Moved]) -> float:
    """What the next one has to be louder than."""
    return abs(kept[-1].log_factor) if len(kept) == KEPT else 0.0
