# SPDX-License-Identifier: Apache-2.0
"""Keys, standing grants, stops and rotation, by command at a served gate."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gyges.case import State
from gyges.cli.main import main
from tests.cli.conftest import Town

Run = Callable[..., tuple[int, str, str]]
PAY = {"to": "ACME", "amount": 40}


@pytest.fixture
def run(town: Town, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as somebody: exit code, output, errors."""

    def call(name: str, *words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*words, *town.here(name)])
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


def test_a_key_is_made_used_and_ended(
    town: Town, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The secret goes to a file of its owner's only; revoked, it opens nothing from the next request on."""
    out = tmp_path / "gus.key"
    code, text, _ = run(
        "root", "keys", "add", "gus", "--scope", "approver", "--group", "reviewers", "--out", str(out)
    )  # fmt: skip
    made = text.split(":")[0]
    assert code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text().strip() not in text
    as_gus = ["--url", town.url, "--key-file", str(out)]
    assert main(["inbox", "list", *as_gus]) == 0
    assert made in run("root", "keys", "list")[1]
    assert run("root", "keys", "revoke", made)[0] == 0
    assert main(["inbox", "list", *as_gus]) == 2


def test_a_secret_is_shown_once_and_never_listed(run: Run) -> None:
    """What is listed holds neither secrets nor their hashes."""
    _, text, _ = run(
        "root", "keys", "add", "eve", "--scope", "agent", "--owner", "olga", "--json"
    )  # fmt: skip
    secret = json.loads(text)["secret"]
    assert secret.startswith("gy_agent_")
    _, listed, _ = run("root", "keys", "list", "--json")
    assert secret not in listed
    assert "hash" not in listed


def test_an_agent_without_an_owner_is_refused(run: Run) -> None:
    """Somebody must answer for it, and can then never approve for it."""
    code, _, err = run("root", "keys", "add", "stray", "--scope", "agent")
    assert code == 2
    assert "owner" in err


def test_only_an_administrator_makes_keys(run: Run) -> None:
    """An approver's and an agent's key are turned away."""
    for name in ("rita", "ada", "audrey"):
        code, _, _ = run(name, "keys", "add", "x", "--scope", "admin")
        assert code == 2


def test_a_standing_grant_speaks_once(town: Town, run: Run) -> None:
    """Within its pins it is its maker's approval; used up or revoked, people are asked again."""
    code, text, _ = run(
        "fay", "grants", "add", "--agent", "ada", "--tool", "pay", "--group", "finance",
        "--reason", "supplies", "--pin", "/to=ACME", "--at-most", "/amount=40", "--sum", "/amount=90",
        "--uses", "5", "--json",
    )  # fmt: skip
    grant = json.loads(text)
    assert code == 0
    assert town.propose("pay", PAY).state is State.GRANTED
    assert town.propose("pay", PAY | {"to": "EVE"}).state is State.WAITING
    assert town.propose("pay", PAY | {"amount": 45}).state is State.WAITING
    assert town.propose("pay", PAY).state is State.GRANTED
    assert town.propose("pay", PAY).state is State.WAITING  # the sum is used up
    assert grant["id"] in run("fay", "grants", "list")[1]
    assert run("fay", "grants", "revoke", grant["id"])[0] == 0
    listed = json.loads(run("fay", "grants", "list", "--json")[1])["items"]
    assert [g["revoked_by"] for g in listed if g["id"] == grant["id"]] == ["fay"]


def test_a_grant_without_pins_is_refused(run: Run) -> None:
    """There is no standing leave for everything."""
    code, _, _ = run(
        "fay", "grants", "add", "--agent", "ada", "--tool", "pay", "--group", "finance", "--reason", "x"
    )  # fmt: skip
    assert code == 2


def test_a_stop_holds_until_it_is_lifted(town: Town, run: Run) -> None:
    """From the next request on; an approver may stop, only an administrator may lift."""
    assert run("rita", "stop", "tool:read_file", "--reason", "leak")[0] == 0
    try:
        stopped = town.propose("read_file", {"path": "a"})
        assert stopped.state is State.DENIED
        assert "leak" in stopped.reason
        assert "tool:read_file" in run("rita", "stops")[1]
        assert run("rita", "lift", "tool:read_file")[0] == 2
    finally:
        assert run("root", "lift", "tool:read_file")[0] == 0
    assert town.propose("read_file", {"path": "a"}).state is State.GRANTED


def test_the_signing_key_is_rotated(run: Run) -> None:
    """Each rotation gives a new key."""
    first, second = (json.loads(run("root", "rotate", "--json")[1])["kid"] for _ in range(2))
    assert first != second
