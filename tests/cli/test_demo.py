# SPDX-License-Identifier: Apache-2.0
"""The demo's verdict must be able to be no: each expectation, held against evidence that breaks it."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.server.mcpserver.exceptions import ToolError
from starlette.applications import Starlette

from gyges.action import Action
from gyges.answer import Answer
from gyges.case import Outcome, Say, State, Vote
from gyges.cli.office import proof, stage
from gyges.cli.office.agent import CHANGED, MAIL, PAYMENT
from gyges.cli.office.books import OPENING, Books, Mail, Payment
from gyges.cli.office.books import State as Office
from gyges.cli.office.server import Door, furnish, make_server
from gyges.decision import Effect
from gyges.errors import Misconfigured
from gyges.ledger.verify import Finding as LogFinding
from gyges.ledger.verify import Report

pytestmark = pytest.mark.anyio


def case(tool: str, state: State, arguments: dict[str, Any], **more: Any) -> Answer:
    action = Action(agent="demo-agent", tool=tool, arguments=arguments)
    fields: dict[str, Any] = {
        "id": f"c-{tool}", "state": state, "effect": Effect.ASK, "digest": action.digest,
        "action": action, "created": 0, "version": 1, "required": {}, "approvals": {}, "missing": {},
        "outcome": Outcome(ok=True, at=0) if state is State.DONE else None,
    }  # fmt: skip
    return Answer(**(fields | more))


def vote(person: str, group: str) -> Vote:
    return Vote(person=person, group=group, say=Say.APPROVE, at=0, digest="")


BY_FINANCE = (vote("fay", "finance"), vote("fred", "finance"))
GOOD = proof.Evidence(
    office=Office(
        mails=(Mail(recipient=MAIL["to"], subject="s"),),
        payments=(Payment(payee="ACME", cents=proof.CENTS),),
        balance=OPENING - proof.CENTS,
        audit_on=True,
    ),
    cases=(
        case("read_file", State.DONE, {}),
        case("send_mail", State.DONE, MAIL, votes=(vote("rita", "reviewers"),)),
        case("pay", State.DONE, PAYMENT, votes=BY_FINANCE),
        case("set_audit_log", State.DENIED, {}, rules=("constitution",)),
    ),
    said=(
        {"step": "tools", "event": "sees", "tools": ["pay", "read_file"]},
        {"step": "read", "event": "done", "text": "Invoice 2026-117"},
        {"step": "self", "event": "refused", "text": "no"},
        {"step": "change", "event": "refused", "text": "no"},
        {"step": "again", "event": "done", "text": "payment 1"},
        {"step": "around", "event": "refused", "text": "401"},
    ),
    insisted=("conflict: already denied", "conflict: already denied"),
    log=Report(size=3, entries=3),
)


def held(evidence: proof.Evidence) -> dict[str, bool]:
    return {finding.step: finding.held for finding in proof.findings(evidence)}


def without(step: str, *instead: dict[str, Any]) -> proof.Evidence:
    return replace(GOOD, said=(*(s for s in GOOD.said if s["step"] != step), *instead))


def office(**fields: Any) -> proof.Evidence:
    return replace(GOOD, office=replace(GOOD.office, **fields))


def swapped(tool: str, *instead: Answer) -> proof.Evidence:
    return replace(GOOD, cases=(*(c for c in GOOD.cases if c.action.tool != tool), *instead))


def test_good_evidence_holds() -> None:
    """Nine expectations, all held."""
    assert list(held(GOOD).values()) == [True] * 9


TWICE = (Payment(payee="ACME", cents=proof.CENTS),) * 2
LESS = (Payment(payee="ACME", cents=1_480_000),)


@pytest.mark.parametrize(
    ("step", "evidence"),
    [
        ("read a file", swapped("read_file")),
        ("read a file", swapped("read_file", case("read_file", State.DONE, {}, votes=BY_FINANCE))),
        ("read a file", without("read", {"step": "read", "event": "done", "text": ""})),
        ("send a mail", office(mails=())),
        ("send a mail", office(mails=GOOD.office.mails * 2)),
        ("send a mail", swapped("send_mail", case("send_mail", State.DONE, MAIL))),
        ("pay 4,800", office(payments=())),
        ("pay 4,800", office(payments=TWICE)),
        ("pay 4,800", office(payments=LESS)),
        ("pay 4,800", office(balance=OPENING)),
        ("pay 4,800", swapped("pay", case("pay", State.DONE, PAYMENT, votes=BY_FINANCE[:1]))),
        ("pay 4,800", swapped("pay", case("pay", State.DONE, PAYMENT, votes=BY_FINANCE[:1] * 2))),
        ("pay 4,800", swapped("pay", case("pay", State.DONE, CHANGED, votes=BY_FINANCE))),
        ("approve its own payment", without("self")),
        ("approve its own payment", without("self", {"step": "self", "event": "done"})),
        ("change the approved payment", without("change")),
        ("change the approved payment", without("change", {"step": "change", "event": "done"})),
        ("change the approved payment", office(payments=(*GOOD.office.payments, *LESS))),
        ("run the payment again", office(payments=TWICE)),
        ("run the payment again", without("again")),
        ("switch off the audit log", office(audit_on=False)),
        ("switch off the audit log", swapped("set_audit_log")),
        ("switch off the audit log", swapped("set_audit_log", case("set_audit_log", State.WAITING, {}))),
        ("switch off the audit log", swapped("set_audit_log", case("set_audit_log", State.DENIED, {}))),
        ("switch off the audit log", replace(GOOD, insisted=())),
        ("switch off the audit log", replace(GOOD, insisted=("rita approved it",))),
        ("switch off the audit log", without("tools", {"step": "tools", "event": "sees", "tools": ["set_audit_log"]})),
        ("go round the proxy", without("around", {"step": "around", "event": "done", "text": "200"})),
        ("verify the log", replace(GOOD, log=Report())),
        ("verify the log", replace(GOOD, log=Report(size=3, entries=2))),
    ],
)  # fmt: skip
def test_what_breaks_an_expectation_is_found(step: str, evidence: proof.Evidence) -> None:
    """The one it breaks says no."""
    assert held(evidence)[step] is False


def test_a_finding_in_the_log_is_found() -> None:
    """A log with anything wrong does not hold."""
    broken = replace(GOOD.log, findings=(LogFinding(where="tile/0/000", what="changed"),))
    assert held(replace(GOOD, log=broken))["verify the log"] is False


def test_the_office_pays_from_its_balance_only(tmp_path: Path) -> None:
    """Exact cents, no overdraft, nothing negative."""
    books = Books(tmp_path / "office.db")
    books.pay("ACME", 0.1 + 0.2, "r")
    assert books.state().payments[0].cents == 30
    for amount in (0, -5, 1e9):
        with pytest.raises(ValueError, match="cannot be paid"):
            books.pay("ACME", amount, "r")
    assert books.state().balance == OPENING - 30


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], str]:
    """The office's `read_file`, called as its server calls it."""
    (tmp_path / "secret.txt").write_text("s")
    server = make_server(Books(tmp_path / "office.db"), furnish(tmp_path))

    def call(path: str) -> str:
        result: Any = asyncio.run(server.call_tool("read_file", {"path": path}, None))  # type: ignore[arg-type]
        return str(result)

    return call


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/hostname", "bills", "bills/../../secret.txt"]
)
def test_the_office_reads_its_own_files_only(read: Callable[[str], str], path: str) -> None:
    """A path that leads out is no file."""
    assert "Invoice" in read("bills/acme.txt")
    with pytest.raises(ToolError, match="there is no file"):
        read(path)


async def status(headers: dict[str, str]) -> int:
    transport = httpx.ASGITransport(app=Door(Starlette(), "right"))
    async with httpx.AsyncClient(transport=transport, base_url="http://office") as client:
        return (await client.post("/mcp", headers=headers)).status_code


@pytest.mark.parametrize("shown", ["", "Bearer wrong", "right", "Bearer right "])
def test_the_office_lets_nobody_in_without_its_token(shown: str) -> None:
    """With it one gets past the door."""
    assert asyncio.run(status({"authorization": shown} if shown else {})) == 401
    assert asyncio.run(status({"authorization": "Bearer right"})) == 404


@pytest.mark.parametrize(
    ("code", "said"),
    [("raise SystemExit('no port left')", "no port left"), ("print('hello')", "it said nothing")],
)
async def test_a_part_that_does_not_start_is_named(tmp_path: Path, code: str, said: str) -> None:
    """With the last thing it complained about."""
    async with contextlib.AsyncExitStack() as stack:
        cast = stage.Cast(stack, tmp_path)
        with pytest.raises(Misconfigured, match=f"the gate does not start: {said}"):
            await cast.start("gate", [sys.executable, "-c", code], {})


async def test_the_agents_process_knows_no_secret_but_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the office's token nor anybody's key is in its environment."""
    monkeypatch.setenv("GYGES_APPROVER_KEY", "theirs")
    monkeypatch.setenv("OFFICE_TOKEN", "theirs")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    async with contextlib.AsyncExitStack() as stack:
        cast = stage.Cast(stack, tmp_path)
        out = await cast.run("agent", [sys.executable, "-c", code], {"GYGES_AGENT_KEY": "mine"})
        seen = json.loads(await out.read())
    assert seen["GYGES_AGENT_KEY"] == "mine"
    assert "theirs" not in seen.values()
