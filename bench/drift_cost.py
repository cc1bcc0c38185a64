# SPDX-License-Identifier: Apache-2.0
"""What drift costs: an event of one stream, of 10,000 side by side, a unit of a monitor; and memory.

Memory is what tracemalloc counts between an empty monitor and one that has seen agents. It compares no verdicts.
"""

import random
import tracemalloc
from collections.abc import Callable, Mapping
from time import process_time

import numpy as np
from numpy.typing import NDArray

from bench.measure import Rounds, Row, row, sig, target
from gyges.drift import simulate
from gyges.drift.bank import Bank
from gyges.drift.bets import rate_factors
from gyges.drift.conformal import WARM
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.sums import Sum, Sums
from gyges.drift.words import Episode, Feature, Kind

RATE, THRESHOLD = 0.02, 2e6
STREAMS = 10_000
FEATURES, AGENTS = 300, 1000
KINDS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]] = {
    "events": lambda rng, shape: (rng.random(shape) < RATE).astype(np.float64),
    "shares": lambda rng, shape: rng.random(shape),
    "numbers": lambda rng, shape: rng.standard_normal(shape),
}
"""What is ranked: two of 64 bins are ever in use, or all of them, or each stream has bins of its own."""


def rows(theirs: Mapping[str, float], *, quick: bool) -> list[Row]:
    """All figures; `theirs` are microseconds an event of other detectors."""
    rounds, steps = (1, 20) if quick else (7, 200)
    single, side = Rounds(), Rounds()
    ranked = {kind: Rounds() for kind in KINDS}
    for _ in range(rounds):
        single.add(_single(steps * 500), steps * 500)
        side.add(_side_by_side(steps), steps * STREAMS)
        for kind, rounded in ranked.items():
            rounded.add(_ranked(kind, steps), steps * STREAMS)
    ours = row("an event: one stream, plain Python", single, "us")
    found = [
        target(ours, 1.0, of="value"),
        target(row("an event: 10,000 streams, rate known", side, "us"), 0.05, of="value"),
        *(_no_baseline(kind, rounded) for kind, rounded in ranked.items()),
    ]
    for name, us in theirs.items():
        base = Rounds([single.value], 1)
        found.append(
            row(f"an event: {name}", Rounds([us], 200_000), "us", against="ours", base=base)
        )
    return [*found, *_monitor(quick=quick)]


def _single(events: int) -> float:
    rng = random.Random(1)
    stream = [rng.random() < RATE for _ in range(events)]
    table = rate_factors(RATE, RATE).T.tolist()
    detector = Sum(len(table[0]), THRESHOLD)
    return _timed(lambda: [detector.step(table[event]) for event in stream]) / events


def _side_by_side(steps: int) -> float:
    """A look-up of factors and a step of the sums."""
    rng = np.random.default_rng(1)
    drawn = rng.random((steps, STREAMS)) < RATE
    table = rate_factors(RATE, RATE).astype(np.float32)
    sums = Sums(len(table), [THRESHOLD] * STREAMS)
    return _timed(lambda: [sums.step(table[:, row.astype(np.intp)]) for row in drawn]) / drawn.size


def _no_baseline(kind: str, rounds: Rounds) -> Row:
    found = row(f"an event: 10,000 streams of {kind}, no baseline", rounds, "us")
    return target(found, 0.05, of="value")


def _ranked(kind: str, steps: int) -> float:
    rng = np.random.default_rng(1)
    drawn = KINDS[kind](rng, (steps, STREAMS))
    ties = rng.random(STREAMS)
    bettor = simulate.ranked(STREAMS, numbers=kind == "numbers")
    bank = Bank(bettor, range(STREAMS), [THRESHOLD] * STREAMS)
    for _ in range(WARM):
        bank.step(KINDS[kind](rng, (STREAMS,)), ties)
    return _timed(lambda: [bank.step(row, ties) for row in drawn]) / drawn.size


def _monitor(*, quick: bool) -> list[Row]:
    agents, units = (2, 70) if quick else (50, 100)
    sizes = [
        Row(
            metric=f"memory: {FEATURES} features of {AGENTS:,} agents, {kind}s",
            value=sig(_bytes(kind, agents, units) * AGENTS / agents / 1e6), unit="MB", n=agents,
            note=f"that of {agents} agents, scaled; keep = 0: alarms are explained from the log",
        )
        for kind in (Kind.SHARE, Kind.NUMBER)
    ]  # fmt: skip
    monitor = Monitor(_features(Kind.SHARE), Terms(keep=0))
    took = _timed(lambda: _observed(monitor, agents, units))
    each = Row(
        metric=f"a unit of {FEATURES} shares through a monitor",
        value=sig(took / (agents * units) / 1000), unit="ms", n=agents * units,
    )  # fmt: skip
    return [*(target(size, 200, of="value") for size in sizes), each]


def _features(kind: Kind) -> list[Feature]:
    return [Feature(name=f"f{at}", kind=kind) for at in range(FEATURES)]


def _bytes(kind: Kind, agents: int, units: int) -> int:
    monitor = Monitor(_features(kind), Terms(keep=0))
    tracemalloc.start()
    try:
        _observed(monitor, agents, units)
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def _observed(monitor: Monitor, agents: int, units: int) -> None:
    rng = np.random.default_rng(1)
    for agent in range(agents):
        for at in range(units):
            drawn = rng.random(FEATURES).tolist()
            values = {f"f{k}": value for k, value in enumerate(drawn)}
            monitor.observe(Episode(id=f"{agent}.{at}", agent=str(agent), at=at, values=values))


def _timed(work: Callable[[], object]) -> float:
    """Microseconds of the processor's time: it does not count while others have their turn."""
    start = process_time()
    work()
    return (process_time() - start) * 1e6
