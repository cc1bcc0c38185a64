# SPDX-License-Identifier: Apache-2.0
"""Standing grants in pages: narrow ones are made, wide ones come back, and they speak for people with accounts."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gyges.person import Role
from gyges.standing import Match
from tests.web.conftest import MAIL, House
from tests.web.desk import approve, open_desk
from tests.web.people import add, signed_in

FORM: dict[str, Any] = {
    "agent": "bot", "tool": "send_mail", "group": "reviewers", "max_uses": "2", "hours": "1",
    "reason": "the weekly mail", "sum_pointer": "", "sum_limit": "",
    "pointer": ["to", "/text", ""], "test": ["text", "prefix", "text"],
    "value": ["ada@example.org", "hel", ""],
}  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """People with accounts; approvals count at once."""
    async with open_desk(tmp_path / "data") as house:
        yield house


async def test_a_grant_is_made_and_speaks_for_its_maker(desk: House) -> None:
    """What fits is granted without a person, what does not still waits."""
    rita = await signed_in(desk, "rita")
    assert (await rita.post("/grants", FORM)).headers["location"] == "/grants?said=granted"
    (grant,) = await desk.gate.store.grants()
    assert [(p.pointer, p.test, p.value) for p in grant.pins] == [
        ("/to", Match.EQUALS, "ada@example.org"), ("/text", Match.PREFIX, "hel"),
    ]  # fmt: skip
    assert (await desk.propose(MAIL))["state"] == "granted"
    assert (await desk.propose({**MAIL, "arguments": {"to": "eve@example.org"}}))[
        "state"
    ] == "waiting"


async def test_a_grant_ends_with_the_right_of_its_maker(desk: House) -> None:
    """Whoever is disabled grants nothing any more."""
    await add(desk, "greta", Role.APPROVER, groups=("reviewers",))
    greta = await signed_in(desk, "greta")
    await greta.post("/grants", FORM)
    assert (await desk.propose(MAIL))["state"] == "granted"
    await desk.gate.accounts.disable("greta", by="test", now=desk.gate.clock.now())
    assert (await desk.propose(MAIL))["state"] == "waiting"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pointer": [""], "test": ["text"], "value": [""]}, "pin at least one argument"),
        ({"hours": "721"}, "end within 30 days"),
        ({"hours": "soon"}, "hours must be a number"),
        ({"max_uses": "0"}, "1 to 1000 uses"),
        ({"reason": " "}, "say why"),
        ({"test": ["json", "prefix", "text"]}, "is not json"),
        ({"test": ["worse", "prefix", "text"]}, "no way to compare"),
        ({"sum_limit": "5"}, "sum limit"),
    ],
)
async def test_a_wide_or_unreadable_grant_comes_back(
    desk: House, change: dict[str, Any], says: str
) -> None:
    """The form again, filled in, with what is wrong; nothing is granted."""
    rita = await signed_in(desk, "rita")
    answer = await rita.post("/grants", {**FORM, **change})
    assert (answer.status_code, says in answer.text.casefold()) == (422, True)
    assert not await desk.gate.store.grants()


async def test_only_ones_own_group_can_be_granted_for(desk: House) -> None:
    """A group that the maker does not approve for is refused."""
    rita = await signed_in(desk, "rita")
    assert (await rita.post("/grants", {**FORM, "group": "finance"})).status_code == 403


async def test_a_grant_is_revoked_by_its_group_or_an_admin(desk: House) -> None:
    """Those of the group and admins can end it, others and onlookers cannot."""
    rita, bob, audrey = [await signed_in(desk, name) for name in ("rita", "bob", "audrey")]
    ada = await signed_in(desk, "ada")
    await rita.post("/grants", FORM)
    await rita.post("/grants", {**FORM, "reason": "another"})
    one, two = await desk.gate.store.grants()
    for other in (bob, audrey):
        assert (await other.post(f"/grants/{one.id}/revoke")).status_code == 403
    assert (await rita.post(f"/grants/{one.id}/revoke")).status_code == 303
    assert (await ada.post(f"/grants/{two.id}/revoke")).status_code == 303
    assert (await desk.propose(MAIL))["state"] == "waiting"


async def test_everybody_who_sees_cases_sees_grants(desk: House) -> None:
    """Live ones and ended ones, as a page and as JSON; onlookers see no form."""
    rita, audrey = await signed_in(desk, "rita"), await signed_in(desk, "audrey")
    await rita.post("/grants", FORM)
    page: dict[str, Any] = dict(await audrey.json("/grants"))
    assert [g["reason"] for g in page["live"]] == [["the weekly mail"]]
    assert "Make the grant" not in (await audrey.get("/grants")).text


async def test_a_case_fills_the_form_in_and_makes_nothing(desk: House) -> None:
    """From a case the values are proposed as pins, escaped where they would not show; the person sends it."""
    found = await desk.propose({**MAIL, "arguments": {"to": "a\u202eb", "text": "hello"}})
    rita = await signed_in(desk, "rita")
    page: dict[str, Any] = dict(await rita.json(f"/grants?case={found['id']}"))
    assert page["form"]["tool"] == "send_mail"
    assert [(p["pointer"], p["test"], p["value"]) for p in page["pins"]][:2] == [
        ("/to", "json", '"a\\u202eb"'), ("/text", "text", "hello"),
    ]  # fmt: skip
    assert not await desk.gate.store.grants()


@pytest.mark.slow
async def test_no_case_page_leads_to_a_grant_by_one_key(desk: House) -> None:
    """The case page has neither a form nor a button that makes a grant."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    assert 'action="/grants' not in (await rita.get(f"/a/{found['id']}")).text
    assert (await approve(rita, found["id"])).status_code == 303
