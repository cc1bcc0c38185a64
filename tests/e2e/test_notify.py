# SPDX-License-Identifier: Apache-2.0
"""A served gate tells the world: through a kill -9 in the middle of a message, and with links that decide nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from gyges.episode import Kind
from gyges.ledger.sqlite_reader import SqliteReader
from gyges.ports import Delivery, DeliveryQuery, EventQuery
from tests import patience
from tests.adapters.notify.receiver import Receiver, Request, receiving
from tests.web.conftest import MAIL, make_folder, with_keys

pytestmark = pytest.mark.slow
SECRET = "whsec_" + "a2V5" * 10 + "a2U="
NOTIFY = """
[[channel]]
kind = "webhook"
name = "hook"
url = "http://127.0.0.1:{port}/"
secret_file = "keys/hook.secret"
allow = ["127.0.0.0/8"]
events = ["waiting", "granted"]
"""
CALM: Any = {"trust_env": False, "timeout": patience.S}


@dataclass
class Killer(Receiver):
    """A receiver that kills the sender after it has read the first message and before it answers."""

    victim: int = 0
    came: threading.Event = field(default_factory=threading.Event)

    def next(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """Keep it, and kill once."""
        victim, self.victim = self.victim, 0
        if victim:
            os.kill(victim, signal.SIGKILL)
        answer = super().next(request)
        if not victim:
            self.came.set()
        return answer


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """`gyges serve` in a process of its own: its address and its process id."""
    command = [
        sys.executable,
        "-m",
        "gyges.cli.main",
        "serve",
        "--data",
        str(folder),
        "--port",
        "0",
    ]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GYGES_")}
    with (folder / "serve.err").open("ab") as errors:
        gate = subprocess.Popen(
            [*command, "--json"], stdout=subprocess.PIPE, stderr=errors, env=plain
        )
    assert gate.stdout is not None
    try:
        ready = json.loads(gate.stdout.readline())
        yield ready["url"], gate.pid
    finally:
        gate.terminate()
        gate.wait(patience.S)
        gate.stdout.close()


def prepared(folder: Path, port: int) -> dict[str, str]:
    """A data folder with a webhook; everybody's secrets."""
    make_folder(folder)
    file = folder / "keys" / "hook.secret"
    file.write_text(SECRET)
    file.chmod(0o600)
    (folder / "notify.toml").write_text(NOTIFY.format(port=port))
    return with_keys(folder)[1]


def propose(url: str, secrets: dict[str, str]) -> dict[str, Any]:
    """A mail that waits for reviewers."""
    headers = {"authorization": f"Bearer {secrets['bot']}"}
    answer = httpx.post(f"{url}/v1/actions", json=MAIL, headers=headers, **CALM)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def outbox(folder: Path) -> tuple[list[Delivery], list[dict[str, Any]]]:
    """All deliveries, and what the log says was told, as a reader beside the gate sees them."""
    store = await SqliteReader.look_at(folder / "gyges.db")
    try:
        events = await store.events(EventQuery(kinds=(Kind.TOLD,)))
        rows = await store.deliveries(DeliveryQuery())
        return list(rows), [recorded.event.body for recorded in events]
    finally:
        await store.close()


def settled(folder: Path) -> tuple[list[Delivery], list[dict[str, Any]]]:
    """The same, once something was told."""
    end = time.monotonic() + patience.S
    while not (found := asyncio.run(outbox(folder)))[1]:
        assert time.monotonic() < end, "nothing was told"
        time.sleep(0.05)  # another process writes: there is no event to wait for
    return found


def test_a_message_survives_a_kill_in_its_middle(tmp_path: Path) -> None:
    """The gate dies after the receiver read the message: the next gate sends it again, under the same id."""
    folder = tmp_path / "data"
    with receiving(Killer()) as receiver:
        assert isinstance(receiver, Killer)
        secrets = prepared(folder, receiver.port)
        with served(folder) as (url, pid):
            receiver.victim = pid
            case = propose(url, secrets)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with served(folder):
            assert receiver.came.wait(patience.S)
            (row,), (told,) = settled(folder)
    assert (row.ok, row.case, row.attempts) == (True, case["id"], 1)
    events = [Webhook(SECRET).verify(got.body, dict(got.headers)) for got in receiver.got]
    assert [event["id"] for event in events] == [events[0]["id"]] * 2
    assert all(event["data"]["url"].endswith(f"/a/{case['id']}") for event in events)
    assert (told["ok"], told["notice"]) == (True, row.notice)


def test_following_the_link_decides_nothing(tmp_path: Path) -> None:
    """Whoever follows it, by whatever method, without a session changes nothing and reads no argument."""
    folder = tmp_path / "data"
    with receiving(Killer()) as receiver:
        assert isinstance(receiver, Killer)
        secrets = prepared(folder, receiver.port)
        with served(folder) as (url, _):
            case = propose(url, secrets)
            assert receiver.came.wait(patience.S)
            link = json.loads(receiver.got[0].body)["data"]["url"]
            assert link.startswith(url)
            with httpx.Client(follow_redirects=True, **CALM) as scanner:
                answers = [scanner.request(how, link) for how in ("GET", "HEAD", "GET")]
                for path in ("approve", "deny", "escalate"):
                    body = {"digest": case["digest"], "reason": "x"}
                    answers.append(scanner.post(f"{link}/{path}", data=body))
            headers = {"authorization": f"Bearer {secrets['audrey']}"}
            seen = httpx.get(f"{url}/v1/actions/{case['id']}", headers=headers, **CALM)
    assert not any(MAIL["arguments"]["to"] in answer.text for answer in answers)  # type: ignore[index]
    assert {answer.status_code for answer in answers[3:]} <= {401, 403}
    assert (seen.json()["state"], seen.json()["votes"]) == ("waiting", [])
