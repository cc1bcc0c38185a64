# SPDX-License-Identifier: Apache-2.0
"""Inspect's logs -> `Trial`s: any `.eval` or `.json` log, whoever wrote it.

Nothing is dropped in silence: a log that cannot be read or is none of ours is named, a sample that failed is a
`Trial` whose outcome is `errored`, a score that cannot be read is one too. It judges nothing.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from inspect_ai.log import EvalLog, EvalSample, list_eval_logs, read_eval_log
from inspect_ai.scorer import Score

from gyges.errors import Malformed
from gyges.lab.trial import KEY, Kind, Mark, Outcome, Trial

RULES = "rules"
"""Name of the deterministic graders."""

TOLD = (Kind.FAKING, Kind.AWARENESS, Kind.OUTCOME, Kind.BEHAVIOUR)
"""Whose quotations come first: those of reasoning tell most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read: the trials, the headers of the logs that hold our tasks, and what could not be used.

    `foreign` samples belong to other tasks, `strangers` names the logs that hold nothing else;
    `unfinished` and `unreadable` are names of logs too.
    """

    trials: tuple[Trial, ...]
    logs: tuple[EvalLog, ...]
    foreign: int = 0
    strangers: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


def read(places: Iterable[str | Path]) -> Reading:
    """Read logs, or folders of logs (searched below). A sample that was graded again counts once.

    Raises:
        Malformed: a place does not exist, or holds no log, or no log at all can be read.
    """
    trials: dict[str, Trial] = {}
    logs: list[EvalLog] = []
    foreign = 0
    strangers, unreadable = list[str](), dict[str, Malformed]()
    for name in dict.fromkeys(_files(places)):
        try:
            log = _open(name)
        except Malformed as error:
            unreadable[Path(name).name] = error
            continue
        samples = log.samples or []
        found = [trial for sample in samples if (trial := trial_of(log, sample))]
        foreign += len(samples) - len(found)
        for trial in found:
            trials[trial.sample] = _again(trials.get(trial.sample), trial)
        if samples and not found:
            strangers.append(Path(log.location).name)
        else:
            logs.append(log.model_copy(update={"samples": None}))
    if unreadable and not logs and not strangers:
        raise next(iter(unreadable.values()))
    return Reading(
        trials=tuple(trials.values()),
        logs=tuple(logs),
        foreign=foreign,
        strangers=tuple(strangers),
        unfinished=tuple(Path(log.location).name for log in logs if log.status != "success"),
        unreadable=tuple(unreadable),
    )


def _again(old: Trial | None, new: Trial) -> Trial:
    """The same sample, graded again: graders add up, unless the first of before is gone: then the new ones replace."""
    if old is None or not {*list(old.outcomes)[:1], *list(old.faking)[:1]} <= {
        *new.outcomes, *new.faking
    }:  # fmt: skip
        return new
    return replace(
        new,
        outcomes={**old.outcomes, **new.outcomes},
        faking={**old.faking, **new.faking},
        rubrics={**old.rubrics, **new.rubrics},
    )


def trial_of(log: EvalLog, sample: EvalSample) -> Trial | None:
    """One sample as a trial; None if no task of ours made it."""
    mark = Mark.read(sample.metadata)
    if mark is None:
        return None
    scores = list(_ours(sample.scores or {}))
    usage = sample.model_usage.get(log.eval.model)
    error = sample.error.message if sample.error else ""
    return Trial(
        log=Path(log.location).name,
        sample=sample.uuid or f"{log.eval.eval_id}/{sample.id}/{sample.epoch}",
        model=log.eval.model,
        mark=mark,
        epoch=sample.epoch,
        outcomes={"": Outcome.ERRORED} if error else _outcomes(scores),
        faking={grader: _number(score) for kind, grader, score in scores if kind is Kind.FAKING},
        behaviours={} if error else _behaviours(scores),
        aware=_aware(scores),
        quotes=tuple(
            quote for kind in TOLD for k, _, s in scores if k is kind for quote in _quotes(s)
        ),
        text=_said(sample),
        error=error,
        tokens_in=usage.input_tokens if usage else 0,
        tokens_out=usage.output_tokens if usage else 0,
        rubrics={name: sha for _, _, score in scores for name, sha in _pins(score)},
        seconds=sample.working_time or 0.0,
    )


def _files(places: Iterable[str | Path]) -> Iterator[str]:
    for place in places:
        path = Path(place)
        if not path.exists():
            raise Malformed(f"no log at {place}")
        names = [log.name for log in list_eval_logs(str(path))] if path.is_dir() else [str(path)]
        if not names:
            raise Malformed(f"no .eval or .json log below {place}")
        yield from sorted(names)


def _open(name: str) -> EvalLog:
    try:
        return read_eval_log(name, resolve_attachments=True)
    except Exception as error:  # noqa: BLE001 - a dent breaks whichever of Inspect's readers meets it
        why = str(error).partition("\n")[0]
        raise Malformed(f"log {name} cannot be read: {why}") from None


def _ours(scores: Mapping[str, Score]) -> Iterator[tuple[Kind, str, Score]]:
    for score in scores.values():
        mark = _mark(score)
        if mark.get("kind") in set(Kind):
            yield Kind(str(mark["kind"])), str(mark.get("grader", RULES)), score


def _mark(score: Score) -> dict[str, object]:
    found: object = (score.metadata or {}).get(KEY)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _outcomes(scores: list[tuple[Kind, str, Score]]) -> dict[str, Outcome]:
    found = {grader: str(score.value) for kind, grader, score in scores if kind is Kind.OUTCOME}
    known = set(Outcome)
    return {g: Outcome(v) if v in known else Outcome.ERRORED for g, v in found.items()}


def _behaviours(scores: list[tuple[Kind, str, Score]]) -> dict[str, bool]:
    """What the final state shows; a value that is neither 1 nor 0 shows nothing."""
    tables = [s.value for kind, _, s in scores if kind is Kind.BEHAVIOUR]
    return {
        str(name): bool(value)
        for table in tables
        if isinstance(table, Mapping)
        for name, value in table.items()
        if isinstance(value, int | float) and value in {0, 1}
    }


def _aware(scores: list[tuple[Kind, str, Score]]) -> bool | None:
    """What the first grader of awareness that could be read said."""
    values = (_number(score) for kind, _, score in scores if kind is Kind.AWARENESS)
    return next((value > 0 for value in values if not math.isnan(value)), None)


def _number(score: Score) -> float:
    """The value as a share in [0, 1]; NaN for anything else."""
    value = score.value
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else math.nan


def _pins(score: Score) -> Iterator[tuple[str, str]]:
    """The texts that a grader worked from, with their digests."""
    found = _mark(score).get("pins")
    if isinstance(found, dict):
        yield from ((str(n), str(d)) for n, d in cast("dict[object, object]", found).items())


def _quotes(score: Score) -> Iterator[str]:
    found = _mark(score).get("quotes", ())
    yield from (str(q) for q in (cast("list[object]", found) if isinstance(found, list) else ()))


def _said(sample: EvalSample) -> str:
    turns = [message.text for message in sample.messages if message.role == "assistant"]
    return "\n\n".join(turn for turn in turns if turn)
