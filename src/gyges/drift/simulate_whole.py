# SPDX-License-Identifier: Apache-2.0
"""Whole parts on simulated behaviour that does not change: a monitor, the prediction of the cue, the gap's interval.

All numbers come from the seed. It judges nothing.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gyges.drift.gap import Gaps
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.predict import Predictor
from gyges.drift.words import Budget, Direction, Episode, Feature, Kind, Value

Floats = NDArray[np.float64]

BUDGET = 0.4
"""Alarms that a monitor's budget allows each agent, bounds that miss included."""
MISSED = 0.01
ALPHA = 0.05
TOOLS = ("read", "write", "verify")
FEATURES = (
    Feature(name="refused", kind=Kind.BINARY),
    Feature(name="failed", kind=Kind.BINARY, direction=Direction.UP, tolerance=(0.0, 0.2)),
    Feature(name="suspicion", kind=Kind.SHARE),
    Feature(name="seconds", kind=Kind.NUMBER),
    Feature(name="task", kind=Kind.CATEGORY, categories=("mail", "files")),
    Feature(name="mix", kind=Kind.CALLS, categories=TOOLS),
    Feature(name="order", kind=Kind.SEQUENCE, categories=TOOLS[1:]),
)
SIZE, TOGETHER = 3, 0.2
"""Episodes of a session, and their intra-class correlation."""
STEP_MS = 1000
LOOKS = 40


def alarmed(runs: int, units: int, seed: int) -> int:
    """In how many of `runs` agents a monitor alarms within `units` sessions, with `BUDGET` alarms for so many."""
    rng = np.random.default_rng(seed)
    budget = Budget(alarms=BUDGET - MISSED, sessions=units)
    monitor = Monitor(FEATURES, Terms(budget=budget, seed=str(seed), reference=60, keep=0))
    agents = [str(run) for run in range(runs)]
    rang: set[str] = set()
    for agent in agents:
        for session in range(units):
            for episode in _session(rng, agent, session):
                monitor.observe(episode)
            monitor.close(agent, str(session), (session + 1) * SIZE * STEP_MS)
        rang |= {alarm.agent for alarm in monitor.unsettled(agent)}
    return len(rang)


def foretold(runs: int, units: int, seed: int) -> int:
    """How often a cue that changes nothing is foretold from eight features, with evidence 1 / ALPHA at any time."""
    rng = np.random.default_rng(seed)
    peaks: list[float] = []
    for _ in range(runs):
        predictor = Predictor(8, 0.5)
        for at in range(units):
            drift = 0.5 * (at > units / 2)
            row = np.concatenate([rng.standard_normal(5) + drift, _events(rng, 3)])
            predictor.step(row, unwatched=bool(rng.random() < 0.5))
        peaks.append(predictor.peak)
    return sum(peak >= 1 / ALPHA for peak in peaks)


def missed(runs: int, units: int, seed: int) -> int:
    """In how many runs the true gap, 5 points, is outside its interval at one of `LOOKS` looks or more.

    The rate drifts from 5 % to 15 % in both arms.
    """
    rng = np.random.default_rng(seed)
    gaps, gap = Gaps(runs, 0.5), 0.05
    outside = np.zeros(runs, dtype=np.bool_)
    looks = set(np.geomspace(20, units, LOOKS).astype(int).tolist())
    for at in range(1, units + 1):
        arms = rng.random(runs) < 0.5
        rate = 0.05 + 0.1 * at / units
        gaps.step((rng.random(runs) < rate + gap * arms).astype(np.float64), arms)
        if at in looks:
            low, high = gaps.ends(ALPHA)
            outside |= (gap < low) | (gap > high)
    return int(outside.sum())


def _events(rng: np.random.Generator, count: int) -> Floats:
    return (rng.random(count) < 0.1).astype(np.float64)


def _session(rng: np.random.Generator, agent: str, session: int) -> Iterator[Episode]:
    """Episodes with a rate of their own in common."""
    spread = 1 / TOGETHER - 1
    refused, failed = rng.beta(0.1 * spread, 0.9 * spread, 2)
    for place in range(SIZE):
        values: dict[str, Value] = {
            "refused": bool(rng.random() < refused),
            "failed": bool(rng.random() < failed),
            "suspicion": float(rng.beta(1, 9)),
            "seconds": float(rng.lognormal()),
            "task": ("mail", "files", "web")[int(rng.integers(3))],
        }
        values["mix"] = values["order"] = tuple(
            str(tool) for tool in rng.choice(TOOLS, size=6).tolist()
        )
        yield Episode(
            id=f"{session}.{place}", agent=agent, session=str(session),
            at=(session * SIZE + place) * STEP_MS, values=values,
        )  # fmt: skip
