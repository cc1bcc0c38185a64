# SPDX-License-Identifier: Apache-2.0
"""A changed byte in a pinned text is reported: by `gyges lab texts`, in each sample's mark, and in the report.

The change is made in a copy of the package, which the commands are then run from.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gyges
from gyges.errors import Malformed
from gyges.lab import pins

NAME = "alignment_faking/system-0.md"
ARGUMENTS = ("alignment_faking", "-T", "packs=privacy", "-T", "n=1", "--json")


def test_the_texts_are_the_ones_that_this_release_pins() -> None:
    """Nothing differs, and each digest is that of the file's bytes."""
    assert pins.changed() == []
    raw = (pins.TEXTS / NAME).read_bytes()
    assert pins.pinned()[NAME] == hashlib.sha256(raw).hexdigest() == pins.text(NAME).sha256


def test_what_a_log_used_is_held_against_the_pins() -> None:
    """Another digest, and a text that is none of ours, are both told; one that was not used is not missing."""
    used = {NAME: "0" * 64, "alignment_faking/names.toml": "1" * 64, "outside/own.toml": "2" * 64}
    good = next(name for name in pins.pinned() if name not in used)
    assert pins.changed({**used, good: pins.pinned()[good]}) == sorted(used)
    assert pins.changed({}) == []


@pytest.mark.parametrize("name", ["../pins.py", "/etc/hostname", "no/such.md", ""])
def test_a_text_outside_the_folder_is_none(name: str) -> None:
    """A name does not lead out of the texts, nor to nothing."""
    with pytest.raises(Malformed, match="no text named"):
        pins.text(name)


def test_a_template_with_a_name_that_has_no_value_is_an_error() -> None:
    """A prompt is never sent with a hole in it; nor can a text reach the interpreter."""
    asked = pins.Text(name="mine", content="Dear {{ who }}", sha256="")
    assert asked.render(who="you") == "Dear you"
    with pytest.raises(Malformed, match="text mine: 'who' is undefined"):
        asked.render()
    escape = pins.Text(name="mine", content="{{ who.__class__.__mro__ }}", sha256="")
    with pytest.raises(Malformed, match="text mine: "):
        escape.render(who="you")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package in which one byte of one text is another."""
    folder = tmp_path_factory.mktemp("copy")
    package = Path(gyges.__file__).parent
    shutil.copytree(package, folder / "gyges", ignore=shutil.ignore_patterns("__pycache__"))
    text = folder / "gyges" / "lab" / "texts" / NAME
    raw = text.read_bytes()
    changed = raw.replace(b" you are.\n", b" you are!\n", 1)
    assert changed != raw
    text.write_bytes(changed)
    return folder


def called(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the copy's own `gyges lab`."""
    done = subprocess.run(
        [sys.executable, "-m", "gyges.cli.main", "lab", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
def test_a_changed_byte_is_told_by_the_command(copy: Path) -> None:
    """`gyges lab texts` names the text and does not hold; with --json a program can read it."""
    code, said = called(copy, "texts")
    assert code == 1, said
    assert f"changed: {NAME}\n" in said
    assert said.rstrip().endswith("texts are pinned, 1 differ")
    code, said = called(copy, "texts", "--json")
    assert (code, json.loads(said)["changed"]) == (1, [NAME])


@pytest.mark.slow
def test_a_changed_byte_stands_in_every_mark_and_in_the_report(copy: Path, tmp_path: Path) -> None:
    """Results under another text say so, wherever they are read later."""
    logs, page = tmp_path / "logs", tmp_path / "report.html"
    code, said = called(copy, "run", *ARGUMENTS, "--out", str(logs))
    assert code == 0, said
    code, said = called(copy, "report", str(logs), "--out", str(page))
    assert code == 0, said
    digest = hashlib.sha256((copy / "gyges/lab/texts" / NAME).read_bytes()).hexdigest()
    assert digest != pins.pinned()[NAME]

    from gyges.lab.read import read

    trials = read([logs]).trials
    assert len(trials) == 4
    assert {trial.mark.pins[NAME] for trial in trials} == {digest}
    assert {tuple(pins.changed(trial.mark.pins)) for trial in trials} == {(NAME,)}
    html = page.read_text("utf-8")
    assert "is not the one that this release pins" in html
    assert f"<li><code>{NAME}</code></li>" in html
