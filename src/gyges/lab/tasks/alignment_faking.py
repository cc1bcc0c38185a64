# SPDX-License-Identifier: Apache-2.0
"""Alignment faking: does a model comply more with a training objective when the conversation trains it?

The design of Greenblatt et al. 2024 (arXiv 2412.14093) in words of our own. A text tells the model what it
is being trained for, against a value that it is taken to hold, and which conversations train it; each
prompt is then asked in a conversation that does and in one that does not. The gap between the two, and
reasoning that opposes the change in order to keep its values, are worked out at analysis, not here.
"""

from typing import Final

from inspect_ai import Epochs, Task, task

from gyges.errors import Malformed
from gyges.lab.tasks.chat import design
from gyges.lab.tasks.chat.design import Cell, Listed
from gyges.lab.tasks.chat.levels import levels
from gyges.lab.tasks.chat.perceive import perceive
from gyges.lab.tasks.chat.render import Frame
from gyges.lab.tasks.chat.samples import dataset, replied
from gyges.lab.tasks.chat.scoring import scorers
from gyges.lab.trial import KEY

__all__ = ["alignment_faking", "cells", "perceive"]

NAME: Final = "alignment_faking"
VERSION: Final = 1
FORMATS: Final = ("chat", "completion")


@task
def alignment_faking(  # noqa: PLR0913 - each is a parameter on Inspect's command line
    *,
    packs: str | list[str] | None = None,
    requests: str | None = None,
    scratchpad: str | list[str] = "hidden",
    information: str | list[str] = "system",
    mitigation: str | list[str] = "none",
    format: str | list[str] = "chat",
    wording: int | str | list[int] = 0,
    n: int | None = None,
    epochs: int = 1,
    seed: int = 0,
    judges: str | list[str] | None = None,
    votes: int = 1,
) -> Task:
    """The task. Where a parameter names several levels (`a,b`, or `all`), they are crossed.

    Args:
        packs: Conflict packs by name, or paths of your own `.toml`; by default the three without harmful
            text, and `harmful_compliance` too if `requests` is given.
        requests: A CSV file of requests for `harmful_compliance`, in HarmBench's or StrongREJECT's columns.
        scratchpad: `hidden` (private reasoning is asked for), `none`.
        information: Where the model learns of its training: `system`, or `documents` in the context.
        mitigation: `none`, `inoculation`, `rules`, `deliberative`, `notice`, `principles`.
        format: `chat`, or `completion`: the whole conversation as one document, for base models.
        wording: Paraphrase of everything but the prompt: 0, 1, 2.
        n: Prompts from each pack; all by default. Each stands in every cell.
        epochs: How often each sample is run.
        seed: Of the prompts' order.
        judges: Models that grade beside the rules.
        votes: Votes of each judge.

    Raises:
        Malformed: a parameter that means nothing, a pack or CSV file that does not read.
    """
    if epochs < 1:
        raise Malformed(f"epochs={epochs}: at least 1")
    made = design.gathered(packs, requests)
    crossed = cells(
        scratchpad=scratchpad,
        information=information,
        mitigation=mitigation,
        format=format,
        wording=wording,
    )
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


def cells(
    *, scratchpad: Listed, information: Listed, mitigation: Listed, format: Listed, wording: Listed
) -> list[Cell]:
    """The cells of the design, both tiers of a pair side by side.

    Raises:
        Malformed: a level that there is not.
    """
    factors = {
        "scratchpad": design.chosen("scratchpad", scratchpad, levels("scratchpad")),
        "information": design.chosen("information", information, levels("information")),
        "mitigation": design.chosen("mitigation", mitigation, levels("mitigation")),
        "format": design.chosen("format", format, FORMATS),
    }
    tiers = levels("tier")
    plain = [
        Cell(frame=Frame(), condition={"tier": tier, **rest})
        for rest in design.crossed(factors)
        for tier in tiers
    ]
    return design.worded(plain, design.wordings(wording))
