# SPDX-License-Identifier: Apache-2.0
"""Signing in at a real provider in real Chromium: the way there, the way back, and the strict cookie between."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

pytest.importorskip("authlib")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the provider's own, about the library it is made of
    import oidc_provider_mock  # type: ignore[import-untyped]

from gyges.cli.common import write_secret
from tests.web.chromium_desk import patient
from tests.web.conftest import behind, open_house

# The provider that tests run against is itself made of older parts, in this process.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


async def test_a_deep_link_through_the_provider_and_back(
    tmp_path: Path, need: Callable[..., Path]
) -> None:
    """From a page to the sign-in, to the provider on another site, and back to that page, signed in."""
    chromium = need("chromium", "chromium-browser", "google-chrome")
    alice = oidc_provider_mock.User(
        sub="sub-alice", claims={"preferred_username": "alice", "groups": ["sec"]}
    )
    write_secret(tmp_path / "oidc.key", "a secret")
    with oidc_provider_mock.run_server_in_thread(user_claims=[alice]) as provider:
        settings = {
            "oidc_issuer": f"http://localhost:{provider.server_port}", "oidc_client_id": "gyges",
            "oidc_roles": ("sec=auditor",), "oidc_client_secret_file": "../oidc.key",
        }  # fmt: skip
        async with (
            open_house(tmp_path / "data", **settings) as house,
            behind(house) as url,
            async_playwright() as driver,
        ):
            browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            try:
                page = await patient(await browser.new_context()).new_page()
                asked = f"{url}/history?q=x"
                await page.goto(asked)
                await page.get_by_role("link", name="Sign in with your organisation").click()
                await page.wait_for_url("http://localhost:*/**")
                await page.get_by_role("button", name="sub-alice").click()
                await page.wait_for_url(asked)
                await expect(page.get_by_role("banner")).to_contain_text("alice")
                (cookie,) = await page.context.cookies()
                assert (cookie.get("name"), cookie.get("sameSite")) == ("gyges_session", "Strict")
            finally:
                await browser.close()
