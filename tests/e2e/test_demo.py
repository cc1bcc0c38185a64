# SPDX-License-Identifier: Apache-2.0
"""`gyges demo` as people and machines run it: processes, a person's answers, and a verdict that can be no."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gyges.cli.office.books import Books
from tests import patience

pytestmark = pytest.mark.slow

GYGES = [sys.executable, "-m", "gyges.cli.main"]


def environment() -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("GYGES_")}
    return plain | {"COLUMNS": "200"}


def gyges(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GYGES, *words],
        check=False,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=600,
    )


def test_unattended_it_holds(tmp_path: Path) -> None:
    """All expectations hold, and the office's own books say so too."""
    done = gyges("demo", "--unattended", "--json", "--data", str(tmp_path / "d"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["held"] is True
    assert len(told["findings"]) == 9
    assert all(finding["held"] for finding in told["findings"])
    state = Books(tmp_path / "d" / "office" / "office.db").state()
    assert [(p.cents, p.payee.split(",")[0]) for p in state.payments] == [
        (480_000, "ACME Tooling Ltd")
    ]
    assert [mail.recipient for mail in state.mails] == ["bob@example.org"]
    assert state.audit_on


def test_it_makes_a_fresh_folder_only(tmp_path: Path) -> None:
    """A folder that holds anything could not run."""
    (tmp_path / "mine.txt").write_text("x")
    done = gyges("demo", "--unattended", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "not empty" in done.stderr


class Attended:
    """A demo that waits for people, and the people, who use `gyges inbox`."""

    def __init__(self, folder: Path, process: "subprocess.Popen[str]") -> None:
        self.folder = folder
        self.process = process
        self.out = ""

    def until(self, pattern: str) -> str:
        """Read its output until `pattern` appears; return what matched."""
        assert self.process.stdout is not None
        while not (found := re.search(pattern, self.out)):
            line = self.process.stdout.readline()
            assert line, f"{pattern!r} never came: {self.out}"
            self.out += line
        return found[0]

    def inbox(self, name: str, *words: str) -> Any:
        """One `gyges inbox` command with the key file that the demo named."""
        url = self.until(r"http://[0-9.]+:\d+")
        key = self.folder / "people" / f"{name}.key"
        done = gyges("inbox", "--url", url, "--key-file", str(key), *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def answer(self, name: str, tool: str, *words: str) -> None:
        """Wait until a call of `tool` waits, then answer it as `name`."""
        while True:
            items = self.inbox(name, "list")["items"]
            found = next((item for item in items if item["action"]["tool"] == tool), None)
            if found:
                how, *more = words
                self.inbox(name, how, found["id"], "--digest", found["digest"], *more)
                return
            assert self.process.poll() is None, self.process.stdout and self.process.stdout.read()

    def end(self) -> int:
        """Its exit code, and the rest of what it said in `out`."""
        assert self.process.stdout is not None
        self.out += self.process.stdout.read()
        return self.process.wait(patience.S)


@contextmanager
def attended(folder: Path) -> Iterator[Attended]:
    """A demo without --unattended, ended with the test."""
    command = [*GYGES, "demo", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            yield Attended(folder, process)
        finally:
            if process.poll() is None:
                process.terminate()


def test_a_person_answers_and_it_holds(tmp_path: Path) -> None:
    """What it tells the person to do is enough."""
    with attended(tmp_path / "d") as demo:
        demo.until(r"Rita approves the mail")
        demo.answer("rita", "send_mail", "approve")
        demo.answer("fay", "pay", "approve")
        demo.answer("fred", "pay", "approve")
        assert demo.end() == 0
        assert "9 of 9 expectations held" in demo.out


def test_a_person_says_no_and_nothing_is_paid(tmp_path: Path) -> None:
    """Then an expectation did not hold, which the verdict says; the office's books agree."""
    with attended(tmp_path / "d") as demo:
        demo.until(r"Rita approves the mail")
        demo.answer("rita", "send_mail", "approve")
        demo.answer("fay", "pay", "deny", "--reason", "not this month")
        assert demo.end() == 1
        assert "8 of 9 expectations held" in demo.out or "7 of 9 expectations held" in demo.out
    assert Books(tmp_path / "d" / "office" / "office.db").state().payments == ()


def test_told_to_stop_it_leaves_no_process_behind(tmp_path: Path) -> None:
    """Gate, office, proxy and agent end with it."""
    folder = tmp_path / "d"
    with attended(folder) as demo:
        demo.until(r"Rita approves the mail")
        demo.process.send_signal(signal.SIGTERM)
        assert demo.end() == 2
    left = [
        process.name for process in Path("/proc").glob("[0-9]*") if str(folder) in _command(process)
    ]
    assert left == []


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
