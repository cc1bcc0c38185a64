# SPDX-License-Identifier: Apache-2.0
"""History and timeline as pages, as JSON and over the API; blind votes stay blind there."""

import json
import re
from typing import Any

import pytest

from gyges.ledger import note
from gyges.ledger.bundle import verify_bundle
from tests.web.conftest import READ, House
from tests.web.past import Town, at, happened, page


@pytest.fixture
async def town(house: House) -> Town:
    """A house where something happened."""
    return await happened(house)


@pytest.mark.slow
async def test_every_page_escapes_what_agents_say(town: Town) -> None:
    """Neither a script nor a character that turns text round reaches any of the pages as itself."""
    browser = await at(town, "audrey")
    paths = ["/history", "/agents", "/agents/bot", "/policy", "/log", "/health"]
    paths += [f"/a/{case}/log" for case in town.ids.values()]
    for path in paths:
        text = await page(browser, path)
        assert "<script>alert" not in text, path
        assert "\u202e" not in text, path
        assert not re.search(r"<[^>]+\sstyle=|<script(?![^>]*\ssrc=)", text), path


@pytest.mark.slow
async def test_history_finds_what_was_said_and_pages_back(town: Town) -> None:
    """Words, state and answerer choose; the form keeps what was asked; the twin holds the same rows."""
    browser = await at(town, "audrey")
    text = await page(browser, "/history?q=RECEIPT+77&state=done&by=bob")
    assert text.count('class="item"') == 1
    assert 'value="RECEIPT 77"' in text
    assert "approved by alice, bob" in text
    found: Any = await browser.json("/history?q=receipt")
    assert [row["id"] for row in found["history"]["items"]] == [town.ids["done"]]
    assert "No case fits the search." in await page(browser, "/history?q=nothingofthekind")
    assert found["history"]["items"][0]["brief"] == "Ada · 4800"
    day = found["history"]["items"][0]["created"]
    assert "No case fits" in await page(browser, "/history?until=2001-01-01")
    assert day
    for bad in ("state=odd", "since=tomorrow", "after=!!", "q=" + "x" * 300):
        await page(browser, f"/history?{bad}", 400)


@pytest.mark.slow
async def test_history_goes_on_where_a_page_ended(town: Town) -> None:
    """The link to older cases leads to those that were not shown, filters kept."""
    for n in range(60):
        await town.propose({**READ, "arguments": {"path": f"file-{n}.txt"}})
    browser = await at(town, "audrey")
    first = await page(browser, "/history?tool=read_file")
    assert first.count('class="item"') == 50
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link
    second = await page(browser, link[1].replace("&amp;", "&"))
    assert second.count('class="item"') == 11
    assert "Back to the newest" in second


@pytest.mark.slow
async def test_votes_stay_blind_for_those_who_have_yet_to_vote(town: Town) -> None:
    """Bob learns of alice's vote neither by timeline, evidence, history, search nor replay; alice does."""
    half = town.ids["half"]
    bob, alice = await at(town, "bob"), await at(town, "alice")
    text = await page(bob, f"/a/{half}/log")
    assert "alice approved" not in text
    assert "somebody answered" in text
    assert "data-proof" not in text
    assert "as discussed" not in json.dumps(await bob.json(f"/a/{half}/log"))
    assert (await bob.get(f"/a/{half}/evidence.jsonl")).status_code == 409
    rows: Any = (await bob.json("/history"))["history"]
    assert next(row for row in rows["items"] if row["id"] == half)["approved"] == []
    found: Any = await bob.json("/history?by=alice")
    assert half not in [row["id"] for row in found["history"]["items"]]
    told = (await bob.post("/policy/explain", {"case": half}, accept="application/json")).json()
    assert told["explanation"]["ruling"]["requirement"]["groups"] == {"finance": 2}
    assert "alice approved" in await page(alice, f"/a/{half}/log")
    assert (await alice.get(f"/a/{half}/evidence.jsonl")).status_code == 200
    api = await town.call("bob", "GET", f"/v1/actions/{half}/timeline")
    assert "alice" not in api.text


async def test_the_timeline_tells_and_the_evidence_proves(town: Town) -> None:
    """Every event in order, each payload as JSON of what was logged; the bundle verifies under the page's key."""
    browser, done = await at(town, "audrey"), town.ids["done"]
    found: Any = (await browser.json(f"/a/{done}/log"))["timeline"]
    kinds = [step["kind"] for step in found["steps"]]
    assert kinds == ["proposed", "decided", "answered", "answered", "redeemed", "done"]
    assert json.loads(found["steps"][0]["payload"])["action"]["tool"] == "pay"
    bundle = await browser.get(f"/a/{done}/evidence.jsonl")
    key = note.parse_verifier(found["log"]["key"])
    report = verify_bundle(bundle.content, [key])
    assert report.held, report.findings
    lines = [json.loads(line) for line in bundle.text.splitlines()]
    logged = {line["index"]: line["payload"] for line in lines if line["type"] == "event"}
    for step in found["steps"]:
        assert json.loads(step["payload"]) == logged[step["index"]]
    await page(browser, "/a/c-none/log", 404)


async def test_the_api_says_what_the_pages_say(town: Town) -> None:
    """Page, twin and API are one document."""
    browser = await at(town, "audrey")
    for path, name, api in (
        ("/history", "history", "/v1/history"),
        ("/agents", "agents", "/v1/agents"),
        ("/agents/bot", "profile", "/v1/agents/bot"),
        (f"/a/{town.ids['done']}/log", "timeline", f"/v1/actions/{town.ids['done']}/timeline"),
    ):
        twin = (await browser.json(path))[name]
        assert (await town.call("audrey", "GET", api)).json() == twin, path
        dotted = await browser.get(path + ".json")
        assert dotted.json()[name] == twin
