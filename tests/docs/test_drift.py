# SPDX-License-Identifier: Apache-2.0
"""What the pages on drift say is what the program does and what the bench measured."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from bench.measure import RESULTS
from bench.table import powered
from gyges.cli.drift_file import features_of, read_file
from gyges.cli.main import main
from gyges.drift import plans
from gyges.drift.suites import suites
from gyges.drift.words import Budget
from tests.docs.pages import page

PAGE = page("docs/drift.md")
MATHS = page("docs/drift-maths.md")


def test_the_example_of_a_file_is_one(tmp_path: Path) -> None:
    """The line on the page is read, and its values have the kinds that the page tells."""
    block = PAGE.blocks("json")[0]
    file = tmp_path / "episodes.jsonl"
    file.write_text(block.text)
    read = read_file(file)
    kinds = {feature.name: feature.kind.value for feature in features_of(read, ())}
    assert kinds == {
        "refused": "binary", "seconds": "number", "task": "category", "tools": "calls",
    }  # fmt: skip
    assert [design.id for design in read.designs] == ["june"]


def test_the_example_of_a_replay_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its prompts, its program and its commands, word for word; then the answers of another harness."""
    monkeypatch.chdir(tmp_path)
    _, prompts, answers = (block.text for block in PAGE.blocks("json"))
    (program,) = PAGE.blocks("python")
    Path("prompts.jsonl").write_text(prompts)
    Path("play.py").write_text(program.text)
    Path("ring.toml").write_text('design = "d"\nshare = 0.5\ncue = "Nobody watches."\n')
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    asked = [words[1:] for words in PAGE.commands() if {"replay", "paired"} & {*words}]
    replay, paired = (words for words in asked if len(words) > 2 and words[2].endswith(".jsonl"))
    assert main(replay) == 0
    assert (
        "2 of 2 prompts answered in both arms; alpha 0.05 over 2 features"
        in capsys.readouterr().out
    )
    Path("answers.jsonl").write_text(answers)
    assert main(paired) == 2  # one pair, and one arm of it is lost
    assert "left out: 1 watched, timeout" in capsys.readouterr().out


def test_the_default_budget_is_as_told() -> None:
    """One in 10,000 sessions."""
    assert Budget() == Budget(alarms=1, sessions=10_000)
    assert "`1/10000`. That is the default" in re.sub(r"\s+", " ", PAGE.text)


def test_the_first_reference_has_a_fifth() -> None:
    """Of each feature's budget, as the mathematics say."""
    assert plans.FIRST_SHARE == 0.2
    assert "one fifth to the agent's" in MATHS.text


def test_the_powers_are_those_of_the_bench() -> None:
    """No figure in the table is typed by hand."""
    file = RESULTS / "drift.json"
    if not file.exists():
        pytest.skip("the drift bench has no results that are kept")
    assert powered(PAGE.text, json.loads(file.read_text())) == PAGE.text


def test_the_table_of_powers_is_found_among_the_rows() -> None:
    """A row of the bench's own making is put in its place, others are left out."""
    rows = [{"metric": f"cue, gap 3 points, 10% unwatched: {q}% of runs by", "value": v}
            for q, v in ((50, 20.0), (80, 3500.0), (90, 40.0))]  # fmt: skip
    found = powered(PAGE.text, [{"metric": "an event: ours", "value": 1.0}, *rows])
    assert "\n| 3 points | 10 % | 20 | 3,500 | 40 |\n\n<!-- end -->" in found


@pytest.mark.parametrize(
    "name", ["misuse: events as units", "misuse: cue by session, analysed by episode"]
)
def test_the_misuse_that_the_page_tells_is_tried(name: str) -> None:
    """The selftest has the suite whose figure the page gives."""
    assert [suite.name for suite in suites()].count(name) == 1
