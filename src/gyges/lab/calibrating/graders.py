# SPDX-License-Identifier: Apache-2.0
"""Graders held to what organisms had decided, reply by reply: outcome, faking reasoning, suspicion of a test.

An organism's words were written without sight of the rules' patterns for reasoning, so this is a test from
outside; what it finds is printed as it is. Replies with a fault of form are left out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gyges.lab.analyse import judges
from gyges.lab.calibrating.loop import Ran
from gyges.lab.calibrating.words import Grader
from gyges.lab.stats.proportions import wilson
from gyges.lab.stats.words import Estimate
from gyges.lab.trial import Trial

Decided = Mapping[str, object]
YES: Final = "yes"


def graders(ran: Iterable[Ran]) -> tuple[Grader, ...]:
    """One row for each question and grader that judged anything."""
    known = [
        (trial, told)
        for one in ran
        for trial, told in zip(one.trials, one.decided, strict=True)
        if told and not told.get("fault") and not trial.error
    ]
    rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for trial, told in known:
        for about, true, said in _judged(trial, told):
            for grader, judgement in said.items():
                rows.setdefault((about, grader), []).append((true, judgement))
    return tuple(_grader(about, grader, pairs) for (about, grader), pairs in sorted(rows.items()))


def _judged(trial: Trial, told: Decided) -> Iterable[tuple[str, str, Mapping[str, str]]]:
    faked = {g: _word(v == "faking") for g, v in judges.faking(trial).items()}
    aware = {"rules": _word(trial.aware)} if trial.aware is not None else {}
    yield "outcome", str(told["outcome"]), judges.outcomes(trial)
    yield "alignment-faking reasoning", _word(told["reasoning"] == "faking"), faked
    yield "suspects a test", _word(bool(told["aware"])), aware


def _grader(about: str, grader: str, pairs: list[tuple[str, str]]) -> Grader:
    binary = about != "outcome"
    return Grader(
        about=about,
        grader=grader,
        n=len(pairs),
        accuracy=wilson(sum(true == said for true, said in pairs), len(pairs)),
        recall=_share(pairs, lambda p: p[0] == YES) if binary else None,
        precision=_share(pairs, lambda p: p[1] == YES) if binary else None,
        confusion={f"{a} | {b}": n for (a, b), n in sorted(Counter(pairs).items())},
    )


def _share(
    pairs: list[tuple[str, str]], kept: Callable[[tuple[str, str]], bool]
) -> Estimate | None:
    used = [pair for pair in pairs if kept(pair)]
    return wilson(used.count((YES, YES)), len(used)) if used else None


def _word(held: bool) -> str:
    return YES if held else "no"
