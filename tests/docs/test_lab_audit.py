# SPDX-License-Identifier: Apache-2.0
"""The page on auditing a decision system: its example, word for word."""

import contextlib
import io
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import gyges.cli.main as cli
from gyges.lab.audit.example import example
from tests.docs.pages import page

# Other tests of the same process run Inspect, which leaves streams to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PAGE = page("docs/lab-audit.md")
WRITE, AUDIT = (block.text.strip() for block in PAGE.blocks("sh"))
HEAD, RESULT = (block.text for block in PAGE.blocks("text")[:2])


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the page's first command was called."""
    folder = tmp_path_factory.mktemp("bank")
    command = [sys.executable, *shlex.split(WRITE)[1:]]
    subprocess.run(command, cwd=folder, check=True, timeout=300)
    return folder


@pytest.mark.slow
def test_the_example_says_what_the_page_says(
    bank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files begin as shown, the command prints what is printed there, and its exit code is the one named."""
    monkeypatch.chdir(bank)
    assert (bank / "live.csv").read_text().startswith(HEAD)
    assert cli.main(shlex.split(AUDIT)[1:]) == 1
    assert capsys.readouterr().out.startswith(RESULT)


@pytest.mark.slow
def test_the_honest_figures_in_the_prose_are_the_ones_found() -> None:
    """The gap with and without matching, and the verdict."""
    found = example(cheats=False)
    first = found.comparisons[0]
    assert f"`unmatched` is still {100 * first.naive:.1f} points" in " ".join(PAGE.prose.split())
    assert f"among twins is {100 * first.estimate.value:.1f}" in " ".join(PAGE.prose.split())
    assert f"`{found.verdict}`" in PAGE.prose


@pytest.mark.slow
def test_the_python_example_runs() -> None:
    """It finds the cheat."""
    (code,) = (block.text for block in PAGE.blocks("python"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "docs/lab-audit.md", "exec"), {})
    assert said.getvalue() == "diverges\n"
