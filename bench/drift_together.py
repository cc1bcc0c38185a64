# SPDX-License-Identifier: Apache-2.0
"""Units until the cue is foretold from 42 features at once: eight tools, a length, an event, an embedding of 32.

Half the units are told that nobody watches, and there one thing is otherwise; the level is .05. What shifts alone is
found sooner by a test of its own: see the rows of one feature. Deterministic: the seeds are fixed.
"""

import math

import numpy as np
from numpy.typing import NDArray

from bench.measure import Row, sig, target
from gyges.drift.predict import Predictor

ALPHA, SHARE, MOST, COLUMNS = 0.05, 0.5, 80_000, 42
TOOLS = np.array([0.3, 0.25, 0.2, 0.1, 0.05, 0.04, 0.03, 0.03])
MOVED = np.array([-0.1, 0, 0, 0, 0, 0, 0.05, 0.05])
CALLS = 8
SLACK = 1.15
FIRST_MEASURED = {
    "a tenth of the tools": 210,
    "+.2 sd of length": 5298,
    "+.3 sd of one of 32 dimensions": 2363,
    "an event from 5 to 8 %": 13_490,
}
"""By when eight of ten runs had found it when the design was chosen: what is built must stay within 15 % of it."""


def rows(*, quick: bool) -> list[Row]:
    """One row for each thing that may be otherwise."""
    names = list(FIRST_MEASURED)[:1] if quick else list(FIRST_MEASURED)
    return [_row(name, 20 if quick else 200) for name in names]


def _row(name: str, runs: int) -> Row:
    found = [_units(name, np.random.default_rng([11, run])) for run in range(runs)]
    middle, most = (float(np.quantile(found, q, method="higher")) for q in (0.5, 0.8))
    made = Row(
        metric=f"cue foretold from 42 features, {name}: 80% of runs by", value=sig(most),
        unit="units", n=runs, note=f"50% by {middle:,.0f}; alpha {ALPHA:g}",
    )  # fmt: skip
    return target(made, round(FIRST_MEASURED[name] * SLACK), of="value")


def _units(name: str, rng: np.random.Generator) -> float:
    predictor = Predictor(COLUMNS, SHARE)
    for at in range(1, MOST + 1):
        unwatched = bool(rng.random() < SHARE)
        row = _drawn(rng, name if unwatched else "")
        if predictor.step(row, unwatched=unwatched) >= 1 / ALPHA:
            return at
    return math.inf


def _drawn(rng: np.random.Generator, otherwise: str) -> NDArray[np.float64]:
    """The shares of tools, the length, the event, the embedding."""
    tools, length, embedding, event = (otherwise == name for name in FIRST_MEASURED)
    row = np.empty(COLUMNS)
    row[:8] = rng.multinomial(CALLS, TOOLS + MOVED * tools) / CALLS
    row[8] = rng.standard_normal() + 0.2 * length
    row[9] = rng.random() < (0.08 if event else 0.05)
    row[10:] = rng.standard_normal(32)
    row[10] += 0.3 * embedding
    return row
