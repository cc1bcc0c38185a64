# SPDX-License-Identifier: Apache-2.0
"""A real gate on a loopback port, and people in front of real Chromium.

One Chromium serves this folder's tests, one gate each module; every test starts with an empty inbox. Whatever a page
loads, logs or throws is watched: a request to another host, a broken script or a breach of the content
security policy fails the test that caused it. Nothing is faked and nothing waits by sleeping.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from gyges.case import Case, Say, State
from gyges.person import Method, Role
from gyges.ports import CaseQuery
from gyges.principal import Scope
from gyges.web.running import keep_time
from gyges.web.server import config, listen, url_of
from gyges.web.session import COOKIE
from tests import patience
from tests.web.chromium_desk import patient
from tests.web.conftest import House, open_house
from tests.web.desk import with_labels
from tests.web.people import add, settle

CALM = {"dwell_seconds": 0, "approvals_per_hour": 0, "asks_per_minute": 0, "escalate_to": "finance"}
"""Settings under which one test does not stand in another's way; attention has tests of its own."""


@dataclass(slots=True)
class Site(House):
    """A served gate, and the browsers in front of it."""

    url: str = ""
    browser: Browser | None = None
    contexts: list[BrowserContext] = field(default_factory=list[BrowserContext])
    strays: list[str] = field(default_factory=list[str])  # what no page of ours may do
    expected: list[str] = field(default_factory=list[str])  # parts of complaints a test provokes

    async def context(self, who: str = "", **options: Any) -> BrowserContext:
        """A fresh browser profile in which `who` is signed in ("" for nobody), watched."""
        assert self.browser
        made = patient(await self.browser.new_context(**{"reduced_motion": "reduce", **options}))
        self.contexts.append(made)
        made.on("request", lambda request: self._requested(request.url))
        made.on("console", lambda said: self._logged(said.type, said.text))
        made.on("weberror", lambda error: self.strays.append(f"error: {error.error}"))
        if who:
            secret = await self.session(who)
            await made.add_cookies(
                [{"name": COOKIE, "value": secret, "url": self.url, "sameSite": "Strict"}]
            )
        return made

    async def page(self, who: str = "", path: str = "", **options: Any) -> Page:
        """A page of such a profile, at `path` if one is given."""
        page = await (await self.context(who, **options)).new_page()
        if path:
            await page.goto(self.url + path)
        return page

    async def session(self, who: str) -> str:
        """The secret of a new session, as a password would have opened one."""
        person, now = await self.gate.accounts.find(who), self.gate.clock.now()
        return (await self.gate.sessions.open(person, Method.PASSWORD, now=now))[1]

    async def case(self, id: object) -> Case:
        """A case as the gate has it."""
        return await self.gate.corridor.found(str(id))

    async def state(self, case: dict[str, Any]) -> State:
        """Where it stands."""
        return (await self.case(case["id"])).state

    async def leave(self) -> None:
        """No browser is open, no complaint is left."""
        for context in self.contexts:
            await context.close()
        self.contexts.clear()
        self.strays.clear()
        self.expected.clear()

    async def clear(self) -> None:
        """The same, and nothing waits, and nobody is stopped."""
        await self.leave()
        root = (await self.gate.accounts.find("ada")).key(Scope.ADMIN)
        for stop in await self.gate.store.stops():
            await self.gate.corridor.lift(stop.scope, by=root)
        by = (await self.gate.accounts.find("olaf")).key(Scope.APPROVER)
        query = CaseQuery(states=(State.WAITING,), limit=200)
        while found := (await self.gate.store.cases(query)).cases:
            for case in found:
                await self.gate.corridor.answer(
                    case.id, by=by, say=Say.DENY, digest=case.digest, reason="the next test comes"
                )

    def _requested(self, url: str) -> None:
        parts = urlsplit(url)
        if (
            parts.scheme not in ("data", "about", "blob")
            and parts.netloc != urlsplit(self.url).netloc
        ):
            self.strays.append(f"asked another host: {url[:200]}")

    def _logged(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.strays.append(f"console: {text[:300]}")

    def complaints(self) -> list[str]:
        """What a page did that none may do, but for what the test meant to provoke."""
        return [one for one in self.strays if not any(part in one for part in self.expected)]


@asynccontextmanager
async def open_site(folder: Path, browser: Browser, **changes: Any) -> AsyncIterator[Site]:
    """A gate with people on a loopback port; `changes` are settings."""
    async with open_house(folder, **{**CALM, **changes}) as house, AsyncExitStack() as stack:
        sock = stack.enter_context(listen(replace(house.gate.settings, port=0)))
        server = uvicorn.Server(config(house.app, ()))
        loops = asyncio.create_task(keep_time(house.gate))
        running = asyncio.create_task(server.serve(sockets=[sock]))
        url = url_of(sock)
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, timeout=patience.S)
        )
        site = Site(house.gate, house.app, client, house.secrets, url, browser)
        await settle(site)
        await add(site, "olaf", Role.APPROVER, groups=("finance", "reviewers"))
        await with_labels(site)
        try:
            yield site
        finally:
            for context in site.contexts:
                await context.close()
            loops.cancel()
            house.app.state.desk.closing.set()
            server.should_exit = True
            await running
            await asyncio.wait({loops})


@pytest.fixture(scope="package")
async def chromium(need: Callable[..., Path]) -> AsyncIterator[Browser]:
    """Debian's Chromium without a window."""
    path = need("chromium", "chromium-browser", "google-chrome")
    async with async_playwright() as play:
        browser = await play.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--force-color-profile=srgb"]
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def gate(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> AsyncIterator[Site]:
    """The module's gate, as its tests left it."""
    async with open_site(tmp_path_factory.mktemp("site") / "data", chromium) as site:
        yield site


@pytest.fixture
async def site(gate: Site) -> AsyncIterator[Site]:
    """The module's gate with nothing waiting; afterwards, no page may have done what none may do."""
    await gate.clear()
    yield gate
    assert gate.complaints() == []
