# SPDX-License-Identifier: Apache-2.0
"""Several approved at once: all or nothing, each under its own digest and version; asking others early, taking back."""

import asyncio
from pathlib import Path

import pytest

from gyges.case import Case, State
from gyges.errors import Conflict, Forbidden, GygesError, Overburdened, Unprocessable
from gyges.gate.desk import How
from gyges.gate.together import MOST, Item, approve_all, escalate, take_back
from gyges.settings import Settings
from tests.gate.world import World, world

pytestmark = pytest.mark.anyio


async def mails(w: World, count: int) -> list[Case]:
    """So many mails that wait for a reviewer."""
    return [await w.propose("send_mail", to=f"u{n}", body="y") for n in range(count)]


def items(cases: list[Case]) -> list[Item]:
    """The cases as they were shown."""
    return [Item(case=c.id, version=c.version, digest=c.digest) for c in cases]


async def states(w: World, cases: list[Case]) -> list[str]:
    """Where they stand now."""
    return [(await w.corridor.found(case.id)).state for case in cases]


async def test_all_are_granted_each_with_an_event_of_its_own(tmp_path: Path) -> None:
    """What comes back is what is stored, and the log holds one answer for each case."""
    async with world(tmp_path) as w:
        cases = await mails(w, 3)
        done = await approve_all(w.corridor, items(cases), by=w.keys["rex"], how=How(), reason="ok")
        assert [case.state for case in done] == [State.GRANTED] * 3
        for case in done:
            assert case == await w.corridor.found(case.id)
            assert (await w.kinds(case))[-1] == "answered"
            assert [(v.person, v.digest, v.reason) for v in case.votes] == [
                ("rex", case.digest, "ok")
            ]
            assert await w.permit(case)


async def test_one_that_does_not_fit_stops_all(tmp_path: Path) -> None:
    """Another version, another digest, a settled case, no right: nothing is approved."""
    async with world(tmp_path) as w:
        cases = await mails(w, 3)
        good = items(cases)
        pay = await w.propose("pay", to="bob", amount=5000)
        bad = {
            Item(case=cases[2].id, version=9, digest=cases[2].digest): Conflict,
            Item(case=cases[2].id, version=cases[2].version, digest=pay.digest): Conflict,
            Item(case=pay.id, version=pay.version, digest=pay.digest): Forbidden,
        }
        for item, error in bad.items():
            with pytest.raises(error):
                await approve_all(w.corridor, [*good[:2], item], by=w.keys["rex"], how=How())
        assert await states(w, cases) == ["waiting"] * 3


async def test_none_twice_or_too_many(tmp_path: Path) -> None:
    """The list must name one to fifty different cases."""
    async with world(tmp_path) as w:
        (one,) = items(await mails(w, 1))
        for wrong in (
            [],
            [one, one],
            [Item(case=f"c-{n}", version=1, digest="") for n in range(MOST + 1)],
        ):
            with pytest.raises(Unprocessable):
                await approve_all(w.corridor, wrong, by=w.keys["rex"], how=How())


async def test_two_at_once_never_share_a_half(tmp_path: Path) -> None:
    """Two people approve overlapping lists at the same time: one wins whole, the other gets nothing."""
    async with world(tmp_path) as w:
        cases = await mails(w, 3)
        lists = [(items(cases[:2]), "rex"), (items(cases[1:]), "cy")]
        ends = await asyncio.gather(
            *(approve_all(w.corridor, found, by=w.keys[who], how=How()) for found, who in lists),
            return_exceptions=True,
        )
        lost = [end for end in ends if isinstance(end, GygesError)]
        assert len(lost) == 1
        assert isinstance(lost[0], Conflict)
        assert sorted(await states(w, cases)) == ["granted", "granted", "waiting"]


async def test_the_hourly_budget_counts_them_all(tmp_path: Path) -> None:
    """Three do not fit where two are left."""
    settings = Settings(approvals_per_hour=2)
    async with world(tmp_path, settings=settings) as w:
        cases = await mails(w, 3)
        with pytest.raises(Overburdened, match="2 approvals left"):
            await approve_all(w.corridor, items(cases), by=w.keys["rex"], how=How())
        assert await states(w, cases) == ["waiting"] * 3


async def test_others_are_asked_early_once_and_by_approvers_only(tmp_path: Path) -> None:
    """The timer's group gets the case now; it stands in for the group that was asked."""
    async with world(tmp_path) as w:
        (case,) = await mails(w, 1)
        with pytest.raises(Forbidden):
            await escalate(w.corridor, case.id, by=w.keys["auditor"], to="board")
        after = await escalate(w.corridor, case.id, by=w.keys["rex"], to="board")
        assert (after.escalated, after.escalate_at, after.state) == (("board",), 0, State.WAITING)
        assert (await w.kinds(case))[-1] == "escalated"
        with pytest.raises(Unprocessable):
            await escalate(w.corridor, case.id, by=w.keys["rex"], to="board")
        assert (await w.approve(case, "zoe")).state is State.GRANTED
        with pytest.raises(Conflict):
            await escalate(w.corridor, case.id, by=w.keys["rex"], to="other")


async def test_an_approval_is_taken_back_until_it_runs(tmp_path: Path) -> None:
    """Only by who gave it, only what is granted: then the permit that is out is worth nothing."""
    async with world(tmp_path) as w:
        (case,) = await mails(w, 1)
        with pytest.raises(Forbidden):
            await take_back(w.corridor, case.id, by=w.keys["rex"])
        (case,) = await approve_all(w.corridor, items([case]), by=w.keys["rex"], how=How())
        permit = await w.permit(case)
        assert permit
        for name in ("ann", "bot", "root"):
            with pytest.raises(Forbidden):
                await take_back(w.corridor, case.id, by=w.keys[name])
        back = await take_back(w.corridor, case.id, by=w.keys["rex"], reason="wrong month")
        assert (back.state, back.reason) == (State.LAPSED, "taken back by rex: wrong month")
        assert (await w.kinds(case))[-1] == "withdrawn"
        with pytest.raises(GygesError):
            await w.redeem(case, permit)
        with pytest.raises(Conflict):
            await take_back(w.corridor, case.id, by=w.keys["rex"])


async def test_what_runs_or_waits_is_not_taken_back(tmp_path: Path) -> None:
    """A redeemed case runs already, and one that still waits is denied instead."""
    async with world(tmp_path) as w:
        pay = await w.approve(await w.propose("pay", to="bob", amount=4800), "ann")
        with pytest.raises(Conflict, match="is waiting"):
            await take_back(w.corridor, pay.id, by=w.keys["ann"])
        (mail,) = await mails(w, 1)
        (mail,) = await approve_all(w.corridor, items([mail]), by=w.keys["rex"], how=How())
        await w.redeem(mail, await w.permit(mail))
        with pytest.raises(Conflict, match="is redeemed"):
            await take_back(w.corridor, mail.id, by=w.keys["rex"])
