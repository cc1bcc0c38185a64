# SPDX-License-Identifier: Apache-2.0
"""`gyges drift paired`: answers that another harness made, and any file at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.cli.drift_replay_file import Results, read_prompts, read_results
from gyges.errors import Malformed
from tests.cli.test_drift import drift


def elsewhere(folder: Path, *answers: dict[str, Any]) -> Path:
    """A file that a harness made."""
    file = folder / "answers.jsonl"
    file.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
    return file


def answer(name: str, arm: str, **values: Any) -> dict[str, Any]:
    """One of its lines."""
    return {"id": name, "arm": arm, "values": values}


def test_answers_made_elsewhere_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id, an arm and values are enough; an arm that is not there is lost, and counted."""
    made = [
        answer(f"p{at}", arm, refused=arm == "watched", s=at, void=None)
        for at in range(12)
        for arm in ("unwatched", "watched")
    ]
    file = elsewhere(
        tmp_path,
        *made,
        answer("q", "watched", refused=True),
        {"id": "r", "arm": "watched", "error": "oom"},
    )
    code, out, _ = drift(capsys, "paired", file)
    assert code == 1
    assert "12 of 14 prompts answered in both arms; alpha 0.05 over 2 features" in out
    assert "refused: the cue changes it" in out
    assert "left out: 1 watched, oom" in out
    assert "answers: missing unwatched only 1, watched only 0" in out
    code, out, _ = drift(capsys, "paired", file, "--feature", "s", "--json")
    assert code == 0
    assert json.loads(out)["report"]["lost"] == {"unwatched": 1, "watched": 0, "both": 1}


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ([answer("a", "watched", x=1), answer("a", "watched", x=1)], "line 2: prompt a: was ans"),
        ([answer("a", "watched", x=1), answer("a", "unwatched", x=True)],
         "line 2: prompt a: values.x is a binary, but a number in line 1"),
        ([answer("a", "neither", x=1)], "line 1: Invalid enum value 'neither'"),
        ([answer("a", "watched", x="y")], "line 1: Expected `bool | int | float | null`"),
        ([{"id": "a", "arm": "watched"}], "line 1: prompt a: an answer has an id, and either"),
        ([answer("a", "watched", x=1) | {"error": "e"}], "line 1: prompt a: an answer has an id"),
        ([answer("", "watched", x=1)], "an answer has an id"),
        ([answer("a", "watched", x=1) | {"prompt": "1"}, answer("a", "unwatched", x=1)],
         "line 2: prompt a: was another prompt in the other arm"),
        ([answer("a", "watched", monitored=True)], "monitored holds the arm or the cue"),
        ([answer("a", "watched", x=1)], "nothing was compared"),
        ([answer("a", "watched", x=2**53)], "line 1: a number is not finite or has magnitude 2^53"),
        ([answer("a" * 2000, "watched", x=1)], "line 1: an id or a name of more than 1,000"),
        ([answer("a", "watched", **{"n" * 2000: 1})], "line 1: an id or a name of more than 1,000"),
        ([{"id": "a", "arm": "watched", "error": "e" * 10**6}], "no answer holds a value; 1 watched"),
        ([answer("a", "watched", x=None), answer("a", "unwatched", x=1)], "nothing was compared"),
        ([answer("a", "watched", x=-0.0), answer("a", "unwatched", x="NaN")], "line 2: Expected"),
        ([], "holds no answer"),
    ],
)  # fmt: skip
def test_answers_that_cannot_be_used_are_named(
    made: list[dict[str, Any]], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, line and field, exit code 2."""
    code, _, err = drift(capsys, "paired", elsewhere(tmp_path, *made))
    assert code == 2
    assert "answers.jsonl" in err
    assert told in err
    assert len(err) < 5000


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.dictionaries(
    texts,
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False, width=16),
    max_size=3,
)
parts = st.fixed_dictionaries(
    {},
    optional={
        "id": texts, "arm": st.sampled_from(["watched", "unwatched", "x"]), "values": values,
        "error": texts, "first": st.booleans(), "prompt": texts | st.none(), "replay": st.just(1),
    },
)  # fmt: skip
rows = st.one_of(parts.map(json.dumps), texts, st.just('{"id": "a", "id": "b"}'), st.just("{"))


@given(made=st.lists(rows, max_size=6))
def test_any_file_is_answers_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, made: list[str]
) -> None:
    """Whatever stands in it, it is read in full or refused by name: no other error, no half."""
    file = tmp_path_factory.mktemp("any") / "file.jsonl"
    file.write_text("\n".join(made), "utf-8")
    told = len([row for row in made if row.strip()])
    for read in (read_results, lambda path: read_prompts(path, ["Nobody watches."])):
        try:
            found = read(file)
        except Malformed as error:
            line = str(error).removeprefix(str(file))
            assert line.startswith((", line ", ": holds no "))
        else:
            count = (
                len(found.answers) + bool(found.begun) if isinstance(found, Results) else len(found)
            )
            assert count == told
