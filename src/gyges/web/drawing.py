# SPDX-License-Identifier: Apache-2.0
"""Figures by matplotlib as SVG that our pages may hold: colours are classes, text is text, nothing is fetched.

    drawn(Picture(name="t1", title=..., tells=..., plot=plot, wide=(760, 360), narrow=(340, 400)))

The pages' content security policy forbids styles inside a page, so every style becomes a presentation attribute
and every colour a class of `static/charts.css`, which follows light and dark. Each figure comes twice, wide and
narrow; the style sheet shows the one that fits. The same picture gives the same bytes. Text is made visible and
escaped here. It needs the extra `report`, and knows nothing of what is drawn.
"""

import io
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias
from xml.etree import ElementTree as ET

from markupsafe import Markup

from gyges.web.visible import spelled

Axes: TypeAlias = Any
"""matplotlib.axes.Axes: its annotations leave most keyword arguments unknown."""

SIZE = 12.0  # px of text where the figure is not scaled
COLOURS = {
    # stand-ins that become classes: matplotlib must be given a colour that it knows
    "ink": "#010101", "soft": "#020202", "line": "#030303", "sheet": "#040404", "accent": "#050505",
    "high": "#060606", "medium": "#070707",
    "c1": "#0a0a0a", "c2": "#0b0b0b", "c3": "#0c0c0c", "c4": "#0d0d0d", "c5": "#0e0e0e",
    "c6": "#0f0f0f",
}  # fmt: skip
_CLASSES = {value: name for name, value in COLOURS.items()}
_RC: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "gyges", "font.family": "DejaVu Sans",
    "font.size": SIZE, "axes.linewidth": 0.8, "axes.unicode_minus": True, "path.simplify": False,
}  # fmt: skip
_LOCK = threading.Lock()  # matplotlib's settings are one for all threads
_NUMBER = re.compile(r"-?\d+\.\d+")
_LINKED = re.compile(r"url\(#(\w+)\)")
_GEOMETRY = frozenset({"d", "x", "y", "width", "height", "transform", "clip-path"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on, in px from the left and the top."""

    figure: Any
    width: int
    height: int
    wide: bool

    def panel(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Axes between these lines, without frame and ticks."""
        box = (left / self.width, 1 - bottom / self.height, (right - left) / self.width,
               (bottom - top) / self.height)  # fmt: skip
        axes = self.figure.add_axes(box)
        axes.patch.set_visible(False)
        axes.tick_params(length=0, colors=COLOURS["soft"], labelsize=SIZE, pad=5)
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def words(self, x: float, y: float, text: str, **more: Any) -> None:
        """Text, never read as mathematics; hidden characters show as their code points."""
        given = {"color": COLOURS["ink"], "va": "center", "parse_math": False, **more}
        self.figure.text(x / self.width, 1 - y / self.height, spelled(text), **given)

    def dot(
        self, x: float, y: float, shape: str, colour: str, *, size: float = 7, filled: bool = True
    ) -> None:
        """One marker."""
        face = colour if filled else COLOURS["sheet"]
        self._add([x], [y], marker=shape, ms=size, mfc=face, mec=colour, mew=1.2, ls="none")

    def line(self, start: float, stop: float, y: float, colour: str, ls: Any = "-") -> None:
        """A line from left to right."""
        self._add([start, stop], [y, y], color=colour, lw=2, ls=ls)

    def box(self, axes: Axes) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of axes."""
        at = axes.get_position()
        return (at.x0 * self.width, (1 - at.y1) * self.height, at.x1 * self.width,
                (1 - at.y0) * self.height)  # fmt: skip

    def _add(self, x: list[float], y: list[float], **more: Any) -> None:
        from matplotlib.lines import Line2D

        self.figure.add_artist(Line2D([one / self.width for one in x],
                                      [1 - one / self.height for one in y], **more))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One figure: `name` is unique on its page, `tells` says in words what `plot` draws; sizes in px. A `key` stands
    below.
    """

    name: str
    title: str
    tells: str
    plot: Callable[[Sheet], None]
    wide: tuple[int, int]
    narrow: tuple[int, int]
    key: str = ""


def installed() -> bool:
    """Whether there is matplotlib."""
    return find_spec("matplotlib") is not None


def drawn(picture: Picture) -> Markup | None:
    """Both figures in one element; None without matplotlib. It takes a tenth of a second: not on the loop."""
    if not installed():
        return None
    with _LOCK:
        svgs = [_svg(picture, way) for way in ("wide", "narrow")]
    key = Markup('<p class="small quiet">{}</p>').format(picture.key) if picture.key else ""
    return Markup('<div class="chart">{}{}</div>').format(Markup("").join(svgs), key)


def clipped(text: str, room: int) -> str:
    """`text` in at most `room` characters, the middle left out: names differ at both ends."""
    shown = spelled(text)
    tail = room // 2
    return shown if len(shown) <= room else f"{shown[: room - tail - 1]}…{shown[-tail:]}"


def _svg(picture: Picture, way: str) -> Markup:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    width, height = getattr(picture, way)
    settings: Any = getattr(mpl, "rc_context")  # noqa: B009 - its own annotation is half unknown
    with settings(_RC):
        figure: Any = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_visible(False)
        picture.plot(Sheet(figure, width, height, way == "wide"))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    root = ET.fromstring(out.getvalue())  # noqa: S314 - written a line above
    body = "".join(_text(child) for child in _cleaned(root, f"{picture.name}-{way}"))
    name = f"{picture.name}-{way}"
    frame = Markup(
        '<svg class="plot-{way}" role="img" aria-labelledby="{name}-t {name}-d" viewBox="0 0 {width} {height}"'
        ' stroke-linejoin="round"><title id="{name}-t">{title}</title><desc id="{name}-d">{tells}</desc>'
        "{body}</svg>"
    )
    return frame.format(
        way=way, name=name, width=width, height=height, title=spelled(picture.title),
        tells=spelled(picture.tells), body=Markup(body),  # noqa: S704 - from elements, escaped
    )  # fmt: skip


def _cleaned(root: ET.Element, name: str) -> Iterator[ET.Element]:
    """The drawing's elements, with attributes that a page of ours may have."""
    ids: dict[str, str] = {}
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for value in element.attrib.values():
            for found in _LINKED.findall(value) or ([value[1:]] if value.startswith("#") else []):
                ids.setdefault(found, f"{name}{len(ids)}")
    for element in root.iter():
        _restyle(element, ids)
    yield from _flat(root)


def _flat(parent: ET.Element) -> Iterator[ET.Element]:
    """Children, with groups that say nothing taken apart, and without metadata and style sheets."""
    for child in parent:
        inner = list(_flat(child))
        if child.tag in ("metadata", "style") or (child.tag in ("g", "defs") and not inner):
            continue
        if child.tag == "g" and not child.attrib:
            yield from inner
        else:
            child[:] = inner
            yield child


def _restyle(element: ET.Element, ids: dict[str, str]) -> None:
    """One element's style as attributes and classes, its numbers short, its id and links with the figure's name."""
    old = dict(element.attrib)
    element.attrib.clear()
    style = dict(part.split(": ", 1) for part in old.get("style", "").split("; ") if part)
    classes = [f"{what[0]}-{_CLASSES[style.pop(what)]}"
               for what in ("fill", "stroke") if style.get(what) in _CLASSES]  # fmt: skip
    if classes:
        element.set("class", " ".join(classes))
    style.pop("font-family", "")
    for key, value in {**old, **style}.items():
        plain = key.rpartition("}")[2]
        if plain == "href":
            element.set("href", "#" + ids[value[1:]])
        elif plain == "id" and value in ids:
            element.set("id", ids[value])
        elif key in style:
            element.set(key, value)
        elif plain in _GEOMETRY and not value.startswith("rotate(-0 "):
            element.set(plain, _short(_LINKED.sub(lambda one: f"url(#{ids[one.group(1)]})", value)))


def _short(value: str) -> str:
    """Numbers to a tenth of a px."""
    spaced = " ".join(value.split())
    return _NUMBER.sub(lambda found: f"{float(found.group()):.1f}".removesuffix(".0"), spaced)


def _text(element: ET.Element) -> str:
    for one in element.iter():
        one.tail = None
        if one.tag != "text":
            one.text = None
    return ET.tostring(element, encoding="unicode")
