# SPDX-License-Identifier: Apache-2.0
"""A served gate that asks for signatures, and Chromium with a virtual authenticator in front of it.

Nothing is faked but the finger on the sensor. It holds no tests.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from playwright.async_api import BrowserContext, CDPSession, Page, async_playwright, expect

from gyges.case import State
from gyges.person import Role
from tests import patience
from tests.web.conftest import House, Served, behind, open_house
from tests.web.people import add

RULE = """
@id("pay-signed") @assurance("passkey") @reason("Payments are signed by one of finance.")
permit (principal, action in Action::"risk:pay", resource) when { context.approvals.finance >= 1 };
"""
SIGN = "Sign and approve"
"""What the button says that approves with a passkey."""
expect.set_options(timeout=patience.MS)


def patient(context: BrowserContext) -> BrowserContext:
    """The same browser profile, whose pages wait long for events, elements and pages."""
    context.set_default_timeout(patience.MS)
    context.set_default_navigation_timeout(patience.MS)
    return context


@dataclass(slots=True)
class SigningDesk:
    """A served gate that asks for signatures, and alice's browser, signed in by a one-time link."""

    house: House
    url: str
    page: Page
    cdp: CDPSession
    authenticator: str

    async def credential(self) -> dict[str, Any]:
        """Alice's passkey, as the virtual authenticator keeps it."""
        told = await self.cdp.send(
            "WebAuthn.getCredentials", {"authenticatorId": self.authenticator}
        )
        found: dict[str, Any] = told["credentials"][0]
        return found

    async def enrol(self) -> None:
        """Add a passkey on alice's own page."""
        await self.page.goto(f"{self.url}/me")
        await self.page.get_by_label("Name of the new passkey").fill("laptop")
        await self.page.get_by_role("button", name="Add a passkey").click()
        await expect(self.page.get_by_text("The passkey is added.")).to_be_visible()

    async def open(self, case: dict[str, Any]) -> None:
        """Open a case's page and type what it asks for."""
        await self.page.goto(f"{self.url}/a/{case['id']}")
        await self.page.get_by_label("Type the amount").fill("4800")

    async def state(self, case: dict[str, Any]) -> State:
        """Where the case stands at the gate."""
        return (await self.house.gate.corridor.found(str(case["id"]))).state


@asynccontextmanager
async def chromium(path: Path) -> AsyncIterator[BrowserContext]:
    """Debian's Chromium without a window."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield patient(await browser.new_context())
        finally:
            await browser.close()


@asynccontextmanager
async def signing_desk(folder: Path, path: Path) -> AsyncIterator[SigningDesk]:
    """Alice approves for finance in the Chromium at `path`, and every payment must be signed."""
    async with serving(folder) as house, chromium(path) as context:
        url = str(house.client.base_url).rstrip("/").replace("127.0.0.1", "localhost")
        await add(house, "alice", Role.APPROVER, groups=("finance",))
        now = house.gate.clock.now()
        _, secret = await house.gate.accounts.make_link("alice", by="test", now=now, seconds=600)
        page = await context.new_page()
        cdp = await context.new_cdp_session(page)
        await cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }  # fmt: skip
        made = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        await page.goto(f"{url}/link/{secret}")
        await page.get_by_role("main").get_by_role("button").click()
        await page.wait_for_url(f"{url}/me")
        yield SigningDesk(house, url, page, cdp, made["authenticatorId"])


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Served]:
    """A gate behind uvicorn whose payments are signed and whose pages need not be looked at for long."""
    async with open_house(folder, dwell_seconds=0) as house:
        starter = folder / "policy" / "starter.cedar"
        kept = [part for part in starter.read_text().split("@id(") if not part.startswith('"pay')]
        starter.write_text("@id(".join(kept))
        (folder / "policy" / "signed.cedar").write_text(RULE)
        await house.gate.reload(by="test")
        async with (
            behind(house) as url,
            httpx.AsyncClient(base_url=url, timeout=patience.S) as client,
        ):
            yield Served(house.gate, house.app, client, house.secrets)


async def sent_by(desk: SigningDesk, act: Callable[[], Any]) -> dict[str, str]:
    """The form that `act` would send to approve; it is stopped on its way."""

    async def hold(route: Any) -> None:
        await route.fulfill(status=204)

    await desk.page.route("**/approve", hold)
    async with desk.page.expect_response("**/approve") as held:
        await act()
    await desk.page.unroute("**/approve")
    sent = (await held.value).request.post_data or ""
    return dict(parse_qsl(sent, keep_blank_values=True))


async def post(desk: SigningDesk, case: dict[str, Any], form: dict[str, str]) -> httpx.Response:
    """Send a form with alice's cookie and the headers of a page of ours, by other means than her browser."""
    cookies = await desk.page.context.cookies(desk.url)
    async with httpx.AsyncClient(base_url=desk.url, timeout=patience.S) as client:
        return await client.post(
            f"/a/{case['id']}/approve",
            content=urlencode(form),
            headers={
                "origin": desk.url,
                "sec-fetch-site": "same-origin",
                "content-type": "application/x-www-form-urlencoded",
                "cookie": "; ".join(f"{c.get('name')}={c.get('value')}" for c in cookies),
            },
        )
