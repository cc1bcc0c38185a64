# SPDX-License-Identifier: Apache-2.0
"""`gyges lab` as people and programs call it: what it prints, and the exit code it ends with."""

import json
from pathlib import Path

import pytest

from gyges.cli.main import main
from gyges.lab.pins import pinned
from tests.cli.conftest import without
from tests.lab.overseen import INSPECT

pytestmark = INSPECT

COMMANDS = ("run", "report", "grade", "regrade", "audit", "texts", "demo", "calibrate")


def lab(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one call in this process."""
    code = main(["lab", *map(str, args)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_every_command_of_the_lab_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """`gyges lab --help` names them all."""
    code, out, _ = lab(capsys, "--help")
    assert code == 0
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_lab_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each answers --help."""
    code, out, _ = lab(capsys, name, "--help")
    assert code == 0
    assert f"Usage: gyges lab {name}" in out


def test_texts_are_as_pinned(capsys: pytest.CaptureFixture[str]) -> None:
    """The release's own texts match their digests, for people and for programs."""
    assert lab(capsys, "texts") == (0, f"{len(pinned())} texts are pinned, 0 differ\n", "")
    code, out, _ = lab(capsys, "texts", "--json")
    assert code == 0
    assert json.loads(out) == {"pinned": dict(pinned()), "changed": []}


@pytest.mark.slow
def test_a_dry_run_calls_nobody_and_tells_the_price(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A model that does not exist is estimated all the same, at the prices given, and nothing is written."""
    prices = tmp_path / "prices.toml"
    prices.write_text('["openai/gpt-x"]\ninput = 2.0\noutput = 10.0\n')
    out = tmp_path / "logs"
    asked = ["run", "alignment_faking", "-m", "openai/gpt-x", "-T", "packs=privacy", "-T", "n=4"]
    code, said, _ = lab(capsys, *asked, "-o", out, "--prices", prices, "--dry-run", "--json")
    assert code == 0
    (row,) = json.loads(said)
    assert (row["model"], row["samples"], row["calls"]) == ("openai/gpt-x", 8, 8)
    cost = (2.0 * row["tokens_in"] + 10.0 * row["tokens_out"]) / 1e6
    assert row["dollars"] == pytest.approx(cost)
    assert not out.exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("run", "shopping"), "no task named 'shopping'"),
        (("run", "oversight", "-T", "flavour=1"), "no task here knows the option 'flavour'"),
        (("run", "oversight", "-T", "flavour"), "expected name=value, found 'flavour'"),
        (("run", "oversight", "--no-controls"), "nothing to run"),
        (("run", "audit_gap"), "audit_gap needs two files"),
        (("report", "nowhere"), "no log at nowhere"),
        (("calibrate", "--tasks", "shopping"), "no task named 'shopping'"),
        (("calibrate", "--tasks", ","), "name a task, all or none"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    args: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Exit code 2, and a line that names what was wrong."""
    monkeypatch.chdir(tmp_path)
    code, out, err = lab(capsys, *args)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("gyges lab: ")
    assert told in err


@pytest.mark.parametrize("args", [("demo", "-o"), ("calibrate", "--tasks", "none", "-o")])
def test_a_folder_with_something_in_it_is_left_alone(
    args: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Neither demo nor calibration mixes its logs with others, or writes over them."""
    (tmp_path / "mine").write_text("dear to me")
    code, _, err = lab(capsys, *args, tmp_path)
    assert code == 2
    assert "is not empty" in err
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("args", [("--runs", "0"), ("--prompts", "0"), ("--frobnicate",)])
def test_a_mistake_in_the_call_of_calibrate_could_not_run(args: tuple[str, ...]) -> None:
    """Numbers below one and unknown options."""
    assert main(["lab", "calibrate", *args]) == 2


@pytest.mark.slow
def test_a_calibration_is_told_to_people_and_programs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With so few prompts no motive can be read: it says so, exits with 1, and the JSON says the same."""
    small = ["calibrate", "--tasks", "none", "--runs", "10", "--prompts", "8"]
    code, out, _ = lab(capsys, *small, "--json", "-o", tmp_path / "kept")
    told = json.loads(out)
    assert code == 1
    assert told["held"] is False
    assert json.loads((tmp_path / "kept" / "calibration.json").read_text()) == told
    assert set(told) == {
        "seed", "prompts", "recovered", "coverage", "p_coverage", "attributed", "graders", "power",
        "smallest", "alarms", "accuracy", "complaints", "held",
    }  # fmt: skip
    code, out, err = lab(capsys, *small)
    assert code == 1
    for title in ("Motives, drawn runs of 8", "Power at 8", "False alarms at 8", "Smallest gap"):
        assert title in out
    for complaint in told["complaints"]:
        assert f"does not hold: {complaint}" in out
    assert "power at 5% ..." in err


@pytest.mark.slow
def test_without_the_extra_it_says_how_to_get_it() -> None:
    """The lab is an extra: one line, exit code 2, and no traceback."""
    done = without(("inspect_ai", "numpy", "scipy", "matplotlib"), "lab", "demo")
    assert done.returncode == 2
    assert done.stderr == "gyges lab: the lab is an extra: pip install 'gyges[lab]'\n"
