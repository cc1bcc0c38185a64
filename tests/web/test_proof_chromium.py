# SPDX-License-Identifier: Apache-2.0
"""The button that verifies: a real log of a served gate, real Chromium, and pages and bundles that were changed."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from gyges.person import Method
from gyges.web.session import COOKIE
from tests.web.chromium_desk import patient
from tests.web.conftest import MAIL, READ, Served
from tests.web.people import settle

pytestmark = pytest.mark.slow
BUTTON = "Verify in this browser"


@dataclass(slots=True)
class Seat:
    """A served gate, somebody's tab in which they are signed in, and a case that was denied."""

    served: Served
    url: str
    browser: Browser
    page: Page
    case: str
    secret: str

    async def verify(self, path: str) -> str:
        """Open a page, press the button, and give back what the page says last."""
        await self.page.goto(self.url + path)
        return await self.press()

    async def press(self) -> str:
        """Press the button, and give back what the page says last."""
        await self.page.get_by_role("button", name=BUTTON).click()
        report = self.page.get_by_role("status", name="What was verified")
        await expect(report.locator("li").last).to_have_text(_ENDED)
        return await report.inner_text()


_ENDED = re.compile(r"^(Held\.|Did not hold: .*)$")


@pytest.fixture
async def seat(served: Served, need: Callable[..., Path]) -> AsyncIterator[Seat]:
    """Audrey, an auditor, at a gate where rita denied a mail."""
    path = need("chromium", "chromium-browser", "google-chrome")
    await settle(served)
    case = await served.propose({**MAIL, "purpose": "gr\u00fc\u00dfe \u202e \U0001f600 <b>"})
    assert (await served.decide("rita", case, "deny")).status_code == 200
    person = await served.gate.accounts.find("audrey")
    now = served.gate.clock.now()
    _, secret = await served.gate.sessions.open(person, Method.PASSWORD, now=now)
    url = str(served.client.base_url).rstrip("/")
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = patient(await browser.new_context())
        await context.add_cookies([{"name": COOKIE, "value": secret, "url": url}])
        yield Seat(served, url, browser, await context.new_page(), case["id"], secret)
        await browser.close()


def bending(old: str, new: str) -> Callable[[Route], Awaitable[None]]:
    """Puts `new` in the place of `old` in an answer on its way."""

    async def bend(route: Route) -> None:
        answer = await route.fetch()
        text = await answer.text()
        assert old in text
        await route.fulfill(response=answer, body=text.replace(old, new))

    return bend


async def test_a_true_timeline_holds_and_goes_on_holding_as_the_log_grows(seat: Seat) -> None:
    """All entries, payloads, what is shown, the signature; the second time also that the log only grew."""
    told = await seat.verify(f"/a/{seat.case}/log")
    assert told.endswith("Held.")
    assert "is signed by" in told
    assert "for the first time" in told
    proved = seat.page.locator("li[data-proved]")
    assert await proved.count() == await seat.page.locator("li[data-index]").count() == 3
    for _ in range(5):
        await seat.served.propose(READ)
    told = await seat.verify("/log")
    assert told.endswith("Held.")
    assert "that this browser saw before" in told


async def test_a_page_that_shows_something_else_is_found(seat: Seat) -> None:
    """A payload on the page that differs from the logged one, and a row that the evidence lacks."""
    await seat.page.goto(f"{seat.url}/a/{seat.case}/log")
    await seat.page.locator("[data-payload]").first.evaluate(
        "e => e.textContent = e.textContent.replace('ada@example.org', 'eve@example.org')"
    )
    assert "the page shows something else than what was logged" in await seat.press()
    await seat.page.goto(f"{seat.url}/a/{seat.case}/log")
    await seat.page.locator("li[data-index]").first.evaluate("e => e.dataset.index = '9999'")
    assert "which the evidence does not hold" in await seat.press()


async def test_evidence_that_was_changed_on_its_way_is_found(seat: Seat) -> None:
    """A payload, an entry and a signature, each changed in the answer that the browser gets."""
    for old, new in (
        ("ada@example.org", "eve@example.org"),
        ('\\"kind\\":\\"answered\\"', '\\"kind\\":\\"refused\\"'),
        ("gyges.local/log", "gyges.other/log"),
    ):
        await seat.page.route("**/evidence.jsonl", bending(old, new))
        assert "Did not hold" in await seat.verify(f"/a/{seat.case}/log"), old
        await seat.page.unroute("**/evidence.jsonl")
    assert (await seat.verify(f"/a/{seat.case}/log")).endswith("Held.")


async def test_a_log_that_is_not_the_one_seen_before_is_found(seat: Seat) -> None:
    """Another root at an earlier size, a longer log, another key: the browser remembers, and says so."""
    assert (await seat.verify("/log")).endswith("Held.")
    kept = json.loads(await seat.page.evaluate("localStorage.getItem('gyges-log gyges.local/log')"))
    for change, words in (
        ({"size": kept["size"] - 1, "root": "00" * 32}, "no longer begins"),
        ({"size": kept["size"] + 9}, "shorter"),
        ({"key": kept["key"].replace("gyges", "other")}, "key is not the one"),
    ):
        value = json.dumps({**kept, **change})
        await seat.page.evaluate("v => localStorage.setItem('gyges-log gyges.local/log', v)", value)
        assert words in await seat.verify("/log")
        assert "Did not hold" in await seat.verify(f"/a/{seat.case}/log")


async def test_a_long_payload_is_proven_though_it_is_not_shown(seat: Seat) -> None:
    """Half a megabyte of hostile letters: the page stays small, the evidence holds it all, and it verifies."""
    text = "\u4e2d\u202e<b>" * 80_000
    case = await seat.served.propose({**MAIL, "arguments": {"to": "a@example.org", "text": text}})
    assert (await seat.verify(f"/a/{case['id']}/log")).endswith("Held.")
    assert len(await seat.page.content()) < 40_000
    marks = await seat.page.locator("[data-mark]").all_inner_texts()
    assert marks == ["in the log, too long to show", "in the log as shown"]


async def test_without_scripts_everything_but_the_button_is_there(seat: Seat) -> None:
    """History, timeline and evidence by links and forms alone; the button that would do nothing is hidden."""
    plain = patient(await seat.browser.new_context(java_script_enabled=False))
    await plain.add_cookies([{"name": COOKIE, "value": seat.secret, "url": seat.url}])
    page = await plain.new_page()
    await page.goto(f"{seat.url}/history")
    await page.get_by_label("Words").fill("hello")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".item")).to_have_count(1)
    await page.goto(f"{seat.url}/a/{seat.case}/log")
    await expect(page.get_by_text("rita denied it: as discussed")).to_be_visible()
    await page.get_by_text("What the log holds").first.click()
    await expect(page.locator("[data-payload]").first).to_be_visible()
    await expect(page.get_by_role("button", name=BUTTON)).to_have_count(0)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download the evidence").click()
    assert (await download.value).suggested_filename == f"gyges-{seat.case}.jsonl"
