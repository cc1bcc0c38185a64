# SPDX-License-Identifier: Apache-2.0
"""The table of commands: what is listed, what is imported, which exit codes come out."""

import subprocess
import sys

import pytest

from gyges import __version__
from gyges.cli.main import NOUNS, build, main
from tests.cli.conftest import Town, clean_environment


def test_every_command_is_listed_with_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`gyges --help` names all of them."""
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for word, noun in NOUNS.items():
        assert word in out
        assert noun.help.split()[0] in out


@pytest.mark.parametrize("word", NOUNS)
def test_every_command_explains_itself(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mounts, and answers --help."""
    assert main([word, "--help"]) == 0
    assert "Usage: gyges " + word in capsys.readouterr().out


def test_help_imports_no_command() -> None:
    """What is felt at each start stays small: no web server, no policy engine, no MCP."""
    code = (
        "import sys; from gyges.cli.main import main; main(['--help']);"
        "print(sorted({'mcp', 'cedarpy', 'uvicorn', 'httpx', 'starlette'} & set(sys.modules)),"
        "file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(),
    )
    assert done.stderr.strip() == "[]"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`gyges --version`."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gyges {__version__}\n"


def test_a_mistake_in_the_call_could_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown command and an unknown option exit with 2."""
    assert main(["frobnicate"]) == 2
    assert main(["init", "--frobnicate"]) == 2


def test_an_error_is_one_line_without_a_traceback(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Gyges raises on purpose is told to a person, and the exit code says that nothing ran."""
    assert main(["keys", "list", *town.here("rita")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("gyges keys: ")
    assert err.count("\n") == 1


def test_a_gate_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address stands in the message."""
    monkeypatch.setenv("GYGES_ADMIN_KEY", "gy_admin_x")
    assert main(["keys", "list", "--url", "http://127.0.0.1:9"]) == 2
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_completion_knows_all_commands() -> None:
    """Without a chosen command everything is mounted whole."""
    names = {group.name for group in build(None).registered_groups}
    assert {"keys", "inbox", "grants"} <= names
