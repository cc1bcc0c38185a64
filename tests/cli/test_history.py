# SPDX-License-Identifier: Apache-2.0
"""History, timeline, agents, health, policy and events by command, at a served gate."""

import json
from collections.abc import Callable

import pytest

from gyges.case import State
from gyges.cli.history import moment
from gyges.cli.main import main
from gyges.errors import Malformed
from tests.cli.conftest import Town

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(town: Town, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as somebody: exit code, output, errors."""

    def call(name: str, *words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*words, *town.here(name)])
        done = capsys.readouterr()
        return code, done.out, done.err

    return call


@pytest.mark.slow
def test_what_was_said_is_found_and_goes_on_where_a_page_ended(town: Town, run: Run) -> None:
    """Words, states and answerers choose; hostile text comes out visible; a page names the next one."""
    odd = town.propose("send_mail", {"to": "zo\u202ee", "body": "[bold]owls[/nope]"})
    assert run("rita", "inbox", "deny", odd.id, "--reason", "too many owls")[0] == 0
    town.propose("send_mail", {"to": "b@example.org", "body": "owls"})
    code, text, _ = run("audrey", "history", "OWLS", "--state", "denied")
    assert code == 0
    assert odd.id in text
    assert "\u202e" not in text
    assert "-rita" in text
    found = json.loads(run("audrey", "history", "owls", "--limit", "1", "--json")[1])
    assert [item["state"] for item in found["items"]] == ["waiting"]
    rest = json.loads(run("audrey", "history", "owls", "--after", found["next"], "--json")[1])
    assert rest["items"][0]["id"] == odd.id
    assert (
        json.loads(run("rita", "history", "--by", "rita", "--tool", "pay", "--json")[1])["items"]
        == []
    )
    assert "No case was found." in run("audrey", "history", "--since", "2999-01-01")[1]


def test_a_case_is_told_from_first_to_last(town: Town, run: Run) -> None:
    """A line an event, in order, with what the log holds on demand."""
    case = town.propose("send_mail", {"to": "c@example.org", "body": "x"}, purpose="to greet")
    assert run("rita", "inbox", "approve", case.id, "--digest", case.digest)[0] == 0
    assert town.look(case.id).state is State.GRANTED
    code, text, _ = run("audrey", "timeline", case.id, "--full")
    assert code == 0
    assert (
        text.index("ada proposed send_mail")
        < text.index("ask people")
        < text.index("rita approved")
    )
    assert '"purpose": "to greet"' in text
    assert run("audrey", "timeline", "c-none")[0] == 2


def test_agents_are_listed_and_one_is_shown_whole(town: Town, run: Run) -> None:
    """Owners, counts and stops in the list; tools, policy and cases for one; admins see no cases."""
    town.propose("read_file", {"path": "a.txt"})
    assert run("rita", "stop", "tool:pay", "--reason", "odd")[0] == 0
    code, text, _ = run("root", "agents")
    assert code == 0
    assert "ada" in text
    assert "olga" in text
    shown = json.loads(run("audrey", "agents", "ada", "--json")[1])
    may = {use["tool"]: use["may"] for use in shown["tools"]}
    assert may == {"read_file": True, "send_mail": True, "pay": True}
    assert shown["cases"]
    assert "tool:pay is stopped by rita: odd" in run("root", "agents", "ada")[1]
    assert json.loads(run("root", "agents", "ada", "--json")[1])["cases"] == []
    assert run("root", "lift", "tool:pay")[0] == 0
    assert run("root", "agents", "nobody")[0] == 2


def test_health_policy_and_events(town: Town, run: Run) -> None:
    """A ready gate exits 0 and says what it consists of; the policy is printed; events are the auditor's."""
    code, text, _ = run("audrey", "health")
    assert code == 0
    assert text.startswith("ready")
    assert "log key" in text
    code, text, _ = run("root", "policy", "show")
    assert code == 0
    assert '@id("constitution")' in text
    code, text, _ = run("audrey", "events", "--kind", "gate-started")
    assert code == 0
    assert "gate-started" in text
    assert run("rita", "events")[0] == 2


def test_without_any_key_the_names_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever forgot the key learns which would do."""
    assert main(["history"]) == 2
    assert "GYGES_AUDITOR_KEY or GYGES_APPROVER_KEY" in capsys.readouterr().err


def test_moments_are_utc_unless_they_say_otherwise() -> None:
    """Days and times in ISO 8601; anything else is refused."""
    assert moment("1970-01-02") == 86_400_000
    assert moment("1970-01-01T01:00:00+01:00") == moment("") == 0
    with pytest.raises(Malformed):
        moment("yesterday")
