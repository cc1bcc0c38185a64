# SPDX-License-Identifier: Apache-2.0
"""Drift that creeps in, and what follows an alarm: which reference sees it, how late, and how often it rings again.

slow      events whose rate moves evenly from 2 % over so many events, from the 20,001st on; the delay counts from
          there. A feature's budget is split as a monitor splits it: four fifths for ranks among what came
          before, one fifth for the first 500 units, which never move
again     ranks after an alarm: how often they ring on where nothing changes, how often on a change that nobody
          settles, and how late a second change is found - with and without a new baseline at the first alarm

Deterministic: the seeds are fixed. It draws nothing and compares with nobody.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from bench.drift_rivals import CHANGE, RATE
from bench.measure import Row, sig
from gyges.drift import simulate, sources
from gyges.drift.bank import Bank, Bettor
from gyges.drift.baseline import First
from gyges.drift.plans import FIRST_SHARE
from gyges.drift.words import Direction

Floats = NDArray[np.float64]
THRESHOLD = 2e6
UNITS = 80_000
ENDS, OVER = (0.05, 0.10), (2000, 20_000)
SIZE, STREAMS = 500, 10
"""Units of the first reference, as a monitor has them by default, and streams that share its confidence."""
LOW = 2000.0
"""A threshold at which false alarms come often enough to be counted: one in so many units, at most."""
SECOND = 40_000


def rows(*, quick: bool) -> list[Row]:
    """All rows."""
    runs = 10 if quick else 500
    ramps = [(after, over) for after in ENDS for over in OVER]
    return [*_slow(runs, ramps[:1] if quick else ramps), *_again(runs)]


def _slow(runs: int, ramps: Iterable[tuple[float, int]]) -> Iterator[Row]:
    for after, over in ramps:
        source = sources.Ramp(RATE, after, CHANGE, over)
        found = {
            "ranks": _first(source, simulate.ranked(runs), runs, 1 - FIRST_SHARE),
            "first units": _first(source, _bounded(runs), runs, FIRST_SHARE),
        }
        for name, first in found.items():
            yield _row(
                f"slow drift, {RATE:g} to {after:g} over {over:,} events: {name}", first - CHANGE
            )


def _bounded(runs: int) -> Bettor:
    return First(runs, Direction.BOTH, SIZE, STREAMS, number=False)


def _first(source: simulate.Source, bettor: Bettor, runs: int, share: float) -> Floats:
    """Each run's first alarm, infinite if none, at the threshold of this share of the budget."""
    seen = simulate.watch(
        source, bettor, runs, threshold=THRESHOLD / share, change=CHANGE, units=UNITS, seed=8
    )
    return np.where(seen.first > 0, seen.first, np.inf)


def _again(runs: int) -> Iterator[Row]:
    null = simulate.watch(
        sources.Events(RATE, RATE), simulate.ranked(runs), runs, threshold=LOW, change=CHANGE,
        units=CHANGE, seed=9,
    )  # fmt: skip
    yield Row(
        metric=f"again: alarms of {CHANGE:,} events without a change, resets included",
        value=sig(float(null.alarms.mean())), unit="a run", n=runs,
        note=f"promised: at most {CHANGE / LOW:g}, at a threshold of {LOW:,.0f}",
    )  # fmt: skip
    for settled in (False, True):
        name = "a new baseline at the first alarm" if settled else "nobody settles it"
        between, delays = _twice(runs, settled=settled)
        yield Row(
            metric=f"again: further alarms on {RATE:g} to {ENDS[0]:g} in {SECOND - CHANGE:,} events, {name}",
            value=sig(float(between.mean())), unit="a run", n=runs,
        )  # fmt: skip
        yield _row(f"again: then {ENDS[0]:g} to {ENDS[1]:g}, {name}", delays)


def _twice(runs: int, *, settled: bool) -> tuple[Floats, Floats]:
    """RATE, and from CHANGE and SECOND on its ENDS: alarms in between beyond the first, and the delay from SECOND."""
    rng, bettor = np.random.default_rng(10), simulate.ranked(runs)
    bank = Bank(bettor, range(runs), [THRESHOLD] * runs)
    between, delays = np.zeros(runs), np.full(runs, math.inf)
    told = np.zeros(runs, dtype=np.bool_)
    for at in range(UNITS):
        rate = RATE if at < CHANGE else ENDS[at >= SECOND]
        rang = bank.step((rng.random(runs) < rate).astype(np.float64), rng.random(runs))
        if not len(rang):
            continue
        bank.reset(rang)
        if settled:
            bettor.forget(rang[~told[rang]])
        if CHANGE <= at < SECOND:
            between[rang[told[rang]]] += 1
        told[rang] = True
        if at >= SECOND:
            delays[rang] = np.minimum(delays[rang], at + 1 - SECOND)
            if np.isfinite(delays).all():
                break
    return between, delays


def _row(metric: str, delays: Floats) -> Row:
    """The median of the delays that came, of runs without an alarm before."""
    delays = delays[delays > 0]
    found = delays[np.isfinite(delays)]
    never = f"{1 - len(found) / len(delays):.1%} of {len(delays)} never"
    return Row(
        metric=metric, value=sig(float(np.median(found))) if len(found) else 0.0, unit="events",
        n=len(found), note=never if len(found) < len(delays) else "",
    )  # fmt: skip
