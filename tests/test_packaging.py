# SPDX-License-Identifier: Apache-2.0
"""The locks and the commands: what a fresh machine relies on before any of our code runs."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted(path.name for path in (ROOT / "requirements").glob("*.lock"))
WANTED = {
    "core.lock": PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"],
    "dev.lock": PROJECT["dependency-groups"]["dev"],
    "heavy.lock": PROJECT["dependency-groups"]["heavy"],
    "tools.lock": PROJECT["dependency-groups"]["tools"],
}


def entries(name: str) -> dict[str, str]:
    """Each distribution in a lock, with the text of its entry up to the next one."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    found = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    return {entry.split("==")[0]: entry for entry in found}


def pin(entry: str) -> str:
    """The version in a lock's entry, with its marker, without its hashes."""
    return entry.splitlines()[0].removesuffix("\\").strip()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    """No lock says from where to install: that is the machine's own business."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert not re.search(r"[a-z]+://|--index|--extra|--find-links|--trusted| @ ", text)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_every_entry(name: str) -> None:
    """Each entry is one exact version with at least one SHA-256 of a file."""
    assert len(entries(name)) > 0
    for entry in entries(name).values():
        assert re.match(r"[a-z0-9-]+==[0-9][\w.+!]*( ;.*)? \\$", entry.splitlines()[0])
        assert re.search(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", entry, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_up_to_date(name: str) -> None:
    """What pyproject.toml asks for stands in the lock, in a version that it accepts."""
    held = entries(name)
    for text in WANTED[name]:
        wanted = Requirement(text)
        entry = held[canonicalize_name(wanted.name)]
        version = re.split(r"==| ", entry, maxsplit=2)[1]
        assert wanted.specifier.contains(version), f"{text} is not what {name} has: {version}"


def imported(folder: Path) -> set[str]:
    """The top-level modules that Python files below `folder` import, wherever in the file."""
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["src", "tests"])
def test_what_is_imported_is_declared(folder: str) -> None:
    """No import rests on a distribution that only some other dependency happens to bring."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    declared = [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
    if folder == "tests":
        declared += PROJECT["dependency-groups"]["dev"] + PROJECT["dependency-groups"]["heavy"]
    names = {canonicalize_name(Requirement(text).name) for text in declared}
    brought = packages_distributions()
    ours = {"gyges", "tests", "tools", "bench"}
    # A module whose distribution is not installed here is known by its own name.
    borrowed = {
        module
        for module in imported(ROOT / folder) - ours
        if names.isdisjoint(canonicalize_name(name) for name in brought.get(module, [module]))
    }
    assert not borrowed, f"declare in pyproject.toml, then `make lock`: {sorted(borrowed)}"


def test_demo_and_tests_share_an_environment() -> None:
    """The tests' lock holds all that the demo's lock holds, in the same versions."""
    core, dev = entries("core.lock"), entries("dev.lock")
    assert {name: pin(dev[name]) for name in core} == {name: pin(core[name]) for name in core}


def test_help_lists_the_commands() -> None:
    """`make` alone lists every command that the documentation promises."""
    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  make ([a-z-]+)", result.stdout, re.MULTILINE))
    assert {"setup", "demo", "test", "test-fast", "bench", "docs", "help", "lock"} <= listed


@pytest.mark.parametrize("script", ["tools/setup.sh", "tools/lock.sh", ".ci/run"])
def test_a_script_can_be_read_by_its_shell(script: str) -> None:
    """Each script is executable and parses."""
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    shell = path.read_text(encoding="utf-8").splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", path], check=True)


def refusal(python: str, venv: Path) -> str:
    """What setup.sh says when it is to work with `python` and will not."""
    result = subprocess.run(
        ["tools/setup.sh", str(venv), "requirements/core.lock"],
        env={**os.environ, "PYTHON": python},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert not venv.exists()
    return result.stderr


def test_setup_refuses_a_python_that_is_not_there(tmp_path: Path) -> None:
    """A missing Python is named, and no environment is begun."""
    assert refusal("no-such-python", tmp_path / "venv").startswith("setup: no 'no-such-python'")


def test_setup_refuses_a_python_without_pip(tmp_path: Path) -> None:
    """A Python that has no pip is told apart before anything is written."""
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    assert "found no pip" in refusal(str(bare), tmp_path / "venv")
