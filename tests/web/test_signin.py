# SPDX-License-Identifier: Apache-2.0
"""Signing in with a password and with a link, and everything that must not come of it."""

import asyncio

import pytest

from gyges.gate.accounts import REFUSED
from gyges.person import Role
from gyges.testing import FakeClock
from gyges.web.session import COOKIE
from gyges.web.signin import MOST_CHECKS
from gyges.web.throttle import Throttle
from tests.web.conftest import House
from tests.web.people import PASSWORD, Browser, add, browser, signed_in


@pytest.fixture
async def house(house: House) -> House:
    """With alice, who has a password, bob, who has none, and a clock that stands still."""
    house.gate.clock = FakeClock(house.gate.clock.now())
    await add(house, "alice", Role.APPROVER, groups=("finance",))
    await add(house, "bob", Role.APPROVER, groups=("finance",))
    now = house.gate.clock.now()
    await house.gate.accounts.set_password("alice", PASSWORD, by="test", now=now)
    return house


def form(name: str = "alice", password: str = PASSWORD, to: str = "/me") -> dict[str, str]:
    """What the page sends."""
    return {"name": name, "password": password, "next": to}


async def link_of(house: House, name: str = "bob") -> str:
    """The path of a fresh one-time link."""
    now = house.gate.clock.now()
    _, secret = await house.gate.accounts.make_link(name, by="test", now=now, seconds=60)
    return f"/link/{secret}"


async def is_in(who: Browser) -> bool:
    """Whether somebody is signed in there."""
    return (await who.get("/me")).status_code == 200


@pytest.mark.slow
async def test_a_password_opens_the_page_that_was_asked_for(house: House) -> None:
    """From the page to the sign-in, and back to it."""
    who = browser(house)
    asked = await who.get("/me?a=1")
    page = await who.get(asked.headers["location"])
    assert 'name="next" value="/me?a=1"' in page.text
    answer = await who.post("/sign-in", form(to="/me?a=1"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?a=1")
    assert await is_in(who)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("roles", "home"),
    [
        ((Role.AUDITOR, Role.ADMIN), "/inbox"),
        ((Role.ADMIN,), "/agents"),
        ((), "/me"),
    ],
)
async def test_everybody_begins_at_a_page_of_theirs(
    house: House, roles: tuple[Role, ...], home: str
) -> None:
    """The inbox is for those who may see cases."""
    person = await add(house, "carol", *roles)
    now = house.gate.clock.now()
    await house.gate.accounts.set_password("carol", PASSWORD, by="test", now=now)
    who = browser(house)
    answer = await who.post("/sign-in", form(person.name, to=""))
    assert answer.headers["location"] == home
    assert (await who.get("/")).headers["location"] == home
    assert (await who.get(home)).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "password"),
    [("alice", "not-hers"), ("bob", ""), ("bob", PASSWORD), ("nobody", PASSWORD), ("", "")],
)
async def test_anything_else_is_refused_in_the_same_words(
    house: House, name: str, password: str
) -> None:
    """Nothing tells which accounts exist, and no cookie is set."""
    who = browser(house)
    answer = await who.post("/sign-in", form(name, password))
    assert answer.status_code == 403
    assert REFUSED in answer.text
    assert password == "" or password not in answer.text
    assert "set-cookie" not in answer.headers
    assert not await is_in(who)


@pytest.mark.slow
async def test_nobody_is_led_to_another_site(house: House) -> None:
    """Neither by the page's address nor by the form."""
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"):
        who = browser(house)
        page = await who.client.get("/sign-in", params={"next": wanted})
        assert 'name="next" value=""' in page.text
        answer = await who.post("/sign-in", form(to=wanted))
        assert answer.headers["location"] == "/inbox"


@pytest.mark.slow
async def test_a_planted_session_is_worth_nothing(house: House) -> None:
    """Session fixation: the secret is new at each sign-in, and the one before it ends."""
    attacker = await signed_in(house, "bob")
    victim = browser(house)
    victim.client.cookies.set(COOKIE, attacker.cookie, domain="127.0.0.1")
    await victim.post("/sign-in", form())
    assert victim.cookie != attacker.cookie
    assert not await is_in(attacker)
    assert "alice" in (await victim.get("/me")).text
    made_up = browser(house)
    made_up.client.cookies.set(COOKIE, "x" * 43, domain="127.0.0.1")
    await made_up.post("/sign-in", form())
    assert made_up.cookie != "x" * 43


@pytest.mark.slow
async def test_guessing_is_slowed_down_for_the_account(house: House) -> None:
    """After some wrong passwords even the right one waits, from anywhere; another account does not."""
    house.app.state.front.by_account = Throttle(3, 30_000)
    who = browser(house)
    statuses = [(await who.post("/sign-in", form(password="no"))).status_code for _ in range(5)]
    assert statuses == [403] * 3 + [429] * 2
    late = await browser(house).post("/sign-in", form("ALICE "))
    assert late.status_code == 429
    assert late.headers["retry-after"] == "30"
    assert "www-authenticate" not in late.headers
    assert (await who.post("/sign-in", form("bob", "no"))).status_code == 403


@pytest.mark.slow
async def test_guessing_is_slowed_down_for_the_address(house: House) -> None:
    """One password for many names runs into the limit of the address."""
    house.app.state.front.by_address = Throttle(3, 10_000)
    who = browser(house)
    tries = [await who.post("/sign-in", form(f"n{number}", "no")) for number in range(5)]
    assert [answer.status_code for answer in tries] == [403] * 3 + [429] * 2


@pytest.mark.slow
async def test_tries_at_the_same_time_do_not_slip_through(house: House) -> None:
    """A try is counted before its password is checked."""
    house.app.state.front.by_account = Throttle(2, 30_000)
    tries = [browser(house).post("/sign-in", form(password="no")) for _ in range(6)]
    statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(statuses) == [403] * 2 + [429] * 4


@pytest.mark.slow
async def test_a_crowd_of_checks_is_turned_away(house: House) -> None:
    """Each costs memory and time, so only so many wait, from however many addresses they come."""
    house.app.state.front.checking = MOST_CHECKS
    answer = await browser(house).post("/sign-in", form())
    assert answer.status_code == 429
    house.app.state.front.checking = 0
    assert (await browser(house).post("/sign-in", form())).status_code == 303
    assert house.app.state.front.checking == 0


@pytest.mark.slow
async def test_right_passwords_are_not_slowed_down(house: House) -> None:
    """Signing in often is no attack."""
    house.app.state.front.by_account = Throttle(1, 30_000)
    who = browser(house)
    for _ in range(3):
        assert (await who.post("/sign-in", form())).status_code == 303


@pytest.mark.slow
async def test_opening_a_link_uses_nothing_up(house: House) -> None:
    """What fetches links to look for harm, by GET or HEAD, leaves it as it is."""
    path = await link_of(house)
    scanner = browser(house)
    for _ in range(3):
        page = await scanner.get(path)
        assert "Sign in as bob" in page.text
        assert "set-cookie" not in page.headers
        assert (await scanner.client.head(path)).status_code == 200
    who = browser(house)
    answer = await who.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    assert await is_in(who)
    assert not await is_in(scanner)


@pytest.mark.slow
async def test_a_link_is_good_for_one_browser(house: House) -> None:
    """The second one is told, and asks for another."""
    path = await link_of(house)
    assert (await browser(house).post(path)).status_code == 303
    for answer in (await browser(house).post(path), await browser(house).get(path)):
        assert answer.status_code == 410
        assert "ask for another" in answer.text


@pytest.mark.slow
async def test_a_link_that_is_none_is_not_there(house: House) -> None:
    """And whoever tries many is slowed down."""
    who = browser(house)
    statuses = [(await who.get(f"/link/{number}")).status_code for number in range(22)]
    assert statuses == [404] * 20 + [429] * 2


@pytest.mark.slow
async def test_signing_out_ends_the_session_and_the_cookie(house: House) -> None:
    """The secret is worth nothing afterwards, wherever it is."""
    who = await signed_in(house, "alice")
    thief = browser(house)
    thief.client.cookies.set(COOKIE, who.cookie, domain="127.0.0.1")
    assert await is_in(thief)
    answer = await who.post("/sign-out")
    assert answer.headers["location"] == "/sign-in?said=signed-out"
    assert who.cookie == ""
    assert not await is_in(thief)


@pytest.mark.slow
async def test_the_cookie_of_a_disabled_account_is_worth_nothing(house: House) -> None:
    """From the next request on."""
    who = await signed_in(house, "alice")
    await house.call("root", "POST", "/v1/people/alice/disable")
    assert not await is_in(who)
    assert (await browser(house).post("/sign-in", form())).status_code == 403
