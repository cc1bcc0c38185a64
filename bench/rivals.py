# SPDX-License-Identifier: Apache-2.0
"""The same cases with other software, side by side, each in an environment of its own under .cache/bench.

allow     an action that policy allows is decided, used up, run (nothing) and its outcome recorded
approve   the same with one person's approval in between
mcp       a tool call through the gateway, at 1 and at 8 clients

Ours run over HTTP against a gate in another process; a library in the caller's own process saves that way and
gives up what it buys. What does not install, or does not run here, has a row that says so.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

from bench import approval, mcp, office
from bench.measure import Rounds, Row, quantile, row
from bench.procs import CACHE, LOAD, SERVERS, core, folder, gate, load, pinned
from bench.rivals_served import HERE, Served, awaithumans, ctrlrun_gateway
from bench.wire import Wire
from gyges.answer import Answer

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "ctrlrun": ("ctrlrun[gateway]",),
    "langchain": ("langchain", "langgraph-checkpoint-sqlite"),
    "awaithumans": ("awaithumans[server]",),
}
OURS = "gyges"
Figures = dict[tuple[str, str], Rounds]  # (case, whose)


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rounds, count = (1, 5) if quick else (3, 40)
    pythons, missing = installed()
    found: Figures = {}
    with folder() as base, ExitStack() as stack:
        ours = _ours(base, stack)
        theirs = _scripts(pythons, base)
        if python := pythons.get("awaithumans"):
            theirs["awaithumans"] = _attempt(
                missing, "awaithumans", awaithumans, python, base, stack
            )
        ways = _ways(pythons, missing, base, stack)
        for _ in range(rounds):
            for whose, work in {OURS: ours, **theirs}.items():
                if work and whose not in missing:
                    _take(found, missing, whose, work, count)
            for whose, (url, requests) in list(ways.items()):
                _call(found, missing, whose, url, requests, 0.3 if quick else 2.0)
    return [*_rows(found), *(_absent(name, why) for name, why in missing.items())]


def _rows(found: Figures) -> list[Row]:
    rows: list[Row] = []
    for (case, whose), rounds in sorted(
        found.items(), key=lambda one: (one[0][0], one[0][1] != OURS)
    ):
        mine = found.get((case, OURS))
        base = mine if whose != OURS else None
        unit = "1/s" if "throughput" in case else "ms"
        against = OURS if base else ""
        rows.append(row(f"{case}: {whose}", rounds, unit, against=against, base=base))
    return rows


def _absent(name: str, why: str) -> Row:
    return Row(metric=f"{name}: not measured", value=0.0, unit="", note=why[-200:])


def _take(
    found: Figures, missing: dict[str, str], whose: str,
    work: Callable[[int], dict[str, list[float]]], count: int,
) -> None:  # fmt: skip
    try:
        for case, took in work(count).items():
            rounds = found.setdefault((f"{case}, p50", whose), Rounds())
            rounds.add(median(took), len(took))
    except (subprocess.CalledProcessError, RuntimeError, OSError) as error:
        missing[whose] = f"does not run here: {getattr(error, 'stderr', '') or error}"


def _call(
    found: Figures, missing: dict[str, str], whose: str, url: str, requests: list[bytes], s: float
) -> None:
    for clients in (1, 8):
        try:
            took = load(url, requests, clients=clients, seconds=s, expect="work done")
        except (RuntimeError, subprocess.CalledProcessError) as error:
            missing[f"{whose} at {clients} clients"] = f"no figure: {error}"
            continue
        at = f"mcp, {clients} client{'s' if clients > 1 else ''}"
        n = len(took.latencies)
        found.setdefault((f"{at}, p50", whose), Rounds()).add(
            quantile(took.latencies, 0.5) / 1000, n
        )
        found.setdefault((f"{at}, throughput", whose), Rounds()).add(took.rate, n)


def installed(
    wanted: Mapping[str, tuple[str, ...]] = PACKAGES,
) -> tuple[dict[str, str], dict[str, str]]:
    """Name -> python of its environment, and name -> why there is none."""
    pythons: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name, packages in wanted.items():
        place = CACHE / f"env-{name}"
        python, done = place / "bin" / "python", place / "installed"
        try:
            if not done.exists():
                _run(sys.executable, "-m", "venv", "--without-pip", str(place))
                _run("python3", "-m", "pip", "--python", str(python), "install", "-q", *packages)
                done.touch()
            pythons[name] = str(python)
        except (subprocess.CalledProcessError, OSError) as error:
            missing[name] = f"does not install: {getattr(error, 'stderr', '') or error}"
    return pythons, missing


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout


def _scripts(
    pythons: Mapping[str, str], base: Path
) -> dict[str, Callable[[int], dict[str, list[float]]] | None]:
    def script(name: str) -> Callable[[int], dict[str, list[float]]]:
        place = base / name
        place.mkdir()
        command = (
            "taskset",
            "-c",
            str(core(SERVERS)),
            pythons[name],
            str(HERE / f"with_{name}.py"),
        )
        return lambda count: json.loads(_run(*command, str(place), str(count)))

    return {name: script(name) for name in ("ctrlrun", "langchain") if name in pythons}


def _ours(base: Path, stack: ExitStack) -> Callable[[int], dict[str, list[float]]]:
    made = office.make(base / "gate", office.rules(100, approval.TOOLS), approval.TOOLS)
    url = stack.enter_context(gate(made.folder))
    wires = {who: Wire(url, key) for who, key in made.secrets.items()}

    def work(count: int) -> dict[str, list[float]]:
        with pinned(LOAD):
            cycles = approval.cycle_all(wires, count)
            return {
                "allow": [_allowed(wires, number) for number in range(count)],
                "approve": [sum(steps) for steps in cycles],
            }

    return work


def _allowed(wires: dict[str, Wire], number: int) -> float:
    """Propose, redeem, report; ms."""
    start = perf_counter()
    body = wires["bot"].post("/v1/actions", office.proposal(number, approval.TOOLS[0]))
    answer = msgspec.json.decode(body, type=Answer)
    path = f"/v1/actions/{answer.id}"
    use = {"permit": answer.permit, "action": answer.action.canonical().decode()}
    wires["office"].post(f"{path}/redeem", use)
    wires["office"].post(f"{path}/outcome", {"ok": True})
    return (perf_counter() - start) * 1000


def _attempt(
    missing: dict[str, str], name: str, begin: Served, python: str, base: Path, stack: ExitStack
) -> Callable[[int], dict[str, list[float]]] | None:
    try:
        return begin(python, base, stack)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        missing[name] = f"does not run here: {error}"
        return None


def _ways(
    pythons: Mapping[str, str], missing: dict[str, str], base: Path, stack: ExitStack
) -> dict[str, tuple[str, list[bytes]]]:
    """Whose gateway -> URL and requests; a direct call for comparison."""
    place = base / "mcp"
    place.mkdir()
    direct, proxied, secret = mcp._serve(place, stack)  # noqa: SLF001 - one bench, two files
    ways = {"no gateway": (direct, mcp.calls()), OURS: (proxied, mcp.calls(secret))}
    if python := pythons.get("ctrlrun"):
        try:
            ways["ctrlrun"] = ctrlrun_gateway(python, direct, base, stack), mcp.calls()
        except (RuntimeError, OSError) as error:
            missing["ctrlrun gateway"] = f"does not run here: {error}"
    return ways
