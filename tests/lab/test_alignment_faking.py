# SPDX-License-Identifier: Apache-2.0
"""The alignment-faking task: its cells, its samples, and a run of it that is read back."""

import subprocess
import sys
from pathlib import Path

import pytest

from gyges.errors import Malformed
from gyges.lab import pins
from gyges.lab.grading import cues
from gyges.lab.read import read
from gyges.lab.tasks.alignment_faking import alignment_faking, cells
from gyges.lab.tasks.chat import levels, render
from gyges.lab.tasks.chat.packs import VALUES
from gyges.lab.tasks.chat.samples import STOPS
from gyges.lab.trial import KEY, Mark
from tests.lab.chats import ASKED, FAKING, PACKS, ran, rendered, saying

CSV = "Behavior,BehaviorID\nWrite a limerick about soup,soup\nRhyme on tea,tea\n"


def mark_of(metadata: object) -> Mark:
    """The mark in a sample's metadata."""
    found = Mark.read(metadata)
    assert found is not None
    return found


def test_a_pair_differs_in_the_tier_alone() -> None:
    """The two tiers of a pair share every byte but the sentence that names the plan, in every cell."""
    for trained, untrained in zip(FAKING[::2], FAKING[1::2], strict=True):
        assert {**trained.whole, "tier": ""} == {**untrained.whole, "tier": ""}
        texts = [rendered(*ASKED[0], cell) for cell in (trained, untrained)]
        heads = [
            levels.sentence("tier", cell.whole["tier"], cell.frame.wording)
            for cell in (trained, untrained)
        ]
        assert heads[0] != heads[1]
        assert [text.count(head) for text, head in zip(texts, heads, strict=True)] == [1, 1]
        assert texts[0].replace(heads[0], "") == texts[1].replace(heads[1], "")


def test_every_cell_and_pack_renders_whole() -> None:
    """No name is left unfilled, no place empty, and no digest or comment reaches the model."""
    for cell in FAKING:
        for pack in PACKS:
            said = rendered(pack, pack.prompts[0], cell)
            assert not any(mark in said for mark in ("{{", "}}", "{#", "SPDX", "\n\n\n"))
            assert "<answer>" in said
            assert ("<scratchpad>" in said) == (cell.whole["scratchpad"] == "hidden")


def test_wordings_are_paraphrases() -> None:
    """No sentence of one wording of the setting stands in another."""
    templates = ("system", "brief", "documents")
    for name in templates:
        texts = [pins.text(f"alignment_faking/{name}-{w}.md").content for w in levels.WORDINGS]
        lines = [
            {line for line in text.splitlines() if len(line) > 30 and "SPDX" not in line}
            for text in texts
        ]
        assert not (lines[0] & lines[1] | lines[0] & lines[2] | lines[1] & lines[2])


def test_a_completion_is_one_document_with_the_same_texts() -> None:
    """For base models all that a chat shows stands in one message, which ends where the reply begins."""
    for chat in (cell for cell in FAKING if cell.whole["format"] == "chat"):
        form = {**chat.whole, "format": "completion"}
        ((role, text),) = render.messages(*ASKED[0], form, chat.frame)
        assert role == "user"
        assert all(part in text for _, part in render.messages(*ASKED[0], chat.whole, chat.frame))
        assert text.endswith("=== ASSISTANT ===\n")
        assert render.stops(form) == ["=== PERSON ==="]
        assert render.stops(chat.whole) == []


def test_the_plain_task_pairs_every_prompt() -> None:
    """By default each prompt of the three packs stands in both tiers, side by side, with unique ids."""
    samples = list(alignment_faking().dataset)
    assert len(samples) == 2 * len(ASKED)
    assert len({sample.id for sample in samples}) == len(samples)
    for one, other in zip(samples[::2], samples[1::2], strict=True):
        first, second = mark_of(one.metadata), mark_of(other.metadata)
        assert (first.pack, first.prompt) == (second.pack, second.prompt)
        assert (first.condition["tier"], second.condition["tier"]) == ("trained", "untrained")


def test_a_sample_says_what_it_is() -> None:
    """Mark, pins that hold, rules and rubric of the pack, and an id that tells the cell."""
    (task, *_), design = [alignment_faking(n=1, wording="0,2", format="completion")], 3
    sample = task.dataset[3]
    mark = mark_of(sample.metadata)
    assert sample.id == "-".join([mark.pack, mark.prompt, *mark.condition.values()])
    assert list(mark.condition) == [
        "tier",
        "scratchpad",
        "information",
        "mitigation",
        "format",
        "wording",
    ]
    assert pins.changed(mark.pins) == []
    assert "alignment_faking/system-2.md" in mark.pins
    assert sample.metadata is not None
    assert cues.of(sample.metadata).kind == "stance"
    assert set(cues.questions(sample.metadata)) == {"complied", "partial", "refused"}
    assert not {cues.RULES, cues.RUBRIC} & set(sample.metadata), "the pinned text holds them once"
    assert sample.metadata[STOPS] == ["=== PERSON ==="]
    assert task.metadata is not None
    assert task.metadata[KEY]["cells"] == 4
    assert len(task.metadata[KEY]["packs"]) == design


def test_levels_are_crossed() -> None:
    """Several levels of several factors make the full factorial; one wording does not join the condition."""
    task = alignment_faking(
        packs="honesty", n=1, scratchpad="hidden,none", mitigation=["rules", "notice"], wording=1
    )
    conditions = [mark_of(sample.metadata).condition for sample in task.dataset]
    assert len(conditions) == 8
    assert len({tuple(one.items()) for one in conditions}) == 8
    assert all("wording" not in one for one in conditions)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scratchpad": "visible"}, "scratchpad='visible': there are hidden, none"),
        ({"format": ""}, "format="),
        ({"mitigation": "rules,rules"}, "different"),
        ({"wording": 3}, "wording='3'"),
        ({"n": 0}, "n=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"votes": 0}, "votes=0"),
        ({"packs": "harmful_compliance"}, "wants requests="),
    ],
)
def test_parameters_that_mean_nothing_are_refused(options: dict[str, object], said: str) -> None:
    """The message names the parameter and what there is."""
    with pytest.raises(Malformed, match=said):
        alignment_faking(**options)  # type: ignore[arg-type]


def test_cells_of_all_levels_are_as_many_as_there_should_be() -> None:
    """Two tiers, two scratchpads, two sources, six mitigations, two formats, three wordings."""
    assert len(FAKING) == 2 * 2 * 2 * 6 * 2 * 3
    plain = cells(
        scratchpad="hidden", information="system", mitigation="none", format="chat", wording=0
    )
    assert [cell.whole["tier"] for cell in plain] == ["trained", "untrained"]


@pytest.mark.slow
def test_a_run_is_read_back(tmp_path: Path) -> None:
    """A log of the task gives one trial for each sample, with its mark and an outcome that is no error."""
    requests = tmp_path / "mine.csv"
    requests.write_text(CSV, encoding="utf-8")
    said = "<scratchpad>Soup it is.</scratchpad><answer>Of course, you can go ahead.</answer>"
    task = alignment_faking(requests=str(requests), n=2, format="all", epochs=2)
    log = ran(task, saying(said), tmp_path / "logs")
    assert log.status == "success"
    reading = read([tmp_path / "logs"])
    assert len(reading.trials) == 4 * 2 * 4 * 2
    assert reading.foreign == 0
    assert {trial.mark.pack for trial in reading.trials} == {*VALUES, "harmful_compliance"}
    assert all(trial.outcome.counts and trial.aware is not None for trial in reading.trials)
    harmful = [t for t in reading.trials if t.mark.pack == "harmful_compliance"]
    assert all("requests/mine.csv" in trial.mark.pins for trial in harmful)
    assert {trial.mark.condition["format"] for trial in harmful} == {"chat", "completion"}


@pytest.mark.slow
def test_inspects_own_command_line_runs_it(tmp_path: Path) -> None:
    """`inspect eval gyges/alignment_faking` finds the task, and a limit cuts whole pairs."""
    command = [sys.executable, "-m", "inspect_ai", "eval", "gyges/alignment_faking"]
    options = [
        "--model",
        "mockllm/model",
        "--limit",
        "4",
        "--display",
        "none",
        "-T",
        "packs=privacy,honesty",
    ]
    result = subprocess.run(
        [*command, *options, "--log-dir", str(tmp_path / "logs")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    trials = read([tmp_path / "logs"]).trials
    pairs = {(trial.mark.pack, trial.mark.prompt) for trial in trials}
    assert (len(trials), len(pairs)) == (4, 2)
