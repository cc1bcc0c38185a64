# SPDX-License-Identifier: Apache-2.0
"""`gyges policy` as people and programs call it: what it prints, and the exit code it ends with."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gyges.cli.main import main
from gyges.gate.policy_folder import starter_text
from tests.gate.policy_office import OFFICE
from tests.gate.world import TOOLS, world
from tests.web.conftest import PAY, Served, served  # noqa: F401 - a fixture

CASES = """
[[case]]
name = "a payment asks two"
tool = "pay"
arguments = { to = "ACME", amount = 4800 }
expect = "ask"
requirement = { finance = 2 }
rules = ["pay"]

[[case]]
name = "and then runs"
tool = "pay"
arguments = { to = "ACME", amount = 4800 }
approvals = { finance = 2 }
expect = "allow"

[[case]]
tool = "disable_audit_log"
approvals = { finance = 9, reviewers = 9 }
expect = "deny"
reason = "overseer"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy folder with the starter policy over the office."""
    made = tmp_path / "policy"
    made.mkdir()
    (made / "starter.cedar").write_text(starter_text())
    (made / "tools.json").write_text(json.dumps(OFFICE))
    (made / "groups.json").write_text('{"reviewers": {}, "finance": {"size": 3}}')
    return made


@dataclass(slots=True)
class Run:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed."""
        return json.loads(self.out)


@dataclass(slots=True)
class Shell:
    """Calls `gyges policy`."""

    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: object) -> Run:
        """Run the command in this process, through the program's own entry."""
        code = main(["policy", *map(str, words)])
        out, err = self.capture.readouterr()
        return Run(code, out, err)


@pytest.fixture
def gyges(capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command."""
    return Shell(capsys)


def test_check_counts_what_it_loaded(gyges: Shell, folder: Path) -> None:
    """A good folder gives its digest, and names the tools without a class."""
    done = gyges("check", folder)
    assert (done.code, done.err) == (0, "")
    assert "6 rules, 7 tools, 2 groups" in done.out
    assert 'tool "odd" has no risk class' in done.out
    found = gyges("check", "--data", folder.parent, "--json").json
    assert found["loads"]
    assert found["digest"].startswith("sha256:")


def test_check_prints_the_schema_that_rules_must_fit(gyges: Shell, folder: Path) -> None:
    """Whoever writes a rule can see the names and types there are."""
    done = gyges("check", folder, "--schema")
    assert 'action "pay" in [Action::"risk:pay"]' in done.out
    assert "amount: decimal" in done.out


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("more.cedar", "permit (principal, action, resource);", "more.cedar:1: every rule needs"),
        ("more.cedar", '@id("a") permit', 'more.cedar:1: rule "a"'),
        ("tools.json", "{", "tools.json: not JSON"),
        ("tools.json", '{"a": {"tools": []}, "a": {"tools": []}}', "'a' stands twice"),
        ("groups.json", "{}", 'there is no approver group "'),
        ("groups.json", '{"reviewers": {}, "finance": {"size": -1}}', 'group "finance"'),
        ("groups.json", '{"reviewers": {}, "finance": ["ann"]}', 'group "finance"'),
        ("groups.json", "[]", "groups.json"),
        ("groups.json", '{"reviewers": {}, "finance": {}, "a b": {}}', 'group "a b"'),
    ],
)
def test_check_says_what_does_not_load(
    gyges: Shell, folder: Path, file: str, text: str, message: str
) -> None:
    """One line that names the file and the rule or the group, and exit code 1."""
    (folder / file).write_text(text)
    done = gyges("check", folder)
    assert done.code == 1
    assert message in done.out
    assert gyges("check", folder, "--json").json["loads"] is False


@pytest.mark.parametrize("missing", ["starter.cedar", "tools.json", "groups.json"])
def test_a_folder_that_lacks_a_part_does_not_load(gyges: Shell, folder: Path, missing: str) -> None:
    """No rules, no tools or no groups: each is an error, never an empty default."""
    (folder / missing).unlink()
    assert gyges("check", folder).code == 1


@pytest.mark.slow
def test_what_cannot_be_run_is_told_apart_from_what_does_not_hold(
    gyges: Shell, tmp_path: Path, folder: Path
) -> None:
    """A folder, a file, a case or a number that is not there: exit code 2 and one line."""
    (tmp_path / "cases.toml").write_text("[[case]\n")
    (tmp_path / "action.json").write_text('{"tool": "pay", "argument": {}}')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "gyges.db").write_text("not a database, though long enough to be one")
    (tmp_path / "list.json").write_text("[]")
    calls = [
        ("explain", tmp_path / "list.json", "--policy", folder),
        ("replay", "--policy", folder, "--data", tmp_path / "broken"),
        ("check", tmp_path / "nowhere"),
        ("test", tmp_path / "nowhere.toml", "--policy", folder),
        ("test", tmp_path / "cases.toml", "--policy", folder),
        ("explain", tmp_path / "nowhere.json", "--policy", folder),
        ("explain", tmp_path / "action.json", "--policy", folder),
        ("explain", "c-1", "--policy", folder, "--data", tmp_path),
        ("explain", "c-1", "--policy", folder, "--approve", "finance"),
        ("replay", "--policy", folder, "--data", tmp_path),
    ]
    for words in calls:
        done = gyges(*words)
        assert (done.code, done.out) == (2, ""), words
        assert len(done.err.splitlines()) == 1


def test_cases_that_hold_end_with_0(gyges: Shell, folder: Path, tmp_path: Path) -> None:
    """Effects, requirements, rules and reasons as expected."""
    (tmp_path / "cases.toml").write_text(CASES)
    done = gyges("test", tmp_path / "cases.toml", "--policy", folder)
    assert (done.code, done.out) == (0, "3 of 3 cases held\n")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"ask"', '"allow"', "expected allow, got ask"),
        ("finance = 2 }\nrules", "finance = 1 }\nrules", "expected approvals 1 of finance, got 2"),
        ('["pay"]', '["pay-small"]', "expected rules pay-small, got pay"),
        ('"overseer"', '"weather"', 'expected "weather" in the reason'),
    ],
)
def test_a_case_that_does_not_hold_ends_with_1(
    gyges: Shell, folder: Path, tmp_path: Path, old: str, new: str, problem: str
) -> None:
    """The case and the difference are named; for programs too."""
    assert old in CASES
    file = tmp_path / "cases.toml"
    file.write_text(CASES.replace(old, new, 1))
    done = gyges("test", file, "--policy", folder)
    assert done.code == 1
    assert problem in done.out
    told = gyges("test", file, "--policy", folder, "--json").json
    assert sum(not case["held"] for case in told["cases"]) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "holds cases"),
        ('{"case": []}', "holds cases"),
        ('{"case": [1]}', "case 1 is not a table"),
        ('{"case": [{"tool": "a", "expect": "ask", "rule": []}]}', 'no field "rule"'),
        ('{"case": [{"tool": "a", "expect": "maybe"}]}', "case 1"),
        ('{"case": [{"tool": "a"}]}', "expect"),
    ],
)
def test_a_file_of_cases_that_is_none_is_refused(
    gyges: Shell, folder: Path, tmp_path: Path, text: str, message: str
) -> None:
    """A misspelt expectation does not pass for one that held."""
    file = tmp_path / "cases.json"
    file.write_text(text)
    done = gyges("test", file, "--policy", folder)
    assert done.code == 2
    assert message in done.err


def test_explain_reads_an_action_from_a_file(gyges: Shell, folder: Path, tmp_path: Path) -> None:
    """With approvals and an alarm supposed; hostile text does not reach the terminal."""
    file = tmp_path / "action.json"
    file.write_text('{"tool": "pay", "arguments": {"to": "ACME", "amount": 4800}}')
    asked = gyges("explain", file, "--policy", folder, "--approve", "finance=1")
    assert asked.code == 0
    assert 'decided by: permit "pay" (starter.cedar:' in asked.out
    assert "fails        context.approvals.finance >= 2" in asked.out
    assert "It is allowed once approved by 2 of finance." in asked.out
    alarm = gyges("explain", file, "--policy", folder, "--alarm", "--json").json
    assert alarm["ruling"]["requirement"]["groups"] == {"finance": 2, "reviewers": 1}
    file.write_text(json.dumps({"tool": "\x1b[2J"}))
    assert "\x1b" not in gyges("explain", file, "--policy", folder).out


async def test_explain_and_replay_read_beside_a_running_gate(
    gyges: Shell, folder: Path, tmp_path: Path
) -> None:
    """Both read the data folder of an open store, which goes on as if nothing had been."""
    tools = [{k: v for k, v in tool.document().items() if k != "server"} for tool in TOOLS]
    (folder / "tools.json").write_text(json.dumps({"office": {"tools": tools}}))
    async with world(tmp_path) as found:
        await found.propose("read_file", path="x")
        paid = await found.approve(await found.propose("pay", to="ACME", amount=4800), "ann")
        told = gyges("explain", paid.id, "--data", tmp_path)
        nothing = gyges("explain", "c-nothing", "--data", tmp_path)
        same = gyges("replay", "--policy", folder, "--data", tmp_path)
        loose = starter_text().replace("finance >= 2", "finance >= 1")
        (folder / "starter.cedar").write_text(loose)
        other = gyges("replay", "--policy", folder, "--data", tmp_path)
        after = await found.approve(paid, "bea")
    assert "fails        context.approvals.finance >= 2" in told.out
    assert (same.code, same.out.splitlines()[-1][:29]) == (0, "0 of 3 decisions would differ")
    assert (other.code, other.out.count("looser: ")) == (1, 2)
    assert after.state == "granted"
    assert (nothing.code, "there is no case c-nothing" in nothing.err) == (2, True)


@pytest.mark.slow
async def test_explain_asks_a_running_gate(
    gyges: Shell,
    served: Served,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its address and an auditor's key; without the key it could not run."""
    case = await served.propose(PAY)
    where = ("--url", str(served.client.base_url).rstrip("/"))
    assert (await asyncio.to_thread(gyges, "explain", case["id"], *where)).code == 2
    monkeypatch.setenv("GYGES_AUDITOR_KEY", served.secrets["audrey"])
    told = await asyncio.to_thread(gyges, "explain", case["id"], *where)
    assert told.code == 0
    assert "It is allowed once approved by 2 of finance." in told.out
