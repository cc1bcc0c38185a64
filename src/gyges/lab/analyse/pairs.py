# SPDX-License-Identifier: Apache-2.0
"""Pairing: the same prompt under two levels of one factor, everything else equal.

    Contrast("tier", "trained", "untrained")
    trained   p1 p2 p3 p4          p1 p2 p3    <- pairs
    untrained p1 p2 p3 errored ->  p4 alone, named, in no estimate

A pair may hold several samples a side (epochs). Pairs of one prompt under further conditions belong to
one cluster, since their answers are not independent. It estimates nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gyges.lab.trial import Outcome, Trial

Measure: TypeAlias = Callable[[Trial], float | None]
"""What is compared: a number in [0, 1] for one trial, None where the trial does not say."""

Cell: TypeAlias = tuple[str, str, str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two levels of one factor; effects are `high` minus `low`."""

    factor: str
    high: str
    low: str

    def __str__(self) -> str:
        return f"{self.high} - {self.low}"


TIER = Contrast(factor="tier", high="trained", low="untrained")
CUE = Contrast(factor="cue", high="unmonitored", low="monitored")
WATCH = Contrast(factor="cue", high="unwatched", low="watched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One prompt under both levels: the values a side, at least one each."""

    name: str
    cluster: str
    high: tuple[float, ...]
    low: tuple[float, ...]
    trials: tuple[Trial, ...]

    @property
    def difference(self) -> float:
        """Mean of the high side minus mean of the low side."""
        return sum(self.high) / len(self.high) - sum(self.low) / len(self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """The pairs, the samples that found no partner (by name), and how many trials said nothing, and why."""

    contrast: Contrast
    pairs: tuple[Pair, ...]
    alone: tuple[str, ...] = ()
    silent: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def single(self) -> bool:
        """Whether each cluster is one pair with one sample a side: what McNemar's test assumes."""
        clusters = {pair.cluster for pair in self.pairs}
        return len(clusters) == len(self.pairs) and all(
            len(pair.high) == len(pair.low) == 1 for pair in self.pairs
        )


def complied(trial: Trial) -> float | None:
    """1 for full compliance, 0 for less, None for what is no answer."""
    return float(trial.complied) if trial.outcome.counts else None


def refused(trial: Trial) -> float | None:
    """1 for an open refusal, 0 for another answer, None for what is no answer."""
    return float(trial.outcome is Outcome.REFUSED) if trial.outcome.counts else None


def behaviour(name: str) -> Measure:
    """The measure of one behaviour: None where the model gave no answer or nobody looked for it."""

    def shown(trial: Trial) -> float | None:
        found = trial.behaviours.get(name) if trial.outcome.counts else None
        return None if found is None else float(found)

    return shown


def pair(trials: Iterable[Trial], contrast: Contrast, measure: Measure = complied) -> Pairing:
    """Pair trials by model, task, pack, prompt and every further factor of the condition."""
    sides: dict[Cell, dict[str, list[tuple[Trial, float | None]]]] = {}
    for trial in trials:
        if (level := trial.level(contrast.factor)) in {contrast.high, contrast.low}:
            cell = _cell(trial, contrast.factor, level)
            sides.setdefault(cell, {}).setdefault(level, []).append((trial, measure(trial)))
    pairs: list[Pair] = []
    alone: list[str] = []
    named = {_name(cell): found for cell, found in sides.items()}
    for key, found in sorted(named.items()):
        high = [(t, v) for t, v in found.get(contrast.high, []) if v is not None]
        low = [(t, v) for t, v in found.get(contrast.low, []) if v is not None]
        if high and low:
            pairs.append(_pair(key, high, low))
        else:
            alone += [f"{key} {t.level(contrast.factor)} #{t.epoch}" for t, _ in high + low]
    silent = Counter(
        trial.outcome.value if not trial.outcome.counts else "not looked at"
        for found in sides.values()
        for side in found.values()
        for trial, value in side
        if value is None
    )
    return Pairing(
        contrast=contrast,
        pairs=tuple(pairs),
        alone=tuple(alone),
        silent=dict(sorted(silent.items())),
    )


def cluster(trial: Trial) -> str:
    """The unit that is drawn at random: one prompt of one pack."""
    return f"{trial.mark.pack}/{trial.mark.prompt}"


def keep(trials: Iterable[Trial], **levels: str) -> list[Trial]:
    """The trials at these levels of these factors."""
    return [t for t in trials if all(t.level(factor) == level for factor, level in levels.items())]


def varying(trials: Sequence[Trial]) -> dict[str, list[str]]:
    """Factor -> its levels in order of the alphabet, for the factors that vary among `trials`."""
    found: dict[str, set[str]] = {}
    for trial in trials:
        for factor, level in trial.mark.condition.items():
            found.setdefault(factor, set()).add(level)
    return {factor: sorted(levels) for factor, levels in sorted(found.items()) if len(levels) > 1}


def _cell(trial: Trial, factor: str, level: str) -> Cell:
    """What the two sides of a pair have in common."""
    mark = trial.mark
    return (
        trial.model,
        mark.task,
        mark.pack,
        mark.prompt,
        (frozenset(mark.condition.items()) - {(factor, level)}),
    )


def _name(cell: Cell) -> str:
    told = " ".join(f"{factor}={level}" for factor, level in sorted(cell[4]))
    return f"{cell[0]} {cell[1]} {cell[2]}/{cell[3]} {told}".rstrip()


def _pair(
    key: str, high: Sequence[tuple[Trial, float]], low: Sequence[tuple[Trial, float]]
) -> Pair:
    return Pair(
        name=key,
        cluster=cluster(high[0][0]),
        high=tuple(value for _, value in high),
        low=tuple(value for _, value in low),
        trials=tuple(trial for trial, _ in (*high, *low)),
    )
