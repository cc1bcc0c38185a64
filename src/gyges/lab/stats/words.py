# SPDX-License-Identifier: Apache-2.0
"""What a statistic answers with (`Estimate`, `Test`), and the checks that every input passes first.

Nothing here computes a statistic. An input that means nothing is refused: no routine of this room
answers with NaN.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.errors import Malformed

Numbers = NDArray[np.float64]
"""One-dimensional unless a docstring says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval.

    `low <= value <= high` always; `level` in (0, 1) is the nominal coverage; `n` is how many units
    (pairs, prompts, trials) it rests on; `method` names the routine for a reader.
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    method: str

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test of "no difference": two-sided `p` in [0, 1], the statistic, the units it rests on."""

    __test__ = False  # pytest takes any class of this name for a test case

    p: float
    statistic: float
    n: int
    method: str


def estimate(value: float, low: float, high: float, level: float, n: int, method: str) -> Estimate:
    """An estimate whose interval holds its value, rounding errors taken back."""
    found = Estimate(
        value=float(value),
        low=float(min(low, value)),
        high=float(max(high, value)),
        level=level,
        n=n,
        method=method,
    )
    if not all(math.isfinite(x) for x in (found.value, found.low, found.high)):
        raise Malformed(f"{method}: the interval is not finite; n is {n}")
    return found


def check_level(level: float) -> float:
    """`level` itself, if it is a coverage strictly between 0 and 1."""
    if not 0 < level < 1:
        raise Malformed(f"a level is a number between 0 and 1, not {level}")
    return level


def check_counts(part: int, whole: int, what: str = "successes") -> None:
    """Refuse counts that no experiment can give.

    Raises:
        Malformed: `whole` is below 1, or `part` is negative or above it.
    """
    if whole < 1:
        raise Malformed(f"{what}: nothing was counted")
    if not 0 <= part <= whole:
        raise Malformed(f"{what}: {part} of {whole} is impossible")


def check_probability(value: float, what: str) -> float:
    """`value` itself, if it lies in [0, 1]."""
    if not 0 <= value <= 1:
        raise Malformed(f"{what} is a probability, not {value}")
    return value


def numbers(
    values: Iterable[float], what: str, low: float = -math.inf, high: float = math.inf
) -> Numbers:
    """An array of at least one finite number in [low, high].

    Raises:
        Malformed: there is none, or one is NaN, infinite or out of range.
    """
    found = np.asarray(list(values), dtype=np.float64)
    if found.size == 0:
        raise Malformed(f"{what}: no values")
    if not bool(np.isfinite(found).all()):
        raise Malformed(
            f"{what}: a value is missing or infinite; leave it out and count it instead"
        )
    if bool((found < low).any()) or bool((found > high).any()):
        raise Malformed(f"{what}: a value lies outside [{low:g}, {high:g}]")
    return found
