# SPDX-License-Identifier: Apache-2.0
"""The log and health as pages."""

from typing import Any

import pytest

from gyges.episode import Event, Kind
from gyges.person import Role
from gyges.ports import Change
from gyges.web.logpage import LOOKED
from tests.web.conftest import House
from tests.web.past import Town, at, happened, page
from tests.web.people import add


@pytest.fixture
async def town(house: House) -> Town:
    """A house where something happened."""
    return await happened(house)


async def test_the_log_is_paged_back_for_auditors(town: Town) -> None:
    """Auditors see events by kind and subject, without gap or repetition; others see the checkpoint only."""
    browser = await at(town, "audrey")
    seen: list[int] = []
    path = "/log"
    while path:
        found: Any = await browser.json(path)
        seen += [line["index"] for line in found["lines"]["items"]]
        before = found["lines"]["before"]
        path = f"/log?before={before}" if before else ""
    assert seen == list(reversed(range(seen[0] + 1)))
    found = await browser.json(f"/log?subject={town.ids['done']}&kind=answered")
    assert [line["kind"] for line in found["lines"]["items"]] == ["answered"] * 2
    assert (await (await at(town, "alice")).json("/log"))["lines"] is None
    for bad in ("kind=odd", "before=x"):
        await page(browser, f"/log?{bad}", 400)


@pytest.mark.slow
async def test_a_long_log_is_paged_and_filtered_far_back(town: Town) -> None:
    """Behind more events than one page looks at: paging skips nothing, and a rare kind is found page by page."""
    browser = await at(town, "audrey")
    event = Event(kind=Kind.REFUSED, at=1, subject="key:k-1", body={"by": "eve"})
    await town.gate.store.record(Change(events=(event,) * (2 * LOOKED)))
    found: Any = await browser.json("/log?before=120")
    assert [line["index"] for line in found["lines"]["items"]] == list(range(119, 69, -1))
    path, hits, pages = "/log?kind=gate-started", [], 0
    while path:
        found = await browser.json(path)
        hits += [line["index"] for line in found["lines"]["items"]]
        before = found["lines"]["before"]
        path = f"/log?kind=gate-started&before={before}" if before else ""
        pages += 1
    assert (hits, pages) == ([0], 3)
    found = await browser.json("/log?subject=key:k-1")
    assert len(found["lines"]["items"]) == 50
    found = await browser.json(f"/log?subject={town.ids['done']}")
    assert len(found["lines"]["items"]) == 6


@pytest.mark.slow
async def test_who_may_have_to_answer_is_not_told_of_planting(town: Town) -> None:
    """An auditor sees that a request was planted; one who approves as well sees neither that nor others' votes."""
    event = Event(kind=Kind.PLANTED, at=1, subject="gate", body={"case": "c-1", "by": "ada"})
    await town.gate.store.record(Change(events=(event,)))
    assert "ada planted a request" in await page(await at(town, "audrey"), "/log")
    await add(town, "wilma", Role.APPROVER, Role.AUDITOR, groups=("finance",))
    wilma = await at(town, "wilma")
    for path in ("/log", "/log?kind=planted", "/log?subject=gate"):
        text = await page(wilma, path)
        assert "planted a request" not in text
        assert "alice approved" not in text


@pytest.mark.slow
async def test_health_tells_how_it_stands(town: Town) -> None:
    """Ready, with open cases counted; closing, it says so and answers 503."""
    browser = await at(town, "ada")
    found: Any = (await browser.json("/health"))["health"]
    assert found["ready"]
    assert found["open"] == {"proposed": 0, "waiting": 1, "granted": 1, "redeemed": 0}
    assert found["log"]["size"] > 0
    assert found["file_bytes"] > 0
    assert "Ready." in await page(browser, "/health")
    town.app.state.desk.closing.set()
    assert "Not ready: closing" in await page(browser, "/health", 503)
