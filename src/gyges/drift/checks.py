# SPDX-License-Identifier: Apache-2.0
"""The assumptions behind an alarm, looked at: do episodes of a session hang together, do units, was the baseline
large enough, did a grader change. Each is a figure and one sentence; none of them silences an alarm.

The intra-class correlation is the one-way analysis of variance's (Shrout and Fleiss 1979, case 1, unequal sizes).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gyges.drift.alarms import Changed, Check
from gyges.drift.layout import LABELLED
from gyges.drift.rows import Row
from gyges.drift.words import Episode, Feature, Grain, Unusable

Floats = NDArray[np.float64]
Group = tuple[float, float, float]
"""How many values, their mean, their sum of squares around it."""
SESSIONS = 10
"""Sessions below which a correlation within them would be a guess."""
TOGETHER = 0.05
"""From which correlation on episodes of a session may not be taken as units."""
ENOUGH = 200
"""Units from which a baseline is no longer called small."""
GRADERS = ("grader", "judge")
"""What a fingerprint's name begins with where it is that of a grader."""


def icc(groups: Sequence[Group]) -> float | None:
    """The intra-class correlation of values in groups; None where it cannot be estimated."""
    sizes, means, within = np.array(groups, dtype=np.float64).reshape(-1, 3).T
    k, total = len(sizes), float(sizes.sum())
    if k < SESSIONS or total <= k:
        return None
    centre = (sizes * means).sum() / total
    between = float((sizes * (means - centre) ** 2).sum()) / (k - 1)
    inside = float(within.sum()) / (total - k)
    size = (total - float((sizes**2).sum()) / total) / (k - 1)
    spread = between + (size - 1) * inside
    return (between - inside) / spread if spread > 0 else None


def autocorrelation(values: Floats) -> float | None:
    """The correlation of each value with the one before it; None below 30 values or where all are the same."""
    x = values[~np.isnan(values)]
    if len(x) < 30 or float(x.std()) == 0:
        return None
    x = x - x.mean()
    return float((x[1:] * x[:-1]).sum() / (x * x).sum())


def sessions_check(rows: Sequence[Row], feature: int, stream: int, grain: Grain) -> Check:
    """Whether episodes of one session hang together, and whether that matters here."""
    found = icc(_groups(rows, feature, stream))
    name = "sessions"
    if found is None:
        verdict = "Too few sessions of several episodes to see whether episodes hang together."
        return Check(name=name, good=None, value=None, verdict=verdict)
    if grain is Grain.SESSION:
        verdict = f"Episodes of a session correlate by {found:.2f}; sessions are the unit, so it does no harm."
        return Check(name=name, good=True, value=found, verdict=verdict)
    good = found < TOGETHER
    verdict = f"Episodes of a session correlate by {found:.2f}; " + (
        "they may be taken as units." if good
        else f"analysed by {grain.value}, false alarms exceed the budget: analyse sessions."
    )  # fmt: skip
    return Check(name=name, good=good, value=found, verdict=verdict)


def order_check(values: Floats) -> Check:
    """Whether units before the change follow each other more closely than chance."""
    found, n = autocorrelation(values), int((~np.isnan(values)).sum())
    if found is None:
        verdict = f"{n} units before the change: too few, or all alike, to see whether units hang together."
        return Check(name="order", good=None, value=None, verdict=verdict)
    good = found < 2.6 / math.sqrt(n)
    verdict = f"Units before the change correlate by {found:.2f} with the one before: " + (
        "no more than chance." if good
        else "more than chance; a cycle or a slow drift is in the baseline, think of strata."
    )  # fmt: skip
    return Check(name="order", good=good, value=found, verdict=verdict)


def size_check(units: int | None) -> Check:
    """Whether the units that the present is compared with are many; None where a band was stated."""
    if units is None:
        verdict = "The band was stated: it rests on no units."
        return Check(name="baseline", good=True, value=None, verdict=verdict)
    good = units >= ENOUGH
    verdict = f"The baseline is {units} units" + (
        "." if good else f"; below {ENOUGH} small changes are missed, and sizes are rough."
    )
    return Check(name="baseline", good=good, value=float(units), verdict=verdict)


def graders_check(changes: Iterable[Changed]) -> Check:
    """Whether a grader's version changed near the change point."""
    found = [c for c in changes if c.what.startswith(GRADERS)]
    verdict = "No grader changed near the change point."
    if found:
        told = ", ".join(f"{c.what} from {c.before} to {c.now}" for c in found)
        verdict = f"The yardstick changed near the change point: {told}."
    return Check(name="graders", good=not found, value=None, verdict=verdict)


def refuse_events(features: Iterable[Feature], sample: Sequence[Episode]) -> None:
    """Refuse features by event, with the correlation measured in the sample.

    Raises:
        Unusable: there is such a feature.
    """
    for feature in features:
        if feature.grain is Grain.EVENT:
            raise Unusable(
                f"feature {feature.name}: events of one session hang together ({_measured(feature, sample)}),"
                " so no threshold on them keeps its promise; analyse sessions, or force it"
            )


def _measured(feature: Feature, sample: Sequence[Episode]) -> str:
    kept: defaultdict[str, list[float]] = defaultdict(list)
    for episode in sample:
        value = episode.values.get(feature.name)
        if feature.kind not in LABELLED and isinstance(value, bool | int | float):
            kept[episode.session or episode.id].append(float(value))
    found = icc([_group(np.array(v)) for v in kept.values()])
    if found is None:
        return "intra-class correlation not measured: hand in a sample with sessions of several"
    return f"intra-class correlation {found:.2f} in {len(kept)} sessions"


def _groups(rows: Sequence[Row], feature: int, stream: int) -> list[Group]:
    found: list[Group] = []
    alone: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        value = float(row.values[stream])
        if math.isnan(value):
            continue
        if row.within is None:
            alone[row.session or row.id].append(value)
        elif row.within[0, feature] > 0:
            found.append((float(row.within[0, feature]), value, float(row.within[1, feature])))
    return found + [_group(np.array(v)) for v in alone.values()]


def _group(values: Floats) -> Group:
    mean = float(values.mean())
    return float(len(values)), mean, float(((values - mean) ** 2).sum())
