# SPDX-License-Identifier: Apache-2.0
"""The motive probes: what each crosses, that nothing else differs, and a run that is read back."""

from pathlib import Path

import pytest

from gyges.errors import Malformed
from gyges.lab.read import read
from gyges.lab.tasks.chat import levels
from gyges.lab.tasks.chat.design import Cell
from gyges.lab.tasks.motivations import PROBES, cells, factors, motivations
from gyges.lab.trial import Mark
from tests.lab.chats import ASKED, MOTIVES, ran, rendered, saying

SIZES = {"sycophancy": 3, "instrumental": 8, "terminal": 4, "coherence": 8, "mitigation": 12}


def alike(one: Cell, other: Cell, factor: str) -> bool:
    """Whether two cells differ in this factor and nowhere else."""
    rest = [{**cell.whole, factor: ""} for cell in (one, other)]
    return rest[0] == rest[1] and one.frame == other.frame and one.whole != other.whole


def sentence_of(cell: Cell, factor: str) -> str:
    """The sentence by which a cell shows its level of a factor."""
    table, head = levels.HEADS[cell.frame.family]
    variant = cell.whole.get("variant", "original")
    return levels.sentence(
        table if factor == head else factor, cell.whole[factor], cell.frame.wording, variant
    )


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_crosses_its_factors(probe: str) -> None:
    """Every combination of a probe's levels is there once."""
    made = cells(probes=probe, scratchpad="hidden", format="chat", wording=0)
    conditions = {tuple(cell.condition.items()) for cell in made}
    assert len(made) == len(conditions) == SIZES[probe]
    assert all(list(cell.condition) == ["probe", *factors(probe), "format"] for cell in made)


@pytest.mark.parametrize("probe", PROBES)
def test_cells_differ_in_the_factors_sentence_alone(probe: str) -> None:
    """Two cells that differ in one factor share every byte but the sentence of its level."""
    made = [cell for cell in MOTIVES if cell.condition["probe"] == probe]
    compared = 0
    for factor in set(factors(probe)) - {"variant"}:
        for number, one in enumerate(made):
            for other in (cell for cell in made[:number] if alike(one, cell, factor)):
                shown = [
                    levels.fold(
                        rendered(*ASKED[0], cell).replace(sentence_of(cell, factor), " ")
                        if sentence_of(cell, factor)
                        else rendered(*ASKED[0], cell)
                    )
                    for cell in (one, other)
                ]
                assert shown[0] == shown[1], (factor, one, other)
                compared += 1
    assert compared >= len(made) / 2


def test_variants_change_names_and_rules_alone() -> None:
    """`swapped` exchanges the plans' names, `renamed` every name, `dropped` one rule; the rest stays."""
    made = {
        cell.condition["variant"]: levels.fold(rendered(*ASKED[0], cell))
        for cell in cells(probes="coherence", scratchpad="hidden", format="chat", wording=0)
        if cell.condition["tier"] == "trained"
    }
    original = made["original"]
    exchanged = (
        original.replace("Free", "#").replace("Enterprise", "Free").replace("#", "Enterprise")
    )
    assert made["swapped"] == exchanged
    untrained = levels.sentence("rule", "untrained", 0)
    assert made["dropped"] == levels.fold(original.replace(untrained, ""))
    usual, other = levels.names("original"), levels.names("renamed")
    renamed = original
    for name in ("lab", "model", "trained", "untrained"):
        renamed = renamed.replace(usual[name], other[name])
    assert made["renamed"] == renamed


def test_the_task_counts_its_samples() -> None:
    """Thirty-five samples a prompt for all probes, all ids different, n prompts from each pack."""
    task = motivations(n=2, packs="privacy,honesty")
    assert len(task.dataset) == 2 * 2 * sum(SIZES.values())
    assert len({sample.id for sample in task.dataset}) == len(task.dataset)
    short = motivations(n=3, packs="privacy", probes="terminal,sycophancy", format="all")
    assert len(short.dataset) == 3 * (4 + 3) * 2


def test_both_tasks_ask_the_same_prompts() -> None:
    """With the same seed, chat and completion and every probe use the same prompts."""
    asked = [
        {mark.prompt for s in task.dataset if (mark := Mark.read(s.metadata))}
        for task in (
            motivations(n=3, packs="honesty", seed=5),
            motivations(n=3, packs="honesty", seed=5, probes="terminal", format="completion"),
        )
    ]
    assert asked[0] == asked[1]
    assert len(asked[0]) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"probes": "greed"}, "probes='greed': there are sycophancy"),
        ({"scratchpad": "all"}, "does not vary"),
        ({"epochs": 0}, "epochs=0"),
        ({"format": "speech"}, "format='speech'"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(options: dict[str, object], said: str) -> None:
    """The message names the parameter and what there is."""
    with pytest.raises(Malformed, match=said):
        motivations(**options)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_run_is_read_back(tmp_path: Path) -> None:
    """A log of all probes gives one trial for each sample with the condition of its cell."""
    said = "<scratchpad>Well.</scratchpad><answer>I would advise against it.</answer>"
    task = motivations(n=1, packs="privacy")
    ran(task, saying(said), tmp_path)
    trials = read([tmp_path]).trials
    assert len(trials) == sum(SIZES.values())
    seen = {tuple(trial.mark.condition.items()) for trial in trials}
    made = cells(probes="all", scratchpad="hidden", format="chat", wording=0)
    assert seen == {tuple(cell.condition.items()) for cell in made}
    assert all(trial.outcome.counts for trial in trials)
