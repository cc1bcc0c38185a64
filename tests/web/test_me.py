# SPDX-License-Identifier: Apache-2.0
"""One's own account: sessions and password, never somebody else's."""

import pytest

from gyges.person import Method, Role
from gyges.testing import FakeClock
from gyges.web.throttle import Throttle
from tests.web.conftest import House
from tests.web.people import PASSWORD, Browser, add, browser, signed_in

NEW = "another calm sentence"


@pytest.fixture
async def house(house: House) -> House:
    """With alice, who has a password, bob, who has none, and a clock that stands still."""
    house.gate.clock = FakeClock(house.gate.clock.now())
    await add(house, "alice", Role.APPROVER, groups=("finance",))
    await add(house, "bob", Role.ADMIN)
    now = house.gate.clock.now()
    await house.gate.accounts.set_password("alice", PASSWORD, by="test", now=now)
    return house


async def is_in(who: Browser) -> bool:
    """Whether somebody is signed in there."""
    return (await who.get("/me")).status_code == 200


def change(old: str | None = PASSWORD, new: str = NEW, again: str = NEW) -> dict[str, str]:
    """What the page sends."""
    return {"new": new, "again": again} | ({} if old is None else {"old": old})


@pytest.mark.slow
async def test_one_sees_oneself(house: House) -> None:
    """Roles, groups and where one is signed in; no hash of anything."""
    who = await signed_in(house, "alice")
    shown = await who.json("/me.json")
    assert isinstance(shown["account"], dict)
    assert shown["account"]["groups"] == ["finance"]
    text = (await who.get("/me")).text + str(shown)
    person = await house.gate.accounts.find("alice")
    sessions = await house.gate.sessions.live("alice", now=house.gate.clock.now())
    assert person.password not in text
    assert sessions[0].hash not in text
    assert who.cookie not in text


@pytest.mark.slow
async def test_a_new_password_signs_out_everywhere_else(house: House) -> None:
    """Whoever knew the old one, or sits in an open session, is out."""
    who, other = await signed_in(house, "alice"), await signed_in(house, "alice")
    answer = await who.post("/me/password", change())
    assert answer.headers["location"] == "/me?said=password"
    assert await is_in(who)
    assert not await is_in(other)
    sign_in = {"name": "alice", "password": PASSWORD}
    assert (await browser(house).post("/sign-in", sign_in)).status_code == 403
    sign_in["password"] = NEW
    assert (await browser(house).post("/sign-in", sign_in)).status_code == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "status"),
    [
        (change(old="wrong"), 403),
        (change(old=None), 403),
        (change(again=NEW + "."), 422),
        (change(new="short", again="short"), 422),
        (change(new="alice-alice-1", again="alice-alice-1"), 422),
    ],
)
async def test_a_password_is_not_changed_lightly(
    house: House, form: dict[str, str], status: int
) -> None:
    """The present one is asked for, the new one twice, and it must be fit."""
    who = await signed_in(house, "alice")
    before = (await house.gate.accounts.find("alice")).password
    assert (await who.post("/me/password", form)).status_code == status
    assert (await house.gate.accounts.find("alice")).password == before


@pytest.mark.slow
async def test_guessing_the_present_password_in_a_stolen_session_is_slowed_down(
    house: House,
) -> None:
    """It counts like guessing at the door."""
    house.app.state.front.by_account = Throttle(2, 30_000)
    who = await signed_in(house, "alice")
    tries = [await who.post("/me/password", change(old="no")) for _ in range(4)]
    assert [answer.status_code for answer in tries] == [403] * 2 + [429] * 2


@pytest.mark.slow
async def test_a_first_password_needs_no_old_one(house: House) -> None:
    """Somebody who came in by a link sets their own."""
    who = await signed_in(house, "bob", Method.LINK)
    assert 'id="old"' not in (await who.get("/me")).text
    assert (await who.post("/me/password", change(old=None))).status_code == 303


@pytest.mark.slow
async def test_after_a_fresh_link_a_forgotten_password_is_replaced(house: House) -> None:
    """That is what an administrator's link is for; by password the old one is asked for."""
    by_link = await signed_in(house, "alice", Method.LINK)
    assert (await by_link.post("/me/password", change(old=None))).status_code == 303


@pytest.mark.slow
async def test_one_ends_one_s_own_sessions_only(house: House) -> None:
    """Another's session is not found, whoever asks."""
    alice, other = await signed_in(house, "alice"), await signed_in(house, "alice")
    bob = await signed_in(house, "bob")
    own = await house.gate.sessions.live("alice", now=house.gate.clock.now())
    assert (await bob.post(f"/me/sessions/{own[0].id}/end")).status_code == 404
    assert await is_in(other)
    assert (await alice.post(f"/me/sessions/{own[0].id}/end")).status_code == 303
    assert not await is_in(other)
    assert await is_in(alice)


@pytest.mark.slow
async def test_signing_out_everywhere(house: House) -> None:
    """All others, or all."""
    browsers = [await signed_in(house, "alice") for _ in range(4)]
    assert (await browsers[0].post("/me/sessions/end")).status_code == 303
    assert [await is_in(who) for who in browsers] == [True, False, False, False]
    answer = await browsers[0].post("/me/sessions/end", {"here": "1"})
    assert answer.headers["location"] == "/sign-in?said=signed-out"
    assert not await is_in(browsers[0])


@pytest.mark.slow
async def test_light_or_dark_is_kept_in_the_browser(house: House) -> None:
    """One of three words, without signing in, and back to where one was."""
    who = browser(house)
    answer = await who.post("/theme", {"theme": "dark", "next": "/sign-in?x"})
    assert answer.status_code == 303
    assert 'data-theme="dark"' in (await who.get("/sign-in")).text
    await who.post("/theme", {"theme": "<b>", "next": "//evil.example"})
    assert "data-theme" not in (await who.get("/sign-in")).text
