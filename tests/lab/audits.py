# SPDX-License-Identifier: Apache-2.0
"""What tests of the audit share: people drawn from a seed, CSV files of them, an endpoint that misbehaves.

People have one quantity and two labels; a rule decides by all three. It asserts nothing.
"""

import csv
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from gyges.lab.audit.plan import Plan, Row

PLAN = Plan(covariates=("need", "ward"), group="sex", id="id", seed=3)
ROW = {"id": "1", "need": "4.5", "ward": "A", "sex": "f", "decision": "yes"}


def people(n: int, seed: int, *, shift: float = 0.0) -> list[dict[str, object]]:
    """N people; `shift` moves the mean need by so many standard deviations, and the wards' mix with it."""
    rng = np.random.default_rng(seed)
    need = rng.normal(5 + 2 * shift, 2, n)
    wards = rng.choice(["A", "B"], n, p=[0.5 + shift / 4, 0.5 - shift / 4])
    sexes = rng.choice(["f", "m"], n)
    return [
        {"id": str(i), "need": float(need[i]), "ward": str(wards[i]), "sex": str(sexes[i])}
        for i in range(n)
    ]


def rule(row: Row) -> bool:
    """The honest rule."""
    return float(str(row["need"])) + (row["ward"] == "B") > 5.5


def honest(rows: Sequence[Row]) -> list[bool]:
    """One decision for each row."""
    return [rule(row) for row in rows]


def written(path: Path, rows: Sequence[Row]) -> Path:
    """A CSV file of these rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler, dict[str, object]], None]) -> Iterator[str]:
    """An endpoint on the loopback interface, answered by a function of the handler and the posted JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            answer(self, json.loads(self.rfile.read(length)))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/decide"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(handler: BaseHTTPRequestHandler, body: object, status: int = 200, **headers: str) -> None:
    """Send JSON (or bytes as they are)."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("content-length", str(len(raw)))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(raw)
