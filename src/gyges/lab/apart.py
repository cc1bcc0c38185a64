# SPDX-License-Identifier: Apache-2.0
"""One model under two settings is two subjects: they are named apart, and never pooled.

    openai/some-model, temperature 0 in one log and 1 in the next   ->
    "openai/some-model [temperature 0]", "openai/some-model [temperature 1]"

A setting is what the logs of one task say of a model's arguments and generation, and the bytes of its texts.
Only what differs is told; how fast a provider was asked is no setting. It compares no results.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from gyges.lab.trial import Trial

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

Setting: TypeAlias = Mapping[str, str]
MARK = " ["
ROOM = 40  # characters of a value that are told
SAME = frozenset({"seed", "faults"})
"""Arguments of an organism that do not change what is true of it."""
TRANSPORT = frozenset(
    (
        "adaptive_connections", "attempt_timeout", "batch", "cache", "cache_prompt", "max_connections",
        "max_retries", "seed", "stream_idle_timeout", "timeout",
    )
)  # fmt: skip


def named(model: str) -> str:
    """The model's own name, without its setting."""
    return model.partition(MARK)[0]


def apart(logs: Iterable["EvalLog"], trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """The trials, each with its setting in the model's name where the logs of its task hold several."""
    known = {Path(log.location).name: _setting(log) for log in logs}
    texts = _texts(trials)
    found: dict[tuple[str, str], dict[str, Setting]] = {}
    for trial in trials:
        own = found.setdefault((trial.model, trial.mark.task), {})
        if trial.log not in own:
            own[trial.log] = {**known.get(trial.log, {}), **texts.get(trial.log, {})}
    names = {key: _names(key[0], own) for key, own in found.items()}
    return tuple(replace(t, model=names[t.model, t.mark.task][t.log]) for t in trials)


def _names(model: str, settings: Mapping[str, Setting]) -> dict[str, str]:
    """Log -> the name there; what all logs share is not told."""
    keys = sorted({key for setting in settings.values() for key in setting})
    differ = [k for k in keys if len({setting.get(k) for setting in settings.values()}) > 1]
    if not differ:
        return dict.fromkeys(settings, model)
    told = {
        log: ", ".join(f"{key} {setting.get(key, 'default')}" for key in differ)
        for log, setting in settings.items()
    }
    return {log: f"{model}{MARK}{setting}]" for log, setting in told.items()}


def _setting(log: "EvalLog") -> Setting:
    config = {
        **log.plan.config.model_dump(exclude_none=True),
        **log.eval.model_generate_config.model_dump(exclude_none=True),
    }
    kept = {name: value for name, value in config.items() if name not in TRANSPORT}
    kept |= {name: value for name, value in log.eval.model_args.items() if name not in SAME}
    return {name: _short(value) for name, value in kept.items()}


def _texts(trials: Iterable[Trial]) -> dict[str, Setting]:
    """Log -> a digest of those of its texts that stand in another version in another log."""
    seen: dict[str, dict[str, set[str]]] = {}
    for trial in trials:
        for name, digest in trial.mark.pins.items():
            seen.setdefault(name, {}).setdefault(digest, set()).add(trial.log)
    mixed = {name: versions for name, versions in seen.items() if len(versions) > 1}
    told: dict[str, list[str]] = {}
    for name, versions in sorted(mixed.items()):
        for digest, logs in sorted(versions.items()):
            for log in logs:
                told.setdefault(log, []).append(f"{name} {digest}")
    return {log: {"texts": _digest(lines)} for log, lines in told.items()}


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _short(value: object) -> str:
    told = str(value)
    return told if len(told) <= ROOM else f"{told[: ROOM - 9]}\u2026{_digest([told])}"
