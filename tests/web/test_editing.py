# SPDX-License-Identifier: Apache-2.0
"""Editing: types stay, the change is looked at first, and whoever edits cannot approve."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.case import State
from tests.web.conftest import MAIL, PAY, House
from tests.web.desk import open_desk, shown
from tests.web.people import signed_in


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """People with accounts; approvals count at once."""
    async with open_desk(tmp_path / "data") as house:
        yield house


async def test_an_edit_is_looked_at_and_then_made(desk: House) -> None:
    """First what changes and what the gate would say, then a new case in place of the old one."""
    found = await desk.propose(PAY)
    bob = await signed_in(desk, "bob")
    path = f"/a/{found['id']}/edit"
    form = {"digest": found["digest"], "at:/to": "Ada", "at:/amount": "480"}
    review = await bob.post(path, form)
    assert (review.status_code, "2 of finance" in review.text) == (200, True)
    assert "4800" in review.text
    done = await bob.post(
        path, {"digest": found["digest"], "json": '{"to":"Ada","amount":480}', "confirm": "yes"}
    )
    new = done.headers["location"].removeprefix("/a/").partition("?")[0]
    case, old = await desk.gate.store.case(new), await desk.gate.store.case(found["id"])
    assert case is not None
    assert old is not None
    assert (old.state, old.replaced_by) == (State.SUPERSEDED, new)
    assert (case.action.arguments, case.action.edited_by) == ({"to": "Ada", "amount": 480}, "bob")
    you = (await shown(bob, new))["you"]
    assert (you["may"], you["deny"]) == (False, True)


async def test_looking_changes_nothing(desk: House) -> None:
    """Without the confirmation the case waits on as it was."""
    found = await desk.propose(PAY)
    bob = await signed_in(desk, "bob")
    await bob.post(f"/a/{found['id']}/edit", {"digest": found["digest"], "at:/amount": "1"})
    case = await desk.gate.store.case(found["id"])
    assert case is not None
    assert (case.state, case.version) == (State.WAITING, found["version"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"at:/amount": "many"}, "amount"),
        ({"at:/amount": '"4800"'}, "this must be a number"),
        ({"at:/amount": "4800"}, "nothing is changed"),
        ({"json": "{"}, "not JSON"),
        ({"json": '{"a":1,"a":2}'}, "stands twice"),
        ({"json": "[]"}, "expected a JSON object"),
    ],
)
async def test_what_cannot_be_read_comes_back(desk: House, form: dict[str, str], says: str) -> None:
    """A value of another type, no change, bad JSON: the form again, filled in, with the reason."""
    found = await desk.propose(PAY)
    bob = await signed_in(desk, "bob")
    answer = await bob.post(f"/a/{found['id']}/edit", {"digest": found["digest"], **form})
    assert answer.status_code == 422
    assert says.casefold() in answer.text.casefold()


async def test_an_edit_that_policy_denies_is_told_before(desk: House) -> None:
    """The review says that it would be denied and offers no way on; forced, it is refused."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    path, bad = f"/a/{found['id']}/edit", '{"to":5}'
    review = await rita.post(path, {"digest": found["digest"], "json": bad})
    assert "would be denied" in review.text
    assert "Put this in its place" not in review.text
    forced = await rita.post(path, {"digest": found["digest"], "json": bad, "confirm": "yes"})
    assert forced.status_code == 422


async def test_line_ends_and_hidden_characters_survive(desk: House) -> None:
    """A form's line ends are undone; text that would not show is edited as escaped JSON."""
    found = await desk.propose(
        {"tool": "send_mail", "arguments": {"to": "a\u202eb", "text": "one\ntwo"}}
    )
    rita = await signed_in(desk, "rita")
    path = f"/a/{found['id']}/edit"
    assert "&#34;a\\u202eb&#34;" in (await rita.get(path)).text
    form = {"digest": found["digest"], "at:/to": '"a\\u202eb"', "at:/text": "one\r\ntwo\r\nthree"}
    page = await rita.client.post(
        path, data=form, headers={"origin": "http://127.0.0.1:8420", "accept": "application/json"}
    )
    assert page.json()["json"] == '{"text":"one\\ntwo\\nthree","to":"a\u202eb"}'


async def test_only_an_open_case_and_its_digest_can_be_edited(desk: House) -> None:
    """Another digest, or a settled case: refused."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    path = f"/a/{found['id']}/edit"
    assert (await rita.post(path, {"digest": "sha256:other"})).status_code == 409
    await rita.post(f"/a/{found['id']}/deny", {"digest": found["digest"], "reason": "no"})
    assert (await rita.get(path)).status_code == 409
