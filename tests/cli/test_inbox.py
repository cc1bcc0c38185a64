# SPDX-License-Identifier: Apache-2.0
"""`gyges inbox` against a served gate: listing, showing, approving, denying, editing, and a live session."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gyges.case import State
from gyges.cli.main import main
from tests.cli.conftest import Town

PAY = {"to": "ACME", "amount": 4800}
MAIL = {"to": "bob@example.org", "body": "hello"}


@pytest.fixture
def inbox(town: Town, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `gyges inbox ...` as somebody: exit code, output, errors."""

    def run(name: str, *words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["inbox", *town.here(name), *words])
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


Run = Callable[..., tuple[int, str, str]]


def test_what_waits_is_listed_for_programs(town: Town, inbox: Run) -> None:
    """Every case that waits, by risk and then deadline, as JSON."""
    mail, pay = town.propose("send_mail", MAIL), town.propose("pay", PAY)
    code, out, _ = inbox("rita", "list", "--json")
    items = json.loads(out)["items"]
    ids = [item["id"] for item in items]
    assert code == 0
    assert ids.index(pay.id) < ids.index(mail.id)
    order = [(-item["risk"], item["deadline"]) for item in items]
    assert order == sorted(order)


def test_what_waits_is_listed_for_people(town: Town, inbox: Run) -> None:
    """One line a case, with what it is and whom it asks."""
    pay = town.propose("pay", PAY)
    _, out, _ = inbox("fay", "list")
    line = next(line for line in out.splitlines() if pay.id in line)
    assert "2 finance" in line
    assert "high" in line


def test_a_case_is_shown_with_every_argument(town: Town, inbox: Run) -> None:
    """All arguments, the rule that asked, the people asked, the digest and what happens at the end."""
    pay = town.propose("pay", PAY, purpose="because I say so")
    _, out, _ = inbox("fay", "show", pay.id)
    for expected in (
        "/to", '"ACME"', "/amount", "4800", "asked by", "pay", "finance: 2, who has", pay.digest,
        "it is denied", "because I say so", "not verified", "ada",
    ):  # fmt: skip
        assert expected in out


def test_hostile_arguments_do_not_reach_the_terminal(town: Town, inbox: Run) -> None:
    """Escapes, carriage returns and text that runs backwards are shown as what they are."""
    evil = "pay\x1b[2J\x1b]0;owned\x07\rAPPROVED \u202egpj.exe\u200b"
    case = town.propose("send_mail", {"to": evil, "body": "[bold red]x[/]"}, purpose=evil)
    for words in (("show", case.id), ("list",)):
        _, out, _ = inbox("rita", *words)
        assert not set(out) & set("\x1b\x07\r\u202e\u200b")
    _, out, _ = inbox("rita", "show", case.id)
    flat = "".join(out.split())
    assert "\\u001b[2J" in flat
    assert "\\u202egpj.exe\\u200b" in flat
    assert "[boldred]x[/]" in flat


def test_an_approval_needs_the_digest_that_was_seen(town: Town, inbox: Run) -> None:
    """Without a terminal the digest must be given, and another one is refused."""
    case = town.propose("send_mail", MAIL)
    code, _, err = inbox("rita", "approve", case.id)
    assert code == 2
    assert "--digest" in err
    code, _, err = inbox("rita", "approve", case.id, "--digest", "sha256:" + "0" * 64)
    assert code == 2
    assert err.count("\n") == 1
    assert town.look(case.id).state is State.WAITING
    code, out, _ = inbox("rita", "approve", case.id, "--digest", case.digest)
    assert (code, town.look(case.id).state) == (0, State.GRANTED)
    assert "granted" in out


def test_who_comes_second_is_told_who_decided(town: Town, inbox: Run) -> None:
    """The first decision wins."""
    case = town.propose("send_mail", MAIL)
    inbox("rita", "approve", case.id, "--digest", case.digest)
    code, _, err = inbox("rob", "deny", case.id, "--reason", "no")
    assert code == 2
    assert "already granted by rita" in err


def test_a_denial_carries_reason_and_guidance(town: Town, inbox: Run) -> None:
    """Both reach the agent."""
    case = town.propose("pay", PAY)
    words = ("--reason", "too much", "--guidance", "ask for half")
    code, out, _ = inbox("fay", "deny", case.id, *words, "--json")
    after = town.look(case.id)
    assert code == 0
    assert json.loads(out)["state"] == "denied"
    assert after.state is State.DENIED
    assert after.guidance == "ask for half"


def test_an_approval_is_taken_back(town: Town, inbox: Run) -> None:
    """By who gave it, before it runs; anybody else is refused."""
    case = town.propose("send_mail", MAIL)
    assert inbox("rita", "approve", case.id, "--digest", case.digest)[0] == 0
    assert inbox("rob", "take-back", case.id)[0] == 2
    code, out, _ = inbox("rita", "take-back", case.id, "--reason", "wrong Bob", "--json")
    assert (code, json.loads(out)["state"]) == (0, "lapsed")
    assert town.look(case.id).reason == "taken back by rita: wrong Bob"


def test_an_edit_is_a_new_case(town: Town, inbox: Run) -> None:
    """It names the old one, asks anew, and its editor cannot approve it."""
    case = town.propose("pay", PAY)
    code, out, _ = inbox("fay", "edit", case.id, "--set", "/amount=480", "--json")
    new = json.loads(out)
    assert (code, new["state"], new["amends"]) == (0, "waiting", case.id)
    assert new["action"]["arguments"] == {"to": "ACME", "amount": 480}
    assert town.look(case.id).state is State.SUPERSEDED
    code, _, _ = inbox("fay", "approve", new["id"], "--digest", new["digest"])
    assert code == 2


def test_an_edit_in_the_editor(
    town: Town, inbox: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """$EDITOR gets the arguments as JSON; what it leaves is proposed."""
    script = tmp_path / "editor.py"
    script.write_text(
        "import pathlib, sys; f = pathlib.Path(sys.argv[1]); f.write_text(f.read_text().replace('4800', '48'))"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    case = town.propose("pay", PAY)
    code, out, _ = inbox("fred", "edit", case.id)
    assert code == 0
    assert "/amount" in out
    replaced = town.look(town.look(case.id).replaced_by)
    assert replaced.action.arguments["amount"] == 48


def test_without_a_key_nothing_is_asked(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what is missing, and the exit code says that nothing ran."""
    assert main(["inbox", "--url", town.url, "list"]) == 2
    err = capsys.readouterr().err
    assert "GYGES_APPROVER_KEY" in err
    assert err.count("\n") == 1


def test_the_agents_key_opens_no_decision(town: Town, inbox: Run) -> None:
    """Not by this way either."""
    case = town.propose("send_mail", MAIL)
    code, _, err = inbox("ada", "approve", case.id, "--digest", case.digest)
    assert code == 2
    assert "approver" in err
    assert town.look(case.id).state is State.WAITING


def test_the_live_inbox_needs_a_terminal(inbox: Run) -> None:
    """It says what to use instead."""
    code, _, err = inbox("rita")
    assert code == 2
    assert "inbox list --json" in err
