# SPDX-License-Identifier: Apache-2.0
"""Draws one series of sessions: rows of marks, values, evidence below them, dates.

Sessions stand in their order, equally far apart, since that is how evidence grows. Many are drawn as bins: a dot
is the mean of its sessions, a thin line holds eight tenths of a number's. It chooses nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gyges.drift.words import Kind
from gyges.watch import features
from gyges.web import scales, thinning
from gyges.web.drawing import COLOURS, Axes, Sheet, clipped
from gyges.web.driftwords import measured

DOTS, COLUMNS = 60, 240  # bins of values, points of a line
FLOOR = 1e-3  # evidence below this share of its threshold is drawn there
LANE = 18  # px of a row of marks, or of a row of the key
EVIDENCE, VALUES, GAP, FOOT, HEAD = 104, 150, 38, 26, 28  # px
SERIES = ("c1", "c2", "c3", "c4", "c5", "c6")
DASHES = (
    "-",
    (0, (5, 1.5)),
    (0, (2, 1)),
    (0, (8, 2, 2, 2)),
    (0, (8, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a session (its index): an alarm, `solid` until it is settled, or a change."""

    at: int
    text: str
    solid: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """One label's values, None where nothing was measured, and their running mean."""

    label: str
    values: Sequence[float | None]
    smooth: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Shift:
    """A change as sessions: since, earliest, latest, rang; of which label, and (mean, low, high) before and
    now; a band has NaN for its mean.
    """

    since: int
    earliest: int
    latest: int
    rang: int
    label: str
    before: tuple[float, float, float] | None
    now: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """All that is drawn. Values are percent, or a number's own unit; `labels` are there in all, `at` is ms.

    Evidence is a share of what rings: of a change, and `against` the agent's tests, None before there were any.
    """

    name: str
    kind: str
    at: Sequence[int]
    window: int
    curves: Sequence[Curve]
    labels: int
    evidence: Sequence[float]
    against: Sequence[float | None]
    alarms: Sequence[Mark]
    changes: Sequence[Mark]
    shift: Shift | None

    @property
    def number(self) -> bool:
        """Whether values are no shares."""
        return self.kind == Kind.NUMBER

    @property
    def lengths(self) -> bool:
        """Whether values are lengths of time, ms."""
        return self.name == features.DURATION

    @property
    def many(self) -> bool:
        """Whether it has labels."""
        return self.labels > 1

    @property
    def rows(self) -> int:
        """Rows of marks."""
        return bool(self.alarms) + bool(self.changes)

    @property
    def panels(self) -> list[tuple[str, Sequence[float | None]]]:
        """What each panel of evidence is called and shows."""
        tests = "evidence against its tests, possible task mix"
        of_change = ("evidence of a change; at 1 it rings", self.evidence)
        return [of_change, (tests, self.against)] if any(self.against) else [of_change]

    def shown(self, value: float) -> str:
        """A value as people read it."""
        return measured(value if self.number else value / 100, self.kind, self.name)


def sizes(plot: Plot) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height in px, wide and narrow; a narrow one names its curves in rows of their own."""
    height = HEAD + LANE * plot.rows + VALUES + (GAP + EVIDENCE) * len(plot.panels) + FOOT
    return (760, height), (340, height + LANE * (1 + plot.many * len(plot.curves)))


def draw(plot: Plot, sheet: Sheet) -> None:
    """All of it."""
    left, right = (52, sheet.width - (150 if plot.many else 20)) if sheet.wide else (46, 330)
    left += 30 * plot.lengths
    top = sheet.height - FOOT - (GAP + EVIDENCE) * len(plot.panels) - VALUES
    ups = [top + VALUES + GAP + (GAP + EVIDENCE) * at for at in range(len(plot.panels))]
    values = sheet.panel(left, top, right, top + VALUES)
    below = [sheet.panel(left, up, right, up + EVIDENCE) for up in ups]
    panels = (values, *below)
    for axes in panels:
        axes.set_xlim(-0.5 - len(plot.at) / 80, len(plot.at) * (1 + 1 / 80) - 0.5)
        axes.set_xticks([])
        axes.grid(visible=True, axis="y", color=COLOURS["line"], lw=0.8)
        axes.set_axisbelow(True)
    dots = [] if plot.many else thinning.bins(plot.curves[0].values, DOTS)
    _curves(plot, values, dots)
    _scale(plot, values, dots)
    for axes, up, (caption, shares) in zip(below, ups, plot.panels, strict=True):
        _evidence(shares, axes)
        sheet.words(8, up - 13, caption)
    _shift(plot, panels)
    rows = [("D", "medium", plot.changes), ("v", "high", plot.alarms)]
    for row, (shape, colour, marks) in enumerate(one for one in rows if one[2]):
        lane = top - LANE * (plot.rows - row - 0.5) + 2
        _marks(sheet, panels, marks, lane, shape=shape, colour=colour)
    scales.dates(below[-1], plot.at, 6 if sheet.wide else 3)
    _captions(plot, sheet, left)
    _names(plot, sheet, values, right)


def _curves(plot: Plot, axes: Axes, dots: Sequence[thinning.Bin]) -> None:
    at = [b.at for b in dots]
    if plot.number and len(plot.at) > DOTS:
        axes.vlines(at, [b.low for b in dots], [b.high for b in dots], color=COLOURS["soft"], lw=1,
                    alpha=0.55)  # fmt: skip
    axes.plot(at, [b.mean for b in dots], "o", ms=4.2, mew=0, mfc=COLOURS["soft"], clip_on=False,
              zorder=3)  # fmt: skip
    for curve, colour, dash in zip(plot.curves, SERIES, DASHES, strict=False):
        points = thinning.spaced(curve.smooth, COLUMNS)
        heights = [math.nan if y is None else y for _, y in points]
        axes.plot([x for x, _ in points], heights, color=COLOURS[colour], ls=dash, lw=2, zorder=4)


def _scale(plot: Plot, axes: Axes, dots: Sequence[thinning.Bin]) -> None:
    """Percent from zero; a number by magnitude where its largest is far above its middle."""
    known = sorted(x for curve in plot.curves for x in curve.values if x is not None)
    if not plot.number:
        seen = [*(b.mean for b in dots), *(x for c in plot.curves for x in c.smooth if x)]
        levels = [x[2] for x in (plot.shift.before, plot.shift.now) if x] if plot.shift else []
        top = max([5.0, *seen, *filter(math.isfinite, levels)])
        axes.set_ylim(-0.03 * top, min(1.1 * top, 103))
    elif known[0] > 0 and known[-1] > 50 * known[len(known) // 2]:
        axes.set_yscale("log")
        axes.minorticks_off()
    if plot.lengths:
        scales.lengths(axes)
    elif axes.get_yscale() == "linear":
        axes.locator_params(axis="y", nbins=4)
    low, high = axes.get_ylim()
    axes.set_yticks(at := [y for y in axes.get_yticks() if low <= y <= high], map(plot.shown, at))
    axes.set_ylim(low, high)


def _evidence(shares: Sequence[float | None], axes: Axes) -> None:
    points = thinning.peaks([-1.0 if x is None else max(FLOOR, x) for x in shares], COLUMNS)
    at, heights = [x for x, _ in points], [y if y > 0 else math.nan for _, y in points]
    axes.set_yscale("log")
    axes.set_ylim(FLOOR * 0.8, max(3.0, *(2 * y for _, y in points)))
    axes.set_yticks([FLOOR, 0.01, 0.1, 1.0], ["0.001", "0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.fill_between(at, FLOOR * 0.8, heights, color=COLOURS["accent"], alpha=0.16, lw=0)
    axes.plot(at, heights, color=COLOURS["accent"], lw=1.6)
    axes.axhline(1.0, color=COLOURS["high"], lw=1.2, ls=(0, (5, 2)))


def _shift(plot: Plot, panels: Sequence[Axes]) -> None:
    """When it began, and the levels before and since."""
    shift = plot.shift
    if shift is None:
        return
    values = panels[0]
    for axes in panels[:2]:
        axes.axvspan(
            shift.earliest - 0.5, shift.latest + 0.5, color=COLOURS["high"], alpha=0.13, lw=0
        )
        axes.axvline(shift.since, color=COLOURS["high"], lw=1.2, ls=(0, (1, 1.5)))
    if plot.many:
        return
    for level, start, stop in (
        (shift.before, -0.5, shift.since),
        (shift.now, shift.since, shift.rang),
    ):
        if level and stop > start:
            mean, low, high = level
            if math.isfinite(mean):
                values.hlines(mean, start, stop, color=COLOURS["ink"], lw=1.4, zorder=5)
            if math.isfinite(low) and math.isfinite(high):
                values.fill_between(
                    [start, stop], low, high, color=COLOURS["ink"], alpha=0.12, lw=0
                )


def _marks(
    sheet: Sheet,
    panels: Sequence[Axes],
    marks: Sequence[Mark],
    up: float,
    *,
    shape: str,
    colour: str,
) -> None:
    """A row of marks at `up` px from the top, each with a line down through both panels and, where there is room,
    its text.
    """
    values = panels[0]
    for mark in marks:
        for axes in panels:
            axes.axvline(mark.at, color=COLOURS[colour if mark.solid else "soft"], lw=1, alpha=0.8)
    left, _, right, _ = sheet.box(values)
    low, high = values.get_xlim()
    places = [left + (mark.at - low) / (high - low) * (right - left) for mark in marks]
    free = 0.0  # from here on the row is free
    for mark, x, after in zip(marks, places, [*places[1:], sheet.width], strict=True):
        shade = COLOURS[colour if mark.solid else "soft"]
        sheet.dot(x, up, shape, shade, filled=mark.solid)
        text = clipped(mark.text if mark.solid else f"{mark.text}, settled", 28)
        needs = 12 + 6.6 * len(text)
        if x + needs < after - 6:
            sheet.words(x + 8, up, text, color=shade)
        elif x - needs > free:
            sheet.words(x - 8, up, text, color=shade, ha="right")
        free = x + (needs if x + needs < after - 6 else 8)


def _captions(plot: Plot, sheet: Sheet, left: float) -> None:
    """What the values are, and the key."""
    size = thinning.width(len(plot.at), DOTS)
    dot = "a session" if size == 1 else f"mean of {size} sessions"
    sheet.words(8, 12, clipped(plot.name, 40 if sheet.wide else 44), weight="bold")
    x, y = (left + 8.2 * len(clipped(plot.name, 40)), 12) if sheet.wide else (8, 12 + LANE)
    soft = COLOURS["soft"]
    if plot.many:
        sheet.words(x, y, f"running means of {plot.window} sessions", color=soft)
    else:
        sheet.dot(x + 4, y, "o", soft, size=4.2)
        sheet.words(x + 14, y, dot, color=soft)
        x += 30 + 6.6 * len(dot)
        sheet.line(x, x + 16, y, COLOURS["c1"])
        sheet.words(x + 22, y, f"running mean of {plot.window}", color=soft)


def _names(plot: Plot, sheet: Sheet, values: Axes, right: float) -> None:
    """Each curve's name: beside its end, or in rows above."""
    if not plot.many:
        return
    low, high = values.get_ylim()
    ends = [
        next((y for y in reversed(curve.smooth) if y is not None), low) for curve in plot.curves
    ]
    _, top, _, bottom = sheet.box(values)
    wanted = [bottom - (y - low) / (high - low) * (bottom - top) for y in ends]
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    up = -math.inf
    for rank, at in enumerate(order):
        up = max(wanted[at], up + 15) if sheet.wide else 12 + LANE * (2 + rank)
        x = right + 4 if sheet.wide else 8
        sheet.line(x, x + 18, up, COLOURS[SERIES[at]], ls=DASHES[at])
        sheet.words(x + 24, up, clipped(plot.curves[at].label, 19 if sheet.wide else 44))
