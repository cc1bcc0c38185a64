# SPDX-License-Identifier: Apache-2.0
"""One whole approval over HTTP: propose, a person approves, the agent gets its permit, redeem, report.

Five requests by three parties, one after the other, as they come in life but without the thinking; five
durable transactions. Nobody waits for anybody: how long a person takes is no property of the software.
"""

from itertools import pairwise
from time import perf_counter

import msgspec

from bench import office
from bench.measure import Rounds, Row, by_name, quantile, row, target
from bench.procs import LOAD, folder, gate, pinned
from bench.wire import Wire, fields
from gyges.answer import Answer

STEPS = ("propose", "approve", "fetch permit", "redeem", "report")
TOOLS = tuple(f"work_{number}" for number in range(10))


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    rounds, cycles = (1, 5) if quick else (7, 300)
    whole, parts = Rounds(), by_name(STEPS)
    p99 = Rounds()
    with folder() as base:
        made = office.make(base / "gate", office.rules(100, TOOLS), TOOLS)
        with gate(made.folder) as url, pinned(LOAD):
            wires = {who: Wire(url, key) for who, key in made.secrets.items()}
            cycle_all(wires, cycles // 5)
            for _ in range(rounds):
                took = cycle_all(wires, cycles)
                sums = sorted(sum(one) for one in took)
                whole.add(quantile(sums, 0.5), cycles)
                p99.add(quantile(sums, 0.99), cycles)
                for step, times in zip(STEPS, zip(*took, strict=True), strict=True):
                    parts[step].add(quantile(sorted(times), 0.5), cycles)
    first = row("p50, whole cycle", whole, "ms", note=f"p99 {p99.value:.2f} ms; 1 approval of 1")
    rows = [row(f"p50, {s}", parts[s], "ms", against="cycle", base=whole) for s in STEPS]
    return [target(first, 5, of="value"), *rows]


def cycle_all(wires: dict[str, Wire], cycles: int) -> list[list[float]]:
    """Milliseconds of each step of each cycle."""
    return [cycle(wires, number) for number in range(cycles)]


def cycle(wires: dict[str, Wire], number: int) -> list[float]:
    """One approval; raise `RuntimeError` if any step is not answered as it must be."""
    times = [perf_counter()]
    asked = fields(wires["bot"].post("/v1/actions", office.proposal(number, office.ASKING)))
    times.append(perf_counter())
    path = f"/v1/actions/{asked['id']}"
    wires["rita"].post(f"{path}/decision", {"say": "approve", "digest": asked["digest"]})
    times.append(perf_counter())
    answer = msgspec.json.decode(wires["bot"].get(path), type=Answer)
    times.append(perf_counter())
    use = {"permit": answer.permit, "action": answer.action.canonical().decode()}
    wires["office"].post(f"{path}/redeem", use)
    times.append(perf_counter())
    done = fields(wires["office"].post(f"{path}/outcome", {"ok": True, "summary": "sent"}))
    times.append(perf_counter())
    if (asked["state"], done["state"]) != ("waiting", "done"):
        raise RuntimeError(f"an approval went from {asked['state']} to {done['state']}")
    return [(after - before) * 1000 for before, after in pairwise(times)]
