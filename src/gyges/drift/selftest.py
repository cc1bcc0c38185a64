# SPDX-License-Identifier: Apache-2.0
"""Whether the promises hold: behaviour that does not change, simulated often, and the alarms counted.

A suite promises that at most a share of its runs alarms. It is broken if so many or more alarms would come with
chance below `LEVEL` were the promise kept; its power is the chance that twice the promised share would be called
broken. What must be refused is tried, and what it would have cost is told. The suites stand in suites.py.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gyges.drift.words import Unusable

LEVEL = 0.001
"""The chance that a promise that is kept is called broken, for each suite."""


class Verdict(StrEnum):
    """What a suite showed."""

    HELD = "held"
    BROKEN = "broken"
    REFUSED = "refused"
    NOT_REFUSED = "not refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a simulation saw: how many runs, each of how many units, and in how many of them something was wrong."""

    runs: int
    units: int
    wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One promise: at most the share `budget` of runs goes wrong, and how that is tried with `runs` and a seed.

    `refused` is what a misuse must raise; what it would have cost needs no promise.
    """

    name: str
    says: str
    budget: float
    runs: int
    units: int
    tried: Callable[[int, int, int], int]  # runs, units, seed -> runs that went wrong
    refused: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A suite's result. `p` is the chance of so many wrong runs or more at exactly the budget; `power` that of
    calling twice the budget broken. Shares are in [0, 1].
    """

    name: str
    says: str
    budget: float
    rate: float
    wrong: int
    runs: int
    units: int
    p: float
    power: float
    verdict: Verdict

    @property
    def good(self) -> bool:
        """Whether the suite showed what it must."""
        return self.verdict in (Verdict.HELD, Verdict.REFUSED)


def selftest(
    suites: Sequence[Suite], seed: int, *, small: int = 1, tell: Callable[[str, int, int], None]
) -> Iterator[Outcome]:
    """Try each suite, with `small` times fewer runs and units; `tell` hears name, number and how many.

    Raises:
        Unusable: there is no suite, or one cannot be run.
    """
    if not suites:
        raise Unusable("selftest: no suite")
    for at, suite in enumerate(suites):
        tell(suite.name, at, len(suites))
        runs, units = max(suite.runs // small, 20), max(suite.units // small, 40)
        wrong = suite.tried(runs, units, seed + at)
        yield judged(suite, Counted(runs=runs, units=units, wrong=wrong))
    tell(suites[-1].name, len(suites), len(suites))


def judged(suite: Suite, seen: Counted) -> Outcome:
    """The verdict on what was seen."""
    p = tail(seen.wrong, seen.runs, suite.budget)
    verdict = Verdict.HELD if p >= LEVEL else Verdict.BROKEN
    if suite.refused:
        verdict = Verdict.REFUSED if _raises(suite.refused) else Verdict.NOT_REFUSED
    return Outcome(
        name=suite.name, says=suite.says, budget=suite.budget, rate=seen.wrong / seen.runs,
        wrong=seen.wrong, runs=seen.runs, units=seen.units, p=p, verdict=verdict,
        power=power(seen.runs, suite.budget),
    )  # fmt: skip


def tail(k: int, n: int, p: float) -> float:
    """P(Binomial(n, p) >= k), exactly.

    Raises:
        Unusable: not 0 < p < 1, or no runs.
    """
    if not (0 < p < 1 and n > 0):
        raise Unusable(f"a promise needs runs and a share in (0, 1), not {n} and {p}")
    whole = math.lgamma(n + 1)
    terms = (
        math.exp(
            whole - math.lgamma(i + 1) - math.lgamma(n - i + 1)
            + i * math.log(p) + (n - i) * math.log1p(-p)
        )
        for i in range(max(k, 0), n + 1)
    )  # fmt: skip
    return min(math.fsum(terms), 1.0)


def power(n: int, budget: float) -> float:
    """The chance that `n` runs call a promise broken of which twice as many go wrong as promised."""
    limit = next((k for k in range(n + 1) if tail(k, n, budget) < LEVEL), n + 1)
    return tail(limit, n, 2 * budget)


def _raises(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Unusable:
        return True
    return False
