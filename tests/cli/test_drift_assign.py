# SPDX-License-Identifier: Apache-2.0
"""The coin by command: sealed by its key, the same for a session however often it is asked, fair to its share."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gyges.cli.drift import app
from gyges.drift.coin import Design, commitment, unwatched
from gyges.watch.ring import read_key

RUN = CliRunner()


def assigned(*words: str, given: str = "") -> str:
    """What it says; it must end well."""
    done = RUN.invoke(app, ["assign", *words], input=given)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key that was just drawn."""
    file = tmp_path / "ring.key"
    said = assigned("--new-key", "--key", str(file), "--design", "june")
    assert said == f"commitment {commitment(read_key(file))}\n"
    return file


def test_a_session_has_its_arm_however_it_is_asked(key: Path) -> None:
    """Named, or a line of standard input, one by one or many: as the library's coin falls."""
    base = ("--key", str(key), "--design", "june", "--share", "0.3")
    names = [f"s{n}" for n in range(300)]
    lines = assigned("-", *base, given="\n".join(names)).splitlines()
    told = dict(line.split("\t") for line in lines)
    coin = Design(id="june", share=0.3)
    assert told == {
        s: "unwatched" if unwatched(read_key(key), coin, s) else "watched" for s in names
    }
    assert 50 < sum(arm == "unwatched" for arm in told.values()) < 130
    assert assigned("s7", *base) == f"s7\t{told['s7']}\n"


def test_json_has_the_cue_as_an_episode_s_line_wants_it(key: Path) -> None:
    """Design, arm and share beside each session, and the commitment once."""
    found = json.loads(assigned("a", "b", "--key", str(key), "--design", "june", "--json"))
    assert found["commitment"] == commitment(read_key(key))
    assert [one["session"] for one in found["sessions"]] == ["a", "b"]
    assert set(found["sessions"][0]["cue"]) == {"design", "unwatched", "share"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a", "--design", "june", "--share", "0"], "share must be in"),
        (["", "--design", "june"], "a session without an id"),
        (["a", "--design", ""], "is no id"),
        (["a", "--design", "june", "--new-key"], "is there already"),
    ],
)
def test_what_is_no_coin_is_refused_by_name(key: Path, words: list[str], says: str) -> None:
    """A share of nobody, no session, no name, a key that would be replaced: said, and the key is as it was."""
    before = key.read_bytes()
    done = RUN.invoke(app, ["assign", *words, "--key", str(key)])
    assert done.exit_code != 0
    assert says in str(done.exception)
    assert key.read_bytes() == before


def test_a_key_that_others_can_read_is_refused(key: Path) -> None:
    """Who reads the key knows every arm."""
    key.chmod(0o644)
    done = RUN.invoke(app, ["assign", "a", "--design", "june", "--key", str(key)])
    assert "others can read this key" in str(done.exception)
