# SPDX-License-Identifier: Apache-2.0
"""The commands on the page about operations, typed as they stand at a gate that runs, a copy restored at the end."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from gyges.watch import ring
from gyges.web.auth import BURST
from gyges.wiring import read_monitors
from tests.docs.pages import page
from tests.docs.terminal import Terminal
from tests.patience import S, free_port

PAGE = page("docs/operations.md")
STOPPED = "With the gate stopped:"


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[tuple[Terminal, Terminal]]:
    """One terminal for the gate and one for its keeper, in a folder with a new data folder `gate`."""
    activate = Path(sys.prefix) / "bin" / "activate"
    if not activate.is_file():
        pytest.skip("the tests do not run in a virtual environment that can be activated")
    port = free_port()
    environment = {"HOME": str(tmp_path), "PATH": f"{activate.parent}:/bin:/usr/bin"}
    environment |= {"GYGES_PORT": str(port), "GYGES_URL": f"http://127.0.0.1:{port}"}
    with ExitStack() as stack:
        names = ("the gate's terminal", "the keeper's terminal")
        gate, keeper = (
            stack.enter_context(Terminal(name, environment, tmp_path)) for name in names
        )
        keeper.run("gyges init gate --key-file admin.key")
        keeper.run("export GYGES_ADMIN_KEY=$(cat admin.key)")
        serve(gate, "gate")
        yield gate, keeper


def serve(terminal: Terminal, folder: str) -> str:
    """Start a gate that stays in its terminal; return its address, once it answers there."""
    terminal.start(f"gyges serve --data {folder} --json")
    ready = json.loads(terminal.wait_for('{"ready": true...}'))
    httpx.get(ready["url"] + "/healthz", trust_env=False, timeout=S).raise_for_status()
    return str(ready["url"])


def end(terminal: Terminal) -> None:
    """Ctrl-C; the gate ends in order."""
    terminal.type("\x03")
    assert terminal.prompt()[1] == 0


@pytest.mark.slow
def test_the_commands_work_as_they_stand(terminals: tuple[Terminal, Terminal]) -> None:
    """Every block of commands ends with 0, in the order of the page; then the backup is served."""
    gate, keeper = terminals
    for block in PAGE.blocks("sh"):
        if STOPPED in block.before:
            end(gate)
        for line in block.text.splitlines():
            keeper.run(line)
    assert "`gyges serve --data backup`" in PAGE.section("Backup and restore")
    serve(gate, "backup")
    assert "alice" in keeper.run("gyges keys list")
    end(gate)


@pytest.mark.slow
def test_a_proxy_in_front_is_as_told(terminals: tuple[Terminal, Terminal], tmp_path: Path) -> None:
    """Behind a proxy set up as on the page, its Host is answered and wrong keys count for the client."""
    (block,) = PAGE.blocks("nginx")
    (host,) = re.findall(r"proxy_set_header Host (\S+);", block.text)
    (setting,) = re.findall(r"`(trusted_proxies = [^`]+)`", PAGE.section("TLS"))
    gate, _ = terminals
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in block.text
    end(gate)
    with (tmp_path / "gate" / "gyges.toml").open("a", encoding="utf-8") as file:
        file.write(setting + "\n")
    url = serve(gate, "gate")

    with httpx.Client(base_url=url, trust_env=False, timeout=S) as client:

        def status(name: str, address: str) -> int:
            sent = {"Host": name, "X-Forwarded-For": address, "Authorization": "Bearer gy_agent_no"}
            return client.get("/v1/actions", headers=sent).status_code

        assert status("gate.example.org", "203.0.113.5") == 421
        # More than a burst, since one a second is forgiven meanwhile.
        assert 429 in (status(host, "203.0.113.5") for _ in range(50 * BURST))
        assert status(host, "203.0.113.6") == 401


@pytest.mark.slow
@pytest.mark.usefixtures("terminals")
def test_the_data_folder_is_as_told(tmp_path: Path) -> None:
    """Each path in the table is in a data folder with a ring test, each file there is in the table, modes as said."""
    section = PAGE.section("The data folder")
    folder = tmp_path / "gate"
    (folder / ring.FILE).write_text('design = "d1"\nshare = 0.5\ncue = "Nobody looks."\n')
    ring.make_key(folder / "keys" / ring.KEY)
    cells = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    told = {path.strip(" `") for cell in cells for path in cell.split(",")}
    there = {file for file in folder.rglob("*") if file.is_file()}
    matched = {pattern: set(folder.glob(pattern)) for pattern in told}
    assert not [pattern for pattern, files in matched.items() if not files]
    assert set().union(*matched.values()) == there
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.glob("keys/*")} == {0o600}
    assert read_monitors(folder)
    (folder / "policy" / "monitors.toml").unlink()
    assert not read_monitors(folder)
