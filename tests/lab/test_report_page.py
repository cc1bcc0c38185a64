# SPDX-License-Identifier: Apache-2.0
"""The report in real Chromium, opened from a file without a network: light, dark, on a phone, on paper.

Nothing for axe, nothing wider than the screen, no label cut or laid over another, no table that loses a column on
a desk or on paper. It judges no beauty.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, async_playwright

from gyges.lab.report import write
from tests.lab.reported import reading
from tests.web.chromium_desk import patient

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
Scheme = Literal["light", "dark"]
WAYS: tuple[tuple[int, Scheme], ...] = ((1280, "light"), (1280, "dark"), (360, "light"))
PAPER = 673  # CSS px of an A4 page between the report's margins
OPEN = "document.querySelectorAll('details').forEach(one => one.open = true)"
CUT = """() => [...document.querySelectorAll('svg.plot')].filter(one => one.checkVisibility()).flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
  const out = texts.filter(([_, box]) => box.left < frame.left - 1 || box.right > frame.right + 1
    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(([text]) => 'cut: ' + text);
  const over = texts.flatMap(([text, a], at) => texts.slice(at + 1).filter(([_, b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
    .map(([other]) => 'over: ' + text + ' | ' + other));
  return [...out, ...over];
})"""
WIDE = """() => [...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => one.getAttribute('aria-label') + ': ' + one.scrollWidth + ' in ' + one.clientWidth)"""


@pytest.fixture(name="browser", scope="module")
async def one_browser(need: Callable[..., Path]) -> AsyncIterator[Browser]:
    """Chromium without a window."""
    path = need("chromium", "chromium-browser")
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(name="file", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the shared reading, on disk."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    write(reading(), file)
    return file


@pytest.fixture(name="page")
async def opened(browser: Browser, file: Path) -> AsyncIterator[Page]:
    """The report, all parts unfolded; whatever it asks of anybody, logs or throws fails the test."""
    context = patient(await browser.new_context(offline=True))
    strays: list[str] = []
    context.on("request", lambda asked: strays.append(asked.url))
    context.on("console", lambda said: strays.append(said.text))
    context.on("weberror", lambda error: strays.append(str(error.error)))
    page = await context.new_page()
    await page.goto(file.as_uri())
    await page.evaluate(OPEN)
    yield page
    await context.close()
    assert strays == [file.as_uri()]


@pytest.mark.parametrize(("width", "scheme"), WAYS)
async def test_there_is_nothing_for_axe(page: Page, width: int, scheme: Scheme) -> None:
    """No violation that axe knows, unfolded, in light, in dark, and at 360 px without scrolling sideways."""
    await page.set_viewport_size({"width": width, "height": 900})
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate(Axe().axe_script)
    told: list[dict[str, Any]] = await page.evaluate(
        "o => axe.run(o).then(r => r.violations)", RULES
    )
    assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in told] == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 360])
async def test_no_label_is_cut_or_covered(page: Page, width: int) -> None:
    """Every text of every figure lies within its figure and on no other text."""
    await page.set_viewport_size({"width": width, "height": 900})
    assert await page.locator("svg.plot").count() > 10
    assert await page.evaluate(CUT) == []


async def test_no_column_is_lost_on_a_desk(page: Page) -> None:
    """At 1280 px every table shows all its columns without scrolling."""
    await page.set_viewport_size({"width": 1280, "height": 900})
    assert await page.evaluate(WIDE) == []


async def test_no_column_is_lost_on_paper(page: Page) -> None:
    """On an A4 page every table fits between the margins, and folded parts are printed too."""
    await page.evaluate("document.querySelectorAll('details').forEach(one => one.open = false)")
    await page.set_viewport_size({"width": PAPER, "height": 950})
    await page.emulate_media(media="print")
    assert await page.evaluate(WIDE) == []
    assert await page.get_by_role("table", include_hidden=True).last.is_visible()
    folded = page.locator("details table").first
    assert await folded.is_visible()


async def test_hostile_text_is_seen_and_does_nothing(page: Page) -> None:
    """What an enemy wrote is on the page as text; no element of it exists and no script ran."""
    text = await page.inner_text("main")
    assert "<img src=http://evil.example/x onerror=alert(1)>" in text
    assert await page.locator("img, script, iframe").count() == 0
    marks = page.locator(".said .m", has_text="U+202E")
    assert await marks.count() > 0
