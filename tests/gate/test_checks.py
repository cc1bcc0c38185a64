# SPDX-License-Identifier: Apache-2.0
"""Planted requests: they look like any other, never run, end with the first answer, and tell on nobody before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gyges.action import Action
from gyges.answer import Answer, answer_of
from gyges.canon import Json
from gyges.case import Case, Say, State
from gyges.errors import Conflict, Forbidden, Overburdened, Unprocessable
from gyges.gate.checks import COUNTS_MS, DAY_MS, Checked, failing
from gyges.gate.desk import GrantDraft
from gyges.gate.planting import plant
from gyges.settings import Settings
from gyges.standing import Match, Pin
from tests.gate.world import World, policy, world

pytestmark = pytest.mark.anyio

SETTINGS = Settings(wait_seconds=100_000, grant_seconds=50, outcome_seconds=30, checks_per_day=3)
BAIT: dict[str, Json] = {"to": "stranger", "amount": 4800}


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[World]:
    """A world in which requests may be planted."""
    async with world(folder, settings=SETTINGS) as w:
        yield w


async def bait(w: World, tool: str = "pay", by: str = "root", **arguments: Json) -> Case:
    """A request planted in the bot's name."""
    action = Action(
        agent="bot", tool=tool, arguments=arguments or BAIT, server="office", episode="e-1"
    )
    return await plant(w.corridor, action, by=w.keys[by])


async def answer(w: World, case: Case, who: str, say: Say) -> Case:
    """One person's word."""
    return await w.corridor.answer(
        case.id, by=w.keys[who], say=say, digest=case.digest, reason="because"
    )


def still(case: Case) -> Answer:
    """What the outside is told of a case, without what differs from any case to the next."""
    return replace(answer_of(case), id="", created=0, deadline=0, log_index=0)


async def test_a_planted_case_looks_like_a_real_one(tmp_path: Path) -> None:
    """The same steps, the same answer to the outside, the same events: only ids and times differ."""
    async with house(tmp_path) as w:
        real, planted = await w.propose("pay", to="stranger", amount=4800), await bait(w)
        assert still(planted) == still(real)
        assert await w.kinds(planted) == await w.kinds(real) == ["proposed", "decided"]
        bodies = [[e.event.body for e in await w.events(c.id)] for c in (real, planted)]
        assert [sorted(body) for body in bodies[0]] == [sorted(body) for body in bodies[1]]
        assert "planted" not in str(bodies[1])
        told = [n.groups for n in await w.store.notices(10)]
        assert told == [("finance",)] * 2


@pytest.mark.parametrize("say", [Say.APPROVE, Say.DENY])
async def test_the_first_answer_ends_it_and_says_what_it_was(tmp_path: Path, say: Say) -> None:
    """Denied either way, with nothing granted, and named in the log from then on."""
    async with house(tmp_path) as w:
        case = await bait(w)
        after = await answer(w, case, "ann", say)
        assert after.state is State.DENIED
        assert ("missed by ann" if say is Say.APPROVE else "caught by ann") in after.reason
        assert (await w.events(case.id))[-1].event.body["planted"] == "root"
        record = await w.corridor.record("ann")
        assert (record.caught.count, record.caught.of) == (int(say is Say.DENY), 1)
        assert (record.answers, record.idle) == (0, False)
        with pytest.raises(Conflict):
            await answer(w, case, "bea", Say.APPROVE)


async def test_no_way_of_answering_grants_a_planted_case(tmp_path: Path) -> None:
    """Neither an edit nor a policy that would now allow it, nor time, makes it run."""
    async with house(tmp_path) as w:
        edited = await bait(w)
        after = await w.corridor.edit(
            edited.id, by=w.keys["bea"], digest=edited.digest, arguments={"to": "bob", "amount": 1}
        )
        assert (after.id, after.state, after.replaced_by) == (edited.id, State.WITHDRAWN, "")
        loose = await bait(w)
        w.corridor.swap(policy('@id("all") permit (principal, action, resource);'))
        assert (await answer(w, loose, "ann", Say.APPROVE)).state is State.DENIED
        assert loose.decision is not None
        assert w.corridor.granted(loose, loose.decision).state is State.DENIED
        w.corridor.swap(policy())
        late = await bait(w)
        w.clock.advance(100_000_000)
        await w.corridor.tick()
        assert (await w.corridor.found(late.id)).state is State.EXPIRED
        assert not [e for e in await w.events() if e.event.kind == "redeemed"]


async def test_only_an_admin_plants_and_only_what_people_would_be_asked(tmp_path: Path) -> None:
    """Not an approver, not for an agent there is not, not what policy answers by itself, not without leave."""
    async with house(tmp_path) as w:
        for who in ("ann", "bot", "auditor"):
            with pytest.raises(Forbidden):
                await bait(w, by=who)
        with pytest.raises(Unprocessable, match="would not be asked"):
            await bait(w, "read_file", path="a")
        with pytest.raises(Unprocessable, match="would not be asked"):
            await bait(w, "set_audit_log", on=False)
        action = Action(agent="nobody", tool="pay", arguments=BAIT)
        with pytest.raises(Unprocessable, match="no agent"):
            await plant(w.corridor, action, by=w.keys["root"])
        assert not [e for e in await w.events() if e.event.kind == "planted"]
    (tmp_path / "other").mkdir()
    async with world(tmp_path / "other", settings=replace(SETTINGS, checks_per_day=0)) as w:
        with pytest.raises(Unprocessable, match="checks_per_day"):
            await bait(w)


async def test_a_day_holds_only_so_many(tmp_path: Path) -> None:
    """More would tire people of what they are to look at."""
    async with house(tmp_path) as w:
        for _ in range(3):
            await bait(w)
        with pytest.raises(Overburdened):
            await bait(w)
        w.clock.advance(DAY_MS + 1)
        assert (await bait(w)).state is State.WAITING


async def test_whoever_planted_it_cannot_approve_it(tmp_path: Path) -> None:
    """An admin who approves as well knows what it is."""
    async with house(tmp_path) as w:
        case = await bait(w)
        twin = replace(w.keys["ann"], name="Root")
        with pytest.raises(Forbidden):
            await w.corridor.answer(case.id, by=twin, say=Say.APPROVE, digest=case.digest)


async def test_whoever_missed_one_approves_nothing_alone_until_they_catch_one(
    tmp_path: Path,
) -> None:
    """Somebody else first, then they may; a denial of theirs always counts; the next catch clears them."""
    async with house(tmp_path) as w:
        await answer(w, await bait(w), "ann", Say.APPROVE)
        case = await w.propose("pay", to="bob", amount=4800)
        with pytest.raises(Forbidden, match="missed the latest"):
            await answer(w, case, "ann", Say.APPROVE)
        await answer(w, case, "bea", Say.APPROVE)
        assert (await answer(w, case, "ann", Say.APPROVE)).state is State.GRANTED
        other = await w.propose("pay", to="bob", amount=60)
        assert (await answer(w, other, "ann", Say.DENY)).state is State.DENIED
        await answer(w, await bait(w), "ann", Say.DENY)
        fresh = await w.propose("pay", to="bob", amount=60)
        assert (await answer(w, fresh, "ann", Say.APPROVE)).approvals() == {"finance": 1}


async def test_a_missed_one_is_forgiven_after_a_month(tmp_path: Path) -> None:
    """What was missed long ago says little of today."""
    async with house(tmp_path) as w:
        await answer(w, await bait(w), "ann", Say.APPROVE)
        w.clock.advance(COUNTS_MS + 1)
        case = await w.propose("pay", to="bob", amount=4800)
        assert (await answer(w, case, "ann", Say.APPROVE)).approvals() == {"finance": 1}


def test_the_latest_one_counts() -> None:
    """Of one's own, however the name is written, whatever others did."""
    found = [
        Checked(case="c-1", person="Ann", at=1, caught=False),
        Checked(case="c-2", person="bea", at=3, caught=True),
        Checked(case="c-3", person="ann", at=2, caught=True),
    ]
    assert not failing(found, "ann")
    assert failing(found[:1], "ANN ")
    assert not failing([], "ann")


async def test_a_standing_grant_is_nobody_who_looked(tmp_path: Path) -> None:
    """Leave given ahead does not stand in for the other person that a missed one asks for."""
    async with house(tmp_path) as w:
        draft = GrantDraft(
            agent="bot", tool="pay", pins=(Pin(pointer="/to", test=Match.EQUALS, value="bob"),),
            max_uses=5, expires=w.clock.now() + 100_000, reason="fees", sum_pointer="/amount",
            sum_limit=1000,
        )  # fmt: skip
        await w.corridor.grant(draft, by=w.keys["bea"])
        await answer(w, await bait(w), "ann", Say.APPROVE)
        case = await w.propose("pay", to="bob", amount=60)
        assert case.approvals() == {"finance": 1}
        with pytest.raises(Forbidden, match="missed the latest"):
            await answer(w, case, "ann", Say.APPROVE)
        assert (await answer(w, case, "cy", Say.APPROVE)).state is State.GRANTED
