# SPDX-License-Identifier: Apache-2.0
"""The page of a case: a deep link in any state, everything visible, nothing alive."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gyges.canon import digest
from gyges.case import State
from tests.web.conftest import MAIL, PAY, READ, House, canonical
from tests.web.desk import approve, deny, open_desk, shown
from tests.web.people import forms, signed_in

XSS = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """People with accounts; approvals count at once."""
    async with open_desk(tmp_path / "data") as house:
        yield house


@pytest.mark.slow
async def test_every_argument_digest_rule_and_word_is_on_the_page(desk: House) -> None:
    """Values, the full digest, the rule that asked and the agent's words stand there without any script."""
    body = {
        **PAY,
        "purpose": "It is due.",
        "context": [{"text": "the bill", "source": "tool:read"}],
    }
    found = await desk.propose(body)
    bob = await signed_in(desk, "bob")
    page = (await bob.get(f"/a/{found['id']}")).text
    for part in (
        "Ada",
        "4800",
        found["digest"],
        "It is due.",
        "the bill",
        "not verified",
        "pay",
        "starter.cedar",
    ):
        assert part in page
    assert page.index("worked out by the gate") < page.index("It is due.")


@pytest.mark.slow
async def test_hostile_text_is_text(desk: House) -> None:
    """Whatever an agent writes, in any field, no markup of its own reaches the page."""
    body = {
        "tool": "send_mail", "arguments": {"to": XSS, "text": XSS + "\u202e"}, "purpose": XSS,
        "resource": XSS, "episode": XSS, "context": [{"text": XSS, "source": XSS}],
        "provenance": {"/arguments/to": [XSS]},
    }  # fmt: skip
    found = await desk.propose(body)
    rita = await signed_in(desk, "rita")
    page = (await rita.get(f"/a/{found['id']}")).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "U+202E" in page
    assert "\u202e" not in page


@pytest.mark.slow
async def test_the_policy_of_the_page_is_strict(desk: House) -> None:
    """No inline script, no inline style, no other host, no frame."""
    found = await desk.propose(PAY)
    bob = await signed_in(desk, "bob")
    answer = await bob.get(f"/a/{found['id']}")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert " style=" not in answer.text
    assert "<script>" not in answer.text
    assert " on" + "click" not in answer.text
    assert "http" not in answer.text.replace(found["digest"], "")


@pytest.mark.slow
async def test_a_settled_case_offers_no_answer(desk: House) -> None:
    """Approved, denied, allowed at once: the same link tells how it ended; all it offers is to take back."""
    mail, pay, read = await desk.propose(MAIL), await desk.propose(PAY), await desk.propose(READ)
    alice = await signed_in(desk, "alice")
    await approve(alice, mail["id"])
    await deny(alice, pay["id"], reason="not this month")
    for case, state in ((mail, "granted"), (pay, "denied"), (read, "granted")):
        page = (await alice.get(f"/a/{case['id']}")).text
        assert f">{state}</span>" in page
        back = [f"/a/{case['id']}/take-back"] if case is mail else []  # what she approved herself
        assert [form for form in forms(page) if form.startswith("/a/")] == back
    assert "not this month" in (await alice.get(f"/a/{pay['id']}")).text


@pytest.mark.slow
async def test_an_expired_case_says_so(tmp_path: Path) -> None:
    """A deep link to a case whose time is over is a page, not an error, and a late answer is refused."""
    async with open_desk(tmp_path / "data", wait_seconds=1) as house:
        found = await house.propose(MAIL)
        case = await house.gate.store.case(found["id"])
        assert case is not None
        rita = await signed_in(house, "rita")
        while house.gate.clock.now() < case.deadline:
            await house.gate.corridor.wait(case.id, timeout_ms=200)
        late = await rita.post(f"/a/{case.id}/deny", {"digest": case.digest, "reason": "late"})
        assert late.status_code == 410
        await house.gate.corridor.tick()
        page = await shown(rita, case.id)
        assert page["view"]["state"] == State.EXPIRED


async def test_a_case_that_is_not_there(desk: House) -> None:
    """404, as a page and as a problem."""
    rita = await signed_in(desk, "rita")
    assert (await rita.get("/a/c-nothing")).status_code == 404
    assert (await rita.get("/a/c-nothing.json")).json()["code"] == "not-found"


@pytest.mark.slow
async def test_a_huge_value_is_read_in_stretches(desk: House) -> None:
    """The page stays small; the whole value is a link away, piece by piece, with its digest on the case."""
    text = "".join(f"line {n}\n" for n in range(20_000))
    found = await desk.propose({"tool": "send_mail", "arguments": {"to": "a@x.org", "text": text}})
    rita = await signed_in(desk, "rita")
    page = await rita.get(f"/a/{found['id']}")
    assert len(page.text) < 60_000
    assert digest(text)[7:15] in page.text
    seen, at = "", 0
    while True:
        part: dict[str, Any] = dict(await rita.json(f"/a/{found['id']}/value?at=/text&from={at}"))
        seen += "".join(p if isinstance(p, str) else "\n" for p in part["text_"])
        if part["end"] == part["size"]:
            break
        at = part["end"]
    assert seen == text
    assert (await rita.get(f"/a/{found['id']}/value?at=/nothing")).status_code == 404


async def test_the_last_approved_one_is_compared(desk: House) -> None:
    """What differs from the last approved call of the same tool, and the cases before, are on the page."""
    first = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    await approve(rita, first["id"])
    second = await desk.propose(
        {"tool": "send_mail", "arguments": {"to": "eve@example.org", "text": "hello"}}
    )
    page = await shown(rita, second["id"])
    assert page["view"]["against"]["case"] == first["id"]
    assert [r["label"] for r in page["view"]["against"]["rows"]] == [["to"]]
    assert [s["id"] for s in page["similar"]] == [first["id"]]


async def test_the_comparison_stays_the_one_that_was_shown(desk: House) -> None:
    """Another approval in between does not spoil an answer: the token names what was compared."""
    first, second, third = [
        await desk.propose({"tool": "send_mail", "arguments": {"to": f"u{n}@example.org"}})
        for n in range(3)
    ]
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    await approve(alice, first["id"])
    page = await shown(rita, third["id"])
    await approve(alice, second["id"])
    form = {"shown": page["shown"], "digest": third["digest"]}
    assert (await rita.post(f"/a/{third['id']}/approve", form)).status_code == 303


async def test_the_next_one_that_waits_is_a_link(desk: House) -> None:
    """From one case to the next that this reader may answer."""
    pay, mail = await desk.propose(PAY), await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    assert (await shown(rita, pay["id"]))["next"] == mail["id"]
    assert (await shown(rita, mail["id"]))["next"] == ""


@pytest.mark.slow
async def test_the_steps_before_and_how_they_ended_are_shown(desk: House) -> None:
    """The last calls of the same episode, whatever the tool, with what their executors said of them."""
    episode = {"episode": "month end"}
    first = await desk.propose({**READ, **episode})
    body = {"permit": first["permit"], "action": canonical(first)}
    for tail, sent in (("redeem", body), ("outcome", {"ok": True, "summary": "3 rows"})):
        path = f"/v1/actions/{first['id']}/{tail}"
        assert (await desk.call("office", "POST", path, sent)).status_code == 200
    await desk.propose(READ)
    last = await desk.propose({**MAIL, **episode})
    rita = await signed_in(desk, "rita")
    page = await shown(rita, last["id"])
    assert [(s["id"], s["told"]) for s in page["steps"]] == [(first["id"], ["3 rows"])]
    assert "its executor said" in (await rita.get(f"/a/{last['id']}")).text
    assert (await shown(rita, first["id"]))["steps"] == []


@pytest.mark.slow
async def test_what_never_runs_does_not_say_that_it_will(desk: House) -> None:
    """A denied case's arguments are those that were asked for."""
    found = await desk.propose(MAIL)
    rita = await signed_in(desk, "rita")
    assert "exactly this will run" in (await rita.get(f"/a/{found['id']}")).text
    await deny(rita, found["id"], reason="no")
    page = (await rita.get(f"/a/{found['id']}")).text
    assert "exactly this was asked for" in page
    assert "will run" not in page
