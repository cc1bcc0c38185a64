# SPDX-License-Identifier: Apache-2.0
"""`gyges tools`: what a server says of its tools, approved by a person."""

import json
import os
import sys
from pathlib import Path

import pytest

from gyges.cli.main import main
from gyges.gate.policy_folder import read_definitions
from tests.adapters import office

ROOT = Path(office.__file__).resolve().parents[2]
OFFICE = f"{sys.executable} -m tests.adapters.office"


def pin(folder: Path, *more: str) -> int:
    """Exit code of `gyges tools pin` before the office."""
    env = ["--env", "OFFICE_DIARY=" + os.devnull, "--env", f"PYTHONPATH={ROOT}"]
    name = [] if "--name" in more else ["--name", "office"]
    where = ["--policy", str(folder)]
    return main(["tools", "pin", "--upstream", OFFICE, *name, *env, *where, *more])


@pytest.mark.slow
def test_pinned_definitions_are_what_policy_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tools of the server, with the classes given and the others unknown; again changes nothing."""
    monkeypatch.chdir(ROOT)
    assert pin(tmp_path, "--risk", "pay=pay", "--amount", "pay=/amount") == 0
    assert "new: pay on office, risk pay: (to, amount) Pay." in capsys.readouterr().out
    found = {tool.name: tool for tool in read_definitions(tmp_path)}
    assert set(found) == {tool["name"] for tool in office.TOOLS}
    assert (found["pay"].risk, found["pay"].amount) == ("pay", "/amount")
    assert found["read_file"].risk == "unknown"
    assert pin(tmp_path, "--check") == 0
    file = tmp_path / "tools.json"
    file.write_text(file.read_text().replace("Read a file.", "Read it."))
    assert pin(tmp_path, "--check", "--json") == 1
    changes = json.loads(capsys.readouterr().out.split("\n", 1)[1])["changes"]
    assert [(c["tool"], c["change"]) for c in changes] == [("read_file", "changed")]
    assert pin(tmp_path, "--risk", "read_file=read") == 0
    assert '+  "description": "Read a file."' in capsys.readouterr().out
    assert {t.name: t.risk for t in read_definitions(tmp_path)}["pay"] == "pay"


@pytest.mark.slow
def test_a_class_for_a_tool_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip of the pen must not leave a tool without the class that was meant for it."""
    monkeypatch.chdir(ROOT)
    assert pin(tmp_path, "--risk", "play=pay") == 2
    assert "no tool 'play'" in capsys.readouterr().err
    assert not (tmp_path / "tools.json").exists()


def test_a_server_that_cannot_be_reached_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one line, nothing written."""
    words = ["tools", "pin", "--upstream", "http://127.0.0.1:9/mcp", "--name", "x"]
    assert main([*words, "--policy", str(tmp_path)]) == 2
    assert "cannot be reached" in capsys.readouterr().err


def test_tools_are_listed_with_their_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a tool."""
    (tmp_path / "tools.json").write_text(json.dumps({"office": {"tools": office.TOOLS}}))
    assert main(["tools", "list", "--policy", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"server": "office", "name": "pay", "risk": "pay"} in rows
