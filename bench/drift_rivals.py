# SPDX-License-Identifier: Apache-2.0
"""What else calls a change on the same streams: chi-square on windows, and river's ADWIN and Page-Hinkley.

river lives in an environment of its own under .cache/bench; where it does not install, rows say so.
"""

import json
import math
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.rivals import installed
from bench.rivals_served import HERE

RATE, LENGTH, CHANGE = 0.02, 100_000, 20_000
REFERENCE, WINDOW, EVERY = 5000, 1000, 100
LOOKS = (LENGTH - REFERENCE - WINDOW) // EVERY + 1
BATCH = 50
LEVELS = {"chi-square, peeked at .05": 0.05, "chi-square, Bonferroni": 0.05 / LOOKS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Firsts:
    """One detector on streams that go from RATE to `after`: each stream's first alarm, from 1; 0 if none."""

    name: str
    after: float
    first: list[int]
    note: str = ""

    @property
    def delays(self) -> list[float]:
        """From the change, of streams without an earlier alarm; infinite where none came."""
        return [f - CHANGE if f else math.inf for f in self.first if not 0 < f <= CHANGE]

    @property
    def median(self) -> float:
        """Of the delays of streams that found the change; infinite if none did."""
        found = [delay for delay in self.delays if math.isfinite(delay)]
        return statistics.median(found) if found else math.inf


def streams(after: float, runs: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """Batches of streams, shape (up to BATCH, LENGTH)."""
    rng = np.random.default_rng(seed)
    rates = np.where(np.arange(LENGTH) < (LENGTH if after == RATE else CHANGE), RATE, after)
    for start in range(0, runs, BATCH):
        yield rng.random((min(BATCH, runs - start), LENGTH), dtype=np.float32) < rates


def chi_square(nulls: int, changed: int, afters: Sequence[float]) -> Iterator[Firsts]:
    """Windows against the first 5,000 events, by the usual test of two rates."""
    for after in (RATE, *afters):
        firsts: dict[str, list[int]] = {name: [] for name in LEVELS}
        for batch in streams(after, nulls if after == RATE else changed, 6):
            at, statistic = _statistics(batch)
            for name, level in LEVELS.items():
                over = statistic > NormalDist().inv_cdf(1 - level / 2) ** 2
                rang = np.where(over.any(axis=1), at[over.argmax(axis=1)], 0)
                firsts[name] += rang.tolist()
        for name, first in firsts.items():
            yield Firsts(name=name, after=after, first=first, note=f"{LOOKS} looks")


def _statistics(batch: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    upto = np.concatenate([np.zeros((len(batch), 1)), np.cumsum(batch, axis=1)], axis=1)
    at = np.arange(REFERENCE + WINDOW, LENGTH + 1, EVERY)
    now, before = upto[:, at] - upto[:, at - WINDOW], upto[:, [REFERENCE]]
    pooled = (now + before) / (REFERENCE + WINDOW)
    spread = np.maximum(pooled * (1 - pooled), 1e-12) * (1 / REFERENCE + 1 / WINDOW)
    return at, (now / WINDOW - before / REFERENCE) ** 2 / spread


def river(
    nulls: int, changed: int, afters: Sequence[float]
) -> tuple[list[Firsts], dict[str, float], list[tuple[str, str]]]:
    """Its detectors' first alarms and microseconds an event; and what was not measured, with the reason."""
    pythons, missing = installed({"river": ("river",)})
    if "river" not in pythons:
        return [], {}, [("river", missing["river"][-200:])]
    asked = {
        "rate": RATE, "length": LENGTH, "change": CHANGE, "nulls": nulls, "changed": changed,
        "afters": list(afters),
    }  # fmt: skip
    command = [pythons["river"], str(HERE / "with_river.py"), json.dumps(asked)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=3600)
    if done.returncode:
        return [], {}, [("river", f"does not run here: {done.stderr[-200:]}")]
    told: dict[str, Any] = json.loads(done.stdout)
    found = [
        Firsts(name=name, after=after, first=first, note=f"river {told['version']}")
        for name, after, first in told["firsts"]
    ]
    return found, told["us"], []
