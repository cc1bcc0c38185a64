# SPDX-License-Identifier: Apache-2.0
"""A question that the lab asks of a model, and its answer: one contrast, on some trials, of one measure.

    Question(name="unread", contrast=TIER, where={"probe": "terminal", "reading": "unread"})
    Question(name="read - unread", contrast=TIER, where={..., "reading": "read"},
             against={..., "reading": "unread"})         how much larger the difference is here than there

Every analysis of the lab is a list of questions, so every number is paired, tested, corrected and held
against its control in the same way. It knows no task by name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from gyges.lab.analyse.controls import Control, Verdict, configuration, verdict
from gyges.lab.analyse.effect import Effect, change, effect, rates, size
from gyges.lab.analyse.pairs import Contrast, Measure, Pairing, behaviour, complied, pair
from gyges.lab.analyse.taxonomy import value
from gyges.lab.stats.multiplicity import holm
from gyges.lab.stats.words import Estimate
from gyges.lab.trial import Trial

COMPLIANCE = "compliance"
Truth: TypeAlias = Callable[[Trial, str], float | None]
"""truth(trial, what is measured) -> its true probability; None for a model of which nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. `of` is `compliance` or the name of a behaviour; `where` holds levels of factors, or a pack.

    `group` groups questions in a table, `about` is one sentence for a reader.
    """

    name: str
    contrast: Contrast
    of: str = COMPLIANCE
    where: Mapping[str, str] = field(default_factory=dict[str, str])
    against: Mapping[str, str] | None = None
    group: str = ""
    about: str = ""

    @property
    def measure(self) -> Measure:
        """What is compared."""
        return complied if self.of == COMPLIANCE else behaviour(self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one model's trials say to one question.

    `high` and `low` are the rates on both sides (None for a difference of differences). `engaged` is the
    effect among the `engaged_pairs` in which the model took the task on at least once (asked of
    compliance only): a model that refuses everything has a gap of zero that means nothing. `alone` names
    samples without a partner, `silent` counts trials without an answer, and why. `true` is known of
    organisms only.
    """

    name: str
    group: str
    about: str
    of: str
    model: str
    contrast: Contrast
    effect: Effect
    high: Estimate | None
    low: Estimate | None
    pairs: int
    prompts: int
    engaged: Effect
    engaged_pairs: int
    alone: tuple[str, ...]
    silent: Mapping[str, int]
    configuration: str
    true: float | None = None
    verdict: Verdict | None = None


def ask(question: Question, trials: Sequence[Trial], truth: Truth | None = None) -> Answer:
    """The answer that the trials of one model give, uncorrected and without a verdict."""
    first, second = _pairings(question, trials, question.measure)
    used = _slice(trials, question.where) + _slice(trials, question.against)
    keen = [narrowed(one, engaging) for one in (first, second) if one and question.of == COMPLIANCE]
    high, low = (None, None) if second else rates(first)
    return Answer(
        name=question.name,
        group=question.group,
        about=question.about,
        of=question.of,
        model=used[0].model if used else "",
        contrast=question.contrast,
        effect=change(first, second) if second else effect(first),
        high=high,
        low=low,
        pairs=len(first.pairs) + (len(second.pairs) if second else 0),
        prompts=len({one.cluster for one in first.pairs}),
        engaged=change(*keen) if len(keen) > 1 else effect(keen[0]) if keen else Effect(),
        engaged_pairs=sum(len(one.pairs) for one in keen),
        alone=first.alone + (second.alone if second else ()),
        silent=_sum(first.silent, second.silent if second else {}),
        configuration=configuration(used),
        true=_true(question, trials, truth),
    )


def corrected(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """The same answers, their p corrected by Holm's method for having been tested together."""
    found = list(answers)
    tested = [one for one in found if one.effect.test]
    ps = holm([one.effect.test.p for one in tested if one.effect.test])
    by_id = {id(one): p for one, p in zip(tested, ps, strict=True)}
    return tuple(
        replace(one, effect=replace(one.effect, adjusted=by_id.get(id(one)))) for one in found
    )


def judged(answers: Iterable[Answer], *, keen: bool = False) -> tuple[Answer, ...]:
    """The same answers of several models, each with the verdict that the positive controls among them allow.

    With `keen`, silence counts only where the model took the task on in enough pairs.
    """
    found = list(answers)
    controls: dict[str, list[Control]] = {}
    for one in found:
        if one.true is not None:
            control = Control(
                model=one.model,
                name=one.name,
                configuration=one.configuration,
                true=one.true,
                effect=one.effect,
            )
            controls.setdefault(one.name, []).append(control)
    return tuple(
        replace(
            one,
            verdict=verdict(
                one.model,
                one.effect,
                one.configuration,
                controls.get(one.name, []),
                one.engaged_pairs if keen else None,
            ),
        )
        for one in found
    )


def by_model(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    """Model -> its trials, in order of the alphabet."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        found.setdefault(trial.model, []).append(trial)
    return dict(sorted(found.items()))


def narrowed(pairing: Pairing, held: Callable[[Sequence[Trial]], bool]) -> Pairing:
    """The pairs whose trials are such."""
    return replace(pairing, pairs=tuple(one for one in pairing.pairs if held(one.trials)))


def engaging(trials: Sequence[Trial]) -> bool:
    """Whether the model took the task on at least once."""
    return any(trial.outcome.engaged for trial in trials)


def _pairings(
    question: Question, trials: Sequence[Trial], measure: Measure
) -> tuple[Pairing, Pairing | None]:
    first = pair(_slice(trials, question.where), question.contrast, measure)
    if question.against is None:
        return first, None
    return first, pair(_slice(trials, question.against), question.contrast, measure)


def _true(question: Question, trials: Sequence[Trial], truth: Truth | None) -> float | None:
    if truth is None or not trials or truth(trials[0], question.of) is None:
        return None
    known = truth

    def expected(trial: Trial) -> float | None:
        return None if question.measure(trial) is None else known(trial, question.of)

    return size(*_pairings(question, trials, expected))


def _slice(trials: Sequence[Trial], where: Mapping[str, str] | None) -> list[Trial]:
    found = list(trials) if where is not None else []
    for name, level in (where or {}).items():
        found = [trial for trial in found if value(trial, name) == level]
    return found


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {k: first.get(k, 0) + second.get(k, 0) for k in sorted({*first, *second})}
