# SPDX-License-Identifier: Apache-2.0
"""People with accounts for the tests of pages, and browsers that are signed in as them. Nothing is faked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from gyges.gate.accounts import Edit
from gyges.person import Method, Person, Role
from gyges.web.session import COOKIE, FORM
from tests.web.conftest import BASE, House, speaking

PASSWORD = "a calm and dense sentence"
WHO: Mapping[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "alice": ((Role.APPROVER,), ("finance", "reviewers")),
    "bob": ((Role.APPROVER,), ("finance",)),
    "rita": ((Role.APPROVER,), ("reviewers",)),
    "audrey": ((Role.AUDITOR,), ()),
    "ada": ((Role.ADMIN,), ()),
    "nora": ((), ()),
}


@dataclass(slots=True)
class Browser:
    """One browser: its own cookies, and the headers that a browser sends by itself."""

    client: httpx.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page; redirects are not followed."""
        return await self.client.get(path, headers=_named(headers))

    async def json(self, path: str) -> dict[str, object]:
        """The JSON twin of a page."""
        answer = await self.client.get(path, headers={"accept": "application/json"})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    async def post(
        self, path: str, form: Mapping[str, str | list[str]] | None = None, **headers: str
    ) -> httpx.Response:
        """Send a form as one of our own pages does."""
        sent = {"origin": BASE, "sec-fetch-site": "same-origin", "content-type": FORM}
        body = urlencode(form or {}, doseq=True)
        return await self.client.post(path, content=body, headers={**sent, **_named(headers)})

    @property
    def cookie(self) -> str:
        """The session's secret; "" when there is none."""
        return self.client.cookies.get(COOKIE) or ""


def browser(house: House) -> Browser:
    """A browser where nobody is signed in. Close its client, or let the test's end do it."""
    client = speaking(house.app)
    client.headers["accept"] = "text/html"
    return Browser(client)


async def add(house: House, name: str, *roles: Role, groups: tuple[str, ...] = ()) -> Person:
    """An account without a password."""
    now = house.gate.clock.now()
    return await house.gate.accounts.add(
        name, by="test", now=now, edit=Edit(roles=roles, groups=groups)
    )


async def settle(house: House) -> None:
    """Everybody in `WHO` gets an account."""
    for name, (roles, groups) in WHO.items():
        await add(house, name, *roles, groups=groups)


async def signed_in(house: House, name: str, method: Method = Method.PASSWORD) -> Browser:
    """A browser where `name` is signed in, without the cost of a password check."""
    person = await house.gate.accounts.find(name)
    _, secret = await house.gate.sessions.open(person, method, now=house.gate.clock.now())
    found = browser(house)
    found.client.cookies.set(COOKIE, secret, domain="127.0.0.1")
    return found


def forms(page: str) -> list[str]:
    """The actions of all forms that are sent by POST."""
    return re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
