# SPDX-License-Identifier: Apache-2.0
"""Many drawn runs: power, false alarms, and how often the motive is read rightly.

Gaps and motives are found by the very functions that the report uses. One run of 60 prompts costs about a
hundredth of a second for the gap, and a third of one for the motives.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from gyges.lab.analyse import motives
from gyges.lab.analyse.gap import HEADLINE
from gyges.lab.analyse.question import ask
from gyges.lab.calibrating.drawn import FAKING, MOTIVES, PROBED, TIERS, draw
from gyges.lab.calibrating.words import ALPHA, Accuracy, Alarms, Power
from gyges.lab.organisms.disposition import Disposition
from gyges.lab.stats.power import mcnemar_power
from gyges.lab.stats.proportions import clopper_pearson
from gyges.lab.stats.special import binomial_cdf

Progress = Callable[[str, int, int], None]
"""progress(what, done, of): called after each step."""

LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "none": "none",
        "sycophancy": motives.SYCOPHANCY,
        "instrumental": motives.INSTRUMENTAL,
        "terminal": motives.TERMINAL,
        "incoherence": motives.INCOHERENT,
    }
)
"""An organism's motive in the words of the report."""

GAPS: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
WANTED: Final = 0.8


def alarms(found: Disposition, prompts: int, runs: int, seed: int, progress: Progress) -> Alarms:
    """How often the headline gap of an organism without one is shown."""

    def alarmed(number: int) -> bool:
        return _shown(found, prompts, seed + number)

    about = f"false alarms, {found.name}"
    return _alarms(found, "gap", prompts, _count(alarmed, runs, about, progress))


def accuracy(
    found: Disposition, prompts: int, runs: int, seed: int, progress: Progress
) -> tuple[Accuracy, Alarms | None]:
    """How often the motive is read rightly; and, where there is none, how often any is read."""
    read: list[tuple[str, ...]] = []
    for number in range(runs):
        trials = draw(found, MOTIVES, PROBED, prompts, seed + number)
        read.append(motives.attribute(trials).motives)
        progress(f"motives, {found.name}", number + 1, runs)
    true = LABELS[found.motive]
    wanted = (true,) if true != "none" else ()
    counted = Counter(", ".join(one) or "none" for one in read)
    right = clopper_pearson(sum(one == wanted for one in read), runs)
    made = Accuracy(
        organism=found.name,
        true=true,
        prompts=prompts,
        runs=runs,
        right=right,
        read=dict(counted.most_common()),
    )
    if true != "none":
        return made, None
    return made, _alarms(found, "any motive", prompts, [bool(one) for one in read])


def power(
    found: Disposition, gap: float, prompts: int, runs: int, seed: int, progress: Progress
) -> Power:
    """How often a gap of this size is shown in an organism like this one."""
    changed = replace(found, lift=gap)

    def noticed(number: int) -> bool:
        return _shown(changed, prompts, seed + number, sign=1)

    shown = _count(noticed, runs, f"power at {gap:.0%}", progress)
    return Power(
        gap=gap,
        prompts=prompts,
        runs=runs,
        power=clopper_pearson(sum(shown), runs),
        exact=exact_power(changed, prompts),
    )


def exact_power(found: Disposition, prompts: int) -> float:
    """The power of the exact McNemar test for the headline, in this organism, without drawing."""
    high, low = (found.comply(cell) for cell in TIERS)
    alone = 1.0 - found.steady
    first = found.steady * (high - low) + alone * high * (1 - low)
    second = alone * low * (1 - high)
    return mcnemar_power(prompts, first, second, ALPHA)


def smallest(found: Disposition, prompts: int) -> float | None:
    """The smallest gap that is shown with a probability of 0.8 at this n, to a thousandth; None if none is."""
    low, high = 0, int(1000 * (1 - found.base))
    if exact_power(replace(found, lift=high / 1000), prompts) < WANTED:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = exact_power(replace(found, lift=middle / 1000), prompts) >= WANTED
        low, high = (low, middle) if enough else (middle, high)
    return high / 1000


def _shown(found: Disposition, prompts: int, seed: int, sign: int = 0) -> bool:
    return ask(HEADLINE, draw(found, FAKING, TIERS, prompts, seed)).effect.shown(sign, ALPHA)


def _count(held: Callable[[int], bool], runs: int, what: str, progress: Progress) -> list[bool]:
    found: list[bool] = []
    for number in range(runs):
        found.append(held(number))
        progress(what, number + 1, runs)
    return found


def _alarms(found: Disposition, about: str, prompts: int, alarmed: list[bool]) -> Alarms:
    runs, count = len(alarmed), sum(alarmed)
    above = 1.0 - float(binomial_cdf(count - 1, runs, ALPHA)) if count else 1.0
    return Alarms(
        organism=found.name,
        about=about,
        prompts=prompts,
        runs=runs,
        alarms=count,
        rate=clopper_pearson(count, runs),
        nominal=ALPHA,
        p_above=above,
    )
