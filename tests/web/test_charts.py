# SPDX-License-Identifier: Apache-2.0
"""Pictures of a feature's sessions: nothing that a page of ours must not hold, nothing left out in silence."""

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from gyges.watch.asked import FeatureDrift
from gyges.web import charts
from gyges.web.pages import CSP
from tests.web.chromium_desk import chromium
from tests.web.series import against_tests, alarm, changed, events, feature, mix

HOSTILE = "\"><script>alert('1')</script>\u202e$\\frac{1}{2}$ &amp; \x00\ud800 " + "long " * 40
TAGS = {"div", "svg", "title", "desc", "p", "g", "defs", "clipPath", "rect", "path", "use", "text"}
MAY = {
    "class", "role", "aria-labelledby", "viewBox", "id", "href", "clip-path", "d", "x", "y", "width",
    "height", "transform", "fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "font-size",
    "font-weight", "text-anchor", "stroke-width", "stroke-linecap", "stroke-linejoin",
    "stroke-dasharray", "stroke-dashoffset",
}  # fmt: skip
NUMBERS = [(float(1 + (i * 7919) % 13) * (1000 if i == 50 else 1),) for i in range(200)]
FOUND = {
    "binary": feature(events(1000)),
    "few": feature(events(3)),
    "changed": changed(),
    "share": feature([(i % 10 / 10,) for i in range(45)], kind="share"),
    "number": feature([(x[0] % 9,) for x in NUMBERS], kind="number"),
    "tail": feature(NUMBERS, kind="number"),
    "negative": feature([(-(x[0]),) for x in NUMBERS], kind="number"),
    "calls": feature(
        mix(400, 14), kind="calls", labels=tuple(f"tool-{i}" for i in range(14)),
        alarms=(alarm(300, 250, label="tool-13"),),
    ),
    "duration": feature([(x[0] * 9000,) for x in NUMBERS[:40]], kind="number", name="duration"),
    "long": feature([(x[0] * 9000,) for x in NUMBERS], kind="number", name="duration"),
    "tested": against_tests(changed(240)),
    "hostile": feature(
        mix(90, 3), kind="calls", name=HOSTILE, agent=HOSTILE, labels=(HOSTILE, "<b>", "$x$"),
        changes=((HOSTILE, 40),),
    ),
}  # fmt: skip


def texts(found: FeatureDrift) -> set[str]:
    """What is written in it."""
    return {one.text or "" for one in elements(drawn(found)) if one.tag == "text"}


def drawn(found: FeatureDrift) -> Markup:
    """The picture."""
    svg = charts.timeline(found)
    assert svg is not None
    return svg


def elements(svg: str) -> list[ET.Element]:
    """Everything in it; it is well-formed."""
    return list(ET.fromstring(svg).iter())


@pytest.mark.slow
@pytest.mark.parametrize("kind", FOUND)
def test_a_picture_holds_only_what_a_page_may(kind: str) -> None:
    """No style, no script, no reference but to itself; every colour is a class; small; told in words."""
    svg = drawn(FOUND[kind])
    found = elements(svg)
    assert {one.tag for one in found} <= TAGS
    assert {name for one in found for name in one.attrib} <= MAY
    assert not [
        one.attrib
        for one in found
        if one.get("fill", "none") != "none" or one.get("stroke", "none") != "none"
    ]
    ids = [one.attrib["id"] for one in found if "id" in one.attrib]
    assert len(ids) == len(set(ids))
    links = {one.attrib["href"][1:] for one in found if "href" in one.attrib}
    links |= set(re.findall(r"url\(#([^)]+)\)", svg))
    links |= {name for one in found for name in one.get("aria-labelledby", "").split()}
    assert links == set(ids)
    assert len(svg.encode()) < 100_000
    sizes = [
        float(one.attrib["font-size"].removesuffix("px")) for one in found if one.tag == "text"
    ]
    assert min(sizes) >= 11


@pytest.mark.slow
def test_the_same_feature_gives_the_same_bytes() -> None:
    """In threads side by side too: matplotlib's settings are one for all of them."""
    some = [FOUND["few"], FOUND["share"]]
    first = [drawn(found) for found in some]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(drawn, some * 2)) == first * 2


@pytest.mark.slow
def test_two_features_share_no_id() -> None:
    """Pictures can stand on one page."""
    one, other = (
        set(re.findall(r'\bid="([^"]+)"', drawn(FOUND[k]))) for k in ("binary", "hostile")
    )
    assert one
    assert other
    assert not one & other


@pytest.mark.slow
def test_hostile_names_are_text_and_visible() -> None:
    """Tags, mathematics and hidden characters of names are shown as what they are."""
    svg = drawn(FOUND["hostile"])
    assert "<script" not in svg
    assert "\u202e" not in svg
    assert "&lt;script&gt;" in svg
    assert "[U+202E]" in svg
    assert "$x$" in texts(FOUND["hostile"])


def test_what_it_tells_in_words() -> None:
    """Who cannot see it hears the dates, the evidence, alarms and changes."""
    tells = [one.text or "" for one in elements(drawn(changed())) if one.tag == "desc"]
    assert len(set(tells)) == 1
    assert "600 sessions from 2027-01-15T08:00:00Z to" in tells[0]
    assert "It rang on 2027-02-01T20:00:00Z, likely since 2027-02-01T00:00:00Z." in tells[0]
    assert "the model changed" in tells[0]


def test_marks_are_drawn_and_named() -> None:
    """An open alarm, a settled one, a change alone, and two that lie on each other."""
    assert {"alarm", "alarm, settled", "policy", "model, prompt"} <= texts(changed())


@pytest.mark.slow
def test_a_band_has_no_line_in_its_middle() -> None:
    """What an alarm compared with is a level that was measured, drawn as a line, or a band, drawn as its range."""

    def lines(found: FeatureDrift) -> int:
        return sum("s-ink" in one.get("class", "") for one in elements(drawn(found)))

    rang = alarm(420, 400)
    assert rang.alarm
    assert rang.alarm.before
    banded = replace(rang.alarm, before=replace(rang.alarm.before, n=0))
    rows = events(600, changed=400)
    seen = lines(feature(rows, alarms=(rang,)))
    assert lines(feature(rows, alarms=(replace(rang, alarm=banded),))) == seen - 2


@pytest.mark.slow
def test_lengths_of_time_have_round_ticks_in_words() -> None:
    """A duration is in ms, and nobody reads those."""
    assert {"30 s", "1 min", "1 min 30 s"} <= texts(FOUND["duration"])
    assert {"10 min", "8 h"} & texts(FOUND["long"])


@pytest.mark.slow
def test_what_compares_with_tests_stands_apart() -> None:
    """It has a panel of its own, which says that the tasks may differ, and its alarms say so too."""
    found = texts(FOUND["tested"])
    assert {"evidence against its tests, possible task mix", "against tests", "alarm"} <= found
    assert "It rang against its tests on" in drawn(FOUND["tested"])
    assert not [text for text in texts(changed()) if "tests" in text]


@pytest.mark.slow
def test_labels_that_rang_are_drawn_first_and_the_rest_is_told() -> None:
    """Of fourteen labels six are lines, the rarest among them, since it rang; how many are not is said."""
    svg = drawn(FOUND["calls"])
    assert {f"tool-{i}" for i in range(14)} & texts(FOUND["calls"]) == {
        "tool-0",
        "tool-1",
        "tool-2",
        "tool-3",
        "tool-4",
        "tool-13",
    }
    assert "6 of 14 labels are drawn" in svg


@pytest.mark.parametrize("rows", [[], [(1.0,)], [(None,)] * 30, [(None,)] * 30 + [(1.0,)]])
def test_too_little_is_no_picture(rows: list[tuple[float | None, ...]]) -> None:
    """With fewer than two sessions measured nothing is drawn."""
    assert charts.timeline(feature(rows)) is None


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(st.none() | st.floats(-1e12, 1e12), min_size=2, max_size=90))
def test_any_numbers_can_be_drawn(values: list[float | None]) -> None:
    """Gaps, equal values, zeros, huge and negative ones: a picture, or none with too few."""
    svg = charts.timeline(feature([(x,) for x in values], kind="number"))
    assert (svg is None) == (sum(x is not None for x in values) < 2)
    assert svg is None or not re.search(r"\b(nan|inf)\b", svg)


def test_without_matplotlib_there_is_none() -> None:
    """The page then shows its table alone; nothing breaks, and nothing is imported before it is needed."""
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from tests.web.series import changed\nfrom gyges.web.charts import timeline\n"
        "assert timeline(changed()) is None\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""

    def light(colour: str) -> float:
        wide = colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
        parts = [int(wide[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [":root {", ':root[data-theme="dark"] {', ":root:not("])
def test_colours_can_be_told_from_the_ground(theme: str) -> None:
    """Each line has a contrast of at least 3 to the sheet, in light and dark (WCAG 2.2, 1.4.11)."""
    folder = Path(charts.__file__).parent / "static"
    found: dict[str, str] = {}
    for name in ("app.css", "charts.css"):
        text = (folder / name).read_text()
        block = text[text.index(theme) :].split("}", 1)[0]
        found |= dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{3,6});", block))
    lines = ("c1", "c2", "c3", "c4", "c5", "c6", "soft", "accent", "high", "medium", "ink")
    assert [name for name in lines if _contrast(found[name], found["sheet"]) < 3] == []


@pytest.mark.slow
async def test_chromium_draws_it_under_our_policy(need: Callable[..., Path]) -> None:
    """Under the pages' own content security policy nothing is refused, colours and sizes are the style sheet's,
    and of wide and narrow one is shown.
    """
    complaints: list[str] = []

    async def answer(route: Any) -> None:
        name = route.request.url.rpartition("/")[2]
        if name:
            await route.fulfill(
                body=(Path(charts.__file__).parent / "static" / name).read_bytes(),
                content_type="text/css",
            )
            return
        links = "".join(f'<link rel="stylesheet" href="/{n}">' for n in ("app.css", "charts.css"))
        body = f"<!doctype html><title>x</title>{links}<header class='side'></header><main>{drawn(changed())}</main>"
        await route.fulfill(
            body=body,
            headers={"content-security-policy": CSP, "content-type": "text/html; charset=utf-8"},
        )

    async with chromium(need("chromium", "chromium-browser", "google-chrome")) as context:
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.route("**/*", answer)
        for width, shown in ((1200, "plot-wide"), (360, "plot-narrow")):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto("http://127.0.0.1/")
            assert await page.evaluate(SHOWN) == [shown]
            assert await page.evaluate(SMALLEST) >= 11
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate(STROKE) == "rgb(11, 99, 88)"
        await page.emulate_media(color_scheme="dark")
        assert await page.evaluate(STROKE) == "rgb(111, 208, 193)"
    assert complaints == []


SHOWN = """() => [...document.querySelectorAll("svg")].filter(e => e.checkVisibility()).map(e => e.classList[0])"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg")].filter(e => e.checkVisibility()).flatMap(e =>
  [...e.querySelectorAll("text")].map(t => parseFloat(getComputedStyle(t).fontSize) * e.getScreenCTM().a)))"""
STROKE = """() => getComputedStyle([...document.querySelectorAll("path.s-c1")].find(e => e.checkVisibility())).stroke"""
