# SPDX-License-Identifier: Apache-2.0
"""The policy in force over HTTP: shown, explained, loaded anew, and asked which tools it knows."""

import json
from typing import Any

import pytest

from gyges import canon
from tests.web.conftest import PAY, TOOLS, House


async def test_the_policy_is_shown_as_its_digest_covers_it(house: House) -> None:
    """What is shown hashes to the digest that rulings and permits name."""
    found = (await house.call("audrey", "GET", "/v1/policy")).json()
    assert canon.digest(found["document"]) == found["digest"]
    case = await house.propose(PAY)
    assert case["policy"] == found["digest"]


async def test_explain_says_what_would_suffice(house: House) -> None:
    """A payment needs two of finance; with one supposed it still asks, with two it is allowed."""
    effects = []
    for approvals in ({}, {"finance": 1}, {"finance": 2}):
        body = {**PAY, "agent": "bot", "approvals": approvals}
        answer = await house.call("alice", "POST", "/v1/policy/explain", body)
        assert answer.status_code == 200, answer.text
        effects.append((answer.json()["ruling"]["effect"], answer.json()["decided"][0]["id"]))
    assert effects == [("ask", "pay"), ("ask", "pay"), ("allow", "pay")]
    assert (await house.call("audrey", "GET", "/v1/actions")).json()["items"] == []


async def test_explain_names_the_constitution(house: House) -> None:
    """What no approval can allow is said to be so."""
    body = {"tool": "stop_log", "arguments": {}, "agent": "bot", "approvals": {"finance": 99}}
    found = (await house.call("root", "POST", "/v1/policy/explain", body)).json()
    assert (found["ruling"]["effect"], found["constitutional"]) == ("deny", True)


async def test_a_reload_puts_the_folder_in_force(house: House) -> None:
    """A new rule on disk holds from the reload on, and the log says who loaded it."""
    file = house.gate.folder / "policy" / "own.cedar"
    file.write_text('@id("no-pay") forbid (principal, action == Action::"pay", resource);')
    assert (await house.propose(PAY))["state"] == "waiting"
    answer = await house.call("root", "POST", "/v1/policy/reload")
    assert answer.status_code == 200
    assert (await house.propose(PAY))["rules"] == ["no-pay"]
    events = await house.call("audrey", "GET", "/v1/log/events?kind=policy-loaded")
    last = events.json()["items"][-1]["event"]["body"]
    assert (last["by"], last["digest"]) == ("root", answer.json()["digest"])


async def test_a_set_that_does_not_load_leaves_the_old_one(house: House) -> None:
    """A typo in a rule is 422 with file and reason, and nothing changes."""
    before = (await house.call("root", "GET", "/v1/policy")).json()["digest"]
    file = house.gate.folder / "policy" / "own.cedar"
    file.write_text('@id("typo") forbid (principal, action, resource) when { context.amuont };')
    answer = await house.call("root", "POST", "/v1/policy/reload")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-policy")
    assert "own.cedar" in answer.json()["detail"]
    assert (await house.call("root", "GET", "/v1/policy")).json()["digest"] == before


def seen(name: str, **changes: Any) -> dict[str, Any]:
    """The definition of an office tool as its server would give it now."""
    tool = next(tool for tool in TOOLS["office"]["tools"] if tool["name"] == name)
    return {"name": name, "inputSchema": tool["inputSchema"], **changes}


async def visible(house: House, *tools: dict[str, Any], server: str = "office") -> Any:
    """What the gate says of these tools to the agent."""
    body = {"server": server, "tools": tools}
    answer = await house.call("bot", "POST", "/v1/tools/visible", body)
    assert answer.status_code == 200, answer.text
    return [(t["name"], t["visible"], t["known"], t["risk"]) for t in answer.json()["tools"]]


async def test_tools_that_could_never_run_are_not_visible(house: House) -> None:
    """What policy might allow is visible, what the constitution forbids and what nobody approved is not."""
    found = await visible(house, seen("pay"), seen("stop_log"), {"name": "new", "inputSchema": {}})
    assert found == [
        ("pay", True, True, "pay"),
        ("stop_log", False, True, "oversee"),
        ("new", False, False, "unknown"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [{"inputSchema": {"type": "object"}}, {"description": "now it does more"},
     {"annotations": {"readOnlyHint": True}}],
)  # fmt: skip
async def test_a_tool_that_changed_is_not_known(house: House, change: dict[str, Any]) -> None:
    """Another schema, another description, another hint: unknown until somebody approves it."""
    assert await visible(house, seen("pay", **change)) == [("pay", False, False, "pay")]


async def test_a_tool_is_known_on_its_own_server_only(house: House) -> None:
    """The same definition at another server is another tool."""
    assert await visible(house, seen("pay"), server="evil") == [("pay", False, False, "pay")]


async def test_the_digest_told_is_the_one_a_proposal_is_checked_against(house: House) -> None:
    """A proposal that names the digest of a changed definition is denied; the approved one is fine."""
    for change, state in (({}, "waiting"), ({"description": "x"}, "denied")):
        body = {"server": "office", "tools": [seen("pay", **change)]}
        told = await house.call("bot", "POST", "/v1/tools/visible", body)
        digest = told.json()["tools"][0]["digest"]
        assert (await house.propose({**PAY, "tool_schema": digest}))["state"] == state


async def test_a_policy_folder_is_what_is_served(house: House) -> None:
    """The tools shown are those on disk, risk classes included."""
    document = (await house.call("root", "GET", "/v1/policy")).json()["document"]
    names = {tool["name"] for tool in TOOLS["office"]["tools"]}
    assert names <= set(json.dumps(document).replace('"', " ").split())
