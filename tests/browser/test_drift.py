# SPDX-License-Identifier: Apache-2.0
"""Drift in real Chromium: an alarm is found and settled without any script, figures obey the security policy."""

import re

import pytest
from playwright.async_api import Page, expect

from gyges.drift.alarms import Reference
from gyges.watch.docket import Noted
from tests.browser.conftest import Site
from tests.web.drifted import drifted

pytestmark = pytest.mark.slow


@pytest.fixture
async def town(site: Site) -> Site:
    """The gate with agents that drifted."""
    if not site.gate.docket.agents():
        await drifted(site)
    return site


def alarm(site: Site, reference: Reference) -> Noted:
    """The alarm on how often `bot` is denied."""
    found = site.gate.docket.of("bot", "denied")
    return next(n for n in found if n.alarm and n.alarm.reference is reference)


async def settle(page: Page, noted: Noted, choice: str, reason: str) -> None:
    """Fill in the form of one alarm and send it."""
    card = page.locator(f"article[id='{noted.id}']")
    await card.get_by_role("radio", name=choice).check()
    await card.get_by_label("Why").fill(reason)
    await card.get_by_role("button", name="Settle").click()


async def test_an_alarm_is_found_and_settled_without_scripts(town: Site) -> None:
    """From the fleet to the agent to the alarm by links, and the answer is in the log under the person's name."""
    page = await town.page("rita", "/drift", java_script_enabled=False)
    await page.get_by_role("link", name="bot", exact=True).click()
    await expect(page).to_have_url(f"{town.url}/drift/bot")
    await page.get_by_role("link", name=re.compile("^denied went up, 2")).click()
    noted = alarm(town, Reference.PAST)
    await expect(page).to_have_url(re.compile(f"alarm={noted.id}#{noted.id}$"))
    await settle(page, noted, "Keep", "the new model asks for more")
    await expect(page.get_by_text("Settled. It is in the log under your name.")).to_be_visible()
    settled = town.gate.docket.get(noted.id)
    assert settled is not None
    assert settled.settled is not None
    assert (settled.settled.by, settled.settled.choice) == ("rita", "keep")


async def test_nothing_is_sent_without_a_choice_and_a_reason(town: Site) -> None:
    """The browser itself holds back a form that is not filled in."""
    page = await town.page("alice", "/drift/bot/denied")
    noted = alarm(town, Reference.FIRST)
    card = page.locator(f"article[id='{noted.id}']")
    await card.get_by_role("button", name="Settle").click()
    await expect(card.get_by_role("radio", name="Keep")).to_be_focused()
    assert noted.settled is None
    still = town.gate.docket.get(noted.id)
    assert still is not None
    assert still.settled is None


async def test_an_alarm_is_settled_by_the_keyboard(town: Site) -> None:
    """Tab, arrows, letters and Enter suffice."""
    page = await town.page("alice", "/drift/bot/denied")
    noted = alarm(town, Reference.FIRST)
    await page.locator(f"article[id='{noted.id}'] input[type=radio]").first.focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("known since Monday")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Settled. It is in the log under your name.")).to_be_visible()
    settled = town.gate.docket.get(noted.id)
    assert settled is not None
    assert settled.settled is not None
    assert (settled.settled.choice, settled.settled.reason) == ("mute", "known since Monday")


async def test_the_figure_and_its_numbers_say_the_same(town: Site) -> None:
    """A picture with a name, and behind it a row for each session, reached by keyboard."""
    page = await town.page("audrey", "/drift/bot/denied")
    await expect(page.get_by_role("img").first).to_be_visible()
    await page.get_by_text("The numbers behind it: 420 sessions").click()
    rows = page.get_by_role("region", name="Sessions as numbers").get_by_role("row")
    await expect(rows).to_have_count(421)
