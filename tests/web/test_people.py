# SPDX-License-Identifier: Apache-2.0
"""Accounts over the API: what goes in, what comes out, and that no secret is among it."""

from typing import Any

import pytest

from gyges.person import Method
from tests.web.conftest import BASE, House
from tests.web.people import PASSWORD, browser, signed_in

ALICE = {"name": "alice", "roles": ["approver"], "groups": ["finance"], "email": "a@example.org"}


async def made(house: House, **changes: Any) -> dict[str, Any]:
    """Alice, as the answer has her."""
    answer = await house.call("root", "POST", "/v1/people", {**ALICE, **changes})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_account_is_made_changed_and_listed(house: House) -> None:
    """What is not named stays; what is named in vain is refused."""
    first = await made(house)
    assert (first["roles"], first["password"], first["disabled"]) == (["approver"], False, 0)
    answer = await house.call("root", "PATCH", "/v1/people/ALICE", {"groups": ["hr", "hr"]})
    assert answer.json() == {**first, "groups": ["hr"]}
    listed = await house.call("audrey", "GET", "/v1/people")
    assert listed.json()["items"] == [answer.json()]
    assert (await house.call("root", "GET", "/v1/people/alice")).json() == answer.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**ALICE, "roles": ["king"]}, 400),
        ({**ALICE, "password": "x"}, 400),
        ({**ALICE, "name": "a b"}, 422),
        ({**ALICE, "groups": []}, 422),
        ({**ALICE, "name": "bot"}, 409),
        ({**ALICE, "name": "x" * 101}, 400),
    ],
)
async def test_what_makes_no_account_is_refused(
    house: House, body: dict[str, Any], status: int
) -> None:
    """Unknown roles and members, names that are none, an approver of nothing, a machine's name."""
    assert (await house.call("root", "POST", "/v1/people", body)).status_code == status
    assert (await house.call("root", "GET", "/v1/people")).json() == {"items": []}


async def test_a_name_is_taken_once(house: House) -> None:
    """And an account that is not there is not changed, disabled or let in."""
    await made(house)
    again = await house.call("root", "POST", "/v1/people", {**ALICE, "name": "Alice"})
    assert again.status_code == 409
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("POST", "/disable"), ("POST", "/enable"), ("POST", "/link"),
        ("GET", "/sessions"), ("POST", "/sessions/end"),
    ):  # fmt: skip
        body: dict[str, Any] | None = {} if method == "PATCH" else None
        assert (await house.call("root", method, f"/v1/people/eve{path}", body)).status_code == 404


async def test_a_link_lets_its_owner_in(house: House) -> None:
    """At the address where the gate was reached; a second one is another."""
    await made(house)
    links = [(await house.call("root", "POST", "/v1/people/alice/link")).json() for _ in range(2)]
    assert links[0]["url"].startswith(f"{BASE}/link/")
    assert links[0]["url"] != links[1]["url"]
    for link in links:
        who = browser(house)
        answer = await who.post(link["url"].removeprefix(BASE))
        assert answer.status_code == 303
        assert "alice" in (await who.get("/me")).text


async def test_an_admin_sees_and_ends_sessions(house: House) -> None:
    """How somebody signed in, with what browser, and no secret; ended is ended."""
    await made(house)
    who = [await signed_in(house, "alice", Method.LINK) for _ in range(2)]
    listed = await house.call("audrey", "GET", "/v1/people/alice/sessions")
    assert [item["method"] for item in listed.json()["items"]] == ["link", "link"]
    assert who[0].cookie not in listed.text
    ended = await house.call("root", "POST", "/v1/people/alice/sessions/end")
    assert ended.json() == {"person": "alice", "ended": 2}
    assert (await who[0].get("/me")).status_code == 303


async def test_a_disabled_person_is_out_and_stays_out_of_old_sessions(house: House) -> None:
    """Enabling lets them sign in again, not the browsers that were open."""
    await made(house)
    who = await signed_in(house, "alice")
    assert (await house.call("root", "POST", "/v1/people/alice/disable")).json()["disabled"]
    assert (await who.get("/me")).status_code == 303
    assert (await house.call("root", "POST", "/v1/people/alice/link")).status_code == 409
    await house.call("root", "POST", "/v1/people/alice/enable")
    assert (await who.get("/me")).status_code == 303
    assert (await (await signed_in(house, "alice")).get("/me")).status_code == 200


@pytest.mark.slow
async def test_no_secret_comes_out(house: House) -> None:
    """Neither over the API nor in the log: no password, no hash of one, no session."""
    await made(house)
    now = house.gate.clock.now()
    person = await house.gate.accounts.set_password("alice", PASSWORD, by="alice", now=now)
    who = await signed_in(house, "alice")
    link = (await house.call("root", "POST", "/v1/people/alice/link")).json()["url"]
    secrets = (PASSWORD, person.password, who.cookie, link.rpartition("/")[2])
    for name, path in (
        ("root", "/v1/people"), ("root", "/v1/people/alice"), ("root", "/v1/people/alice/sessions"),
        ("audrey", "/v1/log/events"), ("audrey", "/v1/evidence?since=1&until=99999999999999"),
    ):  # fmt: skip
        text = (await house.call(name, "GET", path)).text
        assert "alice" in text or path.endswith("sessions")
        assert not any(secret in text for secret in secrets), path
    assert (await house.call("root", "GET", "/v1/people/alice")).json()["password"] is True
