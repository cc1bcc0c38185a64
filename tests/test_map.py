# SPDX-License-Identifier: Apache-2.0
"""The map of the rooms: that the code keeps to it, that a breach is seen, that nothing is left out.

The map itself stands in pyproject.toml, as import-linter contracts.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "gyges"
IMPURE_WORDS = {"ports", "settings", "wiring"}
PURE_ROOMS = {
    "drift",
    "gate.attention",
    "gate.intervals",
    "gate.policy",
    "gate.states",
    "gate.typed",
    "gate.weigh",
    "lab.stats",
    "ledger.checkpoint",
    "ledger.merkle",
    "ledger.note",
    "ledger.tiles",
    "ledger.verify",
    "watch.features",
}


def lint_imports(source: Path) -> subprocess.CompletedProcess[str]:
    """Check the package in `source` against the contracts, in a process of its own."""
    program = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"
    arguments = ["--no-cache", "--no-logo", "--config", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(source)},
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_code_keeps_to_the_map() -> None:
    """Every import in the package is one that the map allows, and every room is on the map."""
    result = lint_imports(PACKAGE.parent)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "line", "broken"),
    [
        ("errors.py", "import gyges.gate", "The map"),
        ("ledger/merkle.py", "import gyges.monitors", "The map"),
        ("unheard_of.py", "", "The map"),
        ("canon.py", "import socket", "Pure rooms"),
        ("ledger/merkle.py", "import sqlite3", "Pure rooms"),
    ],
)
def test_a_breach_is_seen(tmp_path: Path, name: str, line: str, broken: str) -> None:
    """An import upwards or sideways, a room off the map and a wire in a pure room break it."""
    shutil.copytree(PACKAGE, tmp_path / "gyges", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "gyges" / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    told = [row for row in result.stdout.splitlines() if row.endswith(" BROKEN")]
    assert any(row.startswith(broken) for row in told)


def test_no_pure_room_is_left_out() -> None:
    """Each word and each pure room that exists stands in the contract that keeps it pure."""
    words = {file.stem for file in PACKAGE.glob("*.py")} - IMPURE_WORDS - {"__init__"}
    rooms = {
        room
        for room in PURE_ROOMS
        if (path := PACKAGE / room.replace(".", "/")).is_dir() or path.with_suffix(".py").is_file()
    }
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {c["id"]: c for c in config["tool"]["importlinter"]["contracts"]}
    listed = set(contracts["pure"]["source_modules"])
    missing = {f"gyges.{name}" for name in words | rooms} - listed
    assert not missing, f"add to the contract `pure` in pyproject.toml: {sorted(missing)}"


def test_time_is_banned_in_the_middle() -> None:
    """Ruff refuses a clock in a pure room, and lets the edge read one."""
    for name, expected in (("src/gyges/gate/states.py", 1), ("src/gyges/wiring.py", 0)):
        result = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "check",
                "--select=TID251",
                "--stdin-filename",
                name,
                "-",
            ],
            input="import time\n\nprint(time.time())\n",
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == expected, result.stdout + result.stderr
