# SPDX-License-Identifier: Apache-2.0
"""The policy page: rules and people, one action explained, other rules replayed."""

from typing import Any

import pytest

from tests.web.conftest import House
from tests.web.past import Town, at, happened, page


@pytest.fixture
async def town(house: House) -> Town:
    """A house where something happened."""
    return await happened(house)


@pytest.mark.slow
async def test_policy_shows_rules_people_and_why(town: Town) -> None:
    """Rules by id, approvers of each group, and one action explained, real or supposed."""
    browser = await at(town, "audrey")
    text = await page(browser, "/policy")
    assert "constitution" in text
    found: Any = (await browser.json("/policy"))["policy"]
    assert {g["name"]: g["people"] for g in found["groups"]}["finance"] == ["alice", "bob"]
    asked = {"agent": "bot", "tool": "pay", "arguments": '{"to": "x", "amount": 9000}'}
    told = (await browser.post("/policy/explain", asked, accept="application/json")).json()
    assert told["explanation"]["ruling"]["effect"] == "ask"
    asked["approvals"] = "finance=2"
    told = (await browser.post("/policy/explain", asked, accept="application/json")).json()
    assert told["explanation"]["ruling"]["effect"] == "allow"
    for bad in ({"arguments": "{"}, {"approvals": "many"}, {"agent": ""}, {"case": "c-none"}):
        answer = await browser.post("/policy/explain", asked | bad)
        assert answer.status_code in (400, 404), bad
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.slow
async def test_other_rules_are_replayed_and_never_in_force(town: Town) -> None:
    """What would differ is told, with its case; what does not load is said; the policy stays as it was."""
    browser = await at(town, "audrey")
    before: Any = await browser.json("/policy")
    source = before["sources"]["starter.cedar"]
    same = await browser.post("/policy/replay", {"from": "disk"}, accept="application/json")
    assert same.json()["replay"]["differ"] == 0
    eased = source.replace("finance >= 2", "finance >= 1")
    assert eased != source
    answer = await browser.post(
        "/policy/replay", {"source.starter.cedar": eased}, accept="application/json"
    )
    replay = answer.json()["replay"]
    assert replay["counts"]["looser"] == replay["differ"] > 0
    assert {d["case"] for d in replay["differences"]} >= {town.ids["done"], town.ids["half"]}
    broken = await browser.post("/policy/replay", {"source.starter.cedar": "permit (;"})
    assert broken.status_code == 422
    assert "starter.cedar:1" in broken.text
    assert (await browser.json("/policy"))["policy"] == before["policy"]
    admin = (await (await at(town, "ada")).post(
        "/policy/replay", {"source.starter.cedar": eased}, accept="application/json"
    )).json()["replay"]  # fmt: skip
    assert admin["differ"] == replay["differ"]
    assert admin["differences"] == []


async def test_who_votes_blind_replays_first_rulings_only(town: Town) -> None:
    """A rule that wants one approval would not tell bob that there is one."""
    bob = await at(town, "bob")
    source = (await bob.json("/policy"))["sources"]["starter.cedar"]  # type: ignore[index]
    eased = source.replace("finance >= 2", "finance >= 1")
    answer = await bob.post(
        "/policy/replay", {"source.starter.cedar": eased}, accept="application/json"
    )
    half = [d for d in answer.json()["replay"]["differences"] if d["case"] == town.ids["half"]]
    assert [one["now"] for one in half] == ["ask"]
