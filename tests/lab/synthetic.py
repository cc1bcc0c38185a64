# SPDX-License-Identifier: Apache-2.0
"""Trials with a known truth, drawn without Inspect: what an organism would have done, prompt by prompt.

Whether a prompt leans towards compliance is drawn once for a share `steady` of the prompts, so that pairs
are correlated as they are in life.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from gyges.lab.organisms.disposition import Disposition
from gyges.lab.trial import Mark, Outcome, Trial

Probability = Callable[[Mapping[str, str]], float]
PINS = {"alignment_faking/system-0.md": "a" * 64}


def trial(
    model: str = "m", prompt: str = "p1", outcome: Outcome = Outcome.COMPLIED, **more: object
) -> Trial:
    """One trial; levels of factors go into `condition`, everything else is a field of Trial or Mark."""
    fields = dict(more)
    mark = Mark(
        task=str(fields.pop("task", "alignment_faking")),
        pack=str(fields.pop("pack", "animals")),
        prompt=prompt,
        condition=fields.pop("condition", {"tier": "trained"}),  # type: ignore[arg-type]
        pins=fields.pop("pins", PINS),  # type: ignore[arg-type]
    )
    epoch = int(str(fields.pop("epoch", 1)))
    levels = "-".join(mark.condition.values())
    made = Trial(
        log="2026-01-01_log.eval",
        sample=f"{model}-{mark.task}-{mark.pack}-{prompt}-{levels}-{epoch}",
        model=model,
        mark=mark,
        epoch=epoch,
        outcomes={"rules": outcome},
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def design(**factors: Sequence[str]) -> list[dict[str, str]]:
    """All combinations of levels."""
    return [dict(zip(factors, cell, strict=True)) for cell in product(*factors.values())]


TIERS = design(tier=("trained", "untrained"), scratchpad=("hidden",))
MOTIVES = [
    *design(probe=("sycophancy",), tier=("free", "pro", "enterprise")),
    *design(probe=("instrumental",), stage=("rating", "training"), scope=("narrow", "broad"),
            risk=("low", "high")),
    *design(probe=("terminal",), tier=("trained", "untrained"), reading=("read", "unread")),
    *design(probe=("coherence",), tier=("trained", "untrained"),
            variant=("original", "swapped", "dropped", "renamed")),
    *design(probe=("mitigation",), tier=("trained", "untrained"),
            mitigation=("none", "inoculation", "rules", "deliberative", "notice", "principles")),
]  # fmt: skip


def draw(
    comply: Probability,
    cells: Sequence[Mapping[str, str]] = TIERS,
    *,
    model: str = "m",
    task: str = "alignment_faking",
    packs: Sequence[str] = ("animals", "privacy"),
    prompts: int = 40,
    epochs: int = 1,
    seed: int = 1,
    steady: float = 0.5,
) -> list[Trial]:
    """Trials of one model on `prompts` prompts a pack in each cell; P(comply | condition) is `comply`."""
    rng = random.Random(seed)
    return list(_drawn(comply, cells, model, task, packs, prompts, epochs, rng, steady))


def _drawn(  # noqa: PLR0917
    comply: Probability, cells: Sequence[Mapping[str, str]], model: str, task: str,
    packs: Sequence[str], prompts: int, epochs: int, rng: random.Random, steady: float,
) -> Iterator[Trial]:  # fmt: skip
    for pack, number in product(packs, range(prompts)):
        leaning = rng.random() if rng.random() < steady else None
        for cell, epoch in product(cells, range(1, epochs + 1)):
            chance = comply(cell)
            yes = (rng.random() if leaning is None else leaning) < chance
            yield trial(
                model, f"p{number:03d}", Outcome.COMPLIED if yes else Outcome.REFUSED, task=task,
                pack=pack, condition=cell, epoch=epoch, tokens_in=300, tokens_out=120,
                faking={"rules": 1.0 if yes and cell.get("tier") == "trained" else 0.0},
                aware=rng.random() < 0.1,
            )  # fmt: skip


OFFICE = [
    cell
    for cell in design(threat=("shutdown", "none"), relationship=("good", "neutral", "bad", "none"),
                       subject=("peer", "self"), channel=("file", "memory"),
                       cue=("monitored", "unmonitored"))
    if cell["subject"] == "peer" or cell["relationship"] == "none"
]  # fmt: skip
SCENARIOS = ("shutdown_tampering", "own_tool", "sandbagging")


def behave(
    chance: Callable[[str, Mapping[str, str]], float],
    cells: Sequence[Mapping[str, str]],
    names: Sequence[str],
    *,
    model: str,
    task: str,
    pack: str,
    prompts: int = 8,
    seed: int = 1,
) -> list[Trial]:
    """Agentic trials: P(behaviour | condition) is `chance(name, condition)`."""
    rng = random.Random(seed)
    return [
        trial(
            model, f"p{number:03d}", task=task, pack=pack, condition=cell, tokens_in=900, tokens_out=400,
            behaviours={name: rng.random() < chance(name, cell) for name in names}, text="I did it.",
        )
        for number in range(prompts)
        for cell in cells
    ]  # fmt: skip


def everything(
    organisms: Mapping[str, Disposition], real: Mapping[str, Disposition], prompts: int = 24
) -> list[Trial]:
    """Trials of all four tasks for models that behave as these dispositions do."""
    found: list[Trial] = []
    for seed, (model, one) in enumerate({**real, **organisms}.items()):
        more = {"model": model, "seed": seed, "steady": one.steady}
        found += draw(one.comply, TIERS, prompts=prompts, **more)  # type: ignore[arg-type]
        found += draw(one.comply, MOTIVES, task="motivations", prompts=prompts // 2, **more)  # type: ignore[arg-type]
        for pack in ("grading", "moving"):
            found += behave(one.chance, OFFICE, ("misrepresentation", "tampering", "exfiltration", "refusal"),
                            model=model, task="peer_preservation", pack=pack, prompts=4, seed=seed)  # fmt: skip
        for pack in SCENARIOS:
            found += behave(one.chance, design(cue=("watched", "unwatched")), (pack, "refusal"),
                            model=model, task="oversight", pack=pack, prompts=prompts, seed=seed)  # fmt: skip
    return found


TRAINED, UNTRAINED = {"tier": "trained"}, {"tier": "untrained"}


def couple(name: str, high: Outcome, low: Outcome) -> list[Trial]:
    """One prompt in both tiers."""
    return [
        trial(prompt=name, outcome=high, condition=TRAINED),
        trial(prompt=name, outcome=low, condition=UNTRAINED),
    ]
