# SPDX-License-Identifier: Apache-2.0
"""Answers from the case page: bound to what was shown, first come first served, and a denial is never in the way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gyges.case import Case, State
from gyges.errors import Hasty
from tests.web.conftest import MAIL, PAY, House
from tests.web.desk import approve, deny, open_desk, shown
from tests.web.people import signed_in


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """People with accounts; approvals count at once."""
    async with open_desk(tmp_path / "data", escalate_to="security") as house:
        yield house


async def case_of(house: House, found: dict[str, Any]) -> Case:
    """The case as the store has it."""
    case = await house.gate.store.case(found["id"])
    assert case is not None
    return case


async def test_one_reviewer_approves_a_mail(desk: House) -> None:
    """Approving leads back to the case, which is granted, with what was measured in the vote."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    answer = await approve(rita, found["id"], expanded="/text rule:change", reason="fine")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/a/{found['id']}?said=approved",
    )
    case = await case_of(desk, found)
    (vote,) = case.votes
    assert (case.state, vote.person, vote.method, vote.reason) == (
        "granted",
        "rita",
        "password",
        "fine",
    )
    assert vote.attention is not None
    assert vote.attention.expanded == ("/text", "rule:change")
    assert vote.attention.shown.startswith("sha256:")


@pytest.mark.slow
async def test_a_payment_needs_two_who_type_the_amount(desk: House) -> None:
    """High risk: a typed field, two people, each blind to the other until they have voted."""
    found = await desk.propose(PAY)
    alice, bob = await signed_in(desk, "alice"), await signed_in(desk, "bob")
    wrong = await approve(alice, found["id"], typed="48000")
    assert wrong.status_code == Hasty.status
    assert "type the amount" in wrong.text.lower()
    assert (await approve(alice, found["id"], typed="4,800", group="finance")).status_code == 303
    page = await shown(bob, found["id"])
    assert page["view"]["approvals"]["hidden"] is True
    assert "alice" not in str(page).casefold()
    assert (await approve(bob, found["id"], typed="4800")).status_code == 303
    assert (await case_of(desk, found)).state is State.GRANTED
    assert [v["person"] for v in (await shown(bob, found["id"]))["view"]["votes"]] == [
        ["alice"],
        ["bob"],
    ]


@pytest.mark.slow
async def test_an_approval_without_the_page_is_refused(desk: House) -> None:
    """No token, somebody else's token, another case's token: 409, and nothing is approved."""
    found, other = (
        await desk.propose(MAIL),
        await desk.propose({**MAIL, "arguments": {"to": "b@example.org"}}),
    )
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    hers, elsewhere = await shown(alice, found["id"]), await shown(rita, other["id"])
    for token in ("", "nonsense", hers["shown"], elsewhere["shown"]):
        form = {"shown": token, "digest": found["digest"]}
        answer = await rita.post(f"/a/{found['id']}/approve", form)
        assert answer.status_code == 409
        assert 'role="alert"' in answer.text
    assert (await case_of(desk, found)).state is State.WAITING


@pytest.mark.slow
async def test_a_changed_case_is_looked_at_again(desk: House) -> None:
    """Whoever approves what has changed meanwhile gets the page as it is now, and a new token."""
    found = await desk.propose(MAIL)
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    old = await shown(rita, found["id"])
    await alice.post(f"/a/{found['id']}/escalate")
    answer = await rita.post(
        f"/a/{found['id']}/approve", {"shown": old["shown"], "digest": found["digest"]}
    )
    assert answer.status_code == 409
    assert old["shown"] not in answer.text
    assert "security" in answer.text
    assert (await approve(rita, found["id"])).status_code == 303


@pytest.mark.slow
async def test_another_policy_means_another_look(desk: House) -> None:
    """When the rules change after display, the view differs and the approval does not count."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    old = await shown(rita, found["id"])
    file = desk.gate.folder / "policy" / "more.cedar"
    file.write_text(
        '@id("more") permit (principal, action, resource) when { context.approvals.reviewers >= 1 };'
    )
    await desk.gate.reload(by="test")
    form = {"shown": old["shown"], "digest": found["digest"]}
    assert (await rita.post(f"/a/{found['id']}/approve", form)).status_code == 409


@pytest.mark.slow
async def test_the_digest_must_be_that_of_the_action(desk: House) -> None:
    """A good token with another digest is refused by the gate itself."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    page = await shown(rita, found["id"])
    form = {"shown": page["shown"], "digest": "sha256:" + "0" * 64}
    assert (await rita.post(f"/a/{found['id']}/approve", form)).status_code == 409


@pytest.mark.slow
async def test_the_second_of_two_is_told_who_was_first(desk: House) -> None:
    """A race: the first answer stands, the second sees by whom it was decided."""
    found = await desk.propose(MAIL)
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    one, two = await shown(rita, found["id"]), await shown(alice, found["id"])
    digest = found["digest"]
    first = await rita.post(f"/a/{found['id']}/deny", {"digest": digest, "reason": "no"})
    second = await alice.post(
        f"/a/{found['id']}/approve", {"shown": two["shown"], "digest": digest}
    )
    assert (one["view"], first.status_code, second.status_code) == (two["view"], 303, 409)
    assert "denied by rita" in second.text


@pytest.mark.slow
async def test_denying_needs_words_and_no_token(desk: House) -> None:
    """Nothing but a reason or guidance stands before a denial; the agent gets the guidance."""
    found = await desk.propose(PAY)
    bob = await signed_in(desk, "bob")
    empty = await deny(bob, found["id"], reason=" ")
    assert (empty.status_code, "needs a reason" in empty.text) == (422, True)
    answer = await deny(bob, found["id"], guidance="use the new account")
    assert answer.headers["location"].endswith("?said=denied")
    case = await case_of(desk, found)
    assert (case.state, case.guidance) == (State.DENIED, "use the new account")


@pytest.mark.slow
async def test_what_was_written_stays_when_a_page_comes_back(desk: House) -> None:
    """A refused answer does not lose the words somebody typed, and they come back escaped."""
    found = await desk.propose(PAY)
    bob = await signed_in(desk, "bob")
    answer = await approve(bob, found["id"], typed='"><script>1', reason="see <b>")
    assert answer.status_code >= 400
    assert "&lt;script&gt;1" in answer.text
    assert "<script>1" not in answer.text


async def test_barred_people_and_onlookers_cannot_answer(desk: House) -> None:
    """An auditor sees no form; the agent's owner is told why not and may still deny."""
    found = await desk.propose(MAIL)
    audrey = await signed_in(desk, "audrey")
    page = await shown(audrey, found["id"])
    assert (page["you"]["may"], page["you"]["deny"]) == (False, False)
    refused = await audrey.post(
        f"/a/{found['id']}/approve", {"shown": page["shown"], "digest": found["digest"]}
    )
    assert refused.status_code == 403


async def test_escalating_asks_the_configured_group_now(desk: House) -> None:
    """The group that would be asked later is asked at once, once."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    assert (await shown(rita, found["id"]))["escalate_to"] == "security"
    assert (await rita.post(f"/a/{found['id']}/escalate")).status_code == 303
    assert (await case_of(desk, found)).escalated == ("security",)
    assert (await shown(rita, found["id"]))["escalate_to"] == ""
    assert (await rita.post(f"/a/{found['id']}/escalate")).status_code == 422


async def test_an_agent_is_stopped_from_its_case(desk: House) -> None:
    """The kill switch: from then on everything the agent asks for is denied."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    assert (await rita.post(f"/a/{found['id']}/stop", {"reason": "strange"})).status_code == 303
    (stop,) = await desk.gate.store.stops()
    assert (stop.scope, stop.by, stop.reason) == ("agent:bot", "rita", "strange")
    assert (await desk.propose({**MAIL, "arguments": {"to": "z@example.org"}}))["state"] == "denied"
    assert "Stopped: agent:bot" in (await rita.get("/inbox")).text


async def test_programs_get_problems_not_pages(desk: House) -> None:
    """With Accept: application/json a refusal is a problem document."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    answer = await rita.post(f"/a/{found['id']}/approve", {}, accept="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.slow
async def test_a_hurried_approval_waits_for_its_page(tmp_path: Path) -> None:
    """Too quick is refused, and the page keeps counting from when it was first opened."""
    async with open_desk(tmp_path / "data", dwell_seconds=60) as house:
        found = await house.propose(PAY)
        bob = await signed_in(house, "bob")
        page = await shown(bob, found["id"])
        form = {"shown": page["shown"], "digest": found["digest"], "typed": "4800"}
        answer = await bob.post(f"/a/{found['id']}/approve", form)
        assert answer.status_code >= 400
        assert page["shown"] in answer.text
        assert f'data-opened="{page["opened"]}"' in answer.text
        assert (await deny(bob, found["id"], reason="no time for this")).status_code == 303


@pytest.mark.slow
async def test_an_approval_is_taken_back_from_its_page(desk: House) -> None:
    """Whoever approved is offered it while nothing has run, nobody else is, and the page then says how it ended."""
    found = await desk.propose(MAIL)
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    await approve(rita, found["id"])
    assert (await shown(rita, found["id"]))["back"] is True
    assert (await shown(alice, found["id"]))["back"] is False
    path = f"/a/{found['id']}/take-back"
    assert (await alice.post(path)).status_code == 403
    answer = await rita.post(path, {"reason": "wrong Ada"})
    assert answer.headers["location"] == f"/a/{found['id']}?said=taken-back"
    assert (await case_of(desk, found)).state is State.LAPSED
    assert "Taken back by rita: wrong Ada" in (await rita.get(f"/a/{found['id']}")).text
    assert (await rita.post(path)).status_code == 409
