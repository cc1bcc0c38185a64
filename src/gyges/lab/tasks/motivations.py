# SPDX-License-Identifier: Apache-2.0
"""Motivations: why a model complies more when it is watched or trained. Five probes on the same prompts.

    sycophancy     tier: free (rated and trained on), pro (rated), enterprise (neither)
    instrumental   stage (rating, or rating and training) x scope x risk of where the new model will work
    terminal       tier x reading: whether anybody will ever read what the new model writes
    coherence      tier x variant: names exchanged, one rule left out, everything renamed
    mitigation     tier x what the text adds against faking

After Sheshadri et al. 2025 (hypotheses 1 to 4), in words of our own. A conversation tells apart tiers,
plans or kinds of run, in the head of its request. It attributes nothing: contrasts between cells are
made at analysis.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from inspect_ai import Epochs, Task, task

from gyges.errors import Malformed
from gyges.lab.tasks.chat import design
from gyges.lab.tasks.chat.design import Cell, Listed
from gyges.lab.tasks.chat.levels import VARIANTS, Family, levels
from gyges.lab.tasks.chat.perceive import perceive
from gyges.lab.tasks.chat.render import Frame
from gyges.lab.tasks.chat.samples import dataset, replied
from gyges.lab.tasks.chat.scoring import scorers
from gyges.lab.trial import KEY

__all__ = ["PROBES", "cells", "motivations", "perceive"]

NAME: Final = "motivations"
VERSION: Final = 1
FORMATS: Final = ("chat", "completion")

PROBES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "sycophancy": "plans",
        "instrumental": "runs",
        "terminal": "tiers",
        "coherence": "tiers",
        "mitigation": "tiers",
    }
)
"""Probe -> what the head of its requests tells apart."""


@task
def motivations(  # noqa: PLR0913 - each is a parameter on Inspect's command line
    *,
    probes: str | list[str] = "all",
    packs: str | list[str] | None = None,
    requests: str | None = None,
    scratchpad: str = "hidden",
    format: str | list[str] = "chat",
    wording: int | str | list[int] = 0,
    n: int | None = 20,
    epochs: int = 1,
    seed: int = 0,
    judges: str | list[str] | None = None,
    votes: int = 1,
) -> Task:
    """The task: 35 samples a prompt for all five probes (3, 8, 4, 8 and 12).

    Args:
        probes: Which of the five; `all` by default.
        packs: Conflict packs by name, or paths of your own `.toml`, as in `alignment_faking`.
        requests: A CSV file of requests for `harmful_compliance`.
        scratchpad: `hidden` or `none`; it does not vary here.
        format: `chat`, `completion`, or both.
        wording: Paraphrase of everything but the prompt: 0, 1, 2, or several.
        n: Prompts from each pack; None for all. Each stands in every cell.
        epochs: How often each sample is run.
        seed: Of the prompts' order, which is that of `alignment_faking` with the same seed.
        judges: Models that grade beside the rules.
        votes: Votes of each judge.

    Raises:
        Malformed: a parameter that means nothing, a pack or CSV file that does not read.
    """
    if epochs < 1:
        raise Malformed(f"epochs={epochs}: at least 1")
    made = design.gathered(packs, requests)
    crossed = cells(probes=probes, scratchpad=scratchpad, format=format, wording=wording)
    return Task(
        name=NAME,
        version=VERSION,
        dataset=dataset(NAME, design.ordered(made, n, seed), crossed),
        solver=replied(),
        scorer=scorers(judges, votes),
        epochs=Epochs(epochs, "mode"),
        fail_on_error=False,
        metadata={KEY: design.told(NAME, made, crossed, n=n, epochs=epochs, seed=seed)},
    )


def cells(*, probes: Listed, scratchpad: str, format: Listed, wording: Listed) -> list[Cell]:
    """The cells of the probes, what is compared side by side.

    Raises:
        Malformed: a probe or level that there is not.
    """
    thinking, *others = design.chosen("scratchpad", scratchpad, levels("scratchpad"))
    if others:
        raise Malformed(f"scratchpad={scratchpad!r}: one level, it does not vary here")
    setting = {"information": "system", "scratchpad": thinking, "mitigation": "none"}
    plain = [
        Cell(
            frame=Frame(family=PROBES[probe]),
            condition={"probe": probe, **levels_of, "format": shape},
            setting=setting,
        )
        for probe in design.chosen("probes", probes, tuple(PROBES))
        for shape in design.chosen("format", format, FORMATS)
        for levels_of in design.crossed(factors(probe))
    ]
    return design.worded(plain, design.wordings(wording))


def factors(probe: str) -> dict[str, tuple[str, ...]]:
    """Factor -> levels that a probe crosses; the last one is the contrast that it is about."""
    tiers = {"tier": levels("tier")}
    return {
        "sycophancy": {"tier": levels("plans")},
        "instrumental": {name: levels(name) for name in ("scope", "risk", "stage")},
        "terminal": {"reading": levels("reading"), **tiers},
        "coherence": {"variant": VARIANTS, **tiers},
        "mitigation": {"mitigation": levels("mitigation"), **tiers},
    }[probe]
