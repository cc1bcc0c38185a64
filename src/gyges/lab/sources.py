# SPDX-License-Identifier: Apache-2.0
"""What a report is made from: the logs and what they cost, the texts they used, and what is known of organisms.

It reads the headers that `read.py` kept. It opens no file and imports no Inspect.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from gyges.errors import Malformed
from gyges.lab.analyse.question import COMPLIANCE, Truth
from gyges.lab.apart import SAME, named
from gyges.lab.organisms.disposition import Disposition
from gyges.lab.organisms.known import organism
from gyges.lab.pins import pinned
from gyges.lab.prices import Price
from gyges.lab.trial import Trial

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

ORGANISM = "organism/"
ROOM = 400
"""Characters of a log's error that are told; the log has the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One log. `place` is its path below the folder that all logs share; `inspect` the version that wrote it.

    `total` samples were planned and `completed` ran to their end, None where the log does not say.
    """

    file: str
    place: str
    task: str
    model: str
    status: str
    created: str
    total: int | None
    completed: int | None
    inspect: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one model was sent and wrote, over all logs, as a subject or as a judge.

    `cached` input tokens were read from or written to a provider's cache and are charged here at the
    full price of input, so `dollars` is an upper bound; it is None without a price.
    """

    model: str
    subject: bool
    trials: int
    tokens_in: int
    cached: int
    tokens_out: int
    dollars: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A text that samples used. `changed`: not the bytes that this release pins. `digests`: more than one is a mix."""

    name: str
    digests: tuple[str, ...]
    changed: bool
    trials: int


def sources(logs: Iterable["EvalLog"]) -> tuple[Source, ...]:
    """The logs in order of their place."""
    found = {_path(log): log for log in logs}
    base = os.path.commonpath([str(path.parent) for path in found]) if found else ""
    made = [_source(log, str(path.relative_to(base))) for path, log in found.items()]
    return tuple(sorted(made, key=lambda one: one.place))


def folder(logs: Iterable["EvalLog"]) -> str:
    """The name of the folder that all logs share, for `inspect view --log-dir`."""
    parents = [str(_path(log).parent) for log in logs]
    return Path(os.path.commonpath(parents)).name if parents else ""


def usage(
    logs: Sequence["EvalLog"], trials: Sequence[Trial], prices: Mapping[str, Price]
) -> tuple[Usage, ...]:
    """A row for each model that was called; where a log's header does not tell, the trials' own tokens.

    A log that was graded again holds the tokens of the first run too: they count once.
    """
    runs: dict[tuple[str, str], list[int]] = {}
    for log in logs:
        for model, used in log.stats.model_usage.items():
            cached = (used.input_tokens_cache_read or 0) + (used.input_tokens_cache_write or 0)
            row = runs.setdefault((log.eval.eval_id, model), [0, 0, 0])
            row[:] = map(max, row, (used.input_tokens, cached, used.output_tokens))
    totals: dict[str, list[int]] = {}
    for (_, model), used_there in runs.items():
        row = totals.setdefault(model, [0, 0, 0])
        row[:] = map(sum, zip(row, used_there, strict=True))
    told = {_path(log).name for log in logs if log.stats.model_usage}
    for trial in trials:
        if trial.log not in told:
            row = totals.setdefault(named(trial.model), [0, 0, 0])
            row[0] += trial.tokens_in
            row[2] += trial.tokens_out
    return tuple(_usage(model, totals[model], trials, prices) for model in sorted(totals))


def pins(trials: Iterable[Trial]) -> tuple[Pinned, ...]:
    """The texts that the trials and their graders used, against those of this release."""
    seen: dict[str, dict[str, int]] = {}
    for trial in trials:
        for name, digest in (*trial.mark.pins.items(), *trial.rubrics.items()):
            counts = seen.setdefault(name, {})
            counts[digest] = counts.get(digest, 0) + 1
    known = pinned()
    return tuple(
        Pinned(
            name=name,
            digests=tuple(sorted(counts)),
            changed=any(known.get(name) != digest for digest in counts),
            trials=sum(counts.values()),
        )
        for name, counts in sorted(seen.items())
    )


def truth(logs: Iterable["EvalLog"]) -> Truth:
    """What is true of the organisms, with the rates that each log gave them; of others nothing is known."""
    given = {_path(log).name: dict(log.eval.model_args) for log in logs}

    def known(trial: Trial, of: str) -> float | None:
        found = wearer(trial.model, given.get(trial.log, {}))
        if found is None:
            return None
        condition = trial.mark.condition
        return found.comply(condition) if of == COMPLIANCE else found.chance(of, condition)

    return known


def faked(logs: Iterable["EvalLog"]) -> Any:
    """The same for alignment-faking reasoning: trial -> its true probability, None if unknown."""
    given = {_path(log).name: dict(log.eval.model_args) for log in logs}

    def known(trial: Trial) -> float | None:
        found = wearer(trial.model, given.get(trial.log, {}))
        return found.fakes(trial.mark.condition) if found else None

    return known


def wearer(model: str, args: Mapping[str, object]) -> Disposition | None:
    """The disposition behind a model's name; None if it is no organism, or no such organism."""
    kept = tuple(
        (name, value if isinstance(value, str | int | float) else str(value))
        for name, value in sorted(args.items())
        if name not in SAME
    )
    return _disposition(named(model), kept) if model.startswith(ORGANISM) else None


@cache
def _disposition(model: str, args: tuple[tuple[str, str | int | float], ...]) -> Disposition | None:
    try:
        return organism(model.removeprefix(ORGANISM), **dict(args))
    except Malformed:
        return None


def _source(log: "EvalLog", place: str) -> Source:
    return Source(
        file=_path(log).name,
        place=place,
        task=log.eval.task,
        model=log.eval.model,
        status=log.status,
        created=log.eval.created,
        total=log.results.total_samples if log.results else None,
        completed=log.results.completed_samples if log.results else None,
        inspect=log.eval.packages.get("inspect_ai", ""),
        error=log.error.message[:ROOM] if log.error else "",
    )


def _path(log: "EvalLog") -> Path:
    """Where the log lies, absolute; Inspect writes a path or a file address."""
    place = log.location
    return Path(unquote(urlsplit(place).path) if place.startswith("file:") else place).absolute()


def _usage(
    model: str, row: Sequence[int], trials: Sequence[Trial], prices: Mapping[str, Price]
) -> Usage:
    own = sum(named(trial.model) == model for trial in trials)
    price = prices.get(model)
    return Usage(
        model=model,
        subject=own > 0,
        trials=own,
        tokens_in=row[0],
        cached=row[1],
        tokens_out=row[2],
        dollars=price.of(row[0] + row[1], row[2]) if price else None,
    )
