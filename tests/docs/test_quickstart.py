# SPDX-License-Identifier: Apache-2.0
"""The quickstart, word for word: its own files, its own commands, in three real terminals, to its end.

Only the installation is not repeated, since tests reach no registry: the environment they run in takes its
place. Two variables tell the gate and everybody else a free port.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import Block, page
from tests.docs.terminal import Terminal
from tests.patience import free_port

PAGE = page("docs/quickstart.md")
STAYS = {"gyges serve --data gate", "python my_agent.py", "gyges inbox --key-file alice.key"}
KEYS = {"Enter": "\n"}


class Desk:
    """Terminals by number, opened when the page first speaks of them, and which one it speaks of now."""

    def __init__(self, home: Path, environment: dict[str, str], stack: ExitStack) -> None:
        self.home = home
        self.folder = home / "gyges-quickstart"
        self._environment = environment
        self._stack = stack
        self._terminals: dict[str, Terminal] = {}
        self.number = "1"

    def terminal(self, number: str) -> Terminal:
        """The terminal of that number."""
        if number not in self._terminals:
            opened = Terminal(f"terminal {number}", self._environment, self.home)
            self._terminals[number] = self._stack.enter_context(opened)
        return self._terminals[number]

    def follow(self, block: Block) -> None:
        """Do what the page says up to and in `block`."""
        for number in re.findall(r"[Tt]erminal (\d)", block.before):
            self.number = number
        terminal = self.terminal(self.number)
        if block.language == "python":
            (name,) = re.findall(r"Save this as `~/gyges-quickstart/(\w+\.py)`", block.before)
            (self.folder / name).write_text(block.text, encoding="utf-8")
        elif block.language == "text":
            for line in block.text.splitlines():
                terminal.wait_for(line)
        elif block.language == "sh":
            self._type(terminal, block.text.splitlines())

    def _type(self, terminal: Terminal, lines: list[str]) -> None:
        said = ""
        for line in lines:
            if line in STAYS:
                terminal.start(line)
                return
            said += terminal.run(line)
        terminal.shown = said  # a block of expected text may follow


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A new user's home, with the environment installed where the page has it installed."""
    if not (Path(sys.prefix) / "bin" / "activate").is_file():
        pytest.skip("the tests do not run in a virtual environment that can be activated")
    port = free_port()
    folder = tmp_path / "gyges-quickstart"
    folder.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "GYGES_PORT": str(port),
        "GYGES_URL": f"http://127.0.0.1:{port}",
    }
    with ExitStack() as stack:
        yield Desk(tmp_path, environment, stack)


@pytest.mark.slow
def test_the_quickstart_works_word_for_word(desk: Desk) -> None:
    """Every command of the page, typed as it stands, does what the page says, up to a verified log."""
    installing, *blocks = (block for block in PAGE.blocks() if block.language != "json")
    assert "-m pip --python ~/gyges-quickstart/.venv install ." in installing.text
    for block in blocks:
        desk.follow(block)
        if "gyges inbox" in block.text:
            approve(desk.terminal(desk.number))
    outbox = (desk.folder / "outbox.txt").read_text(encoding="utf-8")
    assert outbox == "to ada@example.org: The bill is paid.\n"
    stopped(desk)


def approve(terminal: Terminal) -> None:
    """Press the keys that the page names, each when the screen shows what it is for."""
    prose = re.sub(r"\([^)]*\)", "", PAGE.section("7. Approve").split("```")[2])
    keys = re.findall(r"`([^`]+)`", prose.split("Terminal 3")[0])
    assert keys == ["Enter", "a", "yes", "Enter", "Enter", "q"]
    open_case, approve_it, *words, confirm, reason, leave = keys
    terminal.wait_for("send_mail")
    terminal.type(KEYS[open_case])
    terminal.wait_for("The bill is paid.")
    terminal.wait_for("a approve")
    terminal.type(approve_it)
    terminal.wait_for("Type yes")
    terminal.type("".join(words) + KEYS[confirm])
    terminal.wait_for("Reason")
    terminal.type(KEYS[reason])
    terminal.wait_for("is granted")
    terminal.type(leave)
    assert terminal.prompt()[1] == 0


def stopped(desk: Desk) -> None:
    """What the last step says in its sentences: a stop holds, can be taken off, and Ctrl-C ends the gate."""
    told = PAGE.section("9. Stop it")
    for command in ("`python my_agent.py`", "`gyges lift agent:my-agent`", "`Ctrl-C`"):
        assert command in told
    agent = desk.terminal("3")
    agent.prompt()  # the first run has ended
    assert "enough for today" in agent.run("python my_agent.py")
    assert len((desk.folder / "outbox.txt").read_text().splitlines()) == 1
    desk.terminal("2").run("gyges lift agent:my-agent")
    gate = desk.terminal("1")
    gate.type("\x03")
    assert gate.prompt()[1] == 0
    desk.terminal("2").run("gyges log verify gate")


def test_a_client_that_is_set_up_by_a_file_calls_the_same() -> None:
    """The example for other MCP clients starts exactly what the page's own agent starts."""
    (block,) = PAGE.blocks("json")
    office = json.loads(block.text)["mcpServers"]["office"]
    agent = PAGE.blocks("python")[1].text
    assert f'command="{office["command"]}"' in agent
    assert f"args={json.dumps(office['args'])}" in agent
    assert set(office["env"]) == {"GYGES_AGENT_KEY", "GYGES_EXECUTOR_KEY"}
