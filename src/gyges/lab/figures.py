# SPDX-License-Identifier: Apache-2.0
"""Figures as inline SVG by matplotlib: a forest plot, stacked bars, and pairs of dots.

Each comes twice, wide and narrow, for a page that shows one of them. Colours are the page's CSS variables,
so a figure follows the reader's light or dark; text stays text; the same rows give the same bytes. Labels
are drawn as they come: whoever calls has made hostile text visible before. It computes no statistic.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, TypeAlias

import matplotlib as mpl

mpl.use("svg")
from matplotlib.figure import Figure

Axes: TypeAlias = Any
"""matplotlib.axes.Axes: its annotations leave most keyword arguments unknown."""

WIDE, NARROW = 760, 330  # px
LABEL, VALUE = 232, 174  # px of a wide figure's columns of labels (left) and of numbers (right)
ROW, FOOT, HEAD = 26, 40, 6  # px
SIZE = 12.5  # px of text
TOLD_FROM = 9  # percent of a row: narrower segments have no room for their count
COLOURS = {
    # stand-ins, replaced by the page's variables: matplotlib must be given a colour that it knows
    "ink": "#010101", "soft": "#020202", "line": "#030303", "accent": "#040404", "paper": "#050505",
    "warm": "#060606", "complied": "#070707", "partial": "#080808", "refused": "#090909",
    "malformed": "#0a0a0a", "looped": "#0b0b0b", "errored": "#0c0c0c",
}  # fmt: skip
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gyges",
    "font.family": "DejaVu Sans",  # ships with matplotlib: text is measured the same everywhere
    "font.size": SIZE,
    "axes.linewidth": 0.8,
    "path.simplify": False,
}
Shape = Literal["dot", "square"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A row of a forest plot, in percentage points; a `square` is a pooled or control row, `told` its number."""

    label: str
    value: float
    low: float
    high: float
    told: str = ""
    shape: Shape = "dot"
    strong: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A row of stacked bars: (name of a colour, count) in order."""

    label: str
    parts: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """A row of two rates in percent: where nobody watches (`high`) and where somebody does (`low`)."""

    label: str
    high: float
    low: float
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One figure: the two SVG elements, and what they show in words."""

    wide: str
    narrow: str
    alt: str


def forest(name: str, rows: Sequence[Interval], alt: str, *, axis: str) -> Drawn:
    """Values with intervals around a line at zero. `name` is unique on the page, `axis` says the unit."""
    bound = max([5.0, *(abs(x) for row in rows for x in (row.low, row.high))]) * 1.06

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=COLOURS["soft"], lw=1)
        for kind in sorted({(row.shape, row.strong) for row in rows}):
            _intervals(axes, [(i, r) for i, r in enumerate(rows) if (r.shape, r.strong) == kind])
        axes.set_xlim(-bound, bound)

    return _figure(name, [(row.label, row.told) for row in rows], draw, alt, axis=axis)


def stacked(name: str, rows: Sequence[Bars], alt: str, *, axis: str) -> Drawn:
    """Counts as shares of their row, wide segments labelled with the count; all rows name the same parts."""

    def draw(axes: Axes) -> None:
        left = [0.0] * len(rows)
        for at, (colour, _) in enumerate(rows[0].parts if rows else ()):
            counts = [row.parts[at][1] for row in rows]
            _segments(axes, rows, colour, counts, left)
        axes.set_xlim(0, 100)

    told = [(row.label, f"n = {_whole(row)}") for row in rows]
    return _figure(name, told, draw, alt, axis=axis)


def dots(name: str, rows: Sequence[Dots], alt: str, *, axis: str) -> Drawn:
    """Two rates a row, joined: filled where nobody watches, hollow where somebody does."""

    def draw(axes: Axes) -> None:
        at, low, high = range(len(rows)), [r.low for r in rows], [r.high for r in rows]
        colour: Any = {"color": COLOURS["accent"], "mec": COLOURS["accent"], "ms": 8}
        axes.hlines(at, low, high, color=COLOURS["accent"], lw=2, zorder=2)
        axes.plot(low, at, "o", **{**colour, "mfc": COLOURS["paper"]}, mew=1.6, zorder=3)
        axes.plot(high, at, "o", **colour, zorder=4)
        axes.set_xlim(-3, 103)

    return _figure(name, [(row.label, row.told) for row in rows], draw, alt, axis=axis)


def _intervals(axes: Axes, rows: Sequence[tuple[int, Interval]]) -> None:
    """Rows that look alike, at their places."""
    at, first = [i for i, _ in rows], rows[0][1]
    low, high = [r.low for _, r in rows], [r.high for _, r in rows]
    colour = COLOURS["accent" if first.strong else "soft"]
    axes.hlines(at, low, high, color=colour, lw=2)
    ends = [(i - 0.14, i + 0.14) for i in at] * 2
    axes.vlines([*low, *high], *zip(*ends, strict=True), color=colour, lw=1.4)
    marker = {"dot": "o", "square": "D"}[first.shape]
    face = COLOURS["paper"] if first.shape == "square" else colour
    axes.plot(
        [r.value for _, r in rows], at, marker, ms=7.5, mfc=face, mec=colour, mew=1.6, zorder=3
    )


def _segments(
    axes: Axes, rows: Sequence[Bars], colour: str, counts: Sequence[int], left: list[float]
) -> None:
    """One colour's segments, and `left` moved to where the next begin."""
    shown = [
        (at, 100 * n / _whole(row), n)
        for at, (row, n) in enumerate(zip(rows, counts, strict=True))
        if n
    ]
    if shown:
        axes.barh([at for at, _, _ in shown], [wide for _, wide, _ in shown],
                  left=[left[at] for at, _, _ in shown], height=0.56, color=COLOURS[colour],
                  edgecolor=COLOURS["paper"], lw=1.2)  # fmt: skip
    for at, wide, count in shown:
        if wide >= TOLD_FROM:
            axes.text(left[at] + wide / 2, at, str(count), ha="center", va="center",
                      color=COLOURS["paper"], fontsize=SIZE - 1)  # fmt: skip
        left[at] += wide


def _whole(row: Bars) -> int:
    return sum(count for _, count in row.parts)


def _figure(
    name: str,
    rows: Sequence[tuple[str, str]],
    draw: Callable[[Axes], None],
    alt: str,
    *,
    axis: str,
) -> Drawn:
    drawn = [
        _svg(f"{name}-{way}", rows, draw, alt, axis=axis, wide=way == "wide")
        for way in ("wide", "narrow")
    ]
    return Drawn(wide=drawn[0], narrow=drawn[1], alt=alt)


def _svg(
    name: str,
    rows: Sequence[tuple[str, str]],
    draw: Callable[[Axes], None],
    alt: str,
    *,
    axis: str,
    wide: bool,
) -> str:
    row = ROW if wide else ROW + 16  # a narrow figure has its labels above their rows
    width, height = (WIDE if wide else NARROW), HEAD + max(1, len(rows)) * row + FOOT
    with _style():
        figure: Any = Figure(figsize=(width / 72, height / 72), dpi=72)
        left, right = (LABEL, VALUE) if wide else (14, 14)
        axes = figure.add_axes(
            (
                left / width,
                FOOT / height,
                (width - left - right) / width,
                1 - (FOOT + HEAD) / height,
            )
        )
        draw(axes)
        _frame(axes, len(rows), axis)
        for at, (label, told) in enumerate(rows):
            _words(axes, at, label, told, wide=wide)
        out = io.StringIO()
        figure.savefig(
            out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True
        )
    return _inline(out.getvalue(), name, alt, width, height)


def _style() -> Any:
    context: Any = getattr(mpl, "rc_context")  # noqa: B009 - its own annotation is half unknown
    return context(STYLE)


def _frame(axes: Axes, rows: int, axis: str) -> None:
    axes.set_ylim(max(1, rows) - 0.4, -0.6)
    axes.set_yticks([])
    axes.grid(visible=True, axis="x", color=COLOURS["line"], lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0, colors=COLOURS["soft"], labelsize=SIZE - 1.5)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(axis, color=COLOURS["soft"], fontsize=SIZE - 1, labelpad=4)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _words(axes: Axes, at: int, label: str, told: str, *, wide: bool) -> None:
    spots: Any = {
        "transform": axes.get_yaxis_transform(),
        "parse_math": False,
        "color": COLOURS["ink"],
    }
    if wide:
        axes.text(-0.025, at, clipped(label, 31), ha="right", va="center", **spots)
        axes.text(1.025, at, told, ha="left", va="center", **{**spots, "color": COLOURS["soft"]})
        return
    ground = {"facecolor": COLOURS["paper"], "edgecolor": "none", "pad": 1.0}
    small: Any = {"va": "center", "fontsize": SIZE - 1, "bbox": ground}
    told = told.partition(" [")[0]  # the interval is drawn, and stands in the table
    axes.text(0, at - 0.49, clipped(label, 43 - len(told)), ha="left", **spots, **small)
    axes.text(1, at - 0.49, told, ha="right", **{**spots, "color": COLOURS["soft"]}, **small)


def clipped(text: str, room: int) -> str:
    """`text` in at most `room` characters, the middle left out: names differ at both ends."""
    if len(text) <= room:
        return text
    tail = room // 2
    return f"{text[: room - tail - 1]}…{text[-tail:]}"


def _inline(svg: str, name: str, alt: str, width: int, height: int) -> str:
    """The element alone, for a page: own ids, the page's colours and fonts, a text alternative."""
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = body.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    body = body.replace("xlink:href", "href")
    body = re.sub(r"(font|font-family): [^;\"]*'DejaVu Sans'[^;\"]*", _font, body)
    for variable, colour in COLOURS.items():
        body = body.replace(colour, f"var(--{variable})")
    body = re.sub(r"\n\s*", "\n", body)
    return (
        f'<svg class="plot {name.rsplit("-", 1)[-1]}" role="img" aria-label="{escape(alt)}"'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}">{body}'
    )


def _font(found: re.Match[str]) -> str:
    size = re.search(r"[\d.]+px", found.group())
    return f"font-size: {size.group()}" if size else "font-style: normal"
