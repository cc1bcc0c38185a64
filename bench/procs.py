# SPDX-License-Identifier: Apache-2.0
"""Starts the processes that are measured and those that measure: servers on one core, load on another.

A server is any Python program whose first line on stdout holds its URL. Where a machine has one core,
or forbids pinning, all run where they may and the rows say so. It measures nothing itself.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
SERVERS, LOAD = 0, 1  # places in `cores()`
_CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GYGES_")}


def cores() -> tuple[int, ...]:
    """The cores we may use; the first serves, the last makes load."""
    return tuple(sorted(os.sched_getaffinity(0)))


def core(place: int) -> int:
    """The core for SERVERS or LOAD."""
    found = cores()
    return found[0] if place == SERVERS else found[-1]


@contextlib.contextmanager
def pinned(place: int) -> Generator[None]:
    """This process on the core of `place`, for a while."""
    before = os.sched_getaffinity(0)
    chosen = core(place)
    os.sched_setaffinity(0, {chosen})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def folder() -> Generator[Path]:
    """A fresh folder on the disk that the checkout is on (never in memory), removed at the end."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="data-", dir=CACHE) as name:
        yield Path(name)


@contextlib.contextmanager
def server(
    args: Sequence[str],
    *,
    log: Path,
    place: int | None = SERVERS,
    env: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Generator[str]:
    """The URL of a server started as `python ARGS`; it is stopped at the end. Its stderr goes to `log`.

    With `place` None it runs on whatever core the system gives it.
    """
    chosen = set(cores()) if place is None else {core(place)}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [python, *args],
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env={**_CLEAN, "PYTHONPATH": str(ROOT), **(env or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, chosen),  # noqa: PLW1509 - one thread here
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        url = re.search(rb"http://[0-9.:]+", line)
        if not url:
            raise RuntimeError(f"a server did not start: {line!r} {log.read_text()[-2000:]}")
        yield url[0].decode()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


GYGES = ("-c", "from gyges.cli.main import main; main()")


def gate(folder: Path, place: int | None = SERVERS) -> "contextlib.AbstractContextManager[str]":
    """The program people run, on a data folder, on a free port."""
    args = (*GYGES, "serve", "--data", str(folder), "--port", "0", "--json")
    return server(args, log=folder / "serve.log", place=place)


def wait_for_calm(most_s: float = 2.0, look_s: float = 0.15, idle: float = 0.9) -> bool:
    """Whether the machine was at least so idle for `look_s` at some time within `most_s`."""
    end = time.monotonic() + most_s
    while True:
        before = _jiffies()
        time.sleep(look_s)
        spent = [now - then for now, then in zip(_jiffies(), before, strict=True)]
        if sum(spent) and (spent[3] + spent[4]) / sum(spent) >= idle:
            return True
        if time.monotonic() > end:
            return False


def _jiffies() -> list[int]:
    """What all cores together spent their time with so far; idle and waiting are the 4th and 5th (proc(5))."""
    return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one round of load came to. Latencies in microseconds, sorted."""

    latencies: list[float] = field(repr=False)
    seconds: float
    bad: int
    busy: float  # of the load's core

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def load(
    url: str, requests: Sequence[bytes], *, clients: int, seconds: float, expect: str = ""
) -> Load:
    """One round of `clients` clients; raise `RuntimeError` if any answer was not the expected one.

    It begins as soon as nobody else uses the machine, or when that takes too long.
    """
    wait_for_calm()
    port = url.rsplit(":", 1)[1].partition("/")[0]
    chosen = core(LOAD)
    with tempfile.NamedTemporaryFile(dir=CACHE) as file:
        file.write(b"".join(len(raw).to_bytes(4, "big") + raw for raw in requests))
        file.flush()
        script = str(Path(__file__).with_name("load.py"))
        out = subprocess.run(
            [sys.executable, "-S", "-E", script, port, str(clients), str(seconds), file.name],
            stdout=subprocess.PIPE,
            check=True,
            env={"EXPECT": expect},
            preexec_fn=lambda: os.sched_setaffinity(0, {chosen}),
        ).stdout
    head, _, raw = out.partition(b"\n")
    told, took = json.loads(head), array("q", raw)
    if told["bad"] or not took:
        raise RuntimeError(
            f"{url}: {told['bad']} of {told['answers']} answers were not as expected"
        )
    latencies = sorted(value / 1000 for value in took)
    return Load(latencies=latencies, seconds=seconds, bad=0, busy=told["busy"])


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of an HTTP/1.1 POST of JSON on a connection that is kept."""
    told = {"host": "127.0.0.1:80", "content-type": "application/json", **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    head = f"POST {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body
