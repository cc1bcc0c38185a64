# SPDX-License-Identifier: Apache-2.0
"""Pages while the world goes on: lists stay fresh with the focus in place, reviewers race, links age."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from gyges.case import Say, State
from gyges.gate.bell import EVERY
from gyges.testing import FakeClock
from gyges.wiring import SystemClock
from tests.browser.conftest import Site, open_site
from tests.web.conftest import MAIL, PAY

pytestmark = pytest.mark.slow


def mail(to: str) -> dict[str, Any]:
    """A mail to somebody."""
    return {"tool": "send_mail", "arguments": {"to": f"{to}@example.org", "text": "hello"}}


def link(page: Page, to: str) -> Any:
    """That mail's link in the inbox."""
    return page.get_by_role("link", name=re.compile(f"send_mail.*{to}@"))


async def test_the_list_is_live_and_keeps_the_focus(site: Site) -> None:
    """What comes and goes is seen without reloading; the focus stays, and moves on where its line is gone."""
    first, second = await site.propose(mail("ada")), await site.propose(mail("bea"))
    page = await site.page("rita", "/inbox")
    await page.evaluate("window.stays = true")
    await link(page, "ada").focus()
    await site.propose(PAY)
    await expect(page.get_by_role("link", name=re.compile("^pay"))).to_be_visible()
    await expect(link(page, "ada")).to_be_focused()
    await expect(page.get_by_role("status")).to_have_text("1 new")
    await site.decide("rita", first, "deny")
    await expect(link(page, "ada")).to_have_count(0)
    await expect(link(page, "bea")).to_be_focused()
    assert await page.evaluate("window.stays") is True
    await expect(page).to_have_title(re.compile(r"^\(2\) Inbox"))
    assert await site.state(second) is State.WAITING


async def test_the_stream_comes_back(site: Site) -> None:
    """The server ends every stream, cases come meanwhile, and the page finds out by itself."""
    await site.propose(mail("ada"))
    page = await site.page("rita", "/inbox")
    await expect(link(page, "ada")).to_be_visible()
    closing = site.app.state.desk.closing
    async with page.expect_event("requestfinished", lambda r: "/inbox/stream" in r.url):
        closing.set()
    await site.propose(mail("bea"))
    async with page.expect_response(lambda r: "/inbox/stream" in r.url):
        closing.clear()
    await expect(link(page, "bea")).to_be_visible()


async def test_a_stream_that_was_refused_is_asked_for_again(site: Site) -> None:
    """A browser gives up for good on a stream that a proxy answers with 502; the page does not."""
    page = await site.page("rita")
    refused: list[str] = []

    async def refuse(route: Route) -> None:
        refused.append(route.request.url)
        await route.fulfill(status=502, body="bad gateway")

    await page.route("**/inbox/stream*", refuse, times=1)
    await page.goto(f"{site.url}/inbox")
    await site.propose(mail("ada"))
    await expect(link(page, "ada")).to_be_visible()
    assert len(refused) == 1


async def test_a_stream_ends_with_its_session(site: Site) -> None:
    """Signed out elsewhere, an open inbox leads to the sign-in page and is told nothing more."""
    page = await site.page("rita", "/inbox")
    await site.propose(mail("dora"))
    await expect(link(page, "dora")).to_be_visible()
    await site.gate.sessions.end_all("rita", by="test", now=site.gate.clock.now())
    await site.propose(mail("cleo"))
    await expect(page).to_have_url(re.compile("/sign-in"))
    await expect(link(page, "cleo")).to_have_count(0)


async def test_the_countdown_goes_on_by_itself(site: Site) -> None:
    """Time passes on an open page: in its last minutes it is said more loudly, and at the end that it is over."""
    case = await site.propose(MAIL)
    page = await site.page("rita")
    await page.clock.install()
    await page.goto(f"{site.url}/a/{case['id']}")
    left = page.locator(".clock .left")
    for before, text, loud in (
        (2_400, "^40 min", "left"),
        (240, "^4 min", "left soon"),
        (30, "^[0-9]+ s$", "left last"),
        (-60, "^over$", "left last"),
    ):
        await page.clock.pause_at(case["deadline"] / 1000 - before)
        await expect(left).to_have_text(re.compile(text))
        await expect(left).to_have_class(loud)


async def press_approve(page: Page) -> None:
    """Press the button that approves."""
    await page.get_by_role("button", name=re.compile("^Approve")).click()


async def test_two_reviewers_one_after_the_other(site: Site) -> None:
    """The slower one is told on the open page, and their answer is refused, saying what happened."""
    case = await site.propose(MAIL)
    rita = await site.page("rita", f"/a/{case['id']}")
    alice = await site.page("alice", f"/a/{case['id']}")
    await press_approve(rita)
    await expect(rita.get_by_text("Approved.", exact=True)).to_be_visible()
    await expect(
        alice.get_by_text("This case has changed while you read it.").first
    ).to_be_visible()
    async with alice.expect_response("**/approve") as sent:
        await press_approve(alice)
    assert (await sent.value).status == 409
    await expect(alice.get_by_role("alert").first).to_be_visible()
    assert [vote.person for vote in (await site.case(case["id"])).votes] == ["rita"]
    await expect(alice.locator(".state").first).to_have_text("granted")


async def test_two_reviewers_at_the_same_moment(site: Site) -> None:
    """One says yes, one says no, at once: one of them counts, whole, and the other is told."""
    for _ in range(3):
        case = await site.propose(MAIL)
        rita = await site.page("rita", f"/a/{case['id']}")
        alice = await site.page("alice", f"/a/{case['id']}")
        await alice.get_by_label("Why not").fill("no")
        no = alice.get_by_role("button", name="Deny", exact=True)
        async with (
            rita.expect_response("**/approve") as yes_sent,
            alice.expect_response("**/deny") as no_sent,
        ):
            await asyncio.gather(press_approve(rita), no.click())
        statuses = ((await yes_sent.value).status, (await no_sent.value).status)
        held = await site.case(case["id"])
        expected = {(303, 409): (State.GRANTED, Say.APPROVE), (409, 303): (State.DENIED, Say.DENY)}
        assert expected[statuses] == (held.state, held.votes[-1].say)
        assert len(held.votes) == 1


async def test_what_is_decided_is_shown_and_no_longer_asked(site: Site) -> None:
    """A deep link of a decided case says who decided what, and offers nothing to press."""
    case = await site.propose(MAIL)
    denied = await site.call(
        "rita", "POST", f"/v1/actions/{case['id']}/decision",
        {"say": "deny", "digest": case["digest"], "reason": "not now"},
    )  # fmt: skip
    assert denied.status_code == 200
    page = await site.page("alice", f"/a/{case['id']}")
    await expect(page.locator(".state").first).to_have_text("denied")
    await expect(page.get_by_text("not now").first).to_be_visible()
    await expect(page.get_by_text("rita").first).to_be_visible()
    await expect(page.locator("#approve, #deny")).to_have_count(0)
    twin = await page.context.request.get(f"{site.url}/a/{case['id']}.json")
    assert (await twin.json())["view"]["state"] == "denied"


async def test_an_edited_case_leads_to_what_took_its_place(site: Site) -> None:
    """The old link still works and names the new case."""
    case = await site.propose(MAIL)
    page = await site.page("alice", f"/a/{case['id']}/edit")
    await page.get_by_role("textbox", name="text text").fill("hello again")
    await page.get_by_role("button", name="See what changes").click()
    await page.get_by_role("button", name="Put this in its place").click()
    await expect(page.get_by_text("Edited: this new version")).to_be_visible()
    new = page.url.partition("?")[0]
    await page.goto(f"{site.url}/a/{case['id']}")
    await page.get_by_role("link", name="What took its place").click()
    await expect(page).to_have_url(new)


async def test_a_link_to_nothing(site: Site) -> None:
    """It says so, in the same frame, with a way back."""
    page = await site.page("rita")
    answer = await page.goto(f"{site.url}/a/c-01aaaaaaaaaaaaaaaaaaaaaaaa")
    assert answer
    assert answer.status == 404
    await expect(page.get_by_role("link", name="To the inbox")).to_be_visible()


@pytest.fixture
async def brief(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Site]:
    """A gate where people have ten minutes to answer, by a clock that a test turns."""
    folder, clock = tmp_path_factory.mktemp("brief") / "data", FakeClock(SystemClock().now())
    async with open_site(folder, chromium, clock=clock, wait_seconds=600) as site:
        yield site


async def test_a_case_expires_before_ones_eyes(brief: Site) -> None:
    """The open page is told, the late approval is refused, and the link shows how it ended."""
    case = await brief.propose(MAIL)
    page = await brief.page("rita", f"/a/{case['id']}")
    button = page.get_by_role("button", name=re.compile("^Approve"))
    await expect(button).to_be_visible()
    assert isinstance(brief.gate.clock, FakeClock)
    brief.gate.clock.advance(seconds=601)
    brief.gate.corridor.bell.ring(EVERY)  # for the loop that sleeps until the deadline
    await expect(page.get_by_text("This case has changed").first).to_be_visible()
    assert await brief.state(case) is State.EXPIRED
    async with page.expect_response("**/approve") as sent:
        await button.click()
    assert (await sent.value).status == 409
    await page.goto(f"{brief.url}/a/{case['id']}")
    await expect(page.locator(".state").first).to_have_text("expired")
    await expect(page.locator("#approve, #deny")).to_have_count(0)
    assert brief.complaints() == []
