# SPDX-License-Identifier: Apache-2.0
"""`gyges serve` as a process: ready line, real port, graceful stop, one process a folder."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gyges.errors import Misconfigured
from gyges.settings import Settings
from gyges.web.server import listen, url_of
from tests import patience
from tests.web.conftest import MAIL, READ, make_folder, with_keys

pytestmark = pytest.mark.slow
COMMAND = [sys.executable, "-m", "gyges.cli.main", "serve"]


@contextmanager
def process(folder: Path, *args: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """`gyges serve` on a free port, and its ready line; killed at the end if it still runs."""
    command = [*COMMAND, "--data", str(folder), "--port", "0", "--json", *args]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GYGES_")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean
    ) as running:
        try:
            assert running.stdout is not None
            line = running.stdout.readline()
            if not line:
                assert running.stderr is not None
                pytest.fail(running.stderr.read())
            yield running, json.loads(line)
        finally:
            running.kill()


def call(url: str, secret: str, method: str, path: str, body: object = None) -> httpx.Response:
    """One request over a connection of its own."""
    headers = {"authorization": f"Bearer {secret}"}
    return httpx.request(method, url + path, json=body, headers=headers, timeout=patience.S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    """The ready line holds the real port; a signal ends it with 0, and open streams end whole."""
    folder, secrets = with_keys(make_folder(tmp_path / "data"))
    with process(folder) as (running, ready):
        assert ready["ready"] is True
        assert ready["pid"] == running.pid
        url = ready["url"]
        assert not url.endswith(":0")
        assert call(url, secrets["bot"], "POST", "/v1/actions", READ).status_code == 200
        case = call(url, secrets["bot"], "POST", "/v1/actions", MAIL).json()
        headers = {"authorization": f"Bearer {secrets['bot']}"}
        path = f"{url}/v1/actions/{case['id']}/stream"
        with httpx.stream("GET", path, headers=headers, timeout=patience.S) as stream:
            lines = stream.iter_lines()
            assert any(line.startswith("data: ") for line in lines)
            running.send_signal(number)
            assert not any(line.startswith("data: ") for line in lines)
        assert running.wait(patience.S) == 0
        assert running.stderr is not None
        assert "Traceback" not in running.stderr.read()


def test_what_waits_still_waits_after_a_kill(tmp_path: Path) -> None:
    """Killed without warning and started again: the same case, the same state, and it can be answered."""
    folder, secrets = with_keys(make_folder(tmp_path / "data"))
    with process(folder) as (running, ready):
        case = call(ready["url"], secrets["bot"], "POST", "/v1/actions", MAIL).json()
        running.kill()
        running.wait(patience.S)
    with process(folder) as (_, ready):
        path = f"/v1/actions/{case['id']}"
        assert call(ready["url"], secrets["bot"], "GET", path).json()["state"] == "waiting"
        body = {"say": "approve", "digest": case["digest"]}
        answer = call(ready["url"], secrets["rita"], "POST", f"{path}/decision", body)
        assert answer.json()["state"] == "granted"


def test_a_second_gate_on_one_folder_is_refused(tmp_path: Path) -> None:
    """One process holds a data folder: the second says so in one line and could not run."""
    folder = make_folder(tmp_path / "data")
    with process(folder):
        second = subprocess.run(
            [*COMMAND, "--data", str(folder), "--port", "0"],
            capture_output=True, text=True, timeout=patience.S, check=False,
        )  # fmt: skip
    assert second.returncode == 2
    assert second.stderr.startswith("gyges serve: ")
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("broken", ["policy", "folder", "settings", "port"])
def test_what_cannot_start_says_why(tmp_path: Path, broken: str) -> None:
    """No rules, no folder, an unknown setting, a port in use: exit 2 and one line, not a traceback."""
    folder = make_folder(tmp_path / "data")
    args = ["--port", "0"]
    taken = socket.create_server(("127.0.0.1", 0))
    if broken == "policy":
        (folder / "policy" / "starter.cedar").unlink()
    elif broken == "folder":
        folder = tmp_path / "nothing"
    elif broken == "settings":
        (folder / "gyges.toml").write_text("oversight = false\n")
    else:
        args = ["--port", str(taken.getsockname()[1])]
    with taken:
        ended = subprocess.run(
            [*COMMAND, "--data", str(folder), *args],
            capture_output=True, text=True, timeout=patience.S, check=False,
        )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("gyges serve: ")


def test_a_listening_socket_tells_its_url() -> None:
    """Port 0 becomes a real one; a second socket on it is `Misconfigured`."""
    with listen(Settings(port=0)) as sock:
        port = sock.getsockname()[1]
        assert url_of(sock) == f"http://127.0.0.1:{port}"
        with pytest.raises(Misconfigured, match="cannot listen on"):
            listen(Settings(port=port))
