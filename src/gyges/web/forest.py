# SPDX-License-Identifier: Apache-2.0
"""A ring test's gaps as a forest plot: for each feature unwatched minus watched, with its interval, around zero.

What rang is in another colour; filled is what its interval tells from zero. Of a feature with many labels the largest
gaps either way are drawn: the intervals hold for all labels at once, so choosing does no harm. It computes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from markupsafe import Markup

from gyges.watch.asked_ring import Found, Gap, Tested
from gyges.web.drawing import COLOURS, Axes, Picture, Sheet, clipped, drawn

LABELS, ROWS = 6, 40  # of one feature, and of all, that are drawn
ROW, NAMED, HEAD, FOOT = 26, 16, 26, 44  # px; a narrow row has its name above
LEAST = 5.0  # points that the axis reaches either way


@dataclass(frozen=True, slots=True)
class Row:
    """One gap in percentage points."""

    name: str
    gap: float
    low: float
    high: float
    rang: bool

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    @property
    def told(self) -> str:
        """It in words: "+12.0 [7.1, 17.2]"."""
        return f"{self.gap:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"


def gaps(design: str, told: Tested) -> Markup | None:
    """The plot; None without matplotlib, or where no gap is known yet."""
    rows, left_out = rows_of(told.findings)
    return _plotted(design, told.agent, tuple(rows), left_out) if rows else None


def rows_of(findings: Sequence[Found]) -> tuple[list[Row], int]:
    """What is drawn, what rang first; and how many gaps are not."""
    rows: list[Row] = []
    count = 0
    for found in sorted(findings, key=lambda one: not one.rang):
        count += len(found.gaps)
        rows += [_row(found, gap) for gap in largest(found)]
    return rows[:ROWS], count - len(rows[:ROWS])


def largest(found: Found) -> list[Gap]:
    """The labels with the largest gaps either way, in the feature's order."""
    order = sorted(found.gaps, key=lambda gap: gap.gap)
    chosen = order if len(order) <= LABELS else [*order[: LABELS // 2], *order[-LABELS // 2 :]]
    return [gap for gap in found.gaps if gap in chosen]


def _row(found: Found, gap: Gap) -> Row:
    name = f"{found.feature}: {gap.label}" if gap.label else found.feature
    return Row(name, 100 * gap.gap, 100 * gap.low, 100 * gap.high, bool(found.rang))


@lru_cache(64)
def _plotted(design: str, agent: str, rows: tuple[Row, ...], left_out: int) -> Markup | None:
    mark = sha256(f"{design}\0{agent}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    key = ["In colour: the feature rang."] * any(row.rang for row in rows)
    key += ["Filled: the interval leaves zero out."] * any(row.clear for row in rows)
    key += [f"{left_out} gaps are not drawn."] * bool(left_out)
    return drawn(Picture(
        name=f"g{mark}", title=f"Gaps of {agent} in ring test {design}",
        tells=" ".join(_tells(rows)), plot=lambda sheet: _draw(sheet, rows),
        wide=(760, HEAD + ROW * len(rows) + FOOT),
        narrow=(300, HEAD + (ROW + NAMED) * len(rows) + FOOT),
        key=" ".join(key),
    ))  # fmt: skip


def _tells(rows: Sequence[Row]) -> Iterator[str]:
    yield "Unwatched minus watched, in percentage points, with intervals."
    for row in rows:
        yield f"{row.name}: {row.told}{', it rang' if row.rang else ''}."


def _draw(sheet: Sheet, rows: Sequence[Row]) -> None:
    left, right = (218, 596) if sheet.wide else (8, 292)
    step = ROW if sheet.wide else ROW + NAMED
    axes = sheet.panel(left, HEAD, right, sheet.height - FOOT)
    bound = max([LEAST, *(abs(x) for row in rows for x in (row.low, row.high))]) * 1.04
    axes.set_xlim(-bound, bound)
    axes.set_ylim(step * len(rows), 0)  # px from the panel's top
    axes.set_yticks([])
    axes.grid(visible=True, axis="x", color=COLOURS["line"], lw=0.8)
    axes.set_axisbelow(True)
    axes.locator_params(axis="x", nbins=7 if sheet.wide else 5)
    axes.xaxis.set_major_formatter(_points)
    axes.axvline(0, color=COLOURS["soft"], lw=1.2)
    for at, row in enumerate(rows):
        _interval(axes, row, step * at + step - ROW / 2)
        _named(sheet, row, HEAD + step * at, (left, right))
    middle, soft = (left + right) / 2, COLOURS["soft"]
    sheet.words(middle - 8, 10, "← less when unwatched", color=soft, ha="right")
    sheet.words(middle + 8, 10, "more when unwatched →", color=soft)
    sheet.words(middle, sheet.height - 10, "gap, percentage points", color=soft, ha="center")


def _points(value: float, _: object) -> str:
    return f"{value:+g}" if value else "0"


def _interval(axes: Axes, row: Row, y: float) -> None:
    colour = COLOURS["high" if row.rang else "soft"]
    axes.hlines(y, row.low, row.high, color=colour, lw=2.4 if row.rang else 1.6)
    axes.vlines([row.low, row.high], y - 4, y + 4, color=colour, lw=1.2)
    axes.plot([row.gap], [y], "D" if row.rang else "o", ms=7, mew=1.6, mec=colour, zorder=3,
              mfc=colour if row.clear else COLOURS["sheet"])  # fmt: skip


def _named(sheet: Sheet, row: Row, top: float, ends: tuple[float, float]) -> None:
    weight = "bold" if row.rang else "normal"
    if sheet.wide:
        sheet.words(ends[0] - 10, top + ROW / 2, clipped(row.name, 30), ha="right", weight=weight)
        sheet.words(ends[1] + 10, top + ROW / 2, row.told, color=COLOURS["soft"])
        return
    # The interval is drawn, and stands in the table.
    sheet.words(ends[0], top + 9, clipped(row.name, 30), weight=weight)
    sheet.words(ends[1], top + 9, f"{row.gap:+.1f}", color=COLOURS["soft"], ha="right")
