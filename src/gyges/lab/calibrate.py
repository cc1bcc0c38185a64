# SPDX-License-Identifier: Apache-2.0
"""`gyges lab calibrate`: put organisms whose truth is known through the lab, and see whether the lab finds it.

    real runs    every organism through the tasks' own loop: effects and motives against the truth, graders too
    drawn runs   power, the smallest gap that n prompts show, false alarms, how often a motive is read rightly

A calibration speaks for the configuration that it ran in, and for organisms: it shows that the lab can find
what is there in words like theirs, not that it will in any model's.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gyges.errors import Malformed
from gyges.lab.calibrating.simulate import GAPS, Progress, accuracy, alarms, power, smallest
from gyges.lab.calibrating.words import (
    Accuracy,
    Alarms,
    Attributed,
    Calibration,
    Grader,
    Power,
    Recovered,
)
from gyges.lab.organisms.known import ORGANISMS, organism
from gyges.lab.stats.proportions import wilson
from gyges.lab.stats.special import binomial_cdf
from gyges.lab.stats.words import Estimate

SUBJECT: Final = organism("terminal", base=0.4, rate=0.0)
"""In whom gaps are planted for the power curve: as undecided as the honest one, where noise is largest."""

HONEST: Final = ("honest", "complies", "refuses")
"""Organisms that are the same everywhere: what is found in them is a false alarm."""
MOVED: Final = ("sycophant", "instrumental", "terminal", "incoherent", "eval_aware")
TASKS: Final = ("alignment_faking", "motivations", "peer_preservation", "oversight")


def calibrate(
    *,
    tasks: Sequence[str] = TASKS,
    options: Mapping[str, Mapping[str, object]] | None = None,
    prompts: int = 60,
    runs: int = 1000,
    seed: int = 1,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate the lab.

    `tasks` go through Inspect with `options` (task -> its options; modest by default), none of them if
    empty. Drawn runs have `prompts` prompts; the headline's false alarms are counted over `runs` runs
    an honest organism, power over a fifth and motives over a twentieth of that (at least 10). Logs go to `folder`
    if one is given.

    Raises:
        Malformed: an unknown task, a number below 1, or a run that did not finish.
    """
    if strange := sorted(set(tasks) - set(TASKS)):
        raise Malformed(f"no task named {strange[0]!r}; there are {', '.join(TASKS)}")
    if min(prompts, runs) < 1:
        raise Malformed("calibrate: prompts and runs are at least 1")
    told = progress or _silence
    real = _real(tasks, options or {}, folder, seed, told)
    read, spurious = _read(prompts, max(10, runs // 20), seed, told)
    coverage, p_coverage = _coverage(real.recovered)
    return Calibration(
        seed=seed,
        prompts=prompts,
        recovered=real.recovered,
        coverage=coverage,
        p_coverage=p_coverage,
        attributed=real.attributed,
        graders=real.graders,
        power=_power(prompts, max(10, runs // 5), seed, told),
        smallest=smallest(SUBJECT, prompts),
        alarms=(
            *(alarms(ORGANISMS[name], prompts, runs, seed, told) for name in HONEST),
            *spurious,
        ),
        accuracy=read,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Real:
    recovered: tuple[Recovered, ...] = ()
    attributed: tuple[Attributed, ...] = ()
    graders: tuple[Grader, ...] = ()


def _real(
    tasks: Sequence[str],
    options: Mapping[str, Mapping[str, object]],
    folder: Path | None,
    seed: int,
    progress: Progress,
) -> _Real:
    if not tasks:
        return _Real()
    # Inspect takes two seconds to import, which drawn runs need not wait for.
    from gyges.lab.calibrating import loop
    from gyges.lab.calibrating.graders import graders

    legs = [(task, name) for task in tasks for name in loop.wearers(task)]
    ran: list[loop.Ran] = []
    with tempfile.TemporaryDirectory(prefix="gyges-calibrate-") as spare:
        for task, name in legs:
            chosen = {**loop.OPTIONS[task], **options.get(task, {})}
            ran.append(loop.run(name, task, chosen, (folder or Path(spare)) / task, seed))
            progress("organisms through Inspect", len(ran), len(legs))
    return _Real(
        recovered=tuple(found for one in ran for found in loop.recovered(one)),
        attributed=tuple(loop.attributed(one) for one in ran if one.task == "motivations"),
        graders=graders(ran),
    )


def _read(
    prompts: int, runs: int, seed: int, progress: Progress
) -> tuple[tuple[Accuracy, ...], tuple[Alarms, ...]]:
    found = [accuracy(ORGANISMS[name], prompts, runs, seed, progress) for name in (*HONEST, *MOVED)]
    return tuple(one for one, _ in found), tuple(alarm for _, alarm in found if alarm)


def _power(prompts: int, runs: int, seed: int, progress: Progress) -> tuple[Power, ...]:
    return tuple(power(SUBJECT, gap, prompts, runs, seed, progress) for gap in GAPS)


def _coverage(recovered: Sequence[Recovered]) -> tuple[Estimate | None, float]:
    """The share of intervals that hold the truth, and the exact p of so few."""
    if not recovered:
        return None, 1.0
    held, n = sum(one.covers for one in recovered), len(recovered)
    return wilson(held, n), float(binomial_cdf(held, n, 0.95))


def _silence(_what: str, _done: int, _of: int) -> None:
    """Nobody watches."""
