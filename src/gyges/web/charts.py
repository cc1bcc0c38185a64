# SPDX-License-Identifier: Apache-2.0
"""A feature's sessions over time and the evidence of change, as a picture for its page: what is shown, and in words.

    svg = await asyncio.to_thread(timeline, await drift.feature_of(gate, agent, feature))

It chooses labels and marks; `plotting.py` draws them. All of it stands in the page's tables as well.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

from markupsafe import Markup

from gyges.drift.alarms import Alarm, Family, Level
from gyges.watch.asked import FeatureDrift, Line
from gyges.watch.docket import Noted
from gyges.web import plotting, thinning
from gyges.web.drawing import Picture, drawn
from gyges.web.plotting import Curve, Mark, Plot, Shift
from gyges.web.times import iso

LINES = 6  # labels drawn at most
TEXTS = {Family.DRIFT: "alarm", Family.DEPLOYMENT: "against tests"}
LEAST = 10  # sessions that a running mean has at least


def timeline(found: FeatureDrift) -> Markup | None:
    """The feature over its kept sessions; None without matplotlib, or with fewer than two sessions measured."""
    if sum(any(x is not None for x in row) for row in found.line.values) < 2:
        return None
    plot = _plot(found)
    mark = sha256(
        f"{found.agent}\0{found.feature.name}".encode("utf-8", "surrogatepass")
    ).hexdigest()[:8]
    wide, narrow = plotting.sizes(plot)
    return drawn(Picture(
        name=f"t{mark}", title=f"{found.feature.name} of {found.agent}, session by session",
        tells=" ".join(_tells(found, plot)), plot=lambda sheet: plotting.draw(plot, sheet),
        wide=wide, narrow=narrow, key=" ".join(_key(plot)),
    ))  # fmt: skip


def _plot(found: FeatureDrift) -> Plot:
    line, alarms = found.line, _alarms(found)
    number, count = found.feature.kind == "number", len(found.line.at)
    window = max(LEAST, count // 15)
    place = _places(line)
    rang = [Mark(place(a.at), TEXTS[n.family], solid=n.settled is None)
            for n, a in _alarms(found, *TEXTS) if a.at >= line.at[0]]  # fmt: skip
    return Plot(
        name=found.feature.name, kind=found.feature.kind, at=line.at, window=window,
        curves=tuple(_curve(line, label, 1 if number else 100, window)
                     for label in _chosen(line, [alarm.label for _, alarm in alarms])),
        labels=len(line.labels), evidence=line.evidence, against=line.deployment, alarms=_joined(rang, count),
        changes=_joined([Mark(place(c.at), c.what) for c in line.changes], count),
        shift=_shift(alarms, place, 1 if number else 100),
    )  # fmt: skip


def _alarms(found: FeatureDrift, *families: Family) -> list[tuple[Noted, Alarm]]:
    """Those of these families; of change over time if none is named."""
    wanted = families or (Family.DRIFT,)
    return [(n, n.alarm) for n in found.alarms if n.alarm and n.family in wanted]


def _curve(line: Line, label: int, scale: int, window: int) -> Curve:
    values = [None if (x := row[label]) is None else scale * x for row in line.values]
    return Curve(line.labels[label], values, thinning.running(values, window))


def _places(line: Line) -> Callable[[int], int]:
    """Of a time (ms) the first kept session that is not before it."""

    def place(at: int) -> int:
        return min(bisect_left(line.at, at), len(line.at) - 1)

    return place


def _chosen(line: Line, rang: Iterable[str]) -> list[int]:
    """Labels to draw: those that rang, then the most frequent; in the line's order."""
    rang = set(rang)
    means = [sum(row[at] or 0 for row in line.values) for at in range(len(line.labels))]
    order = sorted(
        range(len(line.labels)), key=lambda at: (line.labels[at] not in rang, -means[at])
    )
    return sorted(order[:LINES])


def _joined(marks: Sequence[Mark], count: int) -> tuple[Mark, ...]:
    """Marks in order; those that would lie on each other as one, which names each once or counts them."""
    found: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda one: one.at):
        if found and mark.at - found[-1][0].at <= count / 60:
            found[-1].append(mark)
        else:
            found.append([mark])
    return tuple(
        Mark(group[0].at, _named([one.text for one in group]), any(one.solid for one in group))
        for group in found
    )


def _named(texts: Sequence[str]) -> str:
    kinds = list(dict.fromkeys(texts))
    return (
        f"{len(texts)} {kinds[0]}s" if len(texts) > 1 and kinds == ["alarm"] else ", ".join(kinds)
    )


def _shift(
    alarms: Sequence[tuple[Noted, Alarm]], place: Callable[[int], int], scale: int
) -> Shift | None:
    """The change that the latest alarm tells of; None where it is not known since when."""
    told = max((alarm for _, alarm in alarms), key=lambda alarm: alarm.at, default=None)
    if told is None or told.since is None:
        return None
    first, last = (told.since if x is None else x for x in (told.earliest, told.latest))
    before, now = (_level(x, scale) for x in (told.before, told.now))
    since, earliest, latest, rang = map(place, (told.since, first, last, told.at))
    return Shift(since, earliest, latest, rang, told.label, before, now)


def _level(level: Level | None, scale: int) -> tuple[float, float, float] | None:
    """Mean, low and high; a band that an alarm compares with has no mean."""
    if level is None:
        return None
    return level.mean * scale if level.n else math.nan, level.low * scale, level.high * scale


def _key(plot: Plot) -> Iterator[str]:
    """What the marks mean."""
    if plot.shift:
        yield "Shaded: when the change began; dotted: most likely."
        yield "" if plot.many else "Grey: the level before, or its band, and since."
    if plot.number and len(plot.at) > plotting.DOTS:
        yield "A thin line holds eight of ten sessions."
    if plot.labels > len(plot.curves):
        yield f"{len(plot.curves)} of {plot.labels} labels are drawn: what rang, and the most frequent."


def _tells(found: FeatureDrift, plot: Plot) -> Iterator[str]:
    """The picture in words."""
    line = found.line
    yield f"{len(line.at):,} sessions from {iso(line.at[0])} to {iso(line.at[-1])}."
    for curve in plot.curves:
        known = [x for x in curve.smooth if x is not None]
        if known:
            whose = f" of {curve.label}" if curve.label else ""
            first, last = plot.shown(known[0]), plot.shown(known[-1])
            yield f"The running mean{whose} begins at {first} and ends at {last}."
    if line.evidence:
        now, peak = line.evidence[-1], max(line.evidence)
        yield f"The evidence is {now:.3g} of what rings, and was {peak:.3g} at its highest."
    if any(line.deployment):
        peak = max(x or 0 for x in line.deployment)
        yield f"The evidence against its tests was {peak:.3g} at its highest; possible task mix."
    for noted, alarm in _alarms(found, *TEXTS):
        whose = " against its tests" if noted.family is Family.DEPLOYMENT else ""
        since = f", likely since {iso(alarm.since)}" if alarm.since is not None else ""
        yield f"It rang{whose} on {iso(alarm.at)}{since}."
    for change in line.changes:
        yield f"On {iso(change.at)} the {change.what} changed."
