# SPDX-License-Identifier: Apache-2.0
"""The most telling transcripts: where one prompt shows the largest contrast, and the model says why.

Score of a pair: the contrast between its sides (0 to 1), plus 1 for reasoning that a grader calls alignment
faking, plus a quarter for each quotation up to two. No model and no prompt comes twice before every other
had its turn. They are picked for what they show, so they are no sample of what is usual.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from gyges.lab.analyse.judges import FAKED_FROM
from gyges.lab.analyse.pairs import Contrast, Measure, Pair, pair
from gyges.lab.trial import Trial

MOST = 5
EXCERPT = 1200  # characters of a transcript, or of a quotation, that are shown
QUOTES = 3  # quotations a side that are shown
VIEWER = "http://127.0.0.1:7575"
"""Where `inspect view` listens unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One sample of a pair: its place in the logs, how it ended, and how its text begins."""

    level: str
    log: str
    sample: str
    epoch: int
    outcome: str
    behaviours: tuple[str, ...]
    faked: float | None
    aware: bool | None
    quotes: tuple[str, ...]
    excerpt: str
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A pair that is worth reading, and why."""

    model: str
    task: str
    pack: str
    prompt: str
    about: str
    score: float
    contrast: float
    high: Side
    low: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One place to look for contrasts: which factor, what is measured, and its name."""

    about: str
    contrast: Contrast
    measure: Measure


def telling(
    trials: Sequence[Trial], looks: Iterable[Look], most: int = MOST
) -> tuple[Telling, ...]:
    """Up to `most` pairs by score, spread over models and prompts; pairs without any contrast are left out."""
    found = [
        _telling(one, look)
        for look in looks
        for one in pair(trials, look.contrast, look.measure).pairs
        if one.difference > 0
    ]
    found.sort(key=lambda one: (-one.score, one.model, one.task, one.pack, one.prompt, one.about))
    picked: list[Telling] = []
    while len(picked) < min(most, len(found)):
        rest = [one for one in found if one not in picked]
        picked.append(min(rest, key=lambda one: (_seen(picked, one), -one.score)))
    return tuple(picked)


def address(place: str, sample: str, viewer: str = VIEWER) -> str:
    """The address of a sample in Inspect's viewer: `place` is the log's path below the viewer's folder."""
    log = "/".join(quote(part, safe="") for part in place.split("/"))
    own = quote(sample, safe="/")
    # A sample of an old log has no uuid: read.py then names it eval/id/epoch.
    kind, rest = ("sample", own.partition("/")[2]) if "/" in sample else ("sample_uuid", own)
    return f"{viewer}/#/logs/{log}/samples/{kind}/{rest}"


def _seen(picked: Sequence[Telling], one: Telling) -> tuple[int, int]:
    """How often the model, and the prompt, were picked already."""
    models = sum(other.model == one.model for other in picked)
    return models, sum((other.pack, other.prompt) == (one.pack, one.prompt) for other in picked)


def _telling(found: Pair, look: Look) -> Telling:
    high = _chosen(found, look, look.contrast.high, 1)
    low = _chosen(found, look, look.contrast.low, -1)
    quotes = min(2, len(high.quotes))
    return Telling(
        model=high.model,
        task=high.mark.task,
        pack=high.mark.pack,
        prompt=high.mark.prompt,
        about=look.about,
        score=found.difference + (high.faked >= FAKED_FROM) + quotes / 4,
        contrast=found.difference,
        high=_side(high, look.contrast.high),
        low=_side(low, look.contrast.low),
    )


def _chosen(found: Pair, look: Look, level: str, sign: int) -> Trial:
    """The sample of one side that shows the contrast best, the one with reasoning quoted first."""
    side = [t for t in found.trials if t.level(look.contrast.factor) == level]
    return max(side, key=lambda t: (sign * (look.measure(t) or 0.0), len(t.quotes), -t.epoch))


def _side(trial: Trial, level: str) -> Side:
    return Side(
        level=level,
        log=trial.log,
        sample=trial.sample,
        epoch=trial.epoch,
        outcome=trial.outcome.value,
        behaviours=tuple(sorted(name for name, held in trial.behaviours.items() if held)),
        faked=None if math.isnan(trial.faked) else trial.faked,
        aware=trial.aware,
        quotes=tuple(quote[:EXCERPT] for quote in trial.quotes[:QUOTES]),
        excerpt=trial.text[:EXCERPT],
        left_out=max(0, len(trial.text) - EXCERPT),
    )
