# SPDX-License-Identifier: Apache-2.0
"""What holds for every page: who may, from where, with which headers, and its JSON twin. The table is walked."""

import json
import re
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from gyges.person import Role
from gyges.web.pages import CSP, Page
from gyges.web.site import PAGES
from gyges.web.statics import Statics
from gyges.web.throttle import Throttle
from tests.web.conftest import House, open_house
from tests.web.people import WHO, Browser, browser, settle, signed_in


def lines(pages: Iterable[Page]) -> pytest.MarkDecorator:
    """One test for each of these lines of the table."""
    found = [pytest.param(page, id=f"{page.method} {page.path}") for page in pages]
    return pytest.mark.parametrize("page", found)


OPEN_TO_ALL = {
    ("GET", "/"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/return"),
    ("GET", "/link/{token}"),
    ("POST", "/link/{token}"),
    ("POST", "/theme"),
}
NOT_FOR_YOU = "this page is for people with the role"
STREAMS = {"/inbox/stream"}


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One gate for all lines of the table: nothing here changes it."""
    folder: Path = tmp_path_factory.mktemp("pages")
    async with open_house(folder / "data") as opened:
        await settle(opened)
        opened.app.state.front.by_address = Throttle(1000, 1000)
        yield opened


def path_of(page: Page) -> str:
    """The path with something in its variable parts."""
    return re.sub(r"{\w+(:\w+)?}", "c-00000000000000000000000000", page.path)


async def visited(who: Browser, page: Page) -> tuple[int, str, str]:
    """Status, text and where to, for one visit."""
    ask = who.get if page.method == "GET" else who.post
    answer = await ask(path_of(page))
    return answer.status_code, answer.text, answer.headers.get("location", "")


def test_what_is_public_is_this_and_no_more() -> None:
    """Written down a second time here, so that a slip is seen. Passkeys add two of their own."""
    public = {(page.method, page.path) for page in PAGES if page.roles is None}
    others = {line for line in public if not line[1].startswith("/sign-in/passkey")}
    assert others == OPEN_TO_ALL


def test_every_line_stands_once() -> None:
    """A second one would never be reached."""
    lines = [(page.method, page.path) for page in PAGES]
    assert len(set(lines)) == len(lines)


def test_only_get_and_post_are_used() -> None:
    """Every page works without scripts."""
    assert {page.method for page in PAGES} == {"GET", "POST"}


@pytest.mark.slow
@lines(PAGES)
async def test_nobody_gets_in(town: House, page: Page) -> None:
    """A page leads to the sign-in and back, a form is refused; public ones are served."""
    status, text, location = await visited(browser(town), page)
    if page.roles is None:
        assert status < 500, text
        assert not location.startswith("/sign-in?next=")
    elif page.method == "GET":
        assert (status, location) == (303, f"/sign-in?next={path_of(page)}")
    else:
        assert status == 401


@pytest.mark.slow
@lines(page for page in PAGES if page.path not in STREAMS)
async def test_every_role_meets_the_table(town: House, page: Page) -> None:
    """A role that the line does not name gets 403, one that it names never that; nothing ends in a 500."""
    for name, (roles, _) in WHO.items():
        if page.path.startswith(("/me/sessions", "/sign-out")):
            continue
        who = await signed_in(town, name)
        status, text, _ = await visited(who, page)
        allowed = not page.roles or bool(page.roles & set(roles))
        assert (NOT_FOR_YOU in text.lower()) is not allowed, (name, text)
        assert status == 403 if not allowed else status < 500, (name, status, text)


@lines(page for page in PAGES if page.method == "POST")
async def test_no_form_from_elsewhere(town: House, page: Page) -> None:
    """Signed in or not, another site's form is refused before anything is looked at; so is another type."""
    for who in (browser(town), await signed_in(town, "alice")):
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
        ):
            answer = await who.post(path_of(page), {}, **headers)
            assert answer.status_code == 403, headers
        bare = await who.client.post(path_of(page), data={})
        assert bare.status_code == 403
    who = await signed_in(town, "alice")
    if page.roles is None or not page.roles or Role.APPROVER in page.roles:
        answer = await who.client.post(
            path_of(page), json={}, headers={"origin": "http://127.0.0.1:8420"}
        )
        assert answer.status_code == 415


@lines(page for page in PAGES if page.method == "GET" and page.twin)
async def test_every_page_has_a_json_twin(town: House, page: Page) -> None:
    """At the path with ".json" and by what is accepted: the same answer, for a program."""
    who = await signed_in(town, "alice")
    one = await who.get(path_of(page) + ".json")
    two = await who.get(path_of(page), accept="application/json")
    assert one.headers["content-type"].startswith(("application/json", "application/problem+json"))
    assert one.headers["content-type"] == two.headers["content-type"]
    assert one.status_code == two.status_code
    assert json.loads(one.text).keys() == json.loads(two.text).keys()
    assert "argon2" not in one.text


@pytest.mark.parametrize("path", ["/sign-in", "/me", "/nowhere", "/link/x", "/inbox"])
async def test_every_page_is_fenced_in(town: House, path: str) -> None:
    """Strict policy, no frame around it, nothing kept, nothing inline."""
    who = await signed_in(town, "alice")
    answer = await who.get(path)
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", answer.text)
    assert not re.search(r"src=\"(https?:)?//|<link[^>]*href=\"(https?:)?//", answer.text)
    assert answer.text.startswith("<!doctype html>")


async def test_errors_are_pages_for_people_and_problems_for_programs(town: House) -> None:
    """Same status, same words."""
    who = await signed_in(town, "audrey")
    page = await who.get("/link/nothing")
    problem = await who.get("/link/nothing.json")
    assert page.status_code == problem.status_code == 404
    assert problem.json()["code"] == "not-found"
    assert "There is no such link." in page.text
    nowhere = await who.get("/no/such/page")
    assert nowhere.status_code == 404
    assert nowhere.text.startswith("<!doctype html>")
    program = await town.call("", "GET", "/no/such/page")
    assert program.headers["content-type"] == "application/problem+json"
    wrong = await who.get("/sign-out")
    assert wrong.status_code == 405


async def test_a_first_visit_from_another_site_is_loaded_again(town: House) -> None:
    """The strict cookie stays behind on the way from a mail or a chat, so a page of ours asks once more."""
    from_mail = browser(town)
    answer = await from_mail.get("/a/c-1?x=1&y=%22", sec_fetch_site="cross-site")
    assert answer.status_code == 200
    assert 'content="0; url=/a/c-1?x=1&amp;y=%22"' in answer.text
    again = await from_mail.get("/a/c-1?x=1&y=%22", sec_fetch_site="same-origin")
    assert again.headers["location"] == "/sign-in?next=/a/c-1%3Fx%3D1%26y%3D%2522"
    known = await signed_in(town, "alice")
    answer = await known.get("/me", sec_fetch_site="cross-site")
    assert "alice" in answer.text


async def test_what_the_status_says_is_one_of_our_sentences(town: House) -> None:
    """A link cannot put words into our pages."""
    who = await signed_in(town, "alice")
    assert "The new password is set" in (await who.get("/me?said=password")).text
    assert "Pay now" not in (await who.get("/me?said=Pay+now")).text


async def test_static_files_are_named_by_their_content(town: House) -> None:
    """Kept for ever at an address that changes with the file; old and wrong addresses lead nowhere."""
    url = Statics().url("app.css")
    answer = await browser(town).get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    for wrong in ("/static/000000000000/app.css", url + ".map", "/static/x/..%2fpages.py"):
        assert (await browser(town).get(wrong)).status_code == 404


async def test_a_page_answers_only_to_our_own_names(town: House) -> None:
    """A name that was rebound to this address gets 421."""
    for path in ("/sign-in", "/inbox"):
        answer = await browser(town).get(path, host="evil.example")
        assert answer.status_code == 421


async def test_behind_a_proxy_pages_answer_to_the_public_name(tmp_path: Path) -> None:
    """With `public_url` the origin, the cookie and the host are those of that address."""
    home = "https://gate.example.org"
    async with open_house(tmp_path / "data", public_url=home) as house:
        await settle(house)
        _, secret = await house.gate.accounts.make_link(
            "alice", by="test", now=house.gate.clock.now(), seconds=60
        )
        who = browser(house)
        answer = await who.post(f"/link/{secret}", {}, host="gate.example.org", origin=home)
        assert answer.status_code == 303
        assert answer.headers["set-cookie"].startswith("__Host-gyges_session=")
        assert "Secure" in answer.headers["set-cookie"]
        assert (await who.get("/sign-in", host="evil.example")).status_code == 421
        direct = await who.post("/theme", {}, host="localhost", origin="http://localhost")
        assert direct.status_code == 403
