# SPDX-License-Identifier: Apache-2.0
"""Servers of other software, started for `rivals.py`: awaithumans over HTTP, ctrlrun's MCP gateway.

Each gets a free port and a data folder that is thrown away, and is stopped when the bench ends.
"""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.procs import LOAD, SERVERS, core, pinned
from bench.wire import Wire, fields

HERE = Path(__file__).with_name("rivals_in")
Served = Callable[[str, Path, ExitStack], Callable[[int], dict[str, list[float]]]]
START_S = 40

GATEWAY_POLICY = """
schema: ctrlrun.policy/v2
actions:
  mcp.office.work:
    effect: "work:{path}:{amount}"
    rules:
      - when: { amount_gte: 0, amount_lte: 100 }
        decision: allow
      - decision: deny
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def started(
    command: list[str], port: int, place: Path, stack: ExitStack, env: dict[str, str] | None = None
) -> str:
    """The URL of a server that does not say when it is ready; raise `RuntimeError` if it never is."""
    chosen = core(SERVERS)
    log = place / "server.log"
    process = subprocess.Popen(
        command,
        cwd=place,
        env={**os.environ, **(env or {})},
        stdout=stack.enter_context(log.open("ab")),
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: os.sched_setaffinity(0, {chosen}),  # noqa: PLW1509 - one thread here
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return f"http://127.0.0.1:{port}"
        time.sleep(0.1)
    raise RuntimeError(f"no server on its port: {log.read_text()[-400:]}")


def awaithumans(
    python: str, base: Path, stack: ExitStack
) -> Callable[[int], dict[str, list[float]]]:
    """Creating a task and completing it, by two requests; the run of the action itself is not part of it."""
    place, port, token = base / "awaithumans", free_port(), secrets.token_hex(16)
    place.mkdir()
    env = {
        "AWAITHUMANS_ADMIN_API_TOKEN": token,
        "AWAITHUMANS_DB_PATH": str(place / "tasks.db"),
        "AWAITHUMANS_PAYLOAD_KEY": secrets.token_urlsafe(32),
        "AWAITHUMANS_LOG_LEVEL": "WARNING",
        "AWAITHUMANS_EMAIL_TRANSPORT": "noop",
    }
    tool = str(Path(python).with_name("awaithumans"))
    command = [python, tool, "serve", "--host", "127.0.0.1", "--port", str(port)]
    wire = Wire(started(command, port, place, stack, env), token)

    def cycle(number: int) -> float:
        schema = {"type": "object", "properties": {"approved": {"type": "boolean"}}}
        body = {
            "task": "Approve work", "payload": {"path": f"/{number}", "amount": 5},
            "payload_schema": {"type": "object"}, "response_schema": schema,
            "timeout_seconds": 900, "idempotency_key": secrets.token_hex(8),
        }  # fmt: skip
        start = time.perf_counter()
        task = fields(wire.post("/api/tasks", body))["id"]
        done = fields(wire.post(f"/api/tasks/{task}/complete", {"response": {"approved": True}}))
        took = (time.perf_counter() - start) * 1000
        if done["status"] != "completed":
            raise RuntimeError(f"a task ended as {done['status']}")
        return took

    def work(count: int) -> dict[str, list[float]]:
        with pinned(LOAD):
            return {"approve": [cycle(number) for number in range(count + 3)][3:]}

    return work


def ctrlrun_gateway(python: str, upstream: str, base: Path, stack: ExitStack) -> str:
    """The gateway before `upstream`, with a policy that allows the call."""
    place, port = base / "ctrlrun-gateway", free_port()
    place.mkdir()
    # Each call must be an effect of its own: the same one twice is what it exists to refuse.
    (place / "ctrlrun.yaml").write_text(
        GATEWAY_POLICY.replace('    effect: "work:{path}:{amount}"\n', "")
    )
    tool = str(Path(python).with_name("ctrlrun"))
    command = [
        python, tool, "gateway", "--upstream", f"{upstream}/mcp", "--alias", "office",
        "--listen", f"127.0.0.1:{port}", "--principal", "bot",
    ]  # fmt: skip
    return started(command, port, place, stack)
