# SPDX-License-Identifier: Apache-2.0
"""Agents as pages, and the kill switches as forms."""

from typing import Any

import pytest

from tests.web.conftest import READ, House
from tests.web.past import Town, at, happened, page


@pytest.fixture
async def town(house: House) -> Town:
    """A house where something happened."""
    return await happened(house)


@pytest.mark.slow
async def test_an_agent_is_shown_with_what_it_may_and_did(town: Town) -> None:
    """Counts, tools, owner; cases for those who may see cases, none for an admin."""
    text = await page(await at(town, "audrey"), "/agents/bot")
    assert "olga" in text
    assert text.count('class="item"') == 4
    admin = await at(town, "ada")
    assert 'class="item"' not in await page(admin, "/agents/bot")
    found: Any = (await admin.json("/agents/bot"))["profile"]
    assert {use["tool"]: use["may"] for use in found["tools"]}["stop_log"] is False
    assert found["agent"]["states"] == {"denied": 1, "done": 1, "granted": 1, "waiting": 1}
    listed: Any = (await admin.json("/agents"))["agents"]
    assert [agent["name"] for agent in listed["items"]] == ["bot", "other"]
    await page(admin, "/agents/nobody", 404)


@pytest.mark.slow
async def test_a_stop_is_pulled_and_taken_off_by_form(town: Town) -> None:
    """Approvers and admins stop, admins alone lift, auditors neither; the way back stays on our pages."""
    alice, ada, audrey = [await at(town, name) for name in ("alice", "ada", "audrey")]
    form = {"scope": "agent:bot", "reason": "odd", "next": "//evil.example/"}
    assert (await audrey.post("/stops", form)).status_code == 403
    answer = await alice.post("/stops", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/agents?said=stopped")
    assert (await town.propose(READ))["state"] == "denied"
    assert "Stopped: agent:bot" in await page(audrey, "/agents/bot")
    assert 'action="/stops/lift"' not in await page(audrey, "/agents/bot")
    assert (await alice.post("/stops/lift", form)).status_code == 403
    lifted = await ada.post("/stops/lift", {"scope": "agent:bot", "next": "/agents/bot"})
    assert lifted.headers["location"] == "/agents/bot?said=lifted"
    assert (await town.propose(READ))["state"] == "granted"
    assert (await ada.post("/stops", {"scope": "nonsense"})).status_code == 422
    assert (await ada.post("/stops/lift", {"scope": "agent:bot"})).status_code == 404
