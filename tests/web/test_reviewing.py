# SPDX-License-Identifier: Apache-2.0
"""Attention through real pages and the API: what is refused, what is hidden, whose record is shown to whom."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.gate.judge import Parts
from gyges.testing.clock import FakeClock
from tests.web.conftest import MAIL, PAY, House, open_house
from tests.web.people import Browser, settle, signed_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[tuple[House, FakeClock]]:
    """A gate with accounts, whose clock is set by hand."""
    async with open_house(tmp_path / "data", approvals_per_hour=5, reroute_to="board") as house:
        clock = FakeClock(house.gate.clock.now())
        house.gate.clock = clock
        house.gate.corridor.parts = replaced(house, clock)
        await settle(house)
        yield house, clock


def replaced(house: House, clock: FakeClock) -> Parts:
    """The corridor's parts with this clock."""
    return replace(house.gate.corridor.parts, clock=clock)


async def fields(browser: Browser, case: str) -> dict[str, str]:
    """The hidden fields of the form to approve, as the page has them."""
    page = (await browser.get(f"/a/{case}")).text
    form = page.split('id="approve"')[1].split("</form>")[0]
    found = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    return dict(found)


@pytest.mark.slow
async def test_a_page_asks_for_time_and_the_amount_and_then_takes_the_approval(
    office: tuple[House, FakeClock],
) -> None:
    """Too soon and untyped are refused with words, on a page that can be sent again as it is."""
    house, clock = office
    case = (await house.propose(PAY))["id"]
    bob = await signed_in(house, "bob")
    form = await fields(bob, case)
    assert 'name="typed"' in (await bob.get(f"/a/{case}")).text
    for wait, typed, says in ((0, "4800", "counts after"), (3_000, "", "Type the amount")):
        clock.advance(wait)
        answer = await bob.post(f"/a/{case}/approve", {**form, "typed": typed})
        assert answer.status_code == 422
        assert says in answer.text
    answer = await bob.post(f"/a/{case}/approve", {**form, "typed": "4,800"})
    assert answer.status_code == 303
    kept = await house.gate.corridor.found(case)
    assert [(vote.person, vote.attention.typed) for vote in kept.votes if vote.attention] == [
        ("bob", "/amount")
    ]


async def test_a_denial_is_taken_at_once(office: tuple[House, FakeClock]) -> None:
    """Without a token, without time, without anything typed."""
    house, _ = office
    case = await house.propose(PAY)
    alice = await signed_in(house, "alice")
    body = {"digest": case["digest"], "reason": "not now"}
    assert (await alice.post(f"/a/{case['id']}/deny", body)).status_code == 303
    assert (await house.gate.corridor.found(case["id"])).state == "denied"


@pytest.mark.slow
async def test_who_has_given_all_that_counts_is_told_and_others_are_asked(
    office: tuple[House, FakeClock],
) -> None:
    """The page says so beforehand; the approval is refused with 429 and the case put to the board."""
    house, clock = office
    rita = await signed_in(house, "rita")
    cases = [await house.propose(MAIL) for _ in range(6)]
    for number, case in enumerate(cases):
        page = (await rita.get(f"/a/{case['id']}")).text
        assert ("Time for a break" in page) is (number == 4)
        assert ("no more of yours count" in page) is (number == 5)
        form = await fields(rita, case["id"])
        clock.advance(2_000)
        answer = await rita.post(f"/a/{case['id']}/approve", form)
        assert answer.status_code == (303 if number < 5 else 429)
    last = await house.gate.corridor.found(cases[5]["id"])
    assert (last.state, last.escalated) == ("waiting", ("board",))
    health = (await (await signed_in(house, "audrey")).json("/health.json"))["health"]
    told = {q["group"]: (q["waiting"], q["people"], q["free"]) for q in health["queues"]}  # type: ignore[index]
    assert told == {"board": (1, 0, 0), "reviewers": (1, 2, 1)}
    assert "no approvals left this hour" in (await rita.get("/health")).text


@pytest.mark.slow
async def test_the_second_person_does_not_see_the_first(office: tuple[House, FakeClock]) -> None:
    """Neither on the page nor over the API, in a list or alone, until they have answered."""
    house, _ = office
    case = await house.propose(PAY)
    assert (await house.decide("alice", case)).json()["approvals"] == {"finance": 1}
    path = f"/v1/actions/{case['id']}"
    bobs = (await house.call("bob", "GET", path)).json()
    assert (bobs["blind"], bobs["votes"], bobs["missing"]) == (True, [], {"finance": 2})
    listed = (await house.call("bob", "GET", "/v1/actions")).json()["items"][0]
    assert (listed["blind"], listed["votes"]) == (True, [])
    page = (await (await signed_in(house, "bob")).get(f"/a/{case['id']}")).text
    assert "alice" not in page
    for who in ("alice", "audrey", "bot"):
        seen = (await house.call(who, "GET", path)).json()
        assert (seen["blind"], len(seen["votes"])) == (False, 1), who
    done = (await house.decide("bob", case)).json()
    assert (done["state"], len(done["votes"])) == ("granted", 2)


async def test_approvers_see_their_own_record_and_overseers_everybodys(
    office: tuple[House, FakeClock],
) -> None:
    """By page, by twin and over the API; another's is not there for an approver."""
    house, _ = office
    await house.decide("rita", await house.propose(MAIL))
    await house.decide("alice", await house.propose(MAIL), "deny")
    rita, audrey = await signed_in(house, "rita"), await signed_in(house, "audrey")
    assert "How you looked and answered" in (await rita.get("/me")).text
    assert "How you looked and answered" not in (await audrey.get("/me")).text
    for path in ("/reviewers", "/reviewers/rita", "/reviewers/RITA?days=7"):
        page = await rita.get(path)
        assert (page.status_code, "alice" in page.text) == (200, False)
    assert (await rita.get("/reviewers/alice")).status_code == 404
    assert (await rita.get("/reviewers/rita?days=0")).status_code == 400
    everybody = await audrey.json("/reviewers.json")
    assert [r["name"] for r in everybody["records"]] == ["alice", "rita"]  # type: ignore[attr-defined]
    told = (await audrey.json("/reviewers/alice.json"))["told"]
    assert {line["name"]: line["value"] for line in told["lines"]}["approved"] == "0% (0 of 1)"  # type: ignore[index]
    own = (await house.call("rita", "GET", "/v1/reviewers")).json()["items"]
    assert [(r["name"], r["answers"], r["approved"]["value"]) for r in own] == [("rita", 1, 1.0)]
    assert (await house.call("rita", "GET", "/v1/reviewers/alice")).status_code == 404
    both = (await house.call("root", "GET", "/v1/reviewers?days=1")).json()["items"]
    assert [r["name"] for r in both] == ["alice", "rita"]


async def test_a_hostile_name_is_shown_and_does_nothing(office: tuple[House, FakeClock]) -> None:
    """A record may be asked for under any name: what the path says is text on the page."""
    house, _ = office
    audrey = await signed_in(house, "audrey")
    page = await audrey.get("/reviewers/%3Cscript%3Ealert(1)%3C%2Fscript%3E%E2%80%AE")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text.split("<main")[1]


@pytest.mark.slow
async def test_a_planted_request_is_seen_by_people_and_not_by_the_agent_it_names(
    tmp_path: Path,
) -> None:
    """On the page nothing tells it apart; the agent and its executor do not find it; the first answer ends it."""
    async with open_house(tmp_path / "data", checks_per_day=5, dwell_seconds=0) as house:
        await settle(house)
        body = {**PAY, "agent": "bot"}
        for who in ("alice", "bot", "audrey"):
            assert (await house.call(who, "POST", "/v1/planted", body)).status_code == 403
        made = await house.call("root", "POST", "/v1/planted", body)
        assert made.status_code == 201, made.text
        case = made.json()
        path = f"/v1/actions/{case['id']}"
        for who in ("bot", "other", "office"):
            assert (await house.call(who, "GET", path)).status_code == 404, who
            assert (await house.call(who, "GET", f"{path}/stream")).status_code == 404, who
        for who in ("bot", "other"):
            assert not (await house.call(who, "GET", "/v1/actions")).json()["items"]
        alice = await signed_in(house, "alice")
        for page in (
            "/inbox",
            f"/a/{case['id']}",
            f"/a/{case['id']}/log",
            "/history",
            "/agents/bot",
        ):
            shown = await alice.get(page)
            assert (shown.status_code, "planted" in shown.text) == (200, False), page
        answer = await alice.post(
            f"/a/{case['id']}/approve", {**await fields(alice, case["id"]), "typed": "4800"}
        )
        assert answer.status_code == 303, answer.text
        page = (await alice.get(answer.headers["location"])).text
        assert "planted request, missed by alice" in page
        assert "Approved." not in page
        me = (await alice.get("/me")).text
        assert "0% (0 of 1)" in me
        assert "up to 5 of a day" in me
