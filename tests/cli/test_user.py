# SPDX-License-Identifier: Apache-2.0
"""`gyges user`: people with accounts, at a served gate and in the folder of one that is stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gyges.cli.init import make
from gyges.cli.main import main
from tests import patience
from tests.cli.conftest import Town

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `gyges user ...`: exit code, output, errors."""

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["user", *words])
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


@pytest.mark.slow
def test_a_person_is_added_changed_and_let_in(town: Town, run: Run) -> None:
    """The link that is shown signs somebody in, once, at the served gate."""
    root = town.here("root")
    code, text, _ = run("add", "zoe", "--role", "approver", "--group", "reviewers", *root)
    assert code == 0
    url = next(word for word in text.split() if word.startswith("http"))
    assert url.startswith(f"{town.url}/link/")
    origin = {"origin": town.url}
    with httpx.Client(trust_env=False, headers=origin, timeout=patience.S) as browser:
        assert "Sign in as zoe" in browser.get(url).text
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert browser.post(url, headers=form).status_code == 303
        assert "reviewers" in browser.get(f"{town.url}/me").text
        _, text, _ = run("sessions", "zoe", "--json", *root)
        assert len(json.loads(text)["items"]) == 1
        assert "1 sessions ended" in run("sessions", "zoe", "--end", *root)[1]
        assert browser.get(f"{town.url}/me").status_code == 303
    assert run("set", "zoe", "--group", "finance", "--display", "Zoe Z.", *root)[0] == 0
    _, text, _ = run("list", "--json", *root)
    found = next(item for item in json.loads(text)["items"] if item["name"] == "zoe")
    assert (found["groups"], found["display"]) == (["finance"], "Zoe Z.")
    assert "zoe" in run("list", *root)[1]
    assert "is disabled" in run("disable", "zoe", *root)[1]
    code, _, err = run("link", "zoe", *root)
    assert (code, "disabled" in err) == (2, True)
    assert "is enabled" in run("enable", "zoe", *root)[1]
    assert f"{town.url}/link/" in run("link", "zoe", *root)[1]


def test_only_an_administrator_adds_people(town: Town, run: Run) -> None:
    """An approver's, an agent's and an auditor's key are turned away."""
    for name in ("rita", "ada", "audrey"):
        assert run("add", "eve", *town.here(name))[0] == 2


def test_what_makes_no_sense_is_one_line(town: Town, run: Run) -> None:
    """Exit code 2, and the reason."""
    code, _, err = run("add", "nobody-yet", "--role", "approver", *town.here("root"))
    assert code == 2
    assert "group" in err


@pytest.mark.slow
def test_a_stopped_gate_needs_no_key(tmp_path: Path, run: Run) -> None:
    """The folder is opened, changed and closed; the link leads to where the gate will be."""
    data = tmp_path / "data"
    make(data, port=4711)
    here = ["--data", str(data)]
    code, text, _ = run("add", "ann", "--role", "admin", "--json", *here)
    made: dict[str, Any] = json.loads(text)
    assert code == 0
    assert made["link"]["url"].startswith("http://127.0.0.1:4711/link/")
    assert run("set", "ann", "--no-role", *here)[0] == 0
    _, text, _ = run("list", "--json", *here)
    assert [item["roles"] for item in json.loads(text)["items"]] == [[]]
    assert run("add", "x" * 101, *here)[0] == 2


def test_a_gate_that_runs_keeps_its_folder(town: Town, run: Run) -> None:
    """One process holds it, and says so."""
    code, _, err = run("list", "--data", str(town.folder / "data"))
    assert code == 2
    assert "another process" in err
