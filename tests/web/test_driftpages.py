# SPDX-License-Identifier: Apache-2.0
"""Pages about drift: what they show of a real past, who may act, families apart, names that are hostile or odd."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from gyges.drift.alarms import Family
from gyges.web import driftpages
from tests.web.conftest import READ, House
from tests.web.drifted import STRANGE, noted, opened, read, with_cases
from tests.web.past import page
from tests.web.people import forms, settle, signed_in

pytestmark = pytest.mark.anyio
ODD = quote(STRANGE, safe="")
ACTS = ("/drift/settle", "/drift/baseline", "/drift/unmute")


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all tests that change nothing."""
    async for house in opened(tmp_path_factory.mktemp("drift") / "data"):
        yield house


@pytest.mark.slow
async def test_the_fleet_says_who_is_in_alarm_and_what_chance_would_have_rung(town: House) -> None:
    """States by word, the budget, what it has cost so far and what rang; the strongest evidence leads on."""
    text = await read(town, "/drift")
    assert "1 false alarm is expected in 2,000 sessions of one agent" in text
    assert "in alarm" in text
    assert re.search(r"at most 0\.\d+ times for all agents together", text)
    docket = town.gate.docket
    rang = sum(n.family is Family.DRIFT for a in docket.agents() for n in docket.of(a))
    assert f"It rang {rang} times" in text
    told = await signed_in(town, "audrey")
    fleet: Any = (await told.json("/drift"))["drift"]
    assert fleet == (await town.call("audrey", "GET", "/v1/drift")).json()
    assert next(one["agent"] for one in fleet["agents"]) == "bot"


async def test_twins_are_the_documents_of_the_api(town: House) -> None:
    """The page's JSON holds what `/v1/drift` holds, for an agent and a feature too."""
    who = await signed_in(town, "audrey")
    for path in ("/drift/bot", "/drift/bot/denied", f"/drift/{ODD}", f"/drift/{ODD}/denied"):
        told = (await town.call("audrey", "GET", "/v1" + path)).json()
        assert (await who.json(path))["drift"] == told
        assert (await who.get(path + ".json")).json()["drift"] == told


async def test_families_stand_apart(town: House) -> None:
    """Each has a heading and its own alarms; what compares with tests is labelled a possible task mix."""
    text = await page(await signed_in(town, "audrey"), "/drift/deployed")
    drift, rest = text.split('id="of-cue"')
    cue, tests = rest.split('id="of-deployment"')
    assert "Watched against unwatched" not in drift
    assert "is changed by the cue" in cue
    assert "is changed by the cue" not in drift + tests
    assert "possible task mix" in tests
    assert "possible task mix" not in drift + cue
    assert "Compared with sessions of candidate" in tests
    counts = [part.count("?alarm=") for part in (drift, cue, tests)]
    mine = [n.family for n in town.gate.docket.of("deployed")]
    assert counts == [mine.count(family) for family in Family]
    assert all(counts[1:])


@pytest.mark.slow
async def test_an_alarm_is_told_in_full(town: House) -> None:
    """Before and now with intervals, since when and how surely, evidence, budget, tasks, sessions, checks."""
    alarm = noted(town, "bot", "denied").alarm
    assert alarm is not None
    assert alarm.before is not None
    text = await read(town, "/drift/bot/denied")
    assert "denied went up against all its own sessions before" in text
    assert f"{alarm.before.n} sessions" in text
    assert "with 95 % confidence" in text
    assert re.search(
        r"since \d+ \w+, \d\d:\d\d , most likely; between \d+ \w+, \d\d:\d\d and", text
    )
    assert f"it rings from {alarm.threshold:,.0f}" in text
    assert re.search(r"expected to have rung [\d.]+ false alarms at most", text)
    assert "model from m-1 to m-2" in text
    for unit in alarm.top:
        assert unit.unit in text
    for check in alarm.checks:
        assert check.verdict in text
    for name in alarm.together:
        assert f"moved with it {name}" in text or name in text.split("moved with it")[1]


@pytest.mark.slow
async def test_sessions_lead_to_their_cases_for_those_who_read_cases(town: House) -> None:
    """A transcript that moved it links to the timeline of its case; an administrator sees its name alone."""
    alarm = noted(town, "bot", "denied").alarm
    assert alarm is not None
    case = await with_cases(town, alarm.top[0].unit)
    for who, sees in (("audrey", True), ("alice", True), ("ada", False)):
        text = await page(await signed_in(town, who), "/drift/bot/denied")
        assert alarm.top[0].unit in text
        assert (f'href="/a/{case}/log"' in text) is sees, who


async def test_numbers_stand_behind_the_figure(town: House) -> None:
    """Each session that is drawn is a row, newest first, with its value and the evidence."""
    text = await page(await signed_in(town, "audrey"), "/drift/bot/denied")
    table = text.split('class="plain numbers"')[1].split("</table>")[0]
    assert table.count("<tr>") == 421
    assert table.index("s-0419") < table.index("s-0001")
    assert "<svg" in text
    assert "<style" not in text
    assert " style=" not in text


@pytest.mark.slow
async def test_those_who_may_not_act_see_no_form(town: House) -> None:
    """An auditor's page has none and its forms are 403; an approver's and an administrator's have them."""
    auditor, admin = await signed_in(town, "audrey"), await signed_in(town, "ada")
    for path in ("/drift", "/drift/bot", "/drift/bot/denied", "/drift/slow/duration"):
        found = set(forms(await page(auditor, path)))
        assert not found & set(ACTS), path
    for path in ACTS:
        answer = await auditor.post(path, {"alarm": "x", "choice": "keep", "reason": "x"})
        assert answer.status_code == 403
    assert "/drift/baseline" in forms(await page(admin, "/drift/bot"))
    assert "/drift/settle" in forms(await page(admin, "/drift/bot/denied"))


async def test_hostile_names_are_shown_as_what_they_are(town: House) -> None:
    """An agent's name with a slash, tags and a reversal has its page, and its sessions' names do nothing."""
    who = await signed_in(town, "audrey")
    for path in ("/drift", f"/drift/{ODD}", f"/drift/{ODD}/denied"):
        text = await page(who, path)
        assert "<script>alert" not in text
        assert "<b>s-" not in text
        assert "\u202e" not in text, path
        assert "U+202E" in text
    away = (await signed_in(town, "audrey")).client
    away.cookies.clear()
    answer = await away.get(f"/drift/{ODD}/denied", headers={"accept": "text/html"})
    back = answer.headers["location"].removeprefix("/sign-in?next=")
    assert back == quote(f"/drift/{ODD}/denied", safe="/")


async def test_what_nobody_knows_is_not_found(town: House) -> None:
    """An agent or a feature without sessions and alarms is 404 as page and twin."""
    who = await signed_in(town, "audrey")
    for path in ("/drift/nobody", "/drift/bot/nothing", "/drift/bot/denied/more"):
        assert (await who.get(path)).status_code == 404
        assert (await who.get(path + ".json")).status_code == 404


async def test_other_pages_lead_here(town: House) -> None:
    """Health, the agent's own page and a case of an agent in alarm say so and link; a quiet agent's case does not."""
    who = await signed_in(town, "alice")
    assert 'href="/drift"' in (await page(who, "/health")).split("<main")[1]
    assert '<a href="/drift/bot">Drift</a> <span class="bad">in alarm' in await page(
        who, "/agents/bot"
    )
    text = await page(who, "/agents/other")
    assert '<a href="/drift/other">' in text
    assert "in alarm" not in text.split("<main")[1]
    cases = [(await town.propose(READ, name))["id"] for name in ("bot", "other")]
    bot, other = [await page(who, f"/a/{case}") for case in cases]
    assert "An alarm has rung on this agent" in bot
    assert "An alarm has rung on this agent" not in other


async def test_a_large_fleet_shows_its_alarms_first_and_says_what_it_leaves_out(
    town: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table stops, those in alarm are in it, and the rest is counted and stands in the twin."""
    monkeypatch.setattr(driftpages, "AGENTS", 2)
    who = await signed_in(town, "audrey")
    text = await page(who, "/drift")
    agents: Any = (await who.json("/drift"))["drift"]
    rows = re.findall(r'<th scope="row"><a href="/drift/([^"]+)"', text)
    assert rows == [one["agent"] for one in agents["agents"][:2]]
    assert {one["state"] for one in agents["agents"][:2]} == {"alarm"}
    assert f"{len(agents['agents']) - 2} more, with less evidence" in text


async def test_before_the_book_begins_alarms_stand_all_the_same(house: House) -> None:
    """An empty house has a page that says so, and health's word for what is wrong stands on it."""
    await settle(house)
    assert "No session has been looked at yet" in await read(house, "/drift")
    house.gate.book.fault = "disk full"
    assert "Drift is not watched: fault: disk full" in await read(house, "/drift")
