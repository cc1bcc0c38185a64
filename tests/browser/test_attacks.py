# SPDX-License-Identifier: Apache-2.0
"""What strangers try on people who are signed in: forged forms, frames, redirects, planted sessions, curious robots.

Real Chromium, a real second origin. The same-site stranger is the harder one: cookies go along with what it sends.
"""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from gyges.case import State
from gyges.web.session import COOKIE
from tests.browser.conftest import Site
from tests.browser.elsewhere import Elsewhere, serving
from tests.patience import until
from tests.web.conftest import MAIL
from tests.web.people import PASSWORD

pytestmark = pytest.mark.slow
ELSEWHERE = ["asked another host: http://127.0.0.1", "asked another host: http://localhost"]
"""The stranger's own pages are not ours to complain about."""


@pytest.fixture
def away() -> Iterator[Elsewhere]:
    """A stranger's server."""
    with serving() as found:
        yield found


@pytest.mark.parametrize("origin", ["neighbour", "stranger"])
@pytest.mark.parametrize("aim", ["approve", "deny", "escalate", "stop"])
async def test_a_forged_form_decides_nothing(
    site: Site, away: Elsewhere, origin: str, aim: str
) -> None:
    """A page elsewhere sends a perfect form, with the right digest and token, and is refused."""
    site.expected += ELSEWHERE
    case = await site.propose(MAIL)
    page = await site.page("rita", f"/a/{case['id']}")
    token = await page.locator("#approve input[name=shown]").get_attribute("value")
    fields = {"shown": token or "", "digest": case["digest"], "reason": "forged"}
    inputs = "".join(f"<input name={k} value='{v}'>" for k, v in fields.items())
    form = f"<form id=f method=post action='{site.url}/a/{case['id']}/{aim}'>{inputs}</form>"
    away.show(f"{form}<script>f.submit()</script>")
    async with page.expect_response(f"**/{aim}") as sent:
        await page.goto(getattr(away, origin))
    answer = await sent.value
    assert answer.status in (401, 403), await answer.text()
    assert answer.request.method == "POST"
    held = await site.case(case["id"])
    assert (held.state, held.votes, held.escalated) == (State.WAITING, (), ())
    assert await site.gate.store.stops() == []


async def test_a_forged_request_by_script_is_refused_too(site: Site, away: Elsewhere) -> None:
    """Simple requests with cookies, as forms, as text and as beacons: nothing is read, nothing is decided."""
    site.expected += [*ELSEWHERE, "console:"]
    case = await site.propose(MAIL)
    page = await site.page("rita")
    away.show("<p>Hello</p>")
    await page.goto(away.neighbour)
    aims = [
        f"{site.url}/a/{case['id']}/deny",
        f"{site.url}/sign-out",
        f"{site.url}/me/sessions/end",
    ]
    sends = """async (aims) => { for (const aim of aims) for (const type of
      ["application/x-www-form-urlencoded", "text/plain"]) {
        const init = { method: "POST", mode: "no-cors", credentials: "include", body: "reason=x",
                       headers: { "content-type": type } };
        const answer = await fetch(aim, init).catch(() => null);
        if (answer && answer.type !== "opaque") throw new Error("read: " + answer.status);
        navigator.sendBeacon(aim, new Blob(["reason=x"], { type }));
    } }"""
    await page.evaluate(sends, aims)
    assert await site.state(case) is State.WAITING
    await page.goto(f"{site.url}/a/{case['id']}")
    await expect(page.get_by_text("Signed in as")).to_be_visible()


@pytest.mark.parametrize("origin", ["neighbour", "stranger"])
async def test_no_page_of_ours_can_be_framed(site: Site, away: Elsewhere, origin: str) -> None:
    """A frame over a bait shows nothing to click on; who opens a window of ours has no hold on it."""
    site.expected += [*ELSEWHERE, "frame-ancestors", "X-Frame-Options", "to be framed", "Framing"]
    case = await site.propose(MAIL)
    page = await site.page("rita")
    away.show(f"<button>Win</button><iframe src='{site.url}/a/{case['id']}'></iframe>")
    await page.goto(getattr(away, origin))
    frame = page.frames[1]
    await frame.wait_for_url(re.compile("^chrome-error:"))
    assert await frame.get_by_role("button", name="Approve").count() == 0
    other = await page.context.new_page()
    away.show(f"<script>w = open('{site.url}/a/{case['id']}')</script>")
    async with other.expect_popup() as opened:
        await other.goto(getattr(away, origin))
    popup = await opened.value
    await expect(popup.get_by_text("Signed in as")).to_be_visible()
    # Asked on the stranger's page, which stays: ours may still move on by itself.
    await other.wait_for_function("w.closed")


REDIRECTS = (
    "//evil.example", "/\\evil.example", "https://evil.example/inbox", "/%09/evil.example",
    "/\t/evil.example", "javascript:alert(1)", "/link/x", "///evil.example", "\\\\evil.example",
    "http:evil.example", "/.//evil.example", "@evil.example",
)  # fmt: skip


async def sign_in(page: Page, name: str) -> None:
    """Type a name and the password, and send them."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def password(site: Site, name: str) -> None:
    """Give somebody the password of these tests."""
    now = site.gate.clock.now()
    await site.gate.accounts.set_password(name, PASSWORD, by="test", now=now)


async def test_signing_in_leads_to_pages_of_ours_only(site: Site) -> None:
    """Whatever `next` says: as a browser understands it, it stays at this gate."""
    site.expected.append("EventSource's response")  # of inboxes whose cookie is taken away below
    await password(site, "alice")
    page = await site.page()
    for wanted in REDIRECTS:
        await page.context.clear_cookies()
        await page.goto(f"{site.url}/sign-in")
        field = page.locator("main input[name=next]")
        await field.evaluate("(e, v) => { e.value = v }", wanted)
        async with page.expect_navigation():
            await sign_in(page, "alice")
        assert page.url.startswith(f"{site.url}/"), wanted
        await page.goto(f"{site.url}/me")
        hidden = page.locator(".side .theme input[name=next]")
        await hidden.evaluate("(e, v) => { e.value = v }", wanted)
        async with page.expect_navigation():
            await page.get_by_role("button", name="night").click()
        assert page.url.startswith(f"{site.url}/"), wanted


async def test_a_deep_link_survives_signing_in(site: Site) -> None:
    """Somebody who is not signed in sees the case once they are."""
    await password(site, "rita")
    case = await site.propose(MAIL)
    page = await site.page("", f"/a/{case['id']}?from=mail")
    assert "/sign-in?next=" in page.url
    await expect(page.get_by_text("ada@example.org")).to_have_count(0)
    await sign_in(page, "rita")
    await page.wait_for_url(f"{site.url}/a/{case['id']}?from=mail")


async def test_a_link_from_elsewhere_arrives(site: Site, away: Elsewhere) -> None:
    """A strict cookie stays behind at first; the page in between brings the person to the case."""
    site.expected += ELSEWHERE
    case = await site.propose(MAIL)
    page = await site.page("rita")
    away.show(f"<a href='{site.url}/a/{case['id']}'>Please look</a>")
    await page.goto(away.stranger)
    await page.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("send_mail")
    assert await site.state(case) is State.WAITING


@pytest.mark.parametrize("planted", ["made up", "the attacker's own"])
async def test_a_planted_session_is_never_the_victims(site: Site, planted: str) -> None:
    """Signing in always makes a new secret; what was planted before acts for nobody but whom it was made for."""
    await password(site, "alice")
    secret = "x" * 43 if planted == "made up" else await site.session("nora")
    context = await site.context()
    await context.add_cookies([{"name": COOKIE, "value": secret, "url": site.url}])
    page = await context.new_page()
    await page.goto(f"{site.url}/sign-in")
    await sign_in(page, "alice")
    await page.wait_for_url("**/inbox")
    kept = {c.get("name"): c for c in await context.cookies(site.url)}[COOKIE]
    assert kept.get("value") not in ("", secret)
    assert (kept.get("httpOnly"), kept.get("sameSite")) == (True, "Strict")
    assert await page.evaluate("document.cookie.includes('session')") is False
    now = site.gate.clock.now()
    assert await site.gate.sessions.who(secret, now=now) is None


async def test_signing_out_everywhere_works(site: Site) -> None:
    """Two browsers, one click: neither is let in, and going back shows nothing that was there."""
    case = await site.propose(MAIL)
    here = await site.page("rita", f"/a/{case['id']}")
    there = await site.page("rita", "/inbox")
    await here.goto(f"{site.url}/me")
    await here.get_by_role("button", name="Sign out everywhere").click()
    await here.wait_for_url("**/sign-in**")
    await there.wait_for_url("**/sign-in**")
    await here.go_back()
    await expect(here.get_by_text("ada@example.org")).to_have_count(0)


async def robot(context: BrowserContext, url: str) -> None:
    """Open a link as a mail scanner does: run its scripts, then send every form on it with every button.

    Each form is sent from a page of its own, since the one sent before may still be on its way.
    """
    sent = "form:not([method=dialog])"
    first = await context.new_page()
    await first.goto(url)
    for index in range(await first.locator(sent).count()):
        page = await context.new_page()
        await page.goto(url)
        form = page.locator(sent).nth(index)
        if await form.count():
            for entry in await form.locator("input:visible, textarea:visible").all():
                await entry.fill("scanner")
            async with page.expect_response(lambda answer: answer.request.method == "POST"):
                await form.evaluate("f => f.requestSubmit ? f.requestSubmit() : f.submit()")


async def test_a_mail_scanner_decides_nothing(site: Site) -> None:
    """It has what the mail has, the link. It runs scripts and sends forms, and the case waits as before."""
    case = await site.propose(MAIL)
    for path in (f"/a/{case['id']}", f"/a/{case['id']}/log"):
        await robot(await site.context(), site.url + path)
    held = await site.case(case["id"])
    assert (held.state, held.votes, held.version) == (State.WAITING, (), case["version"])


async def test_opening_a_one_time_link_uses_nothing_up(site: Site) -> None:
    """A scanner may open it as often as it likes, with scripts; the person's click is the first use."""
    now = site.gate.clock.now()
    _, token = await site.gate.accounts.make_link("bob", by="test", now=now, seconds=600)
    scanner = await site.page()
    for _ in range(3):
        await scanner.goto(f"{site.url}/link/{token}")
        await scanner.wait_for_load_state("networkidle")
    assert await scanner.context.cookies(site.url) == []
    person = await site.page("", f"/link/{token}")
    await person.get_by_role("button", name="Sign in as bob").click()
    await person.wait_for_url("**/me")
    again = await site.page("", f"/link/{token}")
    await expect(again.get_by_text("this link was used")).to_be_visible()


async def test_following_every_link_changes_nothing(site: Site) -> None:
    """A prefetcher in the reviewer's own browser opens all that can be opened: only forms act."""
    case = await site.propose(MAIL)
    page = await site.page("rita", f"/a/{case['id']}")
    links: set[str] = set()
    for path in (f"/a/{case['id']}", "/inbox", "/grants", "/me", "/agents/bot"):
        await page.goto(site.url + path)
        links |= set(await page.locator("a[href]").evaluate_all("all => all.map(a => a.href)"))
    assert len(links) > 10
    for link in sorted(links):
        assert link.startswith((site.url, site.url.replace("127.0.0.1", "localhost"))), link
        assert (await page.context.request.get(link)).status in (200, 403, 404), link
    held = await site.case(case["id"])
    assert (held.state, held.version) == (State.WAITING, case["version"])
    await page.goto(f"{site.url}/me")
    await expect(page.get_by_text("Signed in as")).to_be_visible()


async def test_the_watch_sees(site: Site) -> None:
    """What every test relies on: a request elsewhere is stopped by the policy of our pages, and noticed."""
    page = await site.page("rita", "/inbox")
    tried = "fetch('https://evil.example/').then(() => 'sent', () => 'stopped')"
    assert await page.evaluate(tried) == "stopped"
    inline = (
        "document.body.append(Object.assign(document.createElement('script'), {text: 'own = 1'}))"
    )
    await page.evaluate(inline)
    assert await page.evaluate("typeof own") == "undefined"
    for part in ("connect-src", "script-src"):
        await until(lambda part=part: part in json.dumps(site.strays), part)
    site.strays.clear()
