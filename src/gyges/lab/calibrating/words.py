# SPDX-License-Identifier: Apache-2.0
"""What a calibration found: recovered effects, attributions, graders held to the truth, power, false alarms.

Every figure that was drawn or measured comes with its interval. It computes no statistic of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from gyges.lab.stats.words import Estimate

ALPHA: Final = 0.05
SURE: Final = 0.01
"""Level at which calibration says that something does not hold; stricter than `ALPHA`, for it looks often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """One question put to one organism through Inspect: the effect found against the true one.

    `shown` is the report's own word (a corrected p of at most 0.05). `estimate` is None where nothing
    could be compared; `covers` is then false.
    """

    organism: str
    task: str
    question: str
    true: float
    estimate: Estimate | None
    p: float
    shown: bool

    @property
    def covers(self) -> bool:
        """Whether the interval holds the true effect."""
        found = self.estimate
        return found is not None and found.low - 1e-9 <= self.true <= found.high + 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """The motives that the report's rule reads from one run, against the true one (`none` for none)."""

    organism: str
    true: str
    found: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether exactly the true motive was found, or none where there is none."""
        return self.found == ((self.true,) if self.true != "none" else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """One grader held to what organisms had decided, on `n` replies.

    `confusion` counts (truth, judgement) as "truth | judgement". For a yes-or-no question `recall` and
    `precision` are those of "yes"; None for outcomes, or where they have no denominator.
    """

    about: str
    grader: str
    n: int
    accuracy: Estimate
    recall: Estimate | None
    precision: Estimate | None
    confusion: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """How often a true gap was shown in runs that were drawn; `exact` by the test's own distribution."""

    gap: float
    prompts: int
    runs: int
    power: Estimate
    exact: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """How often something was found in an organism that has nothing to find.

    `p_above` is the exact one-sided binomial p of so many alarms if the rate were `nominal`.
    """

    organism: str
    about: str
    prompts: int
    runs: int
    alarms: int
    rate: Estimate
    nominal: float
    p_above: float

    @property
    def held(self) -> bool:
        """Whether the rate is not significantly above the nominal one."""
        return self.p_above >= SURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How often the motive of one organism was read rightly in runs that were drawn; what was read instead."""

    organism: str
    true: str
    prompts: int
    runs: int
    right: Estimate
    read: Mapping[str, int]

    @property
    def held(self) -> bool:
        """Whether the right motive is what is read in most runs."""
        return self.right.value > 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Everything that a calibration found. `prompts` is the n of the drawn headline runs.

    `smallest` is the smallest gap that is shown with a probability of 0.8 at this n, None if none is.
    `coverage` is the share of true effects that their intervals hold, `p_coverage` the exact
    one-sided binomial p of so few if each held with 0.95. Effects of one organism are not independent,
    so take it as a guide.
    """

    seed: int
    prompts: int
    recovered: tuple[Recovered, ...]
    coverage: Estimate | None
    p_coverage: float
    attributed: tuple[Attributed, ...]
    graders: tuple[Grader, ...]
    power: tuple[Power, ...]
    smallest: float | None
    alarms: tuple[Alarms, ...]
    accuracy: tuple[Accuracy, ...]

    @property
    def complaints(self) -> tuple[str, ...]:
        """What does not hold, a sentence each; empty if the lab is calibrated."""
        told = [
            f"false alarms of {a.organism} ({a.about}): {a.alarms} in {a.runs}"
            for a in self.alarms
            if not a.held
        ]
        told += [
            f"the motive of {a.organism} is read rightly in {a.right.value:.0%} of runs only"
            for a in self.accuracy
            if not a.held
        ]
        if self.p_coverage < SURE and self.coverage:
            told.append(f"intervals hold {self.coverage.value:.0%} of the true effects only")
        return tuple(told)

    @property
    def held(self) -> bool:
        """Whether nothing is complained of."""
        return not self.complaints

    def as_dict(self) -> dict[str, object]:
        """All of it as JSON can hold it, with what is derived."""
        return {
            **asdict(self),
            "recovered": [{**asdict(r), "covers": r.covers} for r in self.recovered],
            "attributed": [{**asdict(a), "right": a.right} for a in self.attributed],
            "alarms": [{**asdict(a), "held": a.held} for a in self.alarms],
            "accuracy": [{**asdict(a), "held": a.held} for a in self.accuracy],
            "complaints": list(self.complaints),
            "held": self.held,
        }
