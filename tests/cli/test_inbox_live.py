# SPDX-License-Identifier: Apache-2.0
"""A person at a terminal: the live inbox, and the commands that ask before they act. A real pty, a real gate."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import Any, Self

import pytest

from gyges.case import State
from tests import patience
from tests.cli.conftest import Town, clean_environment

MAIL = {"to": "bob@example.org", "body": "hello"}
# Whole, however it arrives: what follows the last key is the number of lines, or the end of the line's style.
FOOT = r"space/b scroll[^\n]*?q back(?:   \(\d+ more lines below\)|\x1b| {4})"

pytestmark = pytest.mark.slow


class Terminal:
    """A person at `gyges inbox`: waits for words on the screen, then types."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gyges.cli.main", "inbox", *words],
            stdin=theirs, stdout=theirs, stderr=theirs, env=clean_environment(), close_fds=True,
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def expect(self, pattern: str) -> str:
        """Read until `pattern` has appeared since the last call; return what came with it."""
        end = time.monotonic() + patience.S
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            assert self._more(end), f"{pattern!r} never came; the screen: {self.seen[-3000:]!r}"
        text, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return text

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def leave(self) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(patience.S)

    def rest(self) -> str:
        """What came until its end."""
        end = time.monotonic() + patience.S
        while self._more(end):
            pass
        assert time.monotonic() < end, f"it never ended; the screen: {self.seen[-3000:]!r}"
        return self.seen

    def _more(self, end: float) -> bool:
        """Take in what comes next; whether anything did, before `end`."""
        if not select.select([self.ours], [], [], max(end - time.monotonic(), 0))[0]:
            return False
        try:
            self.seen += os.read(self.ours, 65536).decode(errors="replace")
        except OSError:  # how a terminal says that nobody is left at its other end
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


def open_case(terminal: Terminal, case: Any) -> None:
    """Move the mark to `case` and open it."""
    marked = ""
    while marked != case.id:
        if marked:
            terminal.type("j")
        before = marked
        while marked == before:
            screen = terminal.expect(r"Gyges inbox.*?enter open")
            found = re.findall(r">[^\n]*?(c-[0-9a-z]{26})", screen)
            assert found, repr(screen)
            marked = found[-1]
    terminal.type("\r")
    terminal.expect(re.escape(f"Case {case.id}"))


def test_a_person_at_a_terminal_reads_then_approves(town: Town) -> None:
    """The case must be read to its end, and the word typed; then the agent has its answer."""
    case = town.propose("send_mail", {"to": "live@example.org", "body": "x" * 3000})
    with Terminal(*town.here("rita")) as terminal:
        open_case(terminal, case)
        while "more lines below" in terminal.expect(FOOT):
            terminal.type(" ")
        terminal.type("a")
        terminal.expect("Type yes: ")
        terminal.type("yes\n")
        terminal.expect("Reason")
        terminal.type("read it\n")
        terminal.expect("is granted")
        terminal.type("q")
        assert terminal.leave() == 0
    after = town.look(case.id)
    assert after.state is State.GRANTED
    assert [(v.person, v.reason) for v in after.votes] == [("rita", "read it")]


def test_a_case_that_was_not_read_is_not_approved_and_a_denial_is_typed(town: Town) -> None:
    """The key alone does nothing while lines are below; denying takes words, which reach the agent."""
    read = [{"text": f"page {n}", "source": "tool:read_file"} for n in range(60)]
    case = town.propose("send_mail", {"to": "deny@example.org", "body": "b"}, context=read)
    assert case.state is State.WAITING
    with Terminal(*town.here("rob")) as terminal:
        open_case(terminal, case)
        terminal.expect("more lines below")
        terminal.type("a")
        terminal.expect("read it to its last line first")
        terminal.type("d")
        terminal.expect("Type yes: ")
        terminal.type("yes\n")
        terminal.expect("Reason: ")
        terminal.type("no mails today\n")
        terminal.expect("instead")
        terminal.type("write a draft\n")
        terminal.expect("is denied")
        terminal.type("q")
        assert terminal.leave() == 0
    after = town.look(case.id)
    assert (after.state, after.guidance) == (State.DENIED, "write a draft")


def test_at_a_terminal_the_case_is_shown_before_it_is_approved(town: Town) -> None:
    """Without --digest one sees the whole case, and anything but yes leaves it waiting."""
    case = town.propose("send_mail", MAIL)
    for word, code, state in (("y", 1, State.WAITING), ("yes", 0, State.GRANTED)):
        with Terminal(*town.here("rita"), "approve", case.id) as terminal:
            terminal.expect(re.escape(case.digest))
            terminal.expect("Type yes: ")
            terminal.type(f"{word}\n")
            terminal.rest()
            assert terminal.leave() == code
        assert town.look(case.id).state is state


def test_leaving_by_ctrl_c_gives_the_terminal_back(town: Town) -> None:
    """No traceback, the screen restored, the cursor shown."""
    with Terminal(*town.here("rita")) as terminal:
        terminal.expect("enter open")
        terminal.process.send_signal(signal.SIGINT)  # what Ctrl-C does
        rest = terminal.rest()
        terminal.leave()
    assert "Traceback" not in rest
    assert "\x1b[?1049l" in rest
    assert "\x1b[?25h" in rest
