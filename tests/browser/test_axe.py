# SPDX-License-Identifier: Apache-2.0
"""Every page, in light, in dark and on a phone: no violation that axe knows, nothing wider than the
screen, cut off or squeezed.

The list of addresses is held against the table of pages: a page that is added without being looked at here fails
a test. axe cannot judge everything; what it can, holds without exception.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Page, expect

from gyges.web.site import PAGES
from tests.browser.conftest import Site
from tests.web.conftest import MAIL, PAY
from tests.web.desk import label
from tests.web.drifted import STRANGE, drifted

pytestmark = pytest.mark.slow
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
WAYS: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (
    ("light", 1280, "light"),
    ("dark", 1280, "dark"),
    ("phone", 360, "light"),
)
NOT_A_PAGE = {"/", "/sign-in/oidc", "/sign-in/oidc/return", "/inbox/list", "/inbox/stream",
              "/a/{id}/evidence.jsonl"}  # fmt: skip
"""Redirects, a piece of a page, a stream, a file."""
LOOKS: dict[str, tuple[str, str]] = {
    # path in the table -> who looks, at what; {wait}, {pay}, {done} and {token} are filled in
    "/sign-in": ("", "/sign-in?next=/me"),
    "/link/{token}": ("", "/link/{token}"),
    "/me": ("alice", "/me"),
    "/inbox": ("alice", "/inbox"),
    "/batch": ("rita", "/batch?{batch}"),
    "/a/{id}": ("alice", "/a/{pay}"),
    "/a/{id}/value": ("alice", "/a/{long}/value?at=/text"),
    "/a/{id}/edit": ("alice", "/a/{pay}/edit"),
    "/a/{id}/log": ("audrey", "/a/{done}/log"),
    "/grants": ("rita", "/grants"),
    "/keyboard": ("alice", "/keyboard"),
    "/history": ("alice", "/history"),
    "/agents": ("ada", "/agents"),
    "/agents/{name:path}": ("ada", "/agents/bot"),
    "/drift": ("audrey", "/drift"),
    "/drift/{agent}": ("alice", "/drift/bot"),
    "/drift/{agent}/{feature}": ("alice", "/drift/bot/denied"),
    "/ring": ("audrey", "/ring"),
    "/log": ("audrey", "/log"),
    "/health": ("audrey", "/health"),
    "/policy": ("ada", "/policy"),
    "/reviewers": ("audrey", "/reviewers"),
    "/reviewers/{name:path}": ("audrey", "/reviewers/alice"),
}
MORE = {
    # states of these pages that look different
    "case, long and hostile": ("rita", "/a/{long}"),
    "case, for somebody else": ("audrey", "/a/{pay}"),
    "case, granted": ("alice", "/a/{done}"),
    "inbox, empty": ("rita", "/inbox?q=nothing-like-it"),
    "inbox, as auditor": ("audrey", "/inbox"),
    "history, found": ("audrey", "/history?q=ada"),
    "edit as JSON": ("alice", "/a/{pay}/edit?as=json"),
    "me, administrator": ("ada", "/me"),
    "drift, only to be read": ("audrey", "/drift/bot/steps"),
    "drift, several labels": ("ada", "/drift/bot/tools"),
    "drift, beside tests": ("alice", "/drift/deployed/denied"),
    "drift, three questions": ("alice", "/drift/deployed"),
    "drift, settled and muted": ("ada", "/drift/slow/duration"),
    "drift, hostile": ("alice", "/drift/{odd}"),
    "not there": ("alice", "/a/c-nothing"),
    "not for this person": ("nora", "/inbox"),
}
HOSTILE = "Hello \u202egpj.exe\u202c p\u0430ypal.com <script>alert(1)</script>\n" + "long " * 3000


@dataclass(slots=True)
class Seen:
    """The gate with something to see on each page."""

    site: Site
    names: dict[str, str]


@pytest.fixture(scope="module")
async def seen(gate: Site) -> Seen:
    """Cases that wait, one that was answered, some alike, a link, agents that drifted; no test here changes any."""
    site = gate
    pay, done = await site.propose(PAY), await site.propose(MAIL)
    assert (await site.decide("rita", done)).status_code == 200
    text = {"tool": "send_mail", "arguments": {"to": "ada@example.org", "text": HOSTILE},
            "purpose": HOSTILE[:400]}  # fmt: skip
    long = await site.propose(text)
    alike = [await label(site, ticket) for ticket in range(3)]
    now = site.gate.clock.now()
    _, token = await site.gate.accounts.make_link("nora", by="test", now=now, seconds=600)
    batch = "&".join(f"id={case['id']}" for case in alike)
    ids = {"pay": pay["id"], "done": done["id"], "long": long["id"]}
    await drifted(site)
    odd = quote(STRANGE, safe="")
    return Seen(site, {**ids, "token": token, "batch": batch, "odd": odd})


@pytest.fixture
async def look(seen: Seen) -> AsyncIterator[Site]:
    """The gate, whose pages have nothing to complain of afterwards."""
    await seen.site.leave()
    yield seen.site
    assert seen.site.complaints() == []
    await seen.site.leave()


CUT = """() => [...document.querySelectorAll("a, button, input, select, textarea, h1, h2, h3, dt, dd, label, li, td")]
    .filter(e => e.checkVisibility() && !e.closest(".vh, .skip, .scroll, .diff"))
    .filter(e => { const r = e.getBoundingClientRect(); return r.left < -1 || r.right > innerWidth + 1; })
    .map(e => `${e.tagName} ${e.innerText.slice(0, 40)} ends at ${Math.round(e.getBoundingClientRect().right)}`)"""
BROKEN = """() => [...document.querySelectorAll("tbody th a, tbody th code")]
    .filter(e => e.checkVisibility() && e.innerText.length <= 16 && e.getClientRects().length > 1)
    .map(e => e.innerText)"""
"""What reaches past the screen where nothing scrolls, and short names of rows that are broken in two."""


async def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, a line each."""
    told: list[dict[str, Any]] = await page.evaluate(
        "o => axe.run(o).then(r => r.violations)", RULES
    )
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:160]}"
        for one in told
        for node in one["nodes"][:3]
    ]


async def in_all_ways(page: Page) -> list[str]:
    """Violations in light, in dark, and on a phone."""
    found: list[str] = []
    await page.evaluate(Axe().axe_script)
    for way, width, scheme in WAYS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme=scheme)
        found += [f"{way}: {line}" for line in await violations(page)]
        found += [f"{way}: broken name: {one}" for one in await page.evaluate(BROKEN)]
    found += [f"phone: cut off: {one}" for one in await page.evaluate(CUT)]
    wide: int = await page.evaluate("document.documentElement.scrollWidth")
    return [*found, f"phone: {wide} px wide"] if wide > 360 else found


def test_every_page_is_looked_at() -> None:
    """The table of pages and the list of looks name the same paths."""
    paths = {page.path for page in PAGES if page.method == "GET"} - NOT_A_PAGE
    assert paths == set(LOOKS)


@pytest.mark.parametrize("at", [*LOOKS, *MORE])
async def test_no_violations(look: Site, seen: Seen, at: str) -> None:
    """There is nothing for axe in light, in dark, or at 360 px, and nothing has to be scrolled sideways."""
    who, path = {**LOOKS, **MORE}[at]
    page = await look.page(who, path.format(**seen.names))
    await expect(page.get_by_role("main")).to_be_visible()
    assert await in_all_ways(page) == []
    assert await page.title()


async def test_what_opens_by_key_and_by_click_too(look: Site, seen: Seen) -> None:
    """The list of keys and a case with everything unfolded have no violations either."""
    page = await look.page("rita", f"/a/{seen.names['long']}")
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await in_all_ways(page) == []
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert await in_all_ways(page) == []


@pytest.mark.parametrize("path", ["/drift/bot", "/drift/bot/denied"])
async def test_what_folds_on_pages_about_drift_too(look: Site, path: str) -> None:
    """The numbers behind a figure and what was never measured have no violations when they are unfolded."""
    page = await look.page("alice", path)
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await in_all_ways(page) == []


async def test_answers_of_forms_too(look: Site, seen: Seen) -> None:
    """A case shown again with what was wrong, an explanation and a replay, an edit to confirm, a failed sign-in."""
    page = await look.page("alice", f"/a/{seen.names['pay']}")
    await page.get_by_label("Type the amount").fill("1")
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await expect(page.get_by_role("alert").first).to_be_visible()
    assert await in_all_ways(page) == []
    await page.goto(f"{look.url}/a/{seen.names['pay']}/edit")
    await page.get_by_label("amount").fill("12")
    await page.get_by_role("button", name="See what changes").click()
    await expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    assert await in_all_ways(page) == []
    away = await look.page("", "/sign-in")
    await away.get_by_label("Name").fill("alice")
    await away.get_by_label("Password").fill("wrong, and long enough")
    await away.get_by_role("button", name="Sign in", exact=True).click()
    await expect(away.get_by_role("alert")).to_be_visible()
    assert await in_all_ways(away) == []
