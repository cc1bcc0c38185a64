# SPDX-License-Identifier: Apache-2.0
"""Pages with passkeys, without a browser: what they offer where, and what their forms answer."""

import html
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gyges.case import Assertion, State
from gyges.gate.passkeys import ENROL, SIGN_IN, Enrolment
from gyges.person import Method, Role
from gyges.testing import FakeClock
from gyges.testing.authenticator import SoftPasskey
from gyges.web.session import COOKIE
from tests.web.conftest import PAY, House, open_house, speaking
from tests.web.people import Browser, add, signed_in

HOME = "http://localhost:8420"
RULE = """
@id("pay-signed") @assurance("passkey")
permit (principal, action in Action::"risk:pay", resource) when { context.approvals.finance >= 1 };
"""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[House]:
    """A gate that asks for signatures on payments; alice and bob approve for finance."""
    async with open_house(tmp_path / "data", dwell_seconds=0) as house:
        folder = house.gate.folder / "policy"
        starter = (folder / "starter.cedar").read_text()
        kept = [part for part in starter.split("@id(") if not part.startswith('"pay')]
        (folder / "starter.cedar").write_text("@id(".join(kept) + RULE)
        await house.gate.reload(by="test")
        for name in ("alice", "bob"):
            await add(house, name, Role.APPROVER, groups=("finance",))
        yield house


async def at_localhost(house: House, name: str = "", method: Method = Method.PASSWORD) -> Browser:
    """A browser at the address where passkeys work, signed in as `name` if one is given."""
    client = speaking(house.app)
    client.base_url = httpx.URL(HOME)
    client.headers.update({"accept": "text/html", "origin": HOME, "sec-fetch-site": "same-origin"})
    if name:
        person = await house.gate.accounts.find(name)
        now = house.gate.clock.now()
        _, secret = await house.gate.sessions.open(person, method, now=now)
        client.cookies.set(COOKIE, secret, domain="localhost.local")
    return Browser(client)


async def enrol(house: House, name: str, passkey: SoftPasskey) -> None:
    """Give somebody a passkey."""
    gate, now = house.gate, house.gate.clock.now()
    person = await gate.accounts.find(name)
    session, _ = await gate.sessions.open(person, Method.LINK, now=now)
    preimage = gate.passkeys.challenge(ENROL, session.id, now=now)
    made = passkey.register(preimage, origin=HOME, rp_id="localhost")
    found = Enrolment(credential=made, preimage=preimage, name="laptop", origin=HOME)
    await gate.passkeys.add(person, found, session=session, now=now)


def signed_form(passkey: SoftPasskey, preimage: str, /, **more: str) -> dict[str, str]:
    """What the script puts into a form."""
    found: Assertion = passkey.sign(preimage, origin=HOME, rp_id="localhost")
    return {
        "credential": found.credential, "client_data": found.client_data,
        "authenticator_data": found.authenticator_data, "signature": found.signature, **more,
    }  # fmt: skip


def attribute(page: str, name: str) -> str:
    """The value of the first attribute of that name."""
    found = re.search(rf'{name}="([^"]*)"', page)
    assert found, f"no {name}"
    return html.unescape(found[1])


def value(page: str, name: str) -> str:
    """The value of the first field of that name."""
    return attribute(page, rf'name="{name}" value')


async def post(browser: Browser, path: str, form: dict[str, str]) -> httpx.Response:
    """Send a form from our own page at localhost."""
    return await browser.client.post(path, data=form)


@pytest.mark.slow
async def test_an_approval_is_signed_over_what_the_page_offers(home: House) -> None:
    """The preimage in the page, signed as it stands, is what the gate checks against."""
    passkey = SoftPasskey()
    await enrol(home, "alice", passkey)
    case = await home.propose(PAY)
    browser = await at_localhost(home, "alice")
    page = (await browser.get(f"/a/{case['id']}")).text
    offered = attribute(page, "data-answer")
    form = signed_form(
        passkey, offered, shown=value(page, "shown"), digest=case["digest"], typed="4800"
    )
    assert (await post(browser, f"/a/{case['id']}/approve", form)).status_code == 303
    done = await home.gate.corridor.found(str(case["id"]))
    assert done.state is State.GRANTED
    assert done.votes[0].assertion is not None
    assert done.votes[0].assertion.preimage == offered


@pytest.mark.slow
async def test_an_unsigned_form_approves_nothing(home: House) -> None:
    """With empty fields, with none, and by somebody who signed in with a passkey: 403."""
    passkey = SoftPasskey()
    await enrol(home, "alice", passkey)
    case = await home.propose(PAY)
    browser = await at_localhost(home, "alice", Method.PASSKEY)
    page = (await browser.get(f"/a/{case['id']}")).text
    form = {"shown": value(page, "shown"), "digest": case["digest"], "typed": "4800"}
    empty = dict.fromkeys(("credential", "client_data", "authenticator_data", "signature"), "")
    for more in ({}, empty):
        answer = await post(browser, f"/a/{case['id']}/approve", {**form, **more})
        assert answer.status_code == 403
    assert (await home.gate.corridor.found(str(case["id"]))).state is State.WAITING


@pytest.mark.slow
async def test_somebody_elses_passkey_signs_nothing(home: House) -> None:
    """Bob's passkey in alice's browser is refused."""
    hers, his = SoftPasskey(), SoftPasskey(id=b"bob's own credential")
    await enrol(home, "alice", hers)
    await enrol(home, "bob", his)
    case = await home.propose(PAY)
    browser = await at_localhost(home, "alice")
    page = (await browser.get(f"/a/{case['id']}")).text
    sent = {"shown": value(page, "shown"), "digest": case["digest"], "typed": "4800"}
    form = signed_form(his, attribute(page, "data-answer"), **sent)
    assert (await post(browser, f"/a/{case['id']}/approve", form)).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/me", "/a/{case}", "/sign-in"])
async def test_where_passkeys_do_not_work_pages_say_where_they_do(home: House, path: str) -> None:
    """At an IP address browsers offer none: a link leads to the same page at localhost."""
    case = await home.propose(PAY)
    path = path.format(case=case["id"])
    browser = await signed_in(home, "alice")
    page = (await browser.get(path)).text
    assert f'href="{HOME}{path}"' in page
    assert "data-passkey" not in page or 'data-rp=""' in page


async def test_signing_in_with_a_passkey(home: House) -> None:
    """The page's challenge, signed, opens a session by passkey and leads on; the same form again does not."""
    passkey = SoftPasskey()
    await enrol(home, "alice", passkey)
    browser = await at_localhost(home)
    page = (await browser.get("/sign-in")).text
    preimage = value(page, "preimage")
    form = signed_form(passkey, preimage, preimage=preimage, next="/history")
    answer = await post(browser, "/sign-in/passkey", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/history")
    live = await home.gate.sessions.live("alice", now=home.gate.clock.now())
    assert live[0].method is Method.PASSKEY
    again = await post(await at_localhost(home), "/sign-in/passkey", form)
    assert again.status_code == 403
    assert "was not accepted" in again.text
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("form", [{"next": ""}, {"preimage": "{}", "credential": "a", "client_data": "b",
                                       "authenticator_data": "c", "signature": "d"}])  # fmt: skip
async def test_a_form_that_holds_nothing_signs_nobody_in(home: House, form: dict[str, str]) -> None:
    """The page again, saying so."""
    answer = await post(await at_localhost(home), "/sign-in/passkey", form)
    assert answer.status_code == 403
    assert 'action="/sign-in/passkey"' in answer.text


async def test_guesses_are_limited_for_each_address(home: House) -> None:
    """Signing in by passkey is counted like every other way in."""
    home.gate.clock = FakeClock(home.gate.clock.now())
    codes = set[int]()
    for _ in range(40):
        answer = await post(await at_localhost(home), "/sign-in/passkey", {"next": ""})
        codes.add(answer.status_code)
    assert codes == {403, 429}


@pytest.mark.slow
async def test_proving_that_it_is_still_you(home: House) -> None:
    """In an old session a passkey of one's own makes it fresh; somebody else's does not."""
    mine, his = SoftPasskey(), SoftPasskey(id=b"bob's own credential")
    await enrol(home, "alice", mine)
    await enrol(home, "bob", his)
    browser = await at_localhost(home, "alice")
    page = (await browser.get("/me")).text
    assert 'action="/me/prove"' in page
    assert 'action="/me/passkeys"' not in page
    gone = {"id": (await home.gate.accounts.find("alice")).passkeys[0].id}
    assert (await post(browser, "/me/passkeys/remove", gone)).status_code == 403
    for passkey, code in ((his, 403), (mine, 303)):
        preimage = home.gate.passkeys.challenge(SIGN_IN, "", now=home.gate.clock.now())
        form = signed_form(passkey, preimage, preimage=preimage)
        assert (await post(browser, "/me/prove", form)).status_code == code
    assert 'action="/me/passkeys"' in (await browser.get("/me")).text
    assert (await post(browser, "/me/passkeys/remove", gone)).status_code == 303
    assert (await home.gate.accounts.find("alice")).passkeys == ()


async def test_without_the_extra_the_page_says_what_to_install(
    home: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the library is missing the page offers nothing, and a form sent all the same is our fault."""
    browser = await at_localhost(home, "alice", Method.LINK)
    preimage = value((await browser.get("/me")).text, "preimage")
    monkeypatch.setitem(sys.modules, "webauthn", None)
    page = (await browser.get("/me")).text
    assert "gyges[passkeys]" in page
    assert 'action="/me/passkeys"' not in page
    form = {"preimage": preimage, "credential": "{}", "name": "x"}
    answer = await post(browser, "/me/passkeys", form)
    assert answer.status_code == 500
    assert "gyges[passkeys]" in caplog.text


@pytest.mark.slow
async def test_agents_do_not_learn_how_people_looked_or_signed(home: House) -> None:
    """Overseers see attention and signature of a vote, the agent and the executor only that there was one."""
    passkey = SoftPasskey()
    await enrol(home, "alice", passkey)
    case = await home.propose(PAY)
    browser = await at_localhost(home, "alice")
    page = (await browser.get(f"/a/{case['id']}")).text
    sent = {"shown": value(page, "shown"), "digest": case["digest"], "typed": "4800"}
    form = signed_form(passkey, attribute(page, "data-answer"), **sent)
    assert (await post(browser, f"/a/{case['id']}/approve", form)).status_code == 303
    for who, full in (("bot", False), ("audrey", True)):
        for path in (f"/v1/actions/{case['id']}", "/v1/actions"):
            told = (await home.call(who, "GET", path)).json()
            vote = (told["items"][0] if "items" in told else told)["votes"][0]
            assert vote["person"] == "alice"
            assert (vote["assertion"] is not None) is full
            assert (vote["attention"] is not None) is full
