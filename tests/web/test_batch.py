# SPDX-License-Identifier: Apache-2.0
"""Several at once: only harmless ones of one template, each bound by its digest, all or none."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gyges.case import State
from tests.web.conftest import MAIL, House
from tests.web.desk import deny, label, open_desk, with_labels
from tests.web.people import Browser, signed_in


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[House]:
    """People, and a harmless tool that asks a reviewer."""
    async with open_desk(tmp_path / "data") as house:
        await with_labels(house)
        yield house


def query(cases: list[dict[str, Any]]) -> str:
    """The address that shows these cases together."""
    return "/batch?" + "&".join(f"id={case['id']}" for case in cases)


async def send(
    browser: Browser, cases: list[dict[str, Any]], ticked: list[str], **more: str
) -> Any:
    """Look at `cases` together and approve the ticked ones."""
    page = await browser.json(query(cases))
    return await browser.post("/batch", {"shown": str(page["shown"]), "id": ticked, **more})


async def states(house: House, cases: list[dict[str, Any]]) -> list[str]:
    """Where each case stands."""
    found = [await house.gate.store.case(case["id"]) for case in cases]
    return [case.state for case in found if case]


async def test_the_ticked_ones_are_approved_and_no_other(desk: House) -> None:
    """One transaction for those that are ticked; each vote carries its own case's digest."""
    cases = [await label(desk, n) for n in range(4)]
    rita = await signed_in(desk, "rita")
    answer = await send(rita, cases, [case["id"] for case in cases[:3]], reason="all fine")
    assert answer.headers["location"] == "/inbox?said=approved"
    assert await states(desk, cases) == ["granted"] * 3 + ["waiting"]
    done = await desk.gate.store.case(cases[0]["id"])
    assert done is not None
    (vote,) = done.votes
    assert (vote.digest, vote.reason, vote.method) == (cases[0]["digest"], "all fine", "password")
    assert vote.attention is not None


async def test_every_value_that_differs_is_on_the_page(desk: House) -> None:
    """What all share stands once, what differs stands in each row."""
    cases = [await label(desk, n) for n in (41, 42)]
    rita = await signed_in(desk, "rita")
    page = dict(await rita.json(query(cases)))
    batch: Any = page["batch"]
    assert [c["shown"] for c in batch["common"]] == [["billing"]]
    assert [[cell["shown"] for cell in c["cells"]] for c in batch["cases"]] == [[["41"]], [["42"]]]
    text = (await rita.get(query(cases))).text
    assert text.count('type="checkbox"') == 2
    assert "checked" not in text


async def test_if_one_has_changed_none_is_approved(desk: House) -> None:
    """Somebody denies one while the page is open: the others wait on."""
    cases = [await label(desk, n) for n in range(3)]
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    page = await rita.json(query(cases))
    await deny(alice, cases[1]["id"], reason="not this")
    form: dict[str, Any] = {"shown": str(page["shown"]), "id": [case["id"] for case in cases]}
    assert (await rita.post("/batch", form)).status_code == 409
    assert await states(desk, cases) == ["waiting", "denied", "waiting"]


async def test_only_what_was_shown_can_be_ticked(desk: House) -> None:
    """A case that was not on the page, nothing ticked, one ticked twice: refused."""
    cases = [await label(desk, n) for n in range(3)]
    rita = await signed_in(desk, "rita")
    assert (await send(rita, cases[:2], [cases[2]["id"]])).status_code == 422
    assert (await send(rita, cases[:2], [])).status_code == 422
    assert (await send(rita, cases[:2], [cases[0]["id"]] * 2)).status_code == 422
    assert await states(desk, cases) == ["waiting"] * 3


async def test_nothing_risky_strange_or_different_goes_together(desk: House) -> None:
    """Medium risk, other shapes, folded values and marked text are looked at one by one."""
    rita = await signed_in(desk, "rita")
    mails = [await desk.propose({**MAIL, "arguments": {"to": f"u{n}@x.org"}}) for n in (1, 2)]
    plain = await label(desk, 1)
    long = [await label(desk, n, "x" * 500) for n in (1, 2)]
    marked = [await label(desk, n, "p\u0430y") for n in (1, 2)]
    for cases in (mails, [plain, mails[0]], long, marked):
        assert (await rita.get(query(cases))).status_code == 422


async def test_a_token_of_another_reader_is_refused(desk: House) -> None:
    """What alice was shown, rita cannot answer."""
    cases = [await label(desk, n) for n in range(2)]
    rita, alice = await signed_in(desk, "rita"), await signed_in(desk, "alice")
    page = await alice.json(query(cases))
    form: dict[str, Any] = {"shown": str(page["shown"]), "id": [case["id"] for case in cases]}
    assert (await rita.post("/batch", form)).status_code == 409


async def test_a_budget_holds_for_batches_too(tmp_path: Path) -> None:
    """More approvals at once than are left within the hour: none counts."""
    async with open_desk(tmp_path / "data", approvals_per_hour=2) as house:
        await with_labels(house)
        cases = [await label(house, n) for n in range(3)]
        rita = await signed_in(house, "rita")
        answer = await send(rita, cases, [case["id"] for case in cases])
        assert answer.status_code == 429
        assert set(await states(house, cases)) == {State.WAITING}
