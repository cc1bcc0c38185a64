# SPDX-License-Identifier: Apache-2.0
"""Deciding from Slack at a real gate: a signed press, a dialogue for one person, an answer that is checked as any."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gyges.web.slack import LIMIT
from tests.adapters.notify.slack_double import (
    signed,
    signed_text,
)
from tests.web.conftest import MAIL, PAY
from tests.web.slack_office import Office, opened


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A gate with a Slack channel in which medium risks may be decided."""
    async with opened(tmp_path / "data") as found:
        yield found


async def test_an_approval_from_slack(office: Office) -> None:
    """Message, button, dialogue with every argument and the whole digest, answer: granted, and the message says so."""
    case = await office.asked()
    told = json.dumps(office.double.last)
    assert "ada@example.org" not in told
    shown = await office.press()
    assert '"ada@example.org"' in shown
    assert '"hello"' in shown
    assert case["digest"] in shown
    assert await office.answers("approve") == ""
    seen = await office.seen(case)
    (vote,) = seen["votes"]
    assert (seen["state"], vote["person"], vote["method"]) == ("granted", "rita", "slack")
    assert vote["attention"]["shown"].startswith("sha256:")
    await office.carry()
    assert len(office.double.messages) == 1
    assert "was granted by rita" in json.dumps(office.double.last["blocks"])
    assert office.double.button() == ""


async def test_a_denial_from_slack_needs_a_reason(office: Office) -> None:
    """Without one the dialogue stays open and says so; with one the case is denied."""
    case = await office.asked()
    await office.press()
    assert "needs a reason" in await office.answers("deny")
    assert await office.answers("deny", "not today") == ""
    assert (await office.seen(case))["state"] == "denied"


async def test_opening_decides_nothing(office: Office) -> None:
    """A message, a press and a dialogue change nothing; nor does what Slack sends beside them."""
    case = await office.asked()
    await office.press()
    for payload in (
        {"type": "view_closed", "user": {"id": "U1"}},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": []},
        {**office.double.pressed("U1", office.double.button()), "actions": [{"action_id": "x"}]},
        {**office.double.submitted("U1", "approve"), "view": {"callback_id": "another"}},
    ):
        assert (await office.sends(payload)).status_code == 200
    seen = await office.seen(case)
    assert (seen["state"], seen["votes"], seen["version"]) == ("waiting", [], case["version"])


async def test_only_slack_is_heard(office: Office) -> None:
    """No signature, another secret, an old one, another method or channel: nothing happens."""
    case = await office.asked()
    await office.press()
    payload = office.double.submitted("U1", "approve")
    assert office.clock is not None
    assert (await office.sends(payload, secret="guess")).status_code == 401
    office.clock.advance(seconds=301)
    body, old = signed(payload, at=office.clock.now() / 1000 - 301)
    post = office.client.post
    assert (await post("/hooks/slack/chat", content=body, headers=old)).status_code == 401
    assert (await post("/hooks/slack/chat", content=body)).status_code == 401
    body, fresh = signed(payload, at=office.clock.now() / 1000)
    assert (await post("/hooks/slack/other", content=body, headers=fresh)).status_code == 404
    assert (await office.client.get("/hooks/slack/chat", headers=fresh)).status_code == 405
    huge = "x" * (LIMIT + 1)
    assert (await post("/hooks/slack/chat", content=huge, headers=fresh)).status_code == 413
    assert (await office.seen(case))["state"] == "waiting"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": 7}', '{"type": "block_actions"}'])
async def test_what_slack_would_not_send_is_malformed(office: Office, text: str) -> None:
    """Signed nonsense is answered with an error and no trace of a fault."""
    assert office.clock is not None
    body, headers = signed_text(text, at=office.clock.now() / 1000)
    answer = await office.client.post("/hooks/slack/chat", content=body, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("U9", "no account"),
        ("U3", "no account"),
        ("U2", "no approver"),
        ("U4", "no approver"),
    ],
)
async def test_somebody_without_the_right_sees_nothing(
    office: Office, user: str, said: str
) -> None:
    """A stranger, a name without an account, somebody disabled and an auditor get no argument to read."""
    await office.asked()
    shown = await office.press(user)
    assert said in shown
    assert "ada@example.org" not in shown


async def test_an_approver_of_another_group_is_told_so(office: Office) -> None:
    """The dialogue opens, since denying needs no group; approving is refused like anywhere else."""
    case = await office.asked()
    await office.press("U5")
    assert "this case asks reviewers" in await office.answers("approve", user="U5")
    assert (await office.seen(case))["state"] == "waiting"


async def test_a_dialogue_is_for_whoever_opened_it(office: Office) -> None:
    """Another account cannot send it, nor can it be made up, nor sent twice."""
    case = await office.asked()
    await office.press("U1")
    assert "not open" in await office.answers("approve", user="U5")
    made_up = office.double.submitted("U1", "approve")
    made_up["view"]["private_metadata"] = "guess"
    assert "not open" in json.dumps((await office.sends(made_up)).json())
    again = office.double.submitted("U1", "approve")
    assert (await office.sends(again)).json() == {"response_action": "clear"}
    assert "not open" in json.dumps((await office.sends(again)).json())
    assert len((await office.seen(case))["votes"]) == 1


async def test_a_dialogue_ends_after_an_hour(tmp_path: Path) -> None:
    """What was shown so long ago is shown again before it is answered."""
    async with opened(tmp_path / "data", wait_seconds=20_000) as office:
        case = await office.asked()
        await office.press()
        assert office.clock is not None
        office.clock.advance(seconds=3601)
        assert "not open" in await office.answers("approve")
        assert (await office.seen(case))["state"] == "waiting"


async def test_a_high_risk_is_answered_in_the_inbox_only(office: Office) -> None:
    """Its message has no button; and the secret of another message opens no dialogue for it."""
    await office.asked()
    medium = office.double.button()
    await office.asked(PAY)
    assert office.double.button() == ""
    assert "/a/c" in json.dumps(office.double.last)
    assert "Ada" not in json.dumps(office.double.last)
    assert '"hello"' in await office.press(secret=medium)


async def test_a_setting_of_the_gate_keeps_slack_out(tmp_path: Path) -> None:
    """Where nothing may be approved without a page of ours, the channel's own leave is worth nothing."""
    async with opened(tmp_path / "data", unseen_approvals="low") as office:
        await office.asked()
        shown = await office.press()
        assert "answered in the inbox" in shown
        assert "ada@example.org" not in shown


async def test_a_button_without_a_case_opens_nothing(office: Office) -> None:
    """A guess, an empty secret, and the button of a case that has ended."""
    case = await office.asked()
    secret = office.double.button()
    for guess in ("guess", " "):
        assert "belongs to no case" in await office.press(secret=guess)
    await office.decide("rita", case, "deny")
    assert "denied already" in await office.press(secret=secret)


async def test_what_moved_on_is_not_approved(office: Office) -> None:
    """Somebody was faster: the answer comes too late and says who decided."""
    case = await office.asked()
    await office.press()
    await office.decide("rita", case, "deny")
    said = await office.answers("approve")
    assert "changed" in said or "already" in said
    assert (await office.seen(case))["state"] == "denied"


async def test_what_does_not_fit_is_answered_in_the_inbox(office: Office) -> None:
    """A long text is not shown in part."""
    await office.asked({**MAIL, "arguments": {"to": "ada@example.org", "text": "x" * 5000}})
    shown = await office.press()
    assert "does not fit" in shown
    assert "xxx" not in shown


async def test_when_slack_does_not_open_the_dialogue(office: Office) -> None:
    """The press is answered with an error, so that Slack tells the person; nothing is decided."""
    case = await office.asked()
    pressed = {**office.double.pressed("U1", office.double.button()), "trigger_id": "old"}
    assert (await office.sends(pressed)).status_code == 409
    assert (await office.seen(case))["state"] == "waiting"


async def test_an_approval_that_was_too_quick_is_not_counted(tmp_path: Path) -> None:
    """The dialogue measures how long it was open, as a page does; a denial may be as quick as it likes."""
    async with opened(tmp_path / "data", dwell_seconds=9) as office:
        case = await office.asked()
        await office.press()
        assert "counts after" in await office.answers("approve")
        assert office.clock is not None
        office.clock.advance(seconds=3)
        assert await office.answers("approve") == ""
        seen = await office.seen(case)
        assert seen["votes"][0]["attention"]["dwell_ms"] == 3000
