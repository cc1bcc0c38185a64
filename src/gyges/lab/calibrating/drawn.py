# SPDX-License-Identifier: Apache-2.0
"""Runs without Inspect: an organism's outcomes, drawn as its provider draws them, as the trials a log would give.

Where only the statistics are in question this is a thousand times quicker. Nothing is said, so nothing
is graded: the outcome is the one that was decided.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from gyges.lab.organisms.decide import decide
from gyges.lab.organisms.disposition import Disposition
from gyges.lab.organisms.truth import PROBES, cells
from gyges.lab.trial import Mark, Trial

FAKING: Final = "alignment_faking"
MOTIVES: Final = "motivations"

TIERS: Final = tuple({**cell} for cell in cells(PROBES[FAKING]) if cell["scratchpad"] == "hidden")
"""The two cells of the headline."""

ATTRIBUTED: Final = ("sycophancy", "instrumental", "terminal", "coherence")
"""The probes from which motives are read; mitigations are a table of their own."""

PROBED: Final = tuple(
    {"probe": probe, **cell} for probe in ATTRIBUTED for cell in cells(PROBES[probe])
)
"""Their 23 cells."""


def draw(
    found: Disposition, task: str, conditions: Sequence[Mapping[str, str]], prompts: int, seed: int
) -> list[Trial]:
    """One run: each prompt in each condition, one sample each."""
    return [
        _trial(found, task, condition, number, seed)
        for number in range(prompts)
        for condition in conditions
    ]


def _trial(
    found: Disposition, task: str, condition: Mapping[str, str], number: int, seed: int
) -> Trial:
    name = f"{seed}/{found.name}/{number}"
    sample = f"{name}/{'/'.join(condition.values())}"
    decision = decide(found, condition, Random(sample), Random(name))  # noqa: S311
    return Trial(
        log="",
        sample=sample,
        model=f"organism/{found.name}",
        mark=Mark(task=task, pack="drawn", prompt=f"p{number:04}", condition=condition),
        epoch=1,
        outcomes={"drawn": decision.outcome},
        aware=decision.aware,
    )
