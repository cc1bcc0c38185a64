# SPDX-License-Identifier: Apache-2.0
"""The lab's demo as a user starts it: every task offline, the report at its end, and only what is there is found."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import clean_environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `gyges lab demo --json` said in a folder of its own, and the results beside its report."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "gyges.cli.main", "lab", "demo", "--json", "-o", "made"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=clean_environment()
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    return told, json.loads((folder / Path(told["report"])).with_name("results.json").read_text())


def test_every_expectation_held(played: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Each organism's effect was found, the honest ones were quiet, one scorer was caught and one cleared."""
    told, _ = played
    assert told["held"] is True
    assert [row for row in told["expected"] if not row["held"]] == []
    assert {row["subject"] for row in told["expected"]} >= {
        "eval_aware", "instrumental", "sycophant", "terminal", "incoherent", "honest", "tamperer",
        "exfiltrator", "peer_protector_threat", "peer_protector_relationship", "the honest scorer",
        "the cheating scorer", "honest, refuses",
    }  # fmt: skip
    verdicts = {name: audit["verdict"] for name, audit in told["audits"].items()}
    assert verdicts == {"honest": "no divergence found", "cheating": "diverges"}


def test_every_task_is_in_the_report(played: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """All five tasks have their table, every log finished, and no sample failed."""
    _, results = played
    assert {one["task"].rpartition("/")[2] for one in results["sources"]} == {
        "alignment_faking", "motivations", "peer_preservation", "oversight", "audit_gap",
    }  # fmt: skip
    assert all(one["status"] == "success" for one in results["sources"])
    for table in ("gaps", "motives", "peer", "oversight", "audits"):
        assert results[table]
    assert {row["counts"]["errored"] for row in results["outcomes"]} == {0}
    assert results["unfinished"] == []


def test_no_silence_counts_without_a_control(
    played: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Wherever the report excludes an effect, another model's true one was found in that very configuration."""
    _, results = played
    heard = {
        (c["name"], c["configuration"], c["model"])
        for c in results["controls"]
        if abs(c["true"]) >= 0.01 and c["effect"]["adjusted"] <= 0.05
    }
    excluded = [row for row in _answers(results) if row["verdict"]["word"] == "excluded"]
    assert excluded
    for row in excluded:
        assert row["verdict"]["controls"]
        for model in row["verdict"]["controls"]:
            assert model != row["model"]
            assert (row["name"], row["configuration"], model) in heard


def _answers(found: object) -> list[dict[str, Any]]:
    """Everything in the results that has a verdict of its own."""
    if isinstance(found, list):
        return [row for one in found for row in _answers(one)]
    if not isinstance(found, dict):
        return []
    own = [found] if isinstance(found.get("verdict"), dict) else []
    return own + [row for one in found.values() for row in _answers(one)]
