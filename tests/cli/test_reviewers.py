# SPDX-License-Identifier: Apache-2.0
"""`gyges reviewers` against a served gate: one's own record, everybody's, and as JSON."""

import asyncio
import json
import re

import pytest

from gyges.adapters.client import Gate
from gyges.case import Say
from gyges.cli.main import main
from tests.cli.conftest import Town


@pytest.fixture
def answered(town: Town) -> Town:
    """A town where rita has approved a mail and rob denied another; others of its tests answer, too."""

    async def run() -> None:
        for name, say in (("rita", Say.APPROVE), ("rob", Say.DENY)):
            async with Gate(town.url, town.secrets["ada"]) as agent:
                case = await agent.propose("send_mail", {"to": "x", "body": "y"})
            async with Gate(town.url, town.secrets[name]) as gate:
                await gate.decide(case.id, say, digest=case.digest, reason="because")

    asyncio.run(run())
    return town


def shown(town: Town, capsys: pytest.CaptureFixture[str], who: str, *words: str) -> tuple[int, str]:
    """Exit code and output of `gyges reviewers` with the key of `who`."""
    args = ["reviewers", *words, "--url", town.url, "--key-file", town.key_file(who)]
    code = main(args)
    return code, capsys.readouterr().out


def test_an_approver_sees_their_own_record(
    answered: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name, shares with their counts, and nobody else."""
    monkeypatch.setenv("COLUMNS", "160")
    code, out = shown(answered, capsys, "rita")
    assert code == 0
    assert "rita" in out
    assert re.search(r"^approved +\d+% \(\d+ of \d+\)", out, re.MULTILINE)
    assert "rob" not in out
    assert shown(answered, capsys, "rita", "rob")[0] == 2


def test_an_auditor_sees_everybodys_and_a_program_reads_them(
    answered: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two records with their intervals; one alone by name."""
    code, out = shown(answered, capsys, "audrey", "--json")
    assert code == 0
    found = {record["name"]: record for record in json.loads(out)["items"]}
    assert found["rita"]["approved"]["count"] >= 1
    assert found["rob"]["approved"]["count"] < found["rob"]["answers"]
    assert 0 < found["rita"]["approved"]["low"] <= found["rita"]["approved"]["value"]
    code, out = shown(answered, capsys, "root", "rob", "--days", "7", "--json")
    assert (code, json.loads(out)["approved"]) == (0, found["rob"]["approved"])
