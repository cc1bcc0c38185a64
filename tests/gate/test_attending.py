# SPDX-License-Identifier: Apache-2.0
"""Attention asked for by a real gate: before an approval counts, and before people are asked at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from gyges.case import Attention, Case, Say, State
from gyges.errors import Conflict, Forbidden, Hasty, Overburdened
from gyges.gate.attention import Level
from gyges.gate.desk import GrantDraft, How
from gyges.gate.load import HOUR_MS, queues
from gyges.settings import Settings
from gyges.standing import Match, Pin
from tests.gate.world import World, world

pytestmark = pytest.mark.anyio

BASE = Settings(wait_seconds=100_000, grant_seconds=50, outcome_seconds=30)
SHOWN = "sha256:" + "1" * 64


def page(w: World, dwell: int, typed: str = "", method: str = "password") -> How:
    """An answer from a page that was open for `dwell` ms."""
    looked = Attention(shown=SHOWN, opened=w.clock.now() - dwell, dwell_ms=dwell, typed=typed)
    return How(method=method, attention=looked)


async def say(w: World, case: Case, who: str, how: How, what: Say = Say.APPROVE) -> Case:
    """`who` answers `case` in this way."""
    return await w.corridor.answer(
        case.id, by=w.keys[who], say=what, digest=case.digest, reason="because", how=how
    )


async def refusals(w: World, case: Case) -> list[tuple[object, object]]:
    """Who was refused on `case`, and with which code."""
    found = [e.event.body for e in await w.events(case.id) if e.event.kind == "refused"]
    return [(body["by"], body["code"]) for body in found]


async def test_an_approval_too_soon_is_refused_and_recorded_and_counts_later(
    tmp_path: Path,
) -> None:
    """High risk: the page open for three seconds and the amount typed; then the same page is good."""
    async with world(tmp_path, settings=BASE) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        asked = w.corridor.demand(case)
        assert (asked.level, asked.dwell_ms) == (Level.HIGH, 3_000)
        assert asked.typed is not None
        assert (asked.typed.label, asked.typed.pointer) == ("amount", "/amount")
        for how in (
            page(w, 2_999, "4800"),
            page(w, 3_000),
            page(w, 3_000, "bob"),
            How(method="oidc"),
        ):
            with pytest.raises(Hasty):
                await say(w, case, "ann", how)
        assert await refusals(w, case) == [("ann", "hasty")] * 4
        assert (await w.corridor.found(case.id)) == case
        after = await say(w, case, "ann", page(w, 3_000, "4,800"))
        assert after.approvals() == {"finance": 1}
        attention = after.votes[0].attention
        assert attention is not None
        assert (attention.typed, attention.dwell_ms, attention.shown) == ("/amount", 3_000, SHOWN)


async def test_nothing_stands_in_the_way_of_a_denial(tmp_path: Path) -> None:
    """No dwell, nothing typed, no approvals left, no page at all: no is no at once."""
    settings = replace(BASE, approvals_per_hour=1, unseen_approvals="none")
    async with world(tmp_path, settings=settings) as w:
        first = await w.propose("send_mail", to="x", body="y")
        await say(w, first, "cy", page(w, 5_000))
        for how in (page(w, 0), page(w, 0, "secret"), How(method="password"), How()):
            case = await w.propose("pay", to="bob", amount=4800)
            after = await say(w, case, "cy", how, Say.DENY)
            assert after.state is State.DENIED
            looked = after.votes[0].attention
            assert looked is None or not looked.typed


async def test_medium_asks_less_and_low_nothing(tmp_path: Path) -> None:
    """A mail wants a second, a read that a rule asked about nothing."""
    async with world(tmp_path, settings=BASE) as w:
        mail = await w.propose("send_mail", to="x", body="y")
        assert (w.corridor.demand(mail).dwell_ms, w.corridor.demand(mail).typed) == (1_000, None)
        long = await w.propose("send_mail", to="x", body="y" * 20_000)
        assert w.corridor.demand(long).dwell_ms == 10_000
        assert w.corridor.demand(replace(mail, risk=5)).dwell_ms == 0
        with pytest.raises(Hasty):
            await say(w, mail, "rex", page(w, 999))
        assert (await say(w, mail, "rex", page(w, 1_000))).state is State.GRANTED


async def test_keys_approve_up_to_the_level_that_is_set(tmp_path: Path) -> None:
    """By default all, since a key shows no page; a stricter house sends people to the inbox."""
    async with world(tmp_path, settings=replace(BASE, unseen_approvals="medium")) as w:
        mail = await w.propose("send_mail", to="x", body="y")
        assert (await w.approve(mail, "rex")).state is State.GRANTED
        payment = await w.propose("pay", to="bob", amount=4800)
        with pytest.raises(Hasty, match="inbox"):
            await w.approve(payment, "ann")
        assert await refusals(w, payment) == [("ann", "hasty")]


async def test_whoever_may_not_approve_hears_that_first(tmp_path: Path) -> None:
    """The owner is told that they cannot, not that they were quick; nobody learns by trying."""
    async with world(tmp_path, settings=BASE) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        with pytest.raises(Forbidden, match="cannot approve"):
            await say(w, case, "olga", page(w, 0))


async def test_after_so_many_approvals_no_more_count_and_others_are_asked(tmp_path: Path) -> None:
    """The refusal puts the case to another group, once; an hour later the same person may again."""
    settings = replace(BASE, approvals_per_hour=3, reroute_to="board")
    async with world(tmp_path, settings=settings) as w:
        for _ in range(3):
            await w.approve(await w.propose("send_mail", to="x", body="y"), "rex")
        assert (await w.corridor.load("REX")).full
        assert not (await w.corridor.load("cy")).full
        case = await w.propose("send_mail", to="x", body="y")
        assert case.escalated == ()  # cy is there to answer
        for _ in range(2):
            with pytest.raises(Overburdened, match="board is asked"):
                await w.approve(case, "rex")
        assert (await w.corridor.found(case.id)).escalated == ("board",)
        assert (await w.kinds(case)).count("escalated") == 1
        assert (await w.approve(case, "zoe")).state is State.GRANTED
        w.clock.advance(HOUR_MS + 1)
        fresh = await w.propose("send_mail", to="x", body="y")
        assert (await w.approve(fresh, "rex")).state is State.GRANTED


async def test_without_a_group_to_reroute_to_the_refusal_stands_alone(tmp_path: Path) -> None:
    """The case waits as it was."""
    async with world(tmp_path, settings=replace(BASE, approvals_per_hour=1)) as w:
        await w.approve(await w.propose("send_mail", to="x", body="y"), "rex")
        case = await w.propose("send_mail", to="x", body="y")
        with pytest.raises(Overburdened) as caught:
            await w.approve(case, "rex")
        assert "asked" not in str(caught.value)
        assert await w.corridor.found(case.id) == case


async def test_a_case_that_comes_when_all_are_spent_goes_to_others_at_once(tmp_path: Path) -> None:
    """Finance needs two of ann, bea and cy: with two of them spent, the board is asked from the start."""
    settings = replace(BASE, approvals_per_hour=1, escalate_to="board", escalate_seconds=50)
    async with world(tmp_path, settings=settings) as w:
        first = await w.approve(await w.propose("pay", to="bob", amount=4800), "ann")
        assert first.escalated == ()
        assert (await w.propose("pay", to="bob", amount=4800)).escalated == ()
        await w.approve(first, "bea")
        late = await w.propose("pay", to="bob", amount=4800)
        assert (late.state, late.escalated) == (State.WAITING, ("board",))
        notices = [n for n in await w.store.notices(100) if n.case == late.id]
        assert [n.groups for n in notices] == [("finance", "board")]
        assert (await w.propose("send_mail", to="x", body="y")).escalated == ()


def fees(w: World) -> GrantDraft:
    """Ann's leave for payments to bob."""
    return GrantDraft(
        agent="bot", tool="pay", pins=(Pin(pointer="/to", test=Match.EQUALS, value="bob"),),
        max_uses=5, expires=w.clock.now() + 100_000, reason="fees", sum_pointer="/amount",
        sum_limit=1000,
    )  # fmt: skip


async def test_an_agent_that_floods_people_is_denied_and_people_are_told_once(
    tmp_path: Path,
) -> None:
    """What needs nobody goes on; another agent is not touched; a minute later it may ask again."""
    async with world(tmp_path, settings=replace(BASE, asks_per_minute=3)) as w:
        for _ in range(3):
            assert (await w.propose("send_mail", to="x", body="y")).state is State.WAITING
        over = [await w.propose("send_mail", to="x", body="y") for _ in range(2)]
        assert [c.state for c in over] == [State.DENIED] * 2
        assert "asked people 3 times within a minute" in over[0].reason
        assert await w.kinds(over[0]) == ["proposed", "decided"]
        told = [n for n in await w.store.notices(100) if n.kind == "flood"]
        assert [(n.case, n.groups) for n in told] == [(over[0].id, ("reviewers",))]
        assert (await w.propose("read_file", path="a")).state is State.GRANTED
        other = await w.propose("send_mail", by="other", to="x", body="y")
        assert other.state is State.WAITING
        w.clock.advance(60_000)
        assert (await w.propose("send_mail", to="x", body="y")).state is State.WAITING


async def test_a_flood_uses_up_no_standing_grant(tmp_path: Path) -> None:
    """A denied case takes nothing from what its maker gave ahead."""
    async with world(tmp_path, settings=replace(BASE, asks_per_minute=1)) as w:
        grant = await w.corridor.grant(fees(w), by=w.keys["ann"])
        first = await w.propose("pay", to="bob", amount=60)
        assert (first.state, first.approvals()) == (State.WAITING, {"finance": 1})
        assert (await w.propose("pay", to="bob", amount=60)).state is State.DENIED
        kept = await w.store.grant(grant.id)
        assert kept is not None
        assert kept.uses == 1


async def test_a_persons_edit_is_no_flood(tmp_path: Path) -> None:
    """Who edits is looking already: the new version waits, whatever the agent did."""
    async with world(tmp_path, settings=replace(BASE, asks_per_minute=1)) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        new = await w.corridor.edit(
            case.id, by=w.keys["bea"], digest=case.digest, arguments={"to": "bob", "amount": 480}
        )
        assert new.state is State.WAITING


async def test_a_second_person_means_a_second_person(tmp_path: Path) -> None:
    """Policy wants two of finance: the same person twice is one, and in between nobody sees who was first."""
    async with world(tmp_path, settings=BASE) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        once = await w.approve(case, "ann")
        twin = replace(w.keys["ann"], id="k-2", name=" ANN")
        with pytest.raises(Conflict, match="already approved"):
            await w.corridor.answer(case.id, by=twin, say=Say.APPROVE, digest=case.digest)
        assert w.corridor.hides(once, "bea")
        assert not w.corridor.hides(once, "ann")
        assert (await w.approve(once, "bea")).state is State.GRANTED


async def test_a_record_tells_what_the_log_tells(tmp_path: Path) -> None:
    """Answers, dwell, agreement, what came too soon: computed from events, the same for one and for all."""
    async with world(tmp_path, settings=BASE) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        w.clock.advance(10_000)
        with pytest.raises(Hasty):
            await say(w, case, "ann", page(w, 100))
        await say(w, case, "ann", page(w, 4_000, "4800"))
        await say(w, case, "bea", page(w, 6_000, "4800"))
        mail = await w.propose("send_mail", to="x", body="y")
        await say(w, mail, "cy", page(w, 2_000), Say.DENY)
        ann = await w.corridor.record("Ann")
        assert (ann.answers, ann.early, ann.approved.value, ann.agreed.of) == (1, 1, 1.0, 1)
        assert (ann.dwell.median, ann.latency.median) == (4_000, 10_000)
        assert (ann.by_level["high"].of, ann.by_level["medium"].of) == (1, 0)
        assert (ann.load.approvals, ann.load.most) == (1, 60)
        everybody = await w.corridor.records()
        assert [record.name for record in everybody] == ["ann", "bea", "cy"]
        assert replace(everybody[0], name="Ann") == ann
        assert (everybody[2].approved.value, everybody[2].agreed.of) == (0.0, 0)
        w.clock.advance(2 * 86_400_000)
        assert (await w.corridor.record("ann", days=1)).idle


async def test_queues_tell_what_waits_for_whom_and_not_who_has_answered(tmp_path: Path) -> None:
    """By what is asked: an approval that is in changes nothing here, spent people are no longer free."""
    async with world(tmp_path, settings=replace(BASE, approvals_per_hour=1)) as w:
        began = w.clock.now()
        first = await w.propose("pay", to="bob", amount=4800)
        w.clock.advance(1_000)
        mail = await w.propose("send_mail", to="x", body="y")
        await w.approve(first, "ann")
        waiting = [await w.corridor.found(case.id) for case in (first, mail)]
        found = await queues(w.store, waiting, w.clock.now(), 1)
        assert [(q.group, q.waiting, q.oldest) for q in found] == [
            ("finance", 1, began), ("reviewers", 1, began + 1_000)
        ]  # fmt: skip
        assert [(q.people, q.free) for q in found] == [(4, 3), (3, 3)]
        assert await queues(w.store, [], w.clock.now(), 1) == ()
