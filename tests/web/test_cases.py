# SPDX-License-Identifier: Apache-2.0
"""What agents and executors do over HTTP, against a real gate: nothing is faked, no time is measured."""

import asyncio
from typing import Any

import pytest

from gyges import canon
from tests.web.conftest import MAIL, PAY, READ, House, canonical, next_turns


async def granted(house: House) -> dict[str, Any]:
    """A payment that both of finance approved, as its agent sees it."""
    case = await house.propose(PAY)
    for who in ("alice", "bob"):
        assert (await house.decide(who, case)).status_code == 200
    found: dict[str, Any] = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    return found


async def redeem(house: House, case: dict[str, Any], **changes: str) -> Any:
    """The executor's redemption of `case`."""
    body = {"permit": case["permit"], "action": canonical(case), **changes}
    return await house.call("office", "POST", f"/v1/actions/{case['id']}/redeem", body)


async def test_an_allowed_action_comes_with_its_permit(house: House) -> None:
    """Policy allows a read: 200, granted, and a permit for its agent."""
    answer = await house.call("bot", "POST", "/v1/actions", READ)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["state"], found["effect"], found["rules"]) == ("granted", "allow", ["look"])
    assert found["permit"].count(".") == 2
    assert found["action"]["agent"] == "bot"


async def test_an_asked_action_is_202_with_its_place(house: House) -> None:
    """A mail needs a reviewer: 202, the place to look, no permit."""
    answer = await house.call("bot", "POST", "/v1/actions", MAIL)
    assert answer.status_code == 202
    found = answer.json()
    assert answer.headers["location"] == f"/v1/actions/{found['id']}"
    assert (found["state"], found["missing"], found["permit"]) == ("waiting", {"reviewers": 1}, "")


async def test_a_forbidden_action_is_denied_with_the_rule(house: House) -> None:
    """The constitution answers 200 with a denial: the request was served, the answer is no."""
    answer = await house.call("bot", "POST", "/v1/actions", {"tool": "stop_log", "arguments": {}})
    found = answer.json()
    assert (answer.status_code, found["effect"], found["rules"]) == (200, "deny", ["constitution"])
    assert found["permit"] == ""


async def test_the_whole_way_of_a_payment(house: House) -> None:
    """Proposed, approved by two, redeemed with the exact bytes, reported, and done."""
    case = await granted(house)
    assert (await redeem(house, case)).json()["state"] == "redeemed"
    report = {"ok": True, "result": canon.digest({"paid": True}), "summary": "paid"}
    done = await house.call("office", "POST", f"/v1/actions/{case['id']}/outcome", report)
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert done.json()["outcome"]["summary"] == "paid"


async def test_a_permit_is_used_once(house: House) -> None:
    """Of ten redemptions at once one succeeds; the others are refused."""
    case = await granted(house)
    answers = await asyncio.gather(*(redeem(house, case) for _ in range(10)))
    assert sorted({answer.status_code for answer in answers}) == [200, 403]
    assert [answer.status_code for answer in answers].count(200) == 1
    refused = next(answer for answer in answers if answer.status_code == 403)
    assert refused.json()["code"] == "permit-refused"


async def test_other_bytes_do_not_run(house: House) -> None:
    """A permit with one changed argument is refused, and the case is still granted."""
    case = await granted(house)
    changed = canonical(case).replace("4800", "4801")
    assert changed != canonical(case)
    refused = await redeem(house, case, action=changed)
    assert (refused.status_code, refused.json()["code"]) == (403, "permit-refused")
    assert (await redeem(house, case)).status_code == 200


async def test_only_the_executor_it_is_made_out_to_can_see_it(house: House) -> None:
    """Another executor is told that there is no such case, to look, to redeem and to report."""
    case = await granted(house)
    path = f"/v1/actions/{case['id']}"
    body = {"permit": case["permit"], "action": canonical(case)}
    assert (await house.call("office", "GET", path)).status_code == 200
    assert (await house.call("elsewhere", "GET", path)).status_code == 404
    assert (await house.call("elsewhere", "POST", f"{path}/redeem", body)).status_code == 404
    report = {"ok": True}
    assert (await house.call("elsewhere", "POST", f"{path}/outcome", report)).status_code == 404


async def test_the_permit_goes_to_its_agent_alone(house: House) -> None:
    """Approver, auditor and executor see the granted case without the permit."""
    case = await granted(house)
    assert case["permit"]
    for who in ("alice", "audrey", "office"):
        seen = (await house.call(who, "GET", f"/v1/actions/{case['id']}")).json()
        assert (seen["state"], seen["permit"]) == ("granted", "")
    listed = (await house.call("bot", "GET", "/v1/actions")).json()["items"]
    assert [item["permit"] for item in listed] == [""]


async def test_an_agent_sees_nothing_of_another(house: House) -> None:
    """Look, stream, withdraw and list show no trace of a case that is another agent's."""
    case = await house.propose()
    missing = await house.call("other", "GET", "/v1/actions/c-" + "0" * 26)
    for method, tail in (("GET", ""), ("GET", "/stream"), ("POST", "/withdraw")):
        answer = await house.call("other", method, f"/v1/actions/{case['id']}{tail}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        pattern = answer.json()["detail"].replace(case["id"], "ID")
        assert pattern == missing.json()["detail"].replace("c-" + "0" * 26, "ID")
    for query in ("", "?agent=bot", f"?digest={case['digest']}", "?state=waiting"):
        listed = (await house.call("other", "GET", f"/v1/actions{query}")).json()
        assert listed == {"items": [], "next": ""}


async def test_nobody_proposes_in_anothers_name(house: House) -> None:
    """The agent is who the key says; naming one in the body is refused."""
    answer = await house.call("bot", "POST", "/v1/actions", {**READ, "agent": "other"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("key", ["k1", '"k1"', '"with \\"quotes\\""'])
async def test_the_same_key_with_the_same_action_is_the_same_case(house: House, key: str) -> None:
    """A repeated proposal finds the case that it made, whichever way the key is written."""
    first = await house.call("bot", "POST", "/v1/actions", MAIL, idempotency_key=key)
    again = await house.call("bot", "POST", "/v1/actions", MAIL, idempotency_key=key)
    assert first.json()["id"] == again.json()["id"]
    assert (first.status_code, again.status_code) == (202, 202)


async def test_twenty_at_once_with_one_key_make_one_case(house: House) -> None:
    """A client that retries into its own first try makes no second case."""
    answers = await asyncio.gather(
        *(house.call("bot", "POST", "/v1/actions", MAIL, idempotency_key="k") for _ in range(20))
    )
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = (await house.call("bot", "GET", "/v1/actions")).json()["items"]
    assert len(listed) == 1


async def test_the_same_key_with_another_action_is_422(house: House) -> None:
    """As the draft has it: a key that came with another payload is an error, and makes nothing."""
    await house.call("bot", "POST", "/v1/actions", MAIL, idempotency_key="k")
    answer = await house.call("bot", "POST", "/v1/actions", READ, idempotency_key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "unprocessable")


async def test_one_key_of_two_agents_is_two_keys(house: House) -> None:
    """An agent cannot reach another's case by guessing its idempotency key."""
    mine = await house.call("bot", "POST", "/v1/actions", MAIL, idempotency_key="k")
    theirs = await house.call("other", "POST", "/v1/actions", MAIL, idempotency_key="k")
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.parametrize("key", ["", '""', "x" * 256])
async def test_a_key_that_is_none_is_refused(house: House, key: str) -> None:
    """An empty or overlong key is an error, not silently no key."""
    answer = await house.call("bot", "POST", "/v1/actions", MAIL, idempotency_key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_held_proposal_returns_with_the_decision(house: House) -> None:
    """A proposal with wait is answered when the reviewer has answered, with the permit in hand."""
    held = asyncio.create_task(house.call("bot", "POST", "/v1/actions?wait=60", MAIL))
    waiting = "/v1/actions?state=waiting"
    while not (items := (await house.call("rita", "GET", waiting)).json()["items"]):
        await next_turns()
    assert not held.done()
    assert (await house.decide("rita", items[0])).status_code == 200
    async with asyncio.timeout(30):  # a guard: without the event it would be 60
        answer = await held
    assert (answer.status_code, answer.json()["state"]) == (200, "granted")
    assert answer.json()["permit"]


async def test_a_held_look_returns_with_the_first_vote(house: House) -> None:
    """With seen, the look returns at the next version, settled or not."""
    case = await house.propose(PAY)
    path = f"/v1/actions/{case['id']}?wait=60&seen={case['version']}"
    held = asyncio.create_task(house.call("bot", "GET", path))
    await next_turns()
    await house.decide("alice", case)
    async with asyncio.timeout(30):
        answer = await held
    assert (answer.status_code, answer.json()["approvals"]) == (202, {"finance": 1})


async def test_a_held_look_sees_the_outcome_too(house: House) -> None:
    """A granted case is not final: with seen one can wait for its outcome."""
    case = await granted(house)
    path = f"/v1/actions/{case['id']}?wait=60&seen={case['version']}"
    held = asyncio.create_task(house.call("audrey", "GET", path))
    await next_turns()
    await redeem(house, case)
    async with asyncio.timeout(30):
        assert (await held).json()["state"] == "redeemed"


async def test_a_held_look_ends_with_its_time(house: House) -> None:
    """When nobody answers, the look returns the case as it stands."""
    case = await house.propose()
    answer = await house.call("bot", "GET", f"/v1/actions/{case['id']}?wait=0.05")
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")


async def test_closing_ends_every_wait(house: House) -> None:
    """A server that wants to stop answers those who wait with what there is."""
    case = await house.propose()
    path = f"/v1/actions/{case['id']}?wait=60"
    held = [asyncio.create_task(house.call("bot", "GET", path)) for _ in range(5)]
    await next_turns()
    house.app.state.desk.closing.set()
    async with asyncio.timeout(30):
        assert {(await one).status_code for one in held} == {202}
    ready = await house.call("", "GET", "/readyz")
    assert (ready.status_code, ready.json()["reason"]) == (503, "closing")


async def test_an_agent_takes_its_case_back(house: House) -> None:
    """A withdrawn case can no longer be approved."""
    case = await house.propose()
    gone = await house.call("bot", "POST", f"/v1/actions/{case['id']}/withdraw", {"reason": "no"})
    assert gone.json()["state"] == "withdrawn"
    late = await house.decide("rita", case)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")


@pytest.mark.slow
async def test_a_list_is_paged_without_gap_or_repeat(house: House) -> None:
    """Pages of two over seven cases give each case once, also when more come in between."""
    made = [(await house.propose())["id"] for _ in range(7)]
    seen: list[str] = []
    after = ""
    while True:
        page = (await house.call("audrey", "GET", f"/v1/actions?limit=2&after={after}")).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if not after:
            break
        await house.propose()
    assert seen == made[::-1]


async def test_the_inbox_is_by_risk_then_deadline(house: House) -> None:
    """The order that approvers work in: a payment before a mail, the older mail first."""
    first, pay, second = (
        await house.propose(MAIL),
        await house.propose(PAY),
        await house.propose(MAIL),
    )
    page = await house.call("alice", "GET", "/v1/actions?state=waiting&order=risk")
    ids = [item["id"] for item in page.json()["items"]]
    assert ids == [pay["id"], first["id"], second["id"]]


@pytest.mark.parametrize(
    "query",
    ["state=open", "limit=0", "limit=1000", "limit=x", "order=up", "after=zz", "page=2",
     "limit=1&limit=2", "%ff", "agent", "state=" + "x" * 300],
)  # fmt: skip
async def test_a_query_that_is_not_understood_is_refused(house: House, query: str) -> None:
    """Unknown names, bad values, doubled names and forged cursors are 400, never ignored."""
    answer = await house.call("audrey", "GET", f"/v1/actions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
