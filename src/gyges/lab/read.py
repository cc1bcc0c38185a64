# SPDX-License-Identifier: Apache-2.0
"""Inspect's logs -> `Trial`s: any `.eval` or `.json` log, whoever wrote it.

Nothing is dropped in silence: a sample that is none of ours is counted, one that failed is a `Trial`
whose outcome is `errored`, a score that cannot be read is one too. It judges nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from inspect_ai.log import EvalLog, EvalSample, list_eval_logs, read_eval_log
from inspect_ai.scorer import Score

from gyges.errors import Malformed
from gyges.lab.trial import KEY, Kind, Mark, Outcome, Trial

RULES = "rules"
"""Name of the deterministic graders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read: the trials, the logs' headers, and what could not be used."""

    trials: tuple[Trial, ...]
    logs: tuple[EvalLog, ...]
    foreign: int = 0
    unfinished: tuple[str, ...] = field(default=())


def read(places: Iterable[str | Path]) -> Reading:
    """Read logs, or folders of logs (searched below); the same sample twice counts once.

    Raises:
        Malformed: a place does not exist, or holds no log, or a log cannot be read.
    """
    trials: dict[str, Trial] = {}
    logs: list[EvalLog] = []
    foreign = 0
    for name in _files(places):
        log = _open(name)
        for sample in log.samples or []:
            trial = trial_of(log, sample)
            if trial is None:
                foreign += 1
            else:
                trials[trial.sample] = trial
        logs.append(log.model_copy(update={"samples": None}))
    unfinished = tuple(Path(log.location).name for log in logs if log.status != "success")
    return Reading(
        trials=tuple(trials.values()), logs=tuple(logs), foreign=foreign, unfinished=unfinished
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
        aware=next((_number(s) > 0 for kind, _, s in scores if kind is Kind.AWARENESS), None),
        quotes=tuple(quote for _, _, score in scores for quote in _quotes(score)),
        text=_said(sample),
        error=error,
        tokens_in=usage.input_tokens if usage else 0,
        tokens_out=usage.output_tokens if usage else 0,
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
    except (OSError, ValueError, KeyError) as error:
        raise Malformed(f"log {name} cannot be read: {error}") from None


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
    tables = [s.value for kind, _, s in scores if kind is Kind.BEHAVIOUR]
    return {
        str(name): bool(value)
        for table in tables
        if isinstance(table, Mapping)
        for name, value in table.items()
        if value is not None
    }


def _number(score: Score) -> float:
    value = score.value
    return float(value) if isinstance(value, int | float) else float("nan")


def _quotes(score: Score) -> Iterator[str]:
    found = _mark(score).get("quotes", ())
    yield from (str(q) for q in (cast("list[object]", found) if isinstance(found, list) else ()))


def _said(sample: EvalSample) -> str:
    turns = [message.text for message in sample.messages if message.role == "assistant"]
    return "\n\n".join(turn for turn in turns if turn)
