# SPDX-License-Identifier: Apache-2.0
"""With the keyboard alone, and by name alone: everything can be reached, nothing decides by accident.

What is pressed is what a person presses; there is no mouse in this file. Names are read from the tree that Chromium
gives to screen readers.
"""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from gyges.case import State
from tests.browser.conftest import Site
from tests.browser.test_attacks import password
from tests.web.conftest import MAIL, PAY
from tests.web.desk import label
from tests.web.people import PASSWORD

pytestmark = pytest.mark.slow
INTERACTIVE = {"button", "link", "textbox", "searchbox", "checkbox", "combobox", "DisclosureTriangle",
               "menuitem", "radio", "spinbutton"}  # fmt: skip
FOCUS = """() => { const e = document.activeElement;
  const ring = (one) => { const s = one && getComputedStyle(one);
    return s && s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1; };
  return { tag: e.tagName, text: (e.innerText || e.id || "").trim(), ring: ring(e) || ring(e.closest(".item")) }; }"""


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so; each stop on the way can be seen."""
    target = page.get_by_role("main").get_by_text(re.compile(name)).first
    for _ in range(80):
        await page.keyboard.press("Tab")
        here: dict[str, Any] = await page.evaluate(FOCUS)
        assert here["ring"], f"the focus cannot be seen on {here}"
        if re.search(name, here["text"]):
            return
    raise AssertionError(f"Tab never came to {name!r}; {await target.count()} such texts are there")


async def test_from_signing_in_to_an_approval_of_high_risk(site: Site) -> None:
    """Sign in, go down the list, open, to the field, type the amount, press the button: no mouse."""
    await password(site, "alice")
    case = await site.propose(PAY)
    await site.propose(MAIL)
    page = await site.page("", "/sign-in")
    await tab_to(page, "^name$")
    await page.keyboard.type("alice")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/inbox")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name=re.compile("^send_mail"))).to_be_focused()
    await page.keyboard.press("k")
    await expect(page.get_by_role("link", name=re.compile("^pay"))).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/a/{case['id']}")
    await page.go_back()
    await page.keyboard.press("j")
    await page.keyboard.press("a")
    await page.wait_for_url(f"**/a/{case['id']}#go-approve")
    await expect(page.get_by_label("Type the amount")).to_be_focused()
    await page.keyboard.type("4800")
    await tab_to(page, "^Approve")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    assert [vote.person for vote in (await site.case(case["id"])).votes] == ["alice"]


async def test_deny_edit_search_and_help(site: Site) -> None:
    """`r` leads to the reason, `e` to the edit, `/` to the search, `?` to the list of keys, Escape out of it."""
    case = await site.propose(MAIL)
    page = await site.page("rita", "/inbox")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.wait_for_function("document.activeElement === document.body")
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox", name="Search what waits")).to_be_focused()
    await page.keyboard.type("send_mail")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/inbox?q=send_mail")
    await page.keyboard.press("j")
    await page.keyboard.press("e")
    await page.wait_for_url(f"**/a/{case['id']}/edit")
    await page.go_back()
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await page.wait_for_url(f"**/a/{case['id']}#go-deny")
    await expect(page.get_by_label("Why not")).to_be_focused()
    await page.keyboard.type("jkarex?/ are letters here")
    await tab_to(page, "^Deny$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Denied.", exact=True)).to_be_visible()
    assert await site.state(case) is State.DENIED
    assert (await site.case(case["id"])).votes[0].reason == "jkarex?/ are letters here"


async def test_a_batch_by_keyboard(site: Site) -> None:
    """`x` selects in the list; on the page of all, each is ticked on its own."""
    cases = [await label(site, ticket) for ticket in range(3)]
    page = await site.page("rita", "/inbox")
    for _ in range(2):
        await page.keyboard.press("j")
        await page.keyboard.press("x")
    await tab_to(page, "^Look at the selected together")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/batch?**")
    for number in (1, 2):
        box = page.get_by_role("checkbox", name=f"Approve item {number}")
        await page.keyboard.press("j")
        await expect(box).to_be_focused()
        await page.keyboard.press("Space")
        await expect(box).to_be_checked()
    await tab_to(page, "^Approve those")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/inbox?said=approved")
    states = [await site.state(case) for case in cases]
    assert sorted(states) == [State.GRANTED, State.GRANTED, State.WAITING]


async def test_no_single_key_decides(site: Site) -> None:
    """Every key on a case just opened (but `e`, which opens another page): all waits as before."""
    case = await site.propose(PAY)
    other = await site.propose(MAIL)
    page = await site.page("alice")
    keys = [*"abcdfghijklmnopqrstuvwxyz0123456789", "Space", "Enter", "Shift+A", "Delete"]
    for path in (f"/a/{other['id']}", f"/a/{case['id']}"):
        await page.goto(site.url + path)
        for key in keys:
            await page.keyboard.press(key)
            await page.evaluate("document.activeElement.blur()")
    for one in (case, other):
        held = await site.case(one["id"])
        assert (held.state, held.votes) == (State.WAITING, ())


async def test_keys_can_be_changed_and_switched_off(site: Site) -> None:
    """Another letter goes down, and with all off no letter does anything."""
    await site.propose(MAIL)
    page = await site.page("rita", "/keyboard")
    first = page.get_by_role("textbox").first
    await first.fill("n")
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url("**/keyboard?said=saved")
    await page.goto(f"{site.url}/inbox")
    entry = page.get_by_role("link", name=re.compile("^send_mail"))
    await page.keyboard.press("j")
    await expect(entry).not_to_be_focused()
    await page.keyboard.press("n")
    await expect(entry).to_be_focused()
    await page.goto(f"{site.url}/keyboard")
    await page.get_by_role("button", name="All off").click()
    await page.wait_for_url("**/keyboard?said=saved")
    await page.goto(f"{site.url}/inbox")
    await page.keyboard.press("n")
    await expect(entry).not_to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_first_stop_skips_the_navigation(site: Site) -> None:
    """Tab shows the way past the menu, and it leads to the content."""
    page = await site.page("rita", "/inbox")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()


async def named(page: Page) -> list[str]:
    """What of the page's interactive parts has no name for a screen reader; links and buttons have one each."""
    cdp = await page.context.new_cdp_session(page)
    tree = await cdp.send("Accessibility.getFullAXTree")
    found: list[str] = []
    for node in tree["nodes"]:
        role = node.get("role", {}).get("value", "")
        if node.get("ignored") or role not in INTERACTIVE:
            continue
        if not str(node.get("name", {}).get("value", "")).strip():
            found.append(f"{role} {node.get('backendDOMNodeId')}")
    return found


async def test_everything_has_a_name(site: Site) -> None:
    """All that can be used is named; the case page's landmarks and headings tell its story in order."""
    case = await site.propose(PAY)
    for ticket in range(2):
        await label(site, ticket)
    page = await site.page("alice")
    for path in ("/inbox", "/grants", "/me", "/policy", "/agents/bot", "/keyboard", "/history",
                 f"/a/{case['id']}/edit", f"/a/{case['id']}/log", f"/a/{case['id']}"):  # fmt: skip
        await page.goto(site.url + path)
        assert await named(page) == [], path
        assert await page.get_by_role("main").count() == 1
        assert await page.get_by_role("heading", level=1).count() == 1
    await expect(page.get_by_role("complementary", name="Your answer")).to_be_visible()
    headings = await page.get_by_role("main").get_by_role("heading", level=2).all_inner_texts()
    order = [
        "What it is",
        "Arguments",
        "Why a person is asked",
        "What the agent says",
        "Your answer",
    ]
    places = [next(i for i, text in enumerate(headings) if text.startswith(word)) for word in order]
    assert places == sorted(places)


async def test_without_scripts_everything_can_be_answered(site: Site) -> None:
    """Links and forms alone: find, open, edit and look, approve with a note, deny; a batch as well."""
    mail, pay = await site.propose(MAIL), await site.propose(PAY)
    page = await site.page("alice", "/inbox", java_script_enabled=False)
    await page.get_by_role("link", name=re.compile("^pay")).click()
    await page.get_by_label("Type the amount").fill("4800")
    await page.get_by_role("button", name=re.compile("^Approve")).click()
    await expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    assert len((await site.case(pay["id"])).votes) == 1
    await page.goto(f"{site.url}/a/{mail['id']}")
    await page.get_by_label("Why not").fill("no")
    await page.get_by_role("button", name="Deny", exact=True).click()
    await expect(page.get_by_text("Denied.", exact=True)).to_be_visible()
    assert await site.state(mail) is State.DENIED
    cases = [await label(site, ticket) for ticket in range(2)]
    await page.goto(f"{site.url}/inbox")
    await page.get_by_role("link", name="Look at all 2").click()
    for number in (1, 2):
        await page.get_by_role("checkbox", name=f"Approve item {number}").check()
    await page.get_by_role("button", name="Approve those that are ticked").click()
    await page.wait_for_url("**/inbox?said=approved")
    assert {await site.state(case) for case in cases} == {State.GRANTED}
