# SPDX-License-Identifier: Apache-2.0
"""Every way to answer a case, by hand in Chromium: what a person clicks is what the gate has afterwards."""

import re

import pytest
from playwright.async_api import Page, expect

from gyges.case import Say, State
from tests.browser.conftest import Site
from tests.web.conftest import MAIL, PAY, canonical

pytestmark = pytest.mark.slow


async def approve(page: Page, amount: str = "") -> None:
    """Press the button that approves, having typed the amount where it is asked for."""
    if amount:
        await page.get_by_label("Type the amount").fill(amount)
    await page.get_by_role("button", name=re.compile("^Approve")).click()


async def test_one_approval_from_inbox_to_permit(site: Site) -> None:
    """Found in the inbox, approved on its page; the agent gets a permit, and the page hears of its use."""
    case = await site.propose(MAIL)
    page = await site.page("rita", "/inbox")
    await page.get_by_role("link", name=re.compile("send_mail.*ada@example.org")).click()
    await page.wait_for_url(f"**/a/{case['id']}")
    await page.get_by_text("Add a note").click()
    await page.get_by_label("Note for the record").fill("known sender")
    await approve(page)
    await expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    (vote,) = (await site.case(case["id"])).votes
    assert (vote.person, vote.say, vote.reason) == ("rita", Say.APPROVE, "known sender")
    assert vote.attention is not None
    assert vote.attention.shown.startswith("sha256:")
    got = (await site.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert (got["state"], got["digest"]) == ("granted", case["digest"])
    body = {"permit": got["permit"], "action": canonical(got)}
    await site.call("office", "POST", f"/v1/actions/{case['id']}/redeem", body)
    await expect(page.get_by_text("This case has moved on.").first).to_be_visible()


async def test_two_people_for_high_risk_and_the_typed_amount(site: Site) -> None:
    """A wrong amount is sent back with what was written, the right one counts, and it takes two people."""
    case = await site.propose(PAY)
    alice = await site.page("alice", f"/a/{case['id']}")
    await approve(alice, "4700")
    await expect(alice.get_by_role("alert").filter(has_text="Type the amount")).to_be_visible()
    assert await site.state(case) is State.WAITING
    assert (await site.case(case["id"])).votes == ()
    await approve(alice, "4800")
    await expect(alice.get_by_text("Approved.", exact=True)).to_be_visible()
    assert await site.state(case) is State.WAITING
    bob = await site.page("bob", f"/a/{case['id']}")
    await approve(bob, "4800")
    await expect(bob.get_by_text("Approved.", exact=True)).to_be_visible()
    assert await site.state(case) is State.GRANTED
    assert [v.person for v in (await site.case(case["id"])).votes] == ["alice", "bob"]


async def test_an_approval_is_taken_back_before_it_runs(site: Site) -> None:
    """One key leads to the button, pressing it lets the grant lapse, and the agent gets no permit."""
    case = await site.propose(MAIL)
    page = await site.page("rita", f"/a/{case['id']}")
    await approve(page)
    await expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.get_by_role("button", name="Take it back")).to_be_focused()
    assert await site.state(case) is State.GRANTED
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Taken back: nothing runs.")).to_be_visible()
    got = (await site.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert (got["state"], got.get("permit", "")) == ("lapsed", "")


async def test_deny_with_reason_and_guidance(site: Site) -> None:
    """The agent is told what to do instead, and nothing runs."""
    case = await site.propose(MAIL)
    page = await site.page("rita", f"/a/{case['id']}")
    await page.get_by_label("Why not").fill("wrong Ada")
    await page.get_by_label("Tell the agent what to do instead").fill("ask which Ada")
    await page.get_by_role("button", name="Deny", exact=True).click()
    await expect(page.get_by_text("Denied.", exact=True)).to_be_visible()
    got = (await site.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert (got["state"], got["guidance"]) == ("denied", "ask which Ada")


async def test_a_denial_needs_one_word_and_no_look(site: Site) -> None:
    """Neither the amount typed nor the rest read; without any reason the page asks for one and keeps the rest."""
    case = await site.propose(PAY)
    page = await site.page("alice", f"/a/{case['id']}")
    await page.get_by_role("button", name="Deny", exact=True).click()
    await expect(page.get_by_role("alert").filter(has_text="needs a reason")).to_be_visible()
    assert await site.state(case) is State.WAITING
    await page.get_by_label("Why not").fill("no")
    await page.get_by_role("button", name="Deny", exact=True).click()
    await expect(page.get_by_text("Denied.", exact=True)).to_be_visible()
    assert await site.state(case) is State.DENIED


async def test_edit_is_looked_at_and_becomes_a_new_action(site: Site) -> None:
    """First what changes, then the change; the editor cannot approve it, somebody else can."""
    case = await site.propose(MAIL)
    page = await site.page("alice", f"/a/{case['id']}")
    await page.get_by_role("link", name="Edit the arguments").click()
    await page.get_by_role("textbox", name="text text").fill("hello, with the right file")
    await page.get_by_label("Why").fill("the file was missing")
    await page.get_by_role("button", name="See what changes").click()
    await expect(page.get_by_role("heading", name="What changes")).to_be_visible()
    assert await site.state(case) is State.WAITING
    await page.get_by_role("button", name="Put this in its place").click()
    await expect(page.get_by_text("Edited: this new version")).to_be_visible()
    old = await site.case(case["id"])
    assert old.state is State.SUPERSEDED
    new = page.url.rsplit("/", 1)[1].partition("?")[0]
    await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    rita = await site.page("rita", f"/a/{new}")
    await approve(rita)
    await expect(rita.get_by_text("Approved.", exact=True)).to_be_visible()
    granted = await site.case(new)
    assert granted.state is State.GRANTED
    assert granted.action.arguments["text"] == "hello, with the right file"


async def test_an_edit_that_does_not_fit_says_where(site: Site) -> None:
    """Validation speaks about the field, and the text that was written is still there."""
    case = await site.propose(PAY)
    page = await site.page("alice", f"/a/{case['id']}/edit")
    await page.get_by_label("amount").fill("many")
    await page.get_by_role("button", name="See what changes").click()
    await expect(page.get_by_role("alert")).to_contain_text("Amount: this must be a number")
    await expect(page.get_by_label("amount")).to_have_value("many")
    assert await site.state(case) is State.WAITING


async def test_escalate_asks_another_group_now(site: Site) -> None:
    """Rita puts a mail to finance as well, and bob of finance finds it."""
    case = await site.propose(MAIL)
    page = await site.page("rita", f"/a/{case['id']}")
    await page.get_by_role("button", name="Ask finance as well").click()
    await expect(page.get_by_text("Escalated.", exact=True)).to_be_visible()
    assert (await site.case(case["id"])).escalated == ("finance",)
    bob = await site.page("bob", f"/a/{case['id']}")
    await approve(bob)
    await expect(bob.get_by_text("Approved.", exact=True)).to_be_visible()
    assert await site.state(case) is State.GRANTED


async def test_stop_the_agent_and_lift_it(site: Site) -> None:
    """The kill switch on the case's page denies what comes next, and only an admin takes it off."""
    case = await site.propose(MAIL)
    page = await site.page("rita", f"/a/{case['id']}")
    await page.get_by_text("Stop this agent").click()
    await page.locator("#stop-reason").fill("it sends too much")
    await page.get_by_role("button", name="Stop bot").click()
    await expect(page.get_by_text("Stopped.", exact=True)).to_be_visible()
    after = await site.propose(MAIL)
    assert after["state"] == "denied"
    assert "it sends too much" in after["reason"] or "stop" in after["reason"]
    admin = await site.page("ada", "/agents/bot")
    await admin.get_by_role("button", name=re.compile("Take the stop of agent:bot off")).click()
    await expect(admin.get_by_text("The stop is off.")).to_be_visible()
    assert (await site.propose(MAIL))["state"] == "waiting"


async def test_a_standing_grant_is_made_on_its_own_page_and_revoked(site: Site) -> None:
    """It answers in its maker's place for what it pins, and for nothing once it is revoked."""
    page = await site.page("rita", "/grants")
    await page.get_by_label("Agent").fill("bot")
    await page.get_by_label("Tool").select_option("send_mail")
    await page.get_by_label("argument").first.fill("to")
    await page.get_by_label("value").first.fill("ada@example.org")
    await page.get_by_label("How many times").fill("5")
    await page.get_by_label("For how many hours").fill("1")
    await page.get_by_label("Why").fill("the weekly letter")
    await page.get_by_role("button", name="Make the grant").click()
    await expect(page.get_by_text("The standing grant is made.")).to_be_visible()
    assert (await site.propose(MAIL))["state"] == "granted"
    elsewhere = {"tool": "send_mail", "arguments": {"to": "eve@example.org", "text": "hello"}}
    assert (await site.propose(elsewhere))["state"] == "waiting"
    await page.get_by_role("button", name=re.compile("^Revoke")).click()
    await expect(page.get_by_text("Revoked.", exact=True)).to_be_visible()
    assert (await site.propose(MAIL))["state"] == "waiting"


async def test_the_page_says_who_may_not_and_why(site: Site) -> None:
    """Bob is not asked for mails, an auditor answers nothing: both see the case, neither sees a button."""
    case = await site.propose(MAIL)
    for who in ("bob", "audrey"):
        page = await site.page(who, f"/a/{case['id']}")
        await expect(page.get_by_role("heading", name=re.compile("send_mail"))).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
        said = "Answering takes an approver." if who == "audrey" else "you approve for finance"
        await expect(page.get_by_role("complementary").get_by_text(said)).to_be_visible()


async def test_blind_until_one_has_voted(site: Site) -> None:
    """The second voter does not see the first one's vote before giving their own."""
    case = await site.propose(PAY)
    alice = await site.page("alice", f"/a/{case['id']}")
    await approve(alice, "4800")
    await expect(alice.get_by_text("Approved.", exact=True)).to_be_visible()
    bob = await site.page("bob", f"/a/{case['id']}")
    await expect(bob.get_by_text("is shown once you have")).to_be_visible()
    await expect(bob.get_by_role("main").get_by_text("alice")).to_have_count(0)
    await approve(bob, "4800")
    await expect(bob.get_by_role("main").get_by_text("alice")).to_be_visible()
