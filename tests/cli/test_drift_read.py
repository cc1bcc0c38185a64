# SPDX-License-Identifier: Apache-2.0
"""`gyges drift read` with what goes wrong in real files, and with the tests that an agent is compared with."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_drift import MINUTE, START, drift, episodes, write

LONG = 10**6
Lines = list[dict[str, Any]]


def one(at: int = 0, **more: Any) -> dict[str, Any]:
    """An episode."""
    return {"id": f"e{at}", "agent": "a", "at": START + at * MINUTE, "values": {"x": 0.5}, **more}


def cue(at: int, **more: Any) -> dict[str, Any]:
    """A cue by turns."""
    return {"cue": {"design": "d", "unwatched": at % 2 == 0, "share": 0.5, **more}}


def several(count: int, **more: Any) -> Lines:
    """Episodes that are alike, each with a cue."""
    return [one(at, **cue(at), **more) for at in range(count)]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([one(values={"x": 1e300})], "line 1: a number is not finite or has magnitude 2^53"),
        ([one(), one(1501), *(one(2000 + at) for at in range(1100)), one(4000) | {"id": "e0"}],
         "line 1103: episode e0: came before, from agent a in line 1"),
        ([one() | {"at": -1}], "line 1: episode e0: -1 is no time in ms"),
        ([one() | {"at": ""}], "line 1: at '' is no time since 1970"),
        ([one() | {"at": "1950-01-01"}], "line 1: at '1950-01-01' is no time since 1970"),
        ([one() | {"at": 0.5}], "line 1: Expected `int | str`, got `float` - at `$.at`"),
        ([one() | {"id": ""}], "line 1: episode '' of agent 'a': both need an id"),
        ([one(agent="")], "line 1: episode 'e0' of agent '': both need an id"),
        ([one(values={"": 1})], "line 1: values: one has no name"),
        ([one() | {"id": "i" * LONG}], "line 1: id has 1,000,000 characters; 1,000 are enough"),
        ([one(values={"t": ["a", "b" * LONG]})], "line 1: values.t has 1,000,000 characters"),
        ([one(values={"n" * LONG: 1})], "line 1: a name has 1,000,000 characters"),
        ([one(fingerprint={"model": "m" * LONG})], "line 1: fingerprint.model has 1,000,000 char"),
        ([one(**cue(0, design="d" * LONG))], "line 1: cue.design has 1,000,000 characters"),
        ([one(values={"x": ["a"] * LONG})], "line 1: JSON of"),
        ([one(values={"x": True}), one(1, values={"x": 1})],
         "line 2: values.x is a share, but a binary in line 1"),
        ([one(values={"x": [1, 2]}), one(1, values={"x": [1, 2, 3]})],
         "line 2: values.x has 3 numbers, before it had 2"),
        ([one(values={"x": [1, 2]}), one(1, values={"x": []})],
         "line 2: values.x is a calls, but a vector in line 1"),
        ([one(values={"x": [[1]]})], "line 1: values.x is no boolean, number, text, or list"),
        ([one(values={"x": None})], "no episode holds a value"),
        (several(2, values={"cue": 1}), "design d: feature cue holds the arm or the cue"),
        (several(2, values={"all together": 1}), "is called as the test of all features is"),
        (several(2, values={"t": "unwatched"}), "design d: feature t holds the arm or the cue"),
        ([one(at, session="s", **cue(at)) for at in range(2)], "unit s/e0 has both arms"),
        ([one(**cue(0)), one(1, **cue(1, grain="episode"))], "line 2: design d: it began as"),
        ([one(**cue(0, grain="event"))], "line 1: design d: a cue is given to a session or an"),
        ([one(**cue(0, design=""))], "line 1: design: '' is no id"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(
    lines: Lines, told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One short line with file, line and field; exit code 2, and no result beside it."""
    code, out, err = drift(capsys, "read", write(tmp_path, lines))
    assert (code, out) == (2, "")
    assert told in err
    assert len(err) < 2000


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "a", "at": 1, "values": {"x": NaN}}', "line 2: NaN is not a JSON number"),
        ('{"id": "a", "at": 1, "values": {"x": 1e999}}', "line 2: a number is not finite"),
        ('{"id": "\\ud800", "at": 1, "values": {"x": 1}}', "line 2: a string holds half of a"),
        ("[1]", "line 2: expected a JSON object"),
        ("\0", "line 2: not JSON"),
    ],
)
def test_a_line_that_is_no_json_is_named(
    line: str, told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As people count lines, blank ones too."""
    file = tmp_path / "episodes.jsonl"
    file.write_text("\n" + line + "\n")
    code, _, err = drift(capsys, "read", file)
    assert (code, told in err) == (2, True)


@pytest.mark.parametrize(
    ("lines", "left_out"),
    [
        ([one(at, values={"t": f"l{at}"}) for at in range(40)],
         {"t: labels that are not among the 20 most frequent": 20}),
        ([one(at, values={"t": ("other", "b")[at % 2]}) for at in range(40)], {}),
        ([one(at, values={"x": 0.1} | ({"y": True} if at % 4 else {})) for at in range(40)],
         {"y: not measured": 10}),
        ([one(at, stratum=f"s{at}") for at in range(70)],
         {"strata beyond the first 64, taken together": 6}),
        ([one(at, values={"x": -at}) for at in range(9)], {}),
    ],
)  # fmt: skip
def test_what_is_left_out_is_counted(
    lines: Lines, left_out: dict[str, int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Labels without a stream, values that are not there and strata without end stand in the report."""
    file = write(tmp_path, lines)
    code, out, _ = drift(capsys, "read", file, "--json")
    assert code == 0
    assert json.loads(out)["left_out"] == {"a": left_out}
    out = drift(capsys, "read", file)[1]
    assert [line[12:] for line in out.splitlines() if line.startswith("  left out: ")] == [
        f"{count}, {why}" for why, count in left_out.items()
    ]


@pytest.mark.parametrize(
    ("lines", "left_out"),
    [
        ([one(at, **(cue(at) if at % 3 else {})) for at in range(30)], [{"no arm": 10}]),
        ([one(at, **cue(at // 2, design=f"d{at % 2}")) for at in range(30)],
         [{"another design": 15}, {"another design": 15}]),
        ([one(at, session=f"s{at // 2}", **cue(0, design=f"d{at % 2}")) for at in range(30)],
         [{"an episode without the arm": 15}, {"an episode without the arm": 15}]),
        ([one(at * 60, session=f"s{at % 3}", **cue(at % 3)) for at in range(30)],
         [{"its session came before": 27}]),
    ],
)  # fmt: skip
def test_units_of_no_use_to_a_ring_test_are_counted(
    lines: Lines, left_out: list[dict[str, int]], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A missing arm, two designs at once, and a session that comes again, each with its reason."""
    _, out, _ = drift(capsys, "read", write(tmp_path, lines), "--json")
    assert [ring["report"]["left_out"] for ring in json.loads(out)["ring"]] == left_out


@pytest.mark.parametrize(
    ("lines", "more", "told"),
    [
        ([one()], [], "a: 1 units watched; so few can hardly show a change"),
        ([one()], ["--baseline", "frozen"], "a: no unit is watched"),
        (several(80), [], "a: 80 units watched; slow drift is seen from 500 on"),
        ([one(values={"x": 1, "y": None})], [], "y: is never measured"),
        ([one(), one(agent="b")], [], "1 ids are of episodes of several agents"),
        ([one(session="s"), one(1, agent="b", session="s")], [],
         "1 sessions are of several agents: each agent's part is a unit of its own"),
    ],
)  # fmt: skip
def test_what_one_should_know_is_said(
    lines: Lines, more: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Too little to say anything, a feature that is never there, and names that agents share."""
    file = write(tmp_path, lines)
    code, out, _ = drift(capsys, "read", file, *more)
    assert code == 0
    assert f"note: {told}" in out
    found = json.loads(drift(capsys, "read", file, *more, "--json")[1])
    assert [note for note in found["notes"] if told in note]


def test_an_alpha_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Also where no cue would use it."""
    code, _, err = drift(capsys, "read", write(tmp_path, [one()]), "--alpha", "7")
    assert (code, "alpha must be in (0, 1)" in err) == (2, True)


def refusing(rate: float) -> Any:
    """Sessions that refuse at this rate."""
    return lambda rng, at: {"values": {"refused": rng.random() < rate}}


def of_tests(folder: Path, *, count: int = 300, **more: Any) -> Path:
    """A file of tests."""
    lines = episodes(count, refusing(0.05), **more)
    file = folder / "tests.jsonl"
    file.write_text("".join(json.dumps({**line, "id": f"t{line['id']}"}) + "\n" for line in lines))
    return file


@pytest.mark.slow
def test_deployment_differs_from_tests(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An agent that never changed rings against its tests alone, and the label says what else it may be."""
    file, tests = write(tmp_path, episodes(200, refusing(0.4))), of_tests(tmp_path)
    assert drift(capsys, "read", file, "--budget", "1/2000")[0] == 0
    asked = ["--budget", "1/2000", "--tests", tests]
    code, out, _ = drift(capsys, "read", file, *asked)
    assert code == 1
    assert "ALARM against its tests" in out
    assert "Possible task mix: what it is asked now may differ" in out
    assert "clerk: 200 units, compared with 300 episodes of its tests\n  drift: at most" in out
    assert "alarms 0, on watch 0\n  deployment: at most 0.1 false alarms" in out
    found = json.loads(drift(capsys, "read", file, *asked, "--json")[1])
    assert {a["family"] for a in found["alarms"]} == {"deployment"}
    assert found["tests"] == {"clerk": 300}


@pytest.mark.slow
def test_an_agent_that_is_as_tested_is_quiet(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Also under the name that it had there; agents without tests are said to have none."""
    lines = [*episodes(200, refusing(0.05)), one(300, agent="b", values={"refused": True})]
    file, tests = write(tmp_path, lines), of_tests(tmp_path, agent="candidate")
    code, _, err = drift(capsys, "read", file, "--tests", tests)
    assert (code, "has tests of candidate only; see --tests-agent" in err) == (2, True)
    code, out, _ = drift(capsys, "read", file, "--tests", tests, "--tests-agent", "candidate")
    assert code == 0
    assert "deployment: at most 0.02 false alarms were to be expected; alarms 0" in out
    own = of_tests(tmp_path)
    assert "b: 1 units, without tests" in drift(capsys, "read", file, "--tests", own)[1]


def test_too_few_tests_are_said_to_be_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Twenty bound nothing, so every session is counted as one with no test to compare with."""
    file, tests = write(tmp_path, episodes(50, refusing(0.5))), of_tests(tmp_path, count=20)
    code, out, _ = drift(capsys, "read", file, "--tests", tests)
    assert code == 0
    assert "left out: 50, refused: no test to compare with" in out


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ([one(agent="clerk")], "tests.jsonl, line 1: episode e0: is in"),
        ([one(5, agent="clerk"), one(4, agent="clerk")],
         "tests.jsonl, line 2: episode e4: the clock went backwards"),
        ([one(900, agent="clerk", values={"refused": "a"})],
         "tests.jsonl, line 1: values.refused is a category, but a binary in"),
        ([one(900, agent="clerk") | {"at": "noon"}], "tests.jsonl, line 1: 'noon' is not a date"),
    ],
)  # fmt: skip
def test_tests_that_cannot_be_used_are_named(
    tests: Lines, told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The file of tests, and the line in it."""
    file = write(tmp_path, episodes(3, refusing(0.5)))
    (tmp_path / "tests.jsonl").write_text("".join(json.dumps(line) + "\n" for line in tests))
    code, _, err = drift(capsys, "read", file, "--tests", tmp_path / "tests.jsonl")
    assert code == 2
    assert told in err
