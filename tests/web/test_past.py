# SPDX-License-Identifier: Apache-2.0
"""Pages about what was and what is: history, timeline, agents, policy, log, health; as HTML and as JSON."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from gyges.episode import Event, Kind
from gyges.ledger import note
from gyges.ledger.bundle import verify_bundle
from gyges.person import Method
from gyges.ports import Change
from gyges.web.logpage import LOOKED
from tests.web.conftest import MAIL, PAY, READ, House, canonical
from tests.web.people import Browser, settle, signed_in

HOSTILE = '"><script>alert(1)</script>\u202e'


@dataclass(slots=True)
class Town(House):
    """A house where something happened; `ids` names the cases."""

    ids: dict[str, str] = field(default_factory=dict)


@pytest.fixture
async def town(house: House) -> Town:
    """A house where people have accounts, and one payment was made, one is half approved, one mail denied."""
    await settle(house)
    done = await house.propose(PAY)
    for who in ("alice", "bob"):
        assert (await house.decide(who, done)).status_code == 200
    answer = (await house.call("bot", "GET", f"/v1/actions/{done['id']}")).json()
    body = {"permit": answer["permit"], "action": canonical(answer)}
    assert (
        await house.call("office", "POST", f"/v1/actions/{done['id']}/redeem", body)
    ).status_code == 200
    report = {"ok": True, "summary": "receipt 77"}
    await house.call("office", "POST", f"/v1/actions/{done['id']}/outcome", report)
    half = await house.propose({**PAY, "arguments": {"to": HOSTILE, "amount": 9000}})
    assert (await house.decide("alice", half)).status_code == 200
    mail = await house.propose({**MAIL, "purpose": HOSTILE})
    assert (await house.decide("rita", mail, "deny")).status_code == 200
    await house.propose(READ)
    ids = {"done": done["id"], "half": half["id"], "mail": mail["id"]}
    return Town(house.gate, house.app, house.client, house.secrets, ids)


async def at(town: Town, name: str) -> Browser:
    """A browser of `name`."""
    return await signed_in(town, name, Method.PASSWORD)


async def page(browser: Browser, path: str, status: int = 200) -> str:
    """The HTML of a page."""
    answer = await browser.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


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
