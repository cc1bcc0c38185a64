# SPDX-License-Identifier: Apache-2.0
"""What people do on the pages about drift: settle, take a baseline, unmute; and what they are not offered."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.drift.alarms import Reference
from gyges.episode import Kind
from gyges.ports import EventQuery
from tests.web.conftest import House
from tests.web.drifted import noted, opened, read
from tests.web.past import page
from tests.web.people import signed_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[House]:
    """One that a test may change."""
    async for house in opened(tmp_path / "data", cue=False):
        yield house


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all tests that change nothing."""
    async for house in opened(tmp_path_factory.mktemp("acts") / "data"):
        yield house


@pytest.mark.slow
async def test_a_feature_that_is_not_watched_any_more_still_has_its_alarm(own: House) -> None:
    """The plan dropped it: its page says so, and the alarm can be settled there."""
    house = own
    alarm = noted(house, "bot", "denied").id
    (house.gate.folder / "policy" / "drift.toml").write_text("[feature.denied]\noff = true\n")
    await house.gate.reload(by="test")
    await house.gate.book.catch_up()
    who = await signed_in(house, "alice")
    text = await page(who, "/drift/bot/denied")
    assert "not watched" in text
    assert f'value="{alarm}"' in text
    form = {"alarm": alarm, "choice": "keep", "reason": "seen", "next": "/drift/bot/denied"}
    assert (await who.post("/drift/settle", form)).status_code == 303


@pytest.mark.slow
async def test_an_alarm_is_settled_from_its_page(own: House) -> None:
    """Under the person's name with the reason; the page then says who did, and a second answer is refused."""
    house = own
    who, alarm = await signed_in(house, "rita"), noted(house, "bot", "denied")
    form = {
        "alarm": alarm.id,
        "choice": "rebaseline",
        "reason": "new task",
        "next": "/drift/bot/denied",
    }
    answer = await who.post("/drift/settle", form)
    assert answer.headers["location"] == "/drift/bot/denied?said=settled"
    assert (await who.post("/drift/settle", form)).status_code == 409
    settled = house.gate.docket.get(alarm.id)
    assert settled is not None
    assert settled.settled is not None
    assert (settled.settled.by, settled.settled.choice) == ("rita", "rebaseline")
    text = await read(house, f"/drift/bot/denied?alarm={alarm.id}")
    assert "new baseline by rita" in text
    await house.gate.book.catch_up()
    assert "rita took a new baseline new task" in await read(house, "/drift/bot")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"choice": "keep", "reason": "  "}, 422),
        ({"choice": "ignore", "reason": "x"}, 400),
        ({"choice": "keep", "reason": "x" * 4001}, 400),
        ({"choice": "keep", "reason": "x", "alarm": "nothing"}, 404),
    ],
)
async def test_an_answer_that_says_nothing_is_refused(
    town: House, form: dict[str, str], status: int
) -> None:
    """A blank or endless reason, a choice or an alarm that there is not: nothing is settled."""
    who = await signed_in(town, "alice")
    alarm = noted(town, "bot", "denied")
    answer = await who.post("/drift/settle", {"alarm": alarm.id, **form})
    assert answer.status_code == status
    assert house_settled(town, alarm.id) is False


def house_settled(house: House, alarm: str) -> bool:
    """Whether somebody settled it."""
    found = house.gate.docket.get(alarm)
    return found is not None and found.settled is not None


@pytest.mark.slow
async def test_what_never_moves_offers_no_new_baseline(town: House) -> None:
    """The first reference's alarm has keep and mute, a ring test's keep alone."""
    who = await signed_in(town, "alice")
    first = noted(town, "bot", "denied", Reference.FIRST)
    cards = (await page(who, "/drift/bot/denied")).split("<article")
    card = next(text for text in cards if f'id="{first.id}"' in text)
    assert set(re.findall(r'name="choice" value="(\w+)"', card)) == {"keep", "mute"}
    cue = (await page(who, "/drift/bot/steps")).split("<article")[1]
    assert set(re.findall(r'name="choice" value="(\w+)"', cue)) == {"keep"}


@pytest.mark.slow
async def test_a_baseline_is_taken_and_a_muted_feature_watched_again(own: House) -> None:
    """Both acts stand in the log under the administrator's name, and lead back to where they were done."""
    house = own
    who = await signed_in(house, "ada")
    assert "Watch it again" in await page(who, "/drift/slow/duration")
    form = {
        "agent": "slow",
        "feature": "duration",
        "reason": "back",
        "next": "/drift/slow/duration",
    }
    answer = await who.post("/drift/unmute", form)
    assert answer.headers["location"] == "/drift/slow/duration?said=unmuted"
    answer = await who.post(
        "/drift/baseline", {"agent": "slow", "reason": "fine", "next": "/drift/slow"}
    )
    assert answer.headers["location"] == "/drift/slow?said=baseline"
    await house.gate.book.catch_up()
    assert "Watch it again" not in await page(who, "/drift/slow/duration")
    query = EventQuery(kinds=(Kind.DRIFT_BASELINE,), agent="slow")
    acts = [r.event.body for r in await house.gate.store.events(query)]
    assert [(a["choice"], a["by"]) for a in acts] == [("unmute", "ada"), ("freeze", "ada")]
    for path in ("/drift/unmute", "/drift/baseline"):
        form = {"agent": "nobody", "feature": "x", "reason": "x"}
        assert (await who.post(path, form)).status_code == 404
