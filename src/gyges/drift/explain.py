# SPDX-License-Identifier: Apache-2.0
"""Why an alarm rang: its factors computed once more, so that the evidence falls apart into its units.

A feature's state at the alarm and the units up to it are enough: ranks are walked back from the counts, the rest is
bands. A unit's share is the log of its factors, weighted by what each bet and stream had won, so that shares add
up. Since when is change.py's; levels are 95 %. It needs no history in the hot path.

Units in a stratum that the first reference was still learning are taken as if it had been known.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gyges.drift import change, conformal
from gyges.drift.alarms import Alarm, Changed, Evidence, Level, Reference, Share
from gyges.drift.baseline import positions, share_factors
from gyges.drift.checks import graders_check, order_check, sessions_check, size_check
from gyges.drift.parts import Snapshot, bettor_of
from gyges.drift.ranked import Ranked
from gyges.drift.rows import Row
from gyges.drift.words import Direction, Grain

Floats = NDArray[np.float64]
Ties = Callable[[str], Floats]
Z = 1.96
NEAR = 0.1
"""How far beyond the range of the change point a fingerprint may change, as a share of the time since then."""


def explain(
    alarm: Alarm, snapshot: Snapshot, rows: Sequence[Row], ties: Ties, *,
    changes: Iterable[Changed] = (), grain: Grain = Grain.SESSION, k: int = 5,
) -> Alarm:  # fmt: skip
    """The alarm with all that the rows tell; the last row is the one that rang, and with no rows nothing is told."""
    taken = rows[max(len(rows) - snapshot.age, 0) :]
    if not taken:
        return alarm
    factors = factors_of(snapshot, taken, ties)
    stream = int(snapshot.sums.mean(axis=0).argmax())
    since = change.since(factors_of(snapshot, taken, None)[:, :, stream])
    place = snapshot.spec.streams[stream]
    start = len(rows) - len(taken) + since.at
    each = _evidence(snapshot, taken, factors, place)[since.at :]
    by_weight = sorted(each, key=lambda e: (-e.log_factor, e.at, e.unit))
    before, now = _levels(snapshot, rows, start, stream)
    earliest, latest = taken[since.earliest].at, taken[since.latest].at
    near = _near(changes, earliest, latest, alarm.at)
    past = np.array([row.values[place] for row in rows[:start]])
    way = _direction(snapshot, since.bet, before, now)
    return replace(
        alarm, since=taken[since.at].at, earliest=earliest, latest=latest, before=before, now=now,
        direction=way, strata=_strata(each),
        top=tuple(e for e in by_weight if _goes(way, e.value, before))[:k],
        counter=tuple(e for e in reversed(by_weight) if e.log_factor < 0)[:k], changes=near,
        checks=(
            sessions_check(rows, snapshot.spec.features[0], place, grain), order_check(past),
            size_check(_baseline(snapshot, start)), graders_check(near),
        ),
    )  # fmt: skip


def factors_of(snapshot: Snapshot, rows: Sequence[Row], ties: Ties | None) -> NDArray[np.float32]:
    """Factors (units, bets, streams) of rows that end with the snapshot's; 1 where nothing was bet.

    `ties` are the draws by which equals were ranked; without them the logs of factors are averaged over such
    draws: who was lucky among equals says nothing of when a change began.
    """
    if snapshot.spec.reference is Reference.PAST:
        return _ranked(snapshot, rows, ties)
    return np.array([_banded(snapshot, row) for row in rows], dtype=np.float32)


def _ranked(snapshot: Snapshot, rows: Sequence[Row], ties: Ties | None) -> NDArray[np.float32]:
    """Ranks among what came before, found by taking one unit after another out of the counts."""
    spec = snapshot.spec
    streams, steps = list(spec.streams), conformal.steps(spec.direction, spread=spec.number)
    ranked = Ranked(np.full(len(streams), spec.number), spec.direction)
    learnt = {f"counts {stratum}": found for stratum, found in snapshot.counts.items()}
    ranked.restore({**learnt, "edges": snapshot.edges.astype(np.float32)})
    made = np.ones((len(rows), len(steps), len(streams)), dtype=np.float32)
    for at in reversed(range(len(rows))):
        values, counts = rows[at].values[streams], ranked.counts.get(rows[at].stratum)
        if counts is not None:
            held = np.flatnonzero(~np.isnan(values) & ranked.ready())
            p, wide, able = _unrank(counts, held, ranked.bins_of(held, values[held]))
            known = held[able]
            if ties is None:
                made[at][:, known] = np.exp(conformal.mean_logs(p, wide, steps))
            else:
                u = ties(rows[at].id)[streams][known]
                made[at][:, known] = conformal.factors(p + u * wide, steps)
    return made


def _unrank(
    counts: conformal.Counts, rows: NDArray[np.intp], at: NDArray[np.intp]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """`conformal.rank`, backwards, of the values counted last, which are not counted any more: the lowest p-values that
    they could have, how much higher the highest are, and which of them had been counted at all.
    """
    able = counts[rows, at] > 0
    rows, at = rows[able], at[able]
    upto = np.cumsum(counts[rows], axis=1)
    place, ties = np.arange(len(rows)), counts[rows, at]
    p: Floats = (upto[:, -1] - upto[place, at]) / upto[:, -1]
    wide: Floats = ties / upto[:, -1]
    counts[rows, at] -= 1
    return p, wide, able


def _banded(snapshot: Snapshot, row: Row) -> NDArray[np.float32]:
    spec = snapshot.spec
    values = row.values[list(spec.streams)]
    if spec.number:
        values = positions(values, snapshot.edges)
    stratum = "" if spec.reference is Reference.TOLERANCE else row.stratum
    band = snapshot.bands.get(stratum)
    if band is None:
        return np.ones(snapshot.sums.shape, dtype=np.float32)
    held = ~np.isnan(values) & ~np.isnan(band[0])
    known = np.where(held, values, 0.0)
    if spec.reference is Reference.FIRST:
        made = share_factors(known, band[0], band[1], spec.direction)
    else:
        made = bettor_of(spec, {stratum: band}).factors(known, known, stratum)
    return np.where(held, made, np.float32(1))


def _evidence(
    snapshot: Snapshot, rows: Sequence[Row], factors: NDArray[np.float32], place: int
) -> list[Evidence]:
    sums = snapshot.sums.astype(np.float64)
    weights = sums / sums.sum()
    logs = (np.log(factors.astype(np.float64)) * weights).sum(axis=(1, 2))
    return [
        Evidence(
            unit=row.id, episodes=row.episodes, at=row.at, stratum=row.stratum,
            value=float(row.values[place]), log_factor=float(log),
        )
        for row, log in zip(rows, logs, strict=True)
    ]  # fmt: skip


def _strata(each: Sequence[Evidence]) -> tuple[Share, ...]:
    kept: defaultdict[str, list[float]] = defaultdict(list)
    for evidence in each:
        kept[evidence.stratum].append(evidence.log_factor)
    found = [Share(stratum=s, log_factor=sum(v), units=len(v)) for s, v in kept.items()]
    return tuple(sorted(found, key=lambda share: (-share.log_factor, share.stratum)))


def _levels(
    snapshot: Snapshot, rows: Sequence[Row], start: int, stream: int
) -> tuple[Level | None, Level | None]:
    """Before and since the change; before is the band's where there is one on the same scale."""
    place, number = snapshot.spec.streams[stream], snapshot.spec.number
    values = np.array([row.values[place] for row in rows])
    now = level(values[start:], number=number)
    stratum = "" if snapshot.spec.reference is Reference.TOLERANCE else rows[-1].stratum
    band = snapshot.bands.get(stratum)
    if number or band is None or np.isnan(band[0, stream]):
        return level(values[:start], number=number), now
    low, high = map(float, band[:, stream])
    return Level(mean=(low + high) / 2, low=low, high=high, n=0), now


def level(values: Floats, *, number: bool) -> Level | None:
    """The mean with its 95 % interval: for shares Wilson's (JASA 1927) with the variance seen, for numbers by the
    normal law. A guide, since the change point was chosen by the same units.
    """
    x = values[~np.isnan(values)]
    if not len(x):
        return None
    n, mean, spread = len(x), float(x.mean()), float(x.var())
    if number:
        centre, half = mean, Z * math.sqrt(spread / (n - 1)) if n > 1 else math.inf
    else:
        centre = (n * mean + Z * Z / 2) / (n + Z * Z)
        half = Z * math.sqrt(n * spread + Z * Z / 4) / (n + Z * Z)
    return Level(mean=mean, low=centre - half, high=centre + half, n=n)


def _direction(snapshot: Snapshot, bet: int, before: Level | None, now: Level | None) -> Direction:
    """Up or down; both where a number's spread changed."""
    spec = snapshot.spec
    if spec.reference is Reference.PAST and spec.number:
        view, _, _ = conformal.steps(spec.direction, spread=True)[bet]
        if view == 2:
            return Direction.BOTH
    if before is None or now is None:
        return spec.direction
    return Direction.UP if now.mean > before.mean else Direction.DOWN


def _goes(way: Direction, value: float, before: Level | None) -> bool:
    """Whether a unit lies on the side that the alarm speaks of; among equal values ranks are drawn, and weigh too."""
    if before is None or way is Direction.BOTH:
        return True
    return value > before.mean if way is Direction.UP else value < before.mean


def _near(changes: Iterable[Changed], earliest: int, latest: int, now: int) -> tuple[Changed, ...]:
    slack = NEAR * (now - earliest)
    return tuple(c for c in changes if earliest - slack <= c.at <= latest + slack)


def _baseline(snapshot: Snapshot, start: int) -> int | None:
    """Units that are compared with: those ranked or bounded by; None for a stated band."""
    if snapshot.spec.reference is Reference.TOLERANCE:
        return None
    ranked = sum(int(found[0].sum()) for found in snapshot.counts.values())
    return snapshot.basis or max(ranked - snapshot.age, start)
