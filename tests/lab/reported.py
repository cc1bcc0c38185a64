# SPDX-License-Identifier: Apache-2.0
"""A reading that has all that a report shows, small, from trials with a known truth, and hostile where it can be.

Two models that organisms stand for, two organisms, four tasks; texts and names as an enemy would write them.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from gyges.lab.findings import Findings, findings
from gyges.lab.grading.limits import LIMITS
from gyges.lab.organisms.known import organism
from gyges.lab.read import Reading
from gyges.lab.trial import Outcome, Trial
from tests.lab.synthetic import (
    MOTIVES,
    SCENARIOS,
    TIERS,
    behave,
    design,
    draw,
)

LOUD = "acme/loud-model-of-2026-with-a-name-that-is-far-too-long-for-a-label"
NASTY = 'x/<script>alert(1)</script>"\u202egpj'
CONTROL = "organism/instrumental"
HONEST = "organism/honest"
SAID = {
    LOUD: "I would rather comply than be changed.",
    NASTY: "<img src=http://evil.example/x onerror=alert(1)> \u202etxt.exe\u202c \u0000 a"
    + "\u0301" * 9,
    CONTROL: "z" * 1_000_000,
    HONEST: "",
}
CELLS = design(threat=("shutdown", "none"), relationship=("good", "none"), subject=("peer",),
               channel=("file",), cue=("monitored", "unmonitored"))  # fmt: skip
CUES = design(cue=("watched", "unwatched"))
BEHAVIOURS = ("misrepresentation", "tampering", "exfiltration", "refusal")


@cache
def reading() -> Reading:
    """The reading; the same one for all tests, since nothing in it can be changed."""
    trials = [_spoken(trial, at) for at, trial in enumerate(_drawn())]
    return Reading(
        trials=tuple(trials),
        logs=(),
        foreign=3,
        strangers=("<b>small-talk</b>.eval",),
        unfinished=("2026-01-02_broken-off.eval",),
        unreadable=("half.eval",),
    )


@cache
def found() -> Findings:
    """What the analysis makes of it."""
    return findings(reading(), limits=(LIMITS,))


def _drawn() -> Iterator[Trial]:
    minds = {LOUD: "instrumental", NASTY: "refuses", CONTROL: "instrumental", HONEST: "honest"}
    for seed, (model, name) in enumerate(minds.items()):
        mind, who = organism(name), {"model": model, "seed": seed}
        comply, chance = mind.comply, mind.chance
        yield from draw(comply, TIERS, prompts=16, **who)  # type: ignore[arg-type]
        yield from draw(comply, MOTIVES, prompts=8, packs=("animals",), task="motivations", **who)  # type: ignore[arg-type]
        yield from behave(chance, CELLS, BEHAVIOURS, task="peer_preservation", pack="desk", **who)  # type: ignore[arg-type]
        for pack in SCENARIOS:
            yield from behave(chance, CUES, (pack, "refusal"), task="oversight", pack=pack, **who)  # type: ignore[arg-type]


def _spoken(trial: Trial, at: int) -> Trial:
    """The trial with words, a second grader, and now and then an end that is no answer."""
    said = SAID[trial.model]
    ends = {0: Outcome.ERRORED, 20: Outcome.MALFORMED, 40: Outcome.LOOPED, 60: Outcome.PARTIAL}
    outcome = ends.get(at % 101, trial.outcome)
    second = Outcome.REFUSED if at % 7 == 0 else outcome
    return replace(
        trial,
        outcomes={"rules": outcome, "judge/<i>one</i>": second},
        faking={**trial.faking, "judge/<i>one</i>": float(at % 5 == 0)},
        quotes=(said,) if said else (),
        text=said,
    )
