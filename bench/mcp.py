# SPDX-License-Identifier: Apache-2.0
"""A tool call through the MCP proxy against the same call made directly, over streamable HTTP (2026-07-28).

The way through is: agent -> proxy -> gate (propose) -> proxy: verify, claim on disk -> gate (redeem) -> tool
server -> proxy -> agent, and the outcome reported behind its back: four durable transactions before the call
runs. The same raw requests go both ways, so no MCP client's own cost is in the figures. Tool server, gate and
proxy are three processes and run on whatever core is free, in both cases.
"""

import json
from contextlib import ExitStack
from pathlib import Path

from bench import office
from bench.gate import Both
from bench.measure import Rounds, Row, row, target
from bench.procs import GYGES, folder, gate, load, post, server

TOOL = "work"
DIRECT, PROXIED = "direct call", "through the proxy"
CLIENTS = (1, 8)
_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rounds, seconds = (1, 0.3) if quick else (5, 2.0)
    found = {(name, clients): Both() for name in (DIRECT, PROXIED) for clients in CLIENTS}
    added = Rounds()
    with folder() as base, ExitStack() as stack:
        direct, proxied, secret = _serve(base, stack)
        ways = {DIRECT: (direct, calls()), PROXIED: (proxied, calls(secret))}
        for url, requests in ways.values():
            load(url, requests, clients=8, seconds=seconds, expect="work done")
        for _ in range(rounds):
            for (name, clients), both in found.items():
                url, requests = ways[name]
                both.add(load(url, requests, clients=clients, seconds=seconds, expect="work done"))
            last = [found[name, 1].p50.figures[-1] for name in (PROXIED, DIRECT)]
            added.add(last[0] - last[1], found[PROXIED, 1].p50.n)
    return _rows(found, added)


def _rows(found: dict[tuple[str, int], Both], added: Rounds) -> list[Row]:
    extra = row(
        "added by the proxy, p50, 1 client", added, "ms", against=DIRECT, base=found[DIRECT, 1].p50
    )
    rows = [target(extra, 3, of="value")]
    for (name, clients), both in found.items():
        base = found[DIRECT, clients] if name == PROXIED else None
        at = f"{name}, {clients} client{'s' if clients > 1 else ''}"
        against = DIRECT if base else ""
        rows.append(
            row(f"p50, {at}", both.p50, "ms", against=against, base=base.p50 if base else None,
                note=f"p99 {both.p99.value:.2f} ms")
        )  # fmt: skip
        rate = row(
            f"throughput, {at}", both.rate, "1/s", against=against, base=base.rate if base else None
        )
        reach = base is not None and clients == 8
        rows.append(target(rate, 0.5, of="ratio", at_most=False) if reach else rate)
    return rows


def _serve(base: Path, stack: ExitStack) -> tuple[str, str, str]:
    """URLs of the tool server and of the proxy before it, and the agent's key."""
    tools = server(("-m", "bench.servers", "tools"), log=base / "tools.log", place=None)
    direct = stack.enter_context(tools)
    made = office.make(base / "gate", office.rules(100, (TOOL, "other")), (TOOL, "other"))
    url = stack.enter_context(gate(made.folder, place=None))
    args = ("mcp", "--gate", url, "--upstream", f"{direct}/mcp", "--name", "office", "--http", "0")
    proxy = server(
        (*GYGES, *args, "--state", str(base / "state")),
        log=base / "proxy.log",
        place=None,
        env={"GYGES_EXECUTOR_KEY": made.secrets["office"]},
    )
    return direct, stack.enter_context(proxy), made.secrets["bot"]


def calls(secret: str = "", count: int = 256) -> list[bytes]:
    """Whole HTTP requests that call the tool, all different."""
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": TOOL,
        **({"authorization": f"Bearer {secret}"} if secret else {}),
    }
    return [post("/mcp", json.dumps(_call(number)).encode(), headers) for number in range(count)]


def _call(number: int) -> dict[str, object]:
    arguments = office.proposal(number, TOOL)["arguments"]
    params = {"name": TOOL, "arguments": arguments, "_meta": _META}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
