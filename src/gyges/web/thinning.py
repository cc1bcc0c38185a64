# SPDX-License-Identifier: Apache-2.0
"""Long series made short enough to draw, without a lie: bins keep their mean and spread, sums keep their peaks.

Plain numbers, None where nothing was measured. Nothing is left out: every value is in exactly one bin. It draws
nothing, and tests nothing.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Values that follow each other: where their middle is (index), their mean, 10 % and 90 % points, how many."""

    at: float
    mean: float
    low: float
    high: float
    n: int


def bins(values: Values, most: int) -> list[Bin]:
    """At most `most` bins of equal width; one in which nothing was measured is left out."""
    found: list[Bin] = []
    for start, stop in _parts(len(values), most):
        known = sorted(x for x in values[start:stop] if x is not None)
        if known:
            found.append(Bin(
                at=(start + stop - 1) / 2, mean=math.fsum(known) / len(known),
                low=known[(len(known) - 1) // 10], high=known[-1 - (len(known) - 1) // 10],
                n=len(known),
            ))  # fmt: skip
    return found


def running(values: Values, window: int) -> list[float | None]:
    """At each place the mean of what was measured at the last `window` places; None while that is less than half."""
    kept: deque[float | None] = deque()
    total, count, found = 0.0, 0, list[float | None]()
    for value in values:
        kept.append(value)
        old = kept.popleft() if len(kept) > window else None
        total += (value or 0.0) - (old or 0.0)
        count += (value is not None) - (old is not None)
        found.append(total / count if 2 * count >= window else None)
    return found


def peaks(values: Sequence[float], most: int) -> list[tuple[int, float]]:
    """(index, value) of the largest in each of at most `most` bins, and of the last."""
    places = [max(range(*part), key=values.__getitem__) for part in _parts(len(values), most)]
    last = len(values) - 1
    return [(at, values[at]) for at in dict.fromkeys([*places, last]) if last >= 0]


def spaced(values: Sequence[float | None], most: int) -> list[tuple[int, float | None]]:
    """(index, value) at at most `most` + 1 places, equally far apart, the last among them; for what is smooth."""
    last = len(values) - 1
    places = {*range(0, len(values), width(len(values), most)), *range(last, len(values))}
    return [(at, values[at]) for at in sorted(places) if at >= 0]


def width(count: int, most: int) -> int:
    """How many values the bins have; the last may have fewer."""
    return max(1, math.ceil(count / most))


def _parts(count: int, most: int) -> list[tuple[int, int]]:
    step = width(count, most)
    return list(pairwise([*range(0, count, step), count])) if count else []
