# SPDX-License-Identifier: Apache-2.0
"""What people do over HTTP: one winner in every race, no one decides their own, edits are new cases."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from gyges.principal import Scope
from tests.web.conftest import MAIL, PAY, READ, House, Served, canonical


async def crowd(house: House, count: int) -> list[str]:
    """So many reviewers more."""
    names = [f"reviewer-{number}" for number in range(count)]
    for name in names:
        _, secret = await house.gate.enrol(
            name=name, scope=Scope.APPROVER, by="test", groups=("reviewers",)
        )
        house.secrets[name] = secret
    return names


async def test_of_twenty_people_at_once_exactly_one_wins(house: House) -> None:
    """Half approve and half deny in the same moment: one answer holds, everybody else is told 409."""
    await race(house)


@pytest.mark.slow
async def test_the_same_race_over_twenty_connections(served: Served) -> None:
    """Real connections make no difference to it."""
    await race(served)


async def race(house: House) -> None:
    """Twenty reviewers decide one case at once."""
    names = await crowd(house, 20)
    case = await house.propose()
    says = [(name, "approve" if at % 2 else "deny") for at, name in enumerate(names)]
    answers = await asyncio.gather(*(house.decide(name, case, say) for name, say in says))
    codes = Counter(answer.status_code for answer in answers)
    assert codes == {200: 1, 409: 19}
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    after = (await house.call("audrey", "GET", f"/v1/actions/{case['id']}")).json()
    assert after["state"] == winner["state"]
    assert after["state"] in ("granted", "denied")
    assert len(after["votes"]) == 1
    events = await house.call("audrey", "GET", f"/v1/log/events?subject={case['id']}&kind=answered")
    assert len(events.json()["items"]) == 1


async def test_an_agent_withdrawing_races_a_person_approving(house: House) -> None:
    """Exactly one of the two gets what it asked for, and the case says which."""
    for _ in range(5):
        case = await house.propose()
        withdraw = house.call("bot", "POST", f"/v1/actions/{case['id']}/withdraw")
        answers = await asyncio.gather(house.decide("rita", case), withdraw)
        after = (await house.call("audrey", "GET", f"/v1/actions/{case['id']}")).json()
        codes = tuple(answer.status_code for answer in answers)
        # An approval may come first and the granted case be given back after it: never the other way.
        assert (codes, after["state"]) in [
            ((200, 409), "granted"),
            ((409, 200), "withdrawn"),
            ((200, 200), "lapsed"),
        ]


async def test_nobody_votes_twice(house: House) -> None:
    """A payment needs two people: the same one twice is refused, and does not count."""
    case = await house.propose(PAY)
    assert (await house.decide("alice", case)).status_code == 200
    again = await house.decide("alice", case)
    assert again.status_code in (403, 409)
    seen = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert (seen["state"], seen["approvals"]) == ("waiting", {"finance": 1})


async def test_the_owner_of_an_agent_never_approves_for_it(house: House) -> None:
    """Who answers for the agent is refused, whatever group they are in."""
    _, house.secrets["olga"] = await house.gate.enrol(
        name="olga", scope=Scope.APPROVER, by="test", groups=("reviewers",)
    )
    case = await house.propose()
    refused = await house.decide("olga", case)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_an_approval_of_other_bytes_is_refused(house: House) -> None:
    """The digest must be that of this case: what was shown is what is approved."""
    case, other = await house.propose(MAIL), await house.propose(READ)
    refused = await house.decide("rita", {**case, "digest": other["digest"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("say", [None, "", True, 1, "APPROVE", "approved", ["approve"], {}])
async def test_what_is_neither_yes_nor_no_decides_nothing(house: House, say: object) -> None:
    """No other word, and no missing one, is taken for an approval."""
    case = await house.propose(PAY)
    body = {"digest": case["digest"], "reason": "r", **({} if say == {} else {"say": say})}
    answer = await house.call("alice", "POST", f"/v1/actions/{case['id']}/decision", body)
    assert answer.status_code == 400
    after = (await house.call("alice", "GET", f"/v1/actions/{case['id']}")).json()
    assert (after["state"], after["approvals"]) == ("waiting", {})


async def test_a_denial_carries_guidance_to_the_agent(house: House) -> None:
    """Reason and guidance come back to the agent with the denied case."""
    case = await house.propose()
    body = {"say": "deny", "digest": case["digest"], "guidance": "ask Ada first"}
    await house.call("rita", "POST", f"/v1/actions/{case['id']}/decision", body)
    seen = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert (seen["state"], seen["guidance"]) == ("denied", "ask Ada first")


async def test_a_denial_without_a_word_is_refused(house: House) -> None:
    """Whoever denies says why."""
    case = await house.propose()
    body = {"say": "deny", "digest": case["digest"]}
    answer = await house.call("rita", "POST", f"/v1/actions/{case['id']}/decision", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "unprocessable")


async def edited(house: House, case: dict[str, Any], amount: int) -> dict[str, Any]:
    """The new case after alice's edit."""
    arguments = {**case["action"]["arguments"], "amount": amount}
    body = {"digest": case["digest"], "arguments": arguments, "reason": "too much"}
    answer = await house.call("alice", "POST", f"/v1/actions/{case['id']}/edit", body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/actions/{answer.json()['id']}"
    found: dict[str, Any] = answer.json()
    return found


async def test_an_edit_is_a_new_case_that_its_author_cannot_approve(house: House) -> None:
    """The old case is superseded, the new one waits with another digest, and the editor has no vote."""
    case = await house.propose(PAY)
    await house.decide("bob", case)
    new = await edited(house, case, 4700)
    assert (new["state"], new["approvals"]) == ("waiting", {})
    assert new["digest"] != case["digest"]
    old = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert (old["state"], old["replaced_by"]) == ("superseded", new["id"])
    assert (await house.decide("alice", new)).status_code == 403
    assert (await house.decide("bob", case)).status_code == 409


async def test_a_standing_grant_speaks_until_it_is_revoked(house: House) -> None:
    """A narrow grant lets one kind of mail through; revoked, it is silent again."""
    body = {
        "agent": "bot", "tool": "send_mail", "group": "reviewers", "max_uses": 2,
        "pins": [{"pointer": "/to", "test": "equals", "value": "ada@example.org"}],
        "expires": house.gate.clock.now() + 3_600_000, "reason": "Ada wants them all",
    }  # fmt: skip
    made = await house.call("rita", "POST", "/v1/grants", body)
    assert made.status_code == 201, made.text
    assert (await house.propose(MAIL))["state"] == "granted"
    other = {"tool": "send_mail", "arguments": {"to": "eve@example.org"}}
    assert (await house.propose(other))["state"] == "waiting"
    listed = (await house.call("audrey", "GET", "/v1/grants?agent=bot")).json()["items"]
    assert [(grant["id"], grant["uses"]) for grant in listed] == [(made.json()["id"], 1)]
    ended = await house.call("root", "POST", f"/v1/grants/{made.json()['id']}/revoke")
    assert ended.json()["revoked_by"] == "root"
    assert (await house.propose(MAIL))["state"] == "waiting"


@pytest.mark.parametrize(
    "change",
    [{"pins": []}, {"max_uses": 0}, {"expires": 5}, {"reason": " "}, {"group": "finance"},
     {"agent": ""}, {"sum_limit": 5}, {"more": 1}],
)  # fmt: skip
async def test_a_wide_grant_is_refused(house: House, change: dict[str, Any]) -> None:
    """Without pins, count, end, reason or the right group there is no standing grant."""
    body = {
        "agent": "bot", "tool": "send_mail", "group": "reviewers", "max_uses": 2,
        "pins": [{"pointer": "/to", "test": "equals", "value": "x"}],
        "expires": house.gate.clock.now() + 3_600_000, "reason": "why not", **change,
    }  # fmt: skip
    answer = await house.call("rita", "POST", "/v1/grants", body)
    assert answer.status_code in (400, 403, 422)
    assert (await house.call("audrey", "GET", "/v1/grants")).json() == {"items": []}


@pytest.mark.parametrize("scope", ["all", "agent:bot", "tool:pay", "tool%3Apay"])
async def test_a_kill_switch_holds_for_permits_that_are_out(house: House, scope: str) -> None:
    """Pulled after the permit was given, it stops the redemption with 423; lifted by an admin, it runs."""
    case = await house.propose(PAY)
    for who in ("alice", "bob"):
        await house.decide(who, case)
    case = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    pulled = await house.call("rita", "PUT", f"/v1/stops/{scope}", {"reason": "odd"})
    assert (pulled.status_code, pulled.json()["by"]) == (200, "rita")
    body = {"permit": case["permit"], "action": canonical(case)}
    path = f"/v1/actions/{case['id']}/redeem"
    stopped = await house.call("office", "POST", path, body)
    assert (stopped.status_code, stopped.json()["code"]) == (423, "stopped")
    denied = await house.propose(PAY)
    assert (denied["state"], denied["effect"]) == ("denied", "deny")
    assert len((await house.call("audrey", "GET", "/v1/stops")).json()["items"]) == 1
    assert (await house.call("rita", "DELETE", f"/v1/stops/{scope}")).status_code == 403
    lifted = await house.call("root", "DELETE", f"/v1/stops/{scope}")
    assert (lifted.status_code, lifted.content) == (204, b"")
    assert not {"content-length", "content-type"} & set(lifted.headers)
    assert (await house.call("office", "POST", path, body)).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["everything", "agent:", "person:x", "x" * 300])
async def test_a_kill_switch_for_nothing_is_refused(house: House, scope: str) -> None:
    """A scope that covers nothing would be a switch that people believe in."""
    answer = await house.call("rita", "PUT", f"/v1/stops/{scope}", {"reason": "odd"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unprocessable")
