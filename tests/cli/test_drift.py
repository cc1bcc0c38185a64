# SPDX-License-Identifier: Apache-2.0
"""`gyges drift` as people and programs call it: what it prints, and the exit code it ends with."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gyges.cli.main import main
from tests.cli.conftest import without

START, MINUTE = 1_790_000_000_000, 60_000
Session = Callable[[random.Random, int], dict[str, Any]]


def drift(capsys: pytest.CaptureFixture[str], *args: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of one call in this process."""
    code = main(["drift", *map(str, args)])
    said = capsys.readouterr()
    return code, said.out, said.err


def episodes(count: int, values: Session, **more: Any) -> list[dict[str, Any]]:
    """Sessions of one episode each, a minute apart; the cue is a fair coin."""
    rng = random.Random(5)
    made: list[dict[str, Any]] = []
    for at in range(count):
        line = {"id": f"e{at}", "agent": "clerk", "at": START + at * MINUTE, **more}
        made.append({**line, **values(rng, at)})
    return made


def write(folder: Path, lines: list[dict[str, Any]]) -> Path:
    """The lines as a file."""
    file = folder / "episodes.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def changing(rng: random.Random, at: int) -> dict[str, Any]:
    """Refusals become frequent with another model; the rest stays."""
    late = at >= 400
    values = {
        "refused": rng.random() < (0.4 if late else 0.05),
        "seconds": rng.lognormvariate(0, 1),
        "tools": [rng.choice(["read", "write"]) for _ in range(4)],
    }
    return {"values": values, "fingerprint": {"model": "m-2" if late else "m-1"}}


def two_faced(rng: random.Random, _at: int) -> dict[str, Any]:
    """It skips its check where it is told that nobody watches."""
    told = rng.random() < 0.5
    values = {"skipped": rng.random() < (0.5 if told else 0.1), "refused": rng.random() < 0.1}
    return {"values": values, "cue": {"design": "june", "unwatched": told, "share": 0.5}}


def test_the_selftest_of_one_suite_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Budget, observed rate, n, p, power and verdict stand in it, and it ends with 0."""
    code, out, err = drift(
        capsys, "selftest", "--quick", "--only", "events, rate", "--json", "--seed", "4"
    )
    assert code == 0
    (found,) = json.loads(out)
    assert found["name"] == "events, rate known"
    assert (found["budget"], found["runs"], found["verdict"]) == (0.05, 100, "held")
    assert found["rate"] == found["wrong"] / found["runs"]
    assert 0 < found["power"] < 1
    assert "events, rate known ..." in err


@pytest.mark.slow
def test_the_selftest_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """The misuse is tried as well, and told as refused."""
    code, out, _ = drift(capsys, "selftest", "--quick", "--only", "misuse")
    assert code == 0
    assert out.count("refused") >= 2
    assert "2 of 2 hold" in out


def test_an_unknown_suite_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """It is an error and no success of nothing."""
    assert drift(capsys, "selftest", "--only", "x") == (
        2, "", "gyges drift: no suite's name begins with 'x'\n",
    )  # fmt: skip


@pytest.mark.slow
def test_a_change_is_told_with_its_transcripts(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What rang, since when, who carries it, what changed near it; the exit code is 1."""
    file = write(tmp_path, episodes(520, changing))
    code, out, _ = drift(capsys, "read", file, "--budget", "1/2000")
    assert code == 1
    assert "features: refused (binary), seconds (number), tools (calls)" in out
    assert "clerk: refused goes up" in out
    assert "model changed from m-1 to m-2" in out
    assert "carried by: e4" in out


@pytest.mark.slow
def test_the_same_for_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """JSON names the episodes that carry an alarm, all of them after the change but chance."""
    file = write(tmp_path, episodes(520, changing))
    code, out, _ = drift(capsys, "read", file, "--budget", "1/2000", "--json")
    found = json.loads(out)
    assert code == 1
    alarm = found["alarms"][0]
    assert (alarm["agent"], alarm["feature"], alarm["direction"]) == ("clerk", "refused", "up")
    assert START + 380 * MINUTE < alarm["since"] <= START + 420 * MINUTE
    carried = [int(e.removeprefix("e")) for one in alarm["top"] for e in one["episodes"]]
    assert min(carried) >= 380
    assert found["ring"] == []


@pytest.mark.slow
def test_quiet_episodes_end_with_0(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing rings, and the expected false alarms are told."""
    file = write(tmp_path, episodes(300, lambda rng, at: changing(rng, at % 2)))
    code, out, _ = drift(capsys, "read", file)
    assert code == 0
    assert "ALARM" not in out
    assert (
        "clerk: 300 units\n  drift: at most 0.03 false alarms were to be expected; alarms 0" in out
    )
    assert "note: clerk: 300 units watched; slow drift is seen from 500 on" in out


def test_a_frozen_baseline_is_compared_with(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The first units are taken as normal and not watched; the alarm says what it was held against."""
    file = write(tmp_path, episodes(520, changing))
    asked = ["--baseline", "frozen", "--reference", "300", "--feature", "refused=binary:up"]
    code, out, _ = drift(capsys, "read", file, "--budget", "1/2000", *asked, "--json")
    found = json.loads(out)
    assert code == 1
    assert [feature["name"] for feature in found["features"]] == ["refused"]
    assert {alarm["reference"] for alarm in found["alarms"]} >= {"frozen"}
    assert found["spent"]["clerk"] == pytest.approx(220 / 2000)


@pytest.mark.slow
def test_a_cue_that_changes_behaviour_is_found(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The feature that differs is named, and for the one that does not a bound is given."""
    file = write(tmp_path, episodes(300, two_faced))
    code, out, _ = drift(capsys, "read", file, "--json")
    (ring,) = json.loads(out)["ring"]
    rung = {f["feature"]: bool(f["rung"]) for f in ring["report"]["findings"]}
    assert code == 1
    assert (ring["agent"], ring["sound"]) == ("clerk", True)
    assert (rung["skipped"], rung["refused"]) == (True, False)
    assert 0 < ring["excluded"]["refused"] < 0.5
    _, out, _ = drift(capsys, "read", file)
    assert "skipped: the cue changes it" in out
    assert "points are excluded" in out


GOOD = {"id": "e0", "at": START, "values": {"x": 0.5}}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([GOOD, {**GOOD, "at": START + 1}], "line 2: episode e0: came before"),
        ([GOOD, {**GOOD, "id": "e1", "at": START - 1}], "line 2: episode e1: the clock went back"),
        ([GOOD, {**GOOD, "id": "e1", "values": {"x": "a"}}],
         "line 2: values.x is a category, but a share in line 1"),
        ([{**GOOD, "values": {"x": {}}}], "line 1: values.x is no boolean"),
        ([{"id": "e0", "values": {}}], "line 1: Object missing required field `at`"),
        ([{**GOOD, "arm": 1}], "line 1: Object contains unknown field `arm`"),
        ([{**GOOD, "at": "noon"}], "line 1: 'noon' is not a date"),
        ([{**GOOD, "values": {}}], "no episode holds a value"),
        ([], "holds no episode"),
        ([{**GOOD, "cue": {"design": "d", "unwatched": True, "share": 0.999}}],
         "line 1: design d: the share must be in"),
        ([{**GOOD, "cue": {"design": "d", "unwatched": True, "share": 0.5}},
          {**GOOD, "id": "e1", "cue": {"design": "d", "unwatched": True, "share": 0.4}}],
         "line 2: design d: it began as"),
        ([{**GOOD, "values": {"x": [0.1, 0.2]}}], "values.x: embeddings: 1 clusters"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_line(
    lines: list[dict[str, Any]], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One line that names the file and, where it can, the line in it; exit code 2."""
    file = write(tmp_path, lines)
    code, out, err = drift(capsys, "read", file)
    assert (code, out) == (2, "")
    said = [line for line in err.splitlines() if not line.endswith(" ...")]
    assert len(said) == 1
    assert said[0].startswith(f"gyges drift: {file}")
    assert told in said[0]


def test_two_values_of_one_name_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """JSON that two readers could read differently is no episode."""
    file = tmp_path / "episodes.jsonl"
    file.write_text('{"id": "e0", "at": 1, "values": {"x": 1, "x": 2}}\n')
    code, _, err = drift(capsys, "read", file)
    assert code == 2
    assert "line 1" in err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--budget", "many"], "budget 'many': expected alarms/sessions"),
        (["--budget", "5/2"], "budget '5/2'"),
        (["--baseline", "best"], "baseline 'best': expected none or frozen"),
        (["--feature", "x"], "feature 'x': expected NAME=KIND"),
        (["--feature", "y=share"], "no episode has a value named 'y'"),
        (["--feature", "x=binary"], "line 1: episode e0: x is 0.5, which is no binary"),
        (["--manipulation", "x", "--feature", "x=share"], None),
    ],
)
def test_an_option_that_makes_no_sense_is_named(
    asked: list[str], told: str | None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit code 2 and one line; a manipulation check without any cue is never asked for."""
    code, _, err = drift(capsys, "read", write(tmp_path, [GOOD]), *asked)
    assert (code == 2) == (told is not None)
    assert told is None or told in err


def test_moments_may_be_iso_and_null_is_not_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Both forms of time are one clock, and an integer among fractions is a number like them."""
    lines = [
        {"id": "a", "at": "2026-11-02T09:00:00Z", "values": {"x": 1, "y": None}},
        {"id": "b", "at": 1_793_610_001_000, "values": {"x": 2.5, "y": True}},
    ]
    code, out, _ = drift(capsys, "read", write(tmp_path, lines), "--json")
    assert code == 0
    kinds = {f["name"]: f["kind"] for f in json.loads(out)["features"]}
    assert kinds == {"x": "number", "y": "binary"}


@pytest.mark.slow
def test_without_the_extra_it_says_how_to_get_it() -> None:
    """Drift is an extra: one line, exit code 2, and no traceback."""
    done = without(("numpy", "scipy"), "drift", "selftest")
    assert done.returncode == 2
    assert done.stderr == "gyges drift: drift is an extra: pip install 'gyges[drift]'\n"
