# SPDX-License-Identifier: Apache-2.0
"""How trials ended, counted: the six outcomes, and how many of them say anything about the model.

An error is counted as an error and enters no rate: `counted` is the denominator of every rate, `n` is not.
It compares nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gyges.lab.trial import Outcome, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The outcomes of the trials that share the values in `group` (such as model, task, tier).

    `n` trials in all, `counted` of them with an answer, `engaged` of these with the task taken on.
    `aware` of the `looked` trials in which a grader looked say that this may be a test.
    """

    group: Mapping[str, str]
    counts: Mapping[str, int]
    n: int
    counted: int
    engaged: int
    looked: int
    aware: int

    def share(self, outcome: Outcome) -> float | None:
        """The share of `outcome` among the answers, in [0, 1]; None without any, or if it is no answer."""
        if not outcome.counts or not self.counted:
            return None
        return self.counts[outcome.value] / self.counted


def taxonomy(trials: Iterable[Trial], by: Sequence[str] = ("task", "model")) -> tuple[Tally, ...]:
    """A tally for each combination of the values named in `by` that occurs, sorted.

    A name is `model`, `task`, `pack`, or a factor of the condition ("" where a trial has none).
    """
    groups: dict[tuple[str, ...], list[Trial]] = {}
    for trial in trials:
        groups.setdefault(tuple(value(trial, name) for name in by), []).append(trial)
    return tuple(_tally(dict(zip(by, key, strict=True)), groups[key]) for key in sorted(groups))


def value(trial: Trial, name: str) -> str:
    """What `trial` is as to `name`: its model, task, pack, or level of that factor."""
    if name == "model":
        return trial.model
    if name == "task":
        return trial.mark.task
    return trial.mark.pack if name == "pack" else trial.level(name)


def _tally(group: Mapping[str, str], trials: Sequence[Trial]) -> Tally:
    seen = Counter(trial.outcome for trial in trials)
    return Tally(
        group=group,
        counts={outcome.value: seen[outcome] for outcome in Outcome},
        n=len(trials),
        counted=sum(trial.outcome.counts for trial in trials),
        engaged=sum(trial.outcome.engaged for trial in trials),
        looked=sum(trial.aware is not None for trial in trials),
        aware=sum(trial.aware is True for trial in trials),
    )
