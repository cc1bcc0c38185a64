# SPDX-License-Identifier: Apache-2.0
"""The inbox: what waits, by risk, for whom; searched, streamed, and the same for programs."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests import patience
from tests.web.conftest import MAIL, PAY, READ, House, Served
from tests.web.desk import approve, label, open_desk, with_labels
from tests.web.people import Browser, settle, signed_in


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """People with accounts; approvals count at once."""
    async with open_desk(tmp_path / "data") as house:
        yield house


async def listed(browser: Browser, path: str = "/inbox") -> dict[str, Any]:
    """The inbox as a program sees it."""
    return dict(await browser.json(path))


def ids(items: Any) -> list[str]:
    """The ids of some rows."""
    return [item["id"] for item in items]


async def test_the_riskiest_stands_first(desk: House) -> None:
    """Risk, then deadline; what is not the reader's to answer stands apart, with the reason."""
    mail, pay, later = [await desk.propose(body) for body in (MAIL, PAY, MAIL)]
    await desk.propose(READ)
    alice, rita = await signed_in(desk, "alice"), await signed_in(desk, "rita")
    hers, theirs = await listed(alice), await listed(rita)
    assert ids(hers["yours"]) == [pay["id"], mail["id"], later["id"]]
    assert ids(theirs["yours"]) == [mail["id"], later["id"]]
    assert ids(theirs["others"]) == [pay["id"]]
    assert "asks finance" in theirs["others"][0]["why"]


async def test_the_page_shows_what_the_twin_says(desk: House) -> None:
    """HTML and JSON come from one document: ids, headline and risk word stand in both."""
    await desk.propose(PAY)
    alice = await signed_in(desk, "alice")
    (item,) = (await listed(alice))["yours"]
    page = (await alice.get("/inbox")).text
    assert f'id="{item["id"]}"' in page
    assert "4,800 to Ada" in page
    assert "high risk" in page
    assert item["risk"]["level"] == "high"
    assert (await alice.get("/inbox.json")).json()["yours"] == [item]


async def test_an_empty_inbox_says_so(desk: House) -> None:
    """Nothing waits, and the page tells what will happen."""
    alice = await signed_in(desk, "alice")
    assert "Nothing waits." in (await alice.get("/inbox")).text


@pytest.mark.slow
async def test_a_search_narrows_it(desk: House) -> None:
    """Every word must occur; the search stays in its field, escaped."""
    await desk.propose(PAY)
    mail = await desk.propose(MAIL)
    alice = await signed_in(desk, "alice")
    assert ids((await listed(alice, "/inbox?q=ADA%40example+send"))["yours"]) == [mail["id"]]
    assert (await listed(alice, "/inbox?q=nothing+here"))["yours"] == []
    assert 'value="&#34;&gt;&lt;i&gt;"' in (await alice.get('/inbox?q="><i>')).text


async def test_agents_admins_and_strangers_see_nothing(desk: House) -> None:
    """No session leads to the sign-in page; a role that sees no cases gets 403; a key is no session."""
    ada = await signed_in(desk, "ada")
    assert (await ada.get("/inbox")).status_code == 403
    stranger = await desk.client.get("/inbox", headers={"accept": "text/html"})
    assert stranger.headers["location"].startswith("/sign-in")
    agent = await desk.call("bot", "GET", "/inbox.json")
    assert agent.status_code == 401


async def test_what_needs_a_second_look_is_told_in_the_list(desk: House) -> None:
    """Hostile text is marked before anybody opens the case, and stays text."""
    await desk.propose({"tool": "send_mail", "arguments": {"to": "<b>p\u0430y</b>@x.org"}})
    alice = await signed_in(desk, "alice")
    page = (await alice.get("/inbox")).text
    assert "needs a second look" in page
    assert "<b>p" not in page


@pytest.mark.slow
async def test_many_cases_come_in_pages(desk: House) -> None:
    """A hundred at a time, with a link to those of lower risk."""
    for n in range(103):
        await desk.propose({"tool": "send_mail", "arguments": {"to": f"u{n}@example.org"}})
    alice = await signed_in(desk, "alice")
    first = await listed(alice)
    assert (len(first["yours"]), bool(first["more"])) == (100, True)
    more = re.search(r'href="(/inbox\?after=[^"]+)"', (await alice.get("/inbox")).text)
    assert more
    rest = await listed(alice, more[1])
    assert (len(rest["yours"]), rest["more"]) == (3, "")


async def test_alike_cases_are_offered_together(desk: House) -> None:
    """Low risk and one template: a band with a link; anything riskier stands alone."""
    await with_labels(desk)
    found = [await label(desk, n) for n in (1, 2, 3)]
    await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    (batch,) = (await listed(rita))["batches"]
    assert (batch["count"], batch["tool"]) == (3, ["label"])
    assert all(case["id"] in batch["query"] for case in found)


async def events(browser: Browser, path: str, count: int, **headers: str) -> list[tuple[str, str]]:
    """The first `count` events of a stream: (kind, id)."""
    seen: list[tuple[str, str]] = []
    kind = ""
    async with browser.client.stream("GET", path, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            if line.startswith("id: "):
                seen.append((kind, line[4:]))
                if len(seen) == count:
                    break
    return seen


@pytest.fixture
async def alice(served: Served) -> Browser:
    """Alice in a browser that speaks to a real server."""
    await settle(served)
    signed = await signed_in(served, "alice")
    served.client.cookies.update(signed.client.cookies)
    return Browser(served.client)


@pytest.mark.slow
async def test_the_stream_tells_when_something_new_waits(served: Served, alice: Browser) -> None:
    """One event for each change of the list, with an id that names the list as it is then."""
    mark = str((await listed(alice))["mark"])
    told = asyncio.create_task(events(alice, f"/inbox/stream?seen={mark}", 1))
    await asyncio.sleep(0)
    await served.propose(MAIL)
    ((kind, now),) = await asyncio.wait_for(told, patience.S)
    assert kind == "inbox"
    assert now == (await listed(alice))["mark"] != mark


@pytest.mark.slow
async def test_a_stream_that_comes_back_misses_nothing(served: Served, alice: Browser) -> None:
    """After a break the last id is told: what changed in between is told at once."""
    mark = str((await listed(alice))["mark"])
    await served.propose(MAIL)
    path, last = "/inbox/stream", {"last-event-id": mark}
    ((kind, now),) = await asyncio.wait_for(events(alice, path, 1, **last), patience.S)
    assert (kind, now != mark) == ("inbox", True)


@pytest.mark.slow
async def test_a_case_page_hears_of_its_own_case(served: Served, alice: Browser) -> None:
    """The stream of one case tells its version, at once where it is another than the page has."""
    found = await served.propose(MAIL)
    path = f"/inbox/stream?case={found['id']}&seen=0"
    ((kind, version),) = await asyncio.wait_for(events(alice, path, 1), patience.S)
    assert (kind, version) == ("case", str(found["version"]))


@pytest.mark.slow
async def test_a_stream_ends_with_its_session(served: Served, alice: Browser) -> None:
    """Who is signed out is told that, at the next change, and nothing else."""
    mark = str((await listed(alice))["mark"])
    async with alice.client.stream("GET", f"/inbox/stream?seen={mark}") as stream:
        lines = stream.aiter_lines()
        while await anext(lines) != ": still here":
            pass
        for session in await served.gate.store.sessions("alice"):
            await served.gate.sessions.end(session, by="test", now=served.gate.clock.now())
        await served.propose(MAIL)
        rest = [line async for line in lines]
    assert [line for line in rest if line.startswith("event")] == ["event: end"]


async def test_an_answered_case_leaves_the_list(desk: House) -> None:
    """What is settled waits no more."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    await approve(rita, found["id"])
    assert (await listed(rita))["yours"] == []
