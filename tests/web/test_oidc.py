# SPDX-License-Identifier: Apache-2.0
"""Signing in with an OpenID provider: a real one on loopback, and back to the page that was asked for."""

import re
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

pytest.importorskip("authlib")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the provider's own, about the library it is made of
    import oidc_provider_mock  # type: ignore[import-untyped]

from gyges.cli.common import write_secret
from gyges.gate.accounts import Edit
from gyges.person import Role
from gyges.web import oidc_pages
from tests import patience
from tests.web.conftest import BASE, House, open_house
from tests.web.people import Browser, browser

# The provider that tests run against is itself made of older parts, in this process.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CLAIMS: dict[str, Any] = {
    "preferred_username": "alice", "groups": ["fin", "staff"], "email": "alice@example.org",
}  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer of a provider that runs; it knows alice, and makes up whoever else signs in."""
    alice = oidc_provider_mock.User(sub="sub-alice", claims=CLAIMS)
    with oidc_provider_mock.run_server_in_thread(user_claims=[alice], require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def house(tmp_path: Path, provider: str) -> AsyncIterator[House]:
    """A gate that trusts it, and maps its groups."""
    settings = {
        "oidc_issuer": provider, "oidc_client_id": "gyges", "oidc_client_secret_file": "oidc.key",
        "oidc_groups": ("fin=finance",), "oidc_roles": ("fin=approver",),
    }  # fmt: skip
    (tmp_path / "data").mkdir()
    write_secret(tmp_path / "data" / "oidc.key", "a secret")
    async with open_house(tmp_path / "data", **settings) as opened:
        yield opened


async def at_provider(url: str, sub: str = "sub-alice") -> str:
    """Sign in at the provider's page at `url`; the address it sends the browser back to."""
    async with httpx.AsyncClient(trust_env=False, timeout=patience.S) as client:
        answer = await client.post(url, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix(BASE)


async def signed_in_at(house: House, who: Browser, sub: str = "sub-alice", to: str = "/me") -> Any:
    """All the way to the provider and back; the answer at the end of it."""
    away = await who.get(f"/sign-in/oidc?next={to}")
    assert away.status_code == 303, away.text
    return await who.get(
        await at_provider(away.headers["location"], sub), sec_fetch_site="cross-site"
    )


@pytest.mark.slow
async def test_somebody_signs_in_at_the_provider(house: House) -> None:
    """Asked with PKCE, state and nonce; an account with mapped rights; back to the page first asked for."""
    who = browser(house)
    assert "/sign-in/oidc" in (await who.get("/sign-in")).text
    away = await who.get("/sign-in/oidc?next=/me")
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BASE + oidc_pages.BACK]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    cookie = away.headers["set-cookie"]
    assert re.search(r"HttpOnly; Max-Age=600; Path=/; SameSite=lax", cookie)
    answer = await signed_in_at(house, who)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    again = await who.get("/me", sec_fetch_site="cross-site")
    assert "alice" in again.text
    person = await house.gate.accounts.find("alice")
    assert person.oidc.endswith(" sub-alice")
    assert (person.roles, person.groups) == ((Role.APPROVER,), ("finance",))
    shown = await who.json("/me.json")
    assert isinstance(shown["sessions"], list)
    assert shown["sessions"][0]["method"] == "oidc"


@pytest.mark.slow
async def test_a_stranger_is_told_who_they_are_there(house: House) -> None:
    """No account, no rights; with the identity that an administrator could tie to one."""
    answer = await signed_in_at(house, browser(house), "sub-stranger")
    assert answer.status_code == 403
    assert "sub-stranger" in answer.text
    assert await house.gate.store.people() == []


@pytest.mark.slow
async def test_a_disabled_account_stays_out(house: House) -> None:
    """Whatever the provider says."""
    await signed_in_at(house, browser(house))
    await house.gate.accounts.disable("alice", by="test", now=house.gate.clock.now())
    assert (await signed_in_at(house, browser(house))).status_code == 403


@pytest.mark.slow
async def test_an_answer_is_good_in_the_browser_that_asked_and_once(house: House) -> None:
    """A victim's browser does not take an attacker's answer, and nobody takes one a second time."""
    attacker, victim = browser(house), browser(house)
    away = await attacker.get("/sign-in/oidc")
    back = await at_provider(away.headers["location"])
    assert (await victim.get(back)).status_code == 400
    await victim.get("/sign-in/oidc")
    assert (await victim.get(back)).status_code == 403
    cookie = attacker.client.cookies.get(oidc_pages.COOKIE) or ""
    assert (await attacker.get(back)).status_code == 303
    attacker.client.cookies.set(oidc_pages.COOKIE, cookie, domain="127.0.0.1")
    assert (await attacker.get(back)).status_code == 403


@pytest.mark.slow
async def test_what_comes_back_wrong_is_refused(house: House) -> None:
    """Another state, another issuer, a refusal, no code, a made-up code."""
    for query, status in (
        ("state=x&code=y", 403),
        ("code=y", 403),
        ("state={state}&code=y&iss=https://evil.example", 403),
        ("state={state}&error=access_denied", 403),
        ("state={state}&code=made-up", 403),
    ):
        who = browser(house)
        away = await who.get("/sign-in/oidc")
        state = parse_qs(urlsplit(away.headers["location"]).query)["state"][0]
        answer = await who.get(f"{oidc_pages.BACK}?{query.format(state=state)}")
        assert answer.status_code == status, query
        assert "gyges_session" not in answer.headers.get("set-cookie", "")


@pytest.mark.slow
async def test_a_provider_leads_nowhere_else(house: House) -> None:
    """The page to go to afterwards is one of ours."""
    answer = await signed_in_at(house, browser(house), to="//evil.example")
    assert answer.headers["location"] == "/inbox"


@pytest.mark.slow
async def test_a_tied_account_keeps_its_name(house: House) -> None:
    """An account made here and tied by hand is found by issuer and subject."""
    issuer = house.gate.settings.oidc_issuer
    now = house.gate.clock.now()
    edit = Edit(oidc=f"{issuer} sub-other")
    await house.gate.accounts.add("olga", by="test", now=now, edit=edit)
    assert (await signed_in_at(house, browser(house), "sub-other")).status_code == 303
    assert [person.name for person in await house.gate.store.people()] == ["olga"]


@pytest.mark.slow
async def test_without_a_provider_there_is_no_such_page(tmp_path: Path) -> None:
    """Nothing is offered and nothing is there."""
    async with open_house(tmp_path / "data") as plain:
        who = browser(plain)
        assert "/sign-in/oidc" not in (await who.get("/sign-in")).text
        assert (await who.get("/sign-in/oidc")).status_code == 404
        assert (await who.get(oidc_pages.BACK)).status_code == 404
