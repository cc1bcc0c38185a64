# SPDX-License-Identifier: Apache-2.0
"""`gyges log verify --bundle` over signed approvals: offline, by key and bundle alone."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gyges.cli.log import app
from gyges.ledger.export import Selection
from gyges.testing.authenticator import ORIGIN
from tests.ledger.signed_world import VERIFIER, bundle_of, signed_payment


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The evidence of a payment that two people signed, as a file."""

    async def make() -> bytes:
        async with signed_payment(tmp_path) as (gate, case):
            return await bundle_of(gate, Selection(case=case.id))

    file = tmp_path / "evidence.jsonl"
    file.write_bytes(asyncio.run(make()))
    return file


def verify(file: Path, *more: str) -> tuple[int, str]:
    """Exit code and output."""
    arguments = ["verify", "--bundle", str(file), "--key", VERIFIER.text(), *more]
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.stdout


def test_signatures_are_checked_and_told(bundle: Path) -> None:
    """People read how many hold and where they were made; programs get the same."""
    code, text = verify(bundle)
    assert code == 0
    assert f"2 answers signed with enrolled passkeys, at {ORIGIN}" in text
    code, text = verify(bundle, "--json")
    assert code == 0
    assert json.loads(text)["signatures"] == 2
    assert json.loads(text)["signed_at"] == [ORIGIN]


def test_a_changed_signature_does_not_hold(bundle: Path) -> None:
    """One character of an assertion changed anywhere: exit 1."""
    raw = bundle.read_text()
    at = raw.index('"signature":"') + 20
    other = "A" if raw[at] != "A" else "B"
    bundle.write_text(raw[:at] + other + raw[at + 1 :])
    code, text = verify(bundle)
    assert code == 1
    assert "DID NOT HOLD" in text
