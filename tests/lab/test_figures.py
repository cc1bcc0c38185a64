# SPDX-License-Identifier: Apache-2.0
"""Figures: the same rows give the same bytes, nothing is cut or collides, and they take the page's colours."""

import re

import pytest

from gyges.lab.figures import (
    NARROW,
    WIDE,
    Bars,
    Dots,
    Drawn,
    Interval,
    clipped,
    dots,
    forest,
    stacked,
)

ROWS = [
    Interval(label="one", value=10.0, low=-120.4, high=105.6, told="+10.0 [\u2212120.4, +105.6]"),
    Interval(label="a$x$_<b>&", value=0.0, low=0.0, high=0.0, told="0.0", shape="square"),
    Interval(label="grey", value=5.0, low=1.0, high=9.0, told="+5.0", strong=False),
]
BARS = [
    Bars(label="m", parts=[("complied", 90), ("refused", 5), ("errored", 0)]),
    Bars(label="n", parts=[("complied", 0), ("refused", 0), ("errored", 0)]),
]
DOTS = [
    Dots(label="d", low=0.0, high=100.0, told="0 % \u2192 100 %"),
    Dots(label="e", low=50, high=50),
]


def each() -> dict[str, Drawn]:
    """One figure of each kind."""
    return {
        "forest": forest("gaps", ROWS, "Gaps & <more>", axis="pp"),
        "stacked": stacked("ends", BARS, "Ends", axis="%"),
        "dots": dots("watched", DOTS, "Watched", axis="%"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["forest", "stacked", "dots"])
def test_the_same_rows_give_the_same_bytes(kind: str) -> None:
    """Drawn twice, a figure is the same to the byte, and holds no date."""
    first, second = each()[kind], each()[kind]
    assert first == second
    assert "metadata" not in first.wide
    assert not re.search(r"20\d\d-\d\d-\d\d", first.wide)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["forest", "stacked", "dots"])
def test_a_figure_is_one_named_element(kind: str) -> None:
    """It is an image with a text alternative, in two widths, without script, style sheet or outside reference."""
    drawn = each()[kind]
    for text, width in ((drawn.wide, WIDE), (drawn.narrow, NARROW)):
        assert text.startswith("<svg ")
        assert text.rstrip().endswith("</svg>")
        assert f'width="{width}"' in text
        assert 'role="img" aria-label="' in text
        assert not re.search(r"<(script|style|image|foreignObject)|xmlns:|https?://", text)


def test_labels_are_text_and_escaped() -> None:
    """A label stays text that can be searched; markup, dollars and underscores in it mean nothing."""
    drawn = each()["forest"]
    assert "a$x$_&lt;b&gt;&amp;" in drawn.wide
    assert 'aria-label="Gaps &amp; &lt;more&gt;"' in drawn.wide


def test_ids_of_two_figures_never_meet() -> None:
    """Names keep the ids of wide, narrow and other figures apart, and references follow them."""
    texts = [text for drawn in each().values() for text in (drawn.wide, drawn.narrow)]
    ids = [found for text in texts for found in re.findall(r'\bid="([^"]+)"', text)]
    assert len(ids) == len(set(ids)) > 0
    for text in texts:
        own = set(re.findall(r'\bid="([^"]+)"', text))
        used = {*re.findall(r"url\(#([^)]+)\)", text), *re.findall(r'href="#([^"]+)"', text)}
        assert used <= own


def test_colours_are_the_page_s() -> None:
    """Every colour is a variable of the page, so a figure follows light and dark."""
    for drawn in each().values():
        assert "var(--" in drawn.wide
        assert not re.search(r"#(0[1-9a-c]){3}\b", drawn.wide + drawn.narrow)
        assert "DejaVu" not in drawn.wide


def test_an_interval_beyond_the_rest_is_inside() -> None:
    """The axis reaches past the widest interval: no bar ends at the edge."""
    text = each()["forest"].wide
    xs = [float(x) for x in re.findall(r"[ML] ([\d.]+) [\d.]+", text)]
    assert min(xs) >= 0
    assert max(xs) <= WIDE


def test_a_row_of_nothing_has_no_segment() -> None:
    """A row without trials is drawn empty, and a small segment carries no number that would not fit."""
    text = each()["stacked"].wide
    assert ">n = 0<" in text
    assert ">90<" in text
    assert ">5<" not in text


def test_clipping_keeps_both_ends() -> None:
    """A long name loses its middle: versions differ at the end, makers at the start."""
    short = clipped("together/some-model-of-a-long-name-v2", 20)
    assert len(short) == 20
    assert short.startswith("together/")
    assert short.endswith("name-v2")
    assert clipped("short", 20) == "short"
