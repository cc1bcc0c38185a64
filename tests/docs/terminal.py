# SPDX-License-Identifier: Apache-2.0
"""A terminal with bash in it, typed into as a person would: for pages whose commands are run word for word.

Each terminal is a real pseudo-terminal of its own, so programs that need one find one, and Ctrl-C works. It
knows when a command has ended by the prompt, which shows the exit status. It knows nothing of the pages.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Self

PATIENCE = 120.0  # seconds until something that should have been shown counts as missing
_PROMPT = re.compile(r"<\[(\d+)\]> $")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>78])")
# login_tty makes the terminal the controlling one, without which Ctrl-C reaches nobody.
_START = "import os; os.login_tty(0); os.execvp('bash', ['bash', '--noprofile', '--norc', '--noediting', '-i'])"


class Missing(AssertionError):
    """What a page promises was not shown."""


class Terminal:
    """One terminal of 200 columns and 60 rows."""

    def __init__(self, name: str, environment: Mapping[str, str], cwd: Path) -> None:
        """Start bash in `cwd` with exactly this environment."""
        self.name = name
        self.shown = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        env = {**environment, "PS1": "<[$?]> ", "PS2": "", "TERM": "xterm"}
        self._shell = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            cwd=cwd,
        )
        os.close(slave)
        self.prompt()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up: whatever still runs in this terminal is told so."""
        os.close(self._master)
        try:
            self._shell.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait()

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._master, text.encode())

    def run(self, command: str, *, status: int = 0) -> str:
        """Type one command, wait for its end, and return what it showed; it must end with `status`."""
        self.start(command)
        before, found = self.prompt()
        if found != status:
            raise Missing(f"{self.name}: {command!r} ended with {found}:\n{before}")
        return before

    def start(self, command: str) -> None:
        """Type one command that stays; what was shown before is forgotten."""
        self.shown = ""
        self.type(command + "\n")

    def prompt(self) -> tuple[str, int]:
        """Wait for the prompt: what was shown before it, and the exit status that it tells."""
        found = self._until(_PROMPT, "a prompt")
        return self.shown[: found.start()], int(found[1])

    def wait_for(self, line: str) -> str:
        """Wait until `line` is shown and return it; `...` in it stands for anything. All up to there is used up."""
        pattern = r"[^\n]*?".join(re.escape(part) for part in line.split("..."))
        found = self._until(re.compile(pattern), repr(line))
        self.shown = self.shown[found.end() :]
        return found[0]

    def _until(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        end = monotonic() + PATIENCE
        while not (found := pattern.search(self.shown)):
            if not self._read(end - monotonic()):
                raise Missing(f"{self.name}: {what} was never shown, but:\n{self.shown}")
        return found

    def _read(self, seconds: float) -> bool:
        """Take in what comes within so many seconds; whether anything did."""
        if not select.select([self._master], [], [], max(seconds, 0))[0]:
            return False
        try:
            raw = os.read(self._master, 65_536)
        except OSError:  # the other side is gone
            return False
        text = self.shown + raw.decode("utf-8", "replace")
        self.shown = _ESCAPES.sub("", text).replace("\r", "")
        return True
