# SPDX-License-Identifier: Apache-2.0
"""propose -> allow over HTTP, durable: against a bare echo on the same server, cedarpy alone, and an fsync.

100 policies stand over ten tools; the arguments are checked against the tool's schema; each proposal is two
events in the log, two durable transactions, and a signed permit. A second gate has all 100 policies speak of
the one tool, a third looks through the starter monitor's rules as well.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import cedarpy

from bench import office
from bench.measure import Rounds, Row, by_name, quantile, row, target
from bench.procs import LOAD, SERVERS, Load, core, folder, gate, load, pinned, server
from gyges.monitors.rule_file import starter_rules

TOOLS = tuple(f"work_{number}" for number in range(10))
ECHO, SPREAD, SAME, WATCHED = "bare ASGI echo", "gate", "gate, one tool", "gate, starter monitor"
CLIENTS = (1, 64)


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rounds, seconds = (1, 0.3) if quick else (7, 2.0)
    lone: dict[str, Rounds] = by_name(("cedarpy", "fsync"))
    with folder() as base, ExitStack() as stack:
        served = _serve(base, stack)
        found = {(name, clients): Both() for name in served for clients in CLIENTS}
        for url, requests, expect in served.values():
            load(url, requests, clients=8, seconds=seconds / 2, expect=expect)
        for _ in range(rounds):
            for clients in CLIENTS:
                for name, (url, requests, expect) in served.items():
                    took = load(url, requests, clients=clients, seconds=seconds, expect=expect)
                    found[name, clients].add(took)
            with pinned(SERVERS):
                lone["cedarpy"].add(*_cedar(seconds / 4))
                lone["fsync"].add(*_fsync(base / "append", seconds / 4))
    return [*_rows(found), *_lone_rows(lone, found[SPREAD, 1].p50)]


class Both:
    """Latency and throughput of one server at one number of clients."""

    def __init__(self) -> None:
        self.p50, self.p99, self.rate = Rounds(), Rounds(), Rounds()
        self.busy = 0.0

    def add(self, took: Load) -> None:
        """One round."""
        self.p50.add(quantile(took.latencies, 0.5) / 1000, len(took.latencies))
        self.p99.add(quantile(took.latencies, 0.99) / 1000, len(took.latencies))
        self.rate.add(took.rate, len(took.latencies))
        self.busy = max(self.busy, took.busy)


def _serve(base: Path, stack: ExitStack) -> dict[str, tuple[str, Sequence[bytes], str]]:
    """Name -> URL, requests, what an answer must hold."""
    log = base / "echo.log"
    echo = stack.enter_context(server(("-m", "bench.servers", "echo"), log=log))
    sets = {
        SPREAD: (TOOLS, ""),
        SAME: (TOOLS[:1], ""),
        WATCHED: (TOOLS, starter_rules()),
    }
    found: dict[str, tuple[str, Sequence[bytes], str]] = {}
    for at, (name, (tools, monitors)) in enumerate(sets.items()):
        made = office.make(base / f"gate-{at}", office.rules(100, tools), TOOLS, monitors=monitors)
        requests = office.proposals(made.secrets["bot"], TOOLS[0])
        found[name] = (stack.enter_context(gate(made.folder)), requests, '"effect":"allow"')
    return {ECHO: (echo, found[SPREAD][1], ""), **found}


def _rows(found: dict[tuple[str, int], Both]) -> list[Row]:
    rows: list[Row] = []
    pin = f"server on core {core(SERVERS)}, load on core {core(LOAD)}"
    for (name, clients), both in found.items():
        base = found[ECHO, clients] if name != ECHO else None
        against = ECHO if base else ""
        at = f"{name}, {clients} client{'s' if clients > 1 else ''}"
        p50 = row(
            f"p50, {at}", both.p50, "ms", against=against, base=base.p50 if base else None,
            note=f"p99 {both.p99.value:.2f} ms; {pin}",
        )  # fmt: skip
        rate = row(
            f"throughput, {at}", both.rate, "1/s", against=against, base=base.rate if base else None,
            note=f"load used {both.busy:.0%} of its core",
        )  # fmt: skip
        if name == SPREAD and clients == 1:
            p50 = target(p50, 0.8, of="value")
        if name == SPREAD and clients == 64:
            rate = target(rate, 0.15, of="ratio", at_most=False)
        rows += [p50, rate]
    return rows


def _lone_rows(lone: dict[str, Rounds], gate_p50: Rounds) -> list[Row]:
    return [
        row(
            "one cedarpy call, 100 policies, schema check, in process", lone["cedarpy"], "ms",
            against="gate, 1 client", base=gate_p50, note="parsed handles, all policies at once",
        ),
        row(
            "one append of 1 KiB + fsync", lone["fsync"], "ms", against="gate, 1 client",
            base=gate_p50, note="the gate makes two such flushes, one after the other",
        ),
    ]  # fmt: skip


def _cedar(seconds: float) -> tuple[float, int]:
    """Median ms of one authorization with everything parsed beforehand."""
    from gyges.gate.policy_check import build_schema
    from gyges.gate.schema import check_tools, read_tools

    definitions = read_tools({"office": {"tools": [office.tool(name) for name in TOOLS]}})
    mail = read_tools({"office": {"tools": [office.tool(office.ASKING)]}})
    schema = build_schema(check_tools([*definitions, *mail]), {"reviewers": 0})
    policies = cedarpy.PolicySet.from_str(office.rules(100, TOOLS))
    entities = cedarpy.Entities.from_json_str(
        '[{"uid":{"type":"Agent","id":"bot"},"attrs":{},"parents":[{"type":"Group","id":"team-0"}]}]'
    )
    context = {
        "approvals": {"reviewers": 0}, "risk": "read", "agent": {"alarm": False},
        "input": office.proposal(1, TOOLS[0])["arguments"],
    }  # fmt: skip
    request = {
        "principal": {"type": "Agent", "id": "bot"},
        "action": {"type": "Action", "id": TOOLS[0]},
        "resource": {"type": "Server", "id": "office"},
        "context": context,
    }
    return _timed(
        lambda: cedarpy.is_authorized(request, policies, entities, schema=schema), seconds
    )


def _fsync(file: Path, seconds: float) -> tuple[float, int]:
    """Median ms of appending to a file and waiting for the disk."""
    handle, data = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), os.urandom(1024)

    def append() -> None:
        os.write(handle, data)
        os.fsync(handle)

    try:
        return _timed(append, seconds)
    finally:
        os.close(handle)


def _timed(work: object, seconds: float) -> tuple[float, int]:
    assert callable(work)
    took: list[float] = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        work()
        took.append((time.perf_counter() - start) * 1000)
    return quantile(sorted(took), 0.5), len(took)
