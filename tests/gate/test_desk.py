# SPDX-License-Identifier: Apache-2.0
"""What people do: answers, edits, withdrawals, standing grants, and races between them."""

import asyncio
from pathlib import Path

import pytest

from gyges.case import Case, Say, State
from gyges.errors import Conflict, Forbidden, GygesError, NotFound, Unprocessable
from gyges.gate.desk import GrantDraft
from gyges.standing import Match, Pin
from gyges.testing.verdicts import Fixed
from tests.gate.world import World, policy, world

pytestmark = pytest.mark.anyio


def fees(w: World, **more: object) -> GrantDraft:
    """Ann's leave for payments to bob of at most 100 in all."""
    asked: dict[str, object] = {
        "agent": "bot", "tool": "pay", "pins": (Pin(pointer="/to", test=Match.EQUALS, value="bob"),),
        "max_uses": 2, "expires": w.clock.now() + 10_000, "reason": "fees", "sum_pointer": "/amount",
        "sum_limit": 100, **more,
    }  # fmt: skip
    return GrantDraft(**asked)  # type: ignore[arg-type]


async def test_a_denial_needs_words_and_ends_the_case(tmp_path: Path) -> None:
    """Reason or guidance reaches the agent; nobody can approve afterwards."""
    async with world(tmp_path) as w:
        case = await w.propose("send_mail", to="x", body="y")
        with pytest.raises(Unprocessable):
            await w.corridor.answer(case.id, by=w.keys["rex"], say=Say.DENY, digest=case.digest)
        denied = await w.corridor.answer(
            case.id, by=w.keys["rex"], say=Say.DENY, digest=case.digest, guidance="ask Paul first"
        )
        assert (denied.state, denied.guidance) == (State.DENIED, "ask Paul first")
        with pytest.raises(Conflict, match="denied by rex"):
            await w.approve(case, "cy")


async def test_those_who_have_an_interest_cannot_approve_and_the_attempt_is_recorded(
    tmp_path: Path,
) -> None:
    """The agent's owner is refused, and the log says who tried."""
    async with world(tmp_path) as w:
        case = await w.propose("send_mail", to="x", body="y")
        for name in ("olga", "bot", "office", "root", "auditor", "zoe"):
            with pytest.raises(Forbidden):
                await w.approve(case, name)
        tried = [e.event.body["by"] for e in await w.events(case.id) if e.event.kind == "refused"]
        assert tried == ["olga", "bot", "office", "root", "auditor", "zoe"]
        assert (await w.corridor.found(case.id)).state is State.WAITING


async def race(w: World, case: Case, *people: str) -> list[Case | BaseException]:
    """All of `people` answer at once, every second one denying."""
    calls = [
        w.corridor.answer(
            case.id,
            by=w.keys[name],
            say=(Say.APPROVE, Say.DENY)[i % 2],
            digest=case.digest,
            reason="r",
        )
        for i, name in enumerate(people)
    ]
    return await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.slow
async def test_in_a_race_exactly_one_wins_and_the_others_learn_who(tmp_path: Path) -> None:
    """Scripts of approvers answering one case at the same moment: one decision, many conflicts."""
    async with world(tmp_path) as w:
        for _ in range(20):
            case = await w.propose("send_mail", to="x", body="y")
            ends = await race(w, case, "rex", "cy", "rex", "cy", "rex", "cy")
            won = [end for end in ends if isinstance(end, Case)]
            assert len(won) == 1
            lost = [end for end in ends if not isinstance(end, Case)]
            assert all(isinstance(e, Conflict) and "by " in str(e) for e in lost), lost
            assert (await w.kinds(case)) == ["proposed", "decided", "answered"]


async def test_an_agent_and_an_approver_race_for_one_case(tmp_path: Path) -> None:
    """Withdrawn or decided, never both."""
    async with world(tmp_path) as w:
        for _ in range(10):
            case = await w.propose("send_mail", to="x", body="y")
            ends = await asyncio.gather(
                w.corridor.withdraw(case.id, by=w.keys["bot"]),
                w.approve(case, "rex"),
                return_exceptions=True,
            )
            final = (await w.corridor.found(case.id)).state
            assert final in (State.WITHDRAWN, State.GRANTED, State.LAPSED)
            if final is State.WITHDRAWN:
                assert isinstance(ends[1], Conflict)


async def test_an_edit_is_a_new_action_that_starts_from_the_beginning(tmp_path: Path) -> None:
    """Old approvals do not carry over, the editor cannot approve, and the old case names the new."""
    async with world(tmp_path) as w:
        old = await w.approve(await w.propose("pay", to="bob", amount=4800), "ann")
        new = await w.corridor.edit(
            old.id, by=w.keys["bea"], digest=old.digest, arguments={"to": "bob", "amount": 480}
        )
        assert new.digest != old.digest
        assert (new.amends, new.action.edited_by, new.approvals()) == (old.id, "bea", {})
        gone = await w.corridor.found(old.id)
        assert (gone.state, gone.replaced_by) == (State.SUPERSEDED, new.id)
        with pytest.raises(Forbidden):
            await w.approve(new, "bea")
        again = await w.corridor.edit(
            new.id, by=w.keys["cy"], digest=new.digest, arguments={"to": "bob", "amount": 481}
        )
        with pytest.raises(Forbidden):
            await w.approve(again, "bea")


async def test_an_edit_that_policy_would_deny_leaves_everything_as_it_is(tmp_path: Path) -> None:
    """Arguments that do not fit the tool, no change at all, old digest, no right: refused."""
    async with world(tmp_path) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        tries: list[tuple[str, str, dict[str, object], type[GygesError]]] = [
            ("bea", case.digest, {"to": "bob", "amount": "all"}, Unprocessable),
            ("bea", case.digest, {"to": "bob", "amount": 4800.0}, Unprocessable),
            ("bea", "sha256:" + "0" * 64, {"to": "bob", "amount": 1}, Conflict),
            ("rex", case.digest, {"to": "bob", "amount": 1}, Forbidden),
            ("olga", case.digest, {"to": "bob", "amount": 1}, Forbidden),
        ]
        for name, digest, arguments, error in tries:
            with pytest.raises(error):
                await w.corridor.edit(
                    case.id,
                    by=w.keys[name],
                    digest=digest,
                    arguments=arguments,  # type: ignore[arg-type]
                )
        assert await w.corridor.found(case.id) == case


async def test_only_its_agent_withdraws_and_only_before_use(tmp_path: Path) -> None:
    """A granted case can be given up; a redeemed one cannot."""
    async with world(tmp_path) as w:
        case = await w.propose("send_mail", to="x", body="y")
        for name in ("other", "rex", "root"):
            with pytest.raises(NotFound):
                await w.corridor.withdraw(case.id, by=w.keys[name])
        assert (await w.corridor.withdraw(case.id, by=w.keys["bot"])).state is State.WITHDRAWN
        granted = await w.propose("read_file", path="a")
        permit = await w.permit(granted)
        assert (await w.corridor.withdraw(granted.id, by=w.keys["bot"])).state is State.LAPSED
        with pytest.raises(GygesError):
            await w.redeem(granted, permit)


async def test_a_standing_grant_is_its_makers_vote_within_its_limits(tmp_path: Path) -> None:
    """It fills one of two seats, is counted, and falls silent when used up or revoked."""
    async with world(tmp_path) as w:
        grant = await w.corridor.grant(fees(w), by=w.keys["ann"])
        first = await w.propose("pay", to="bob", amount=60)
        assert (first.state, first.approvals()) == (State.WAITING, {"finance": 1})
        assert first.votes[0].grant == grant.id
        assert (await w.propose("pay", to="bob", amount=60)).approvals() == {}  # the sum is over
        assert (await w.propose("pay", to="eve", amount=1)).approvals() == {}
        assert (await w.approve(first, "bea")).state is State.GRANTED
        assert (await w.propose("pay", to="bob", amount=5)).state is State.GRANTED
        assert (await w.propose("pay", to="bob", amount=5)).state is State.WAITING  # used up
        fresh = await w.corridor.grant(fees(w), by=w.keys["ann"])
        for name in ("rex", "bot"):
            with pytest.raises(Forbidden):
                await w.corridor.revoke(fresh.id, by=w.keys[name])
        await w.corridor.revoke(fresh.id, by=w.keys["bea"])
        assert (await w.propose("pay", to="bob", amount=5)).state is State.WAITING


async def test_a_standing_grant_cannot_do_what_its_maker_cannot(tmp_path: Path) -> None:
    """Not for a group its maker is not in, not for one's own agent, not by anybody but approvers."""
    async with world(tmp_path) as w:
        for name, draft in (("rex", fees(w, group="finance")), ("bot", fees(w)), ("olga", fees(w))):
            with pytest.raises(Forbidden):
                await w.corridor.grant(draft, by=w.keys[name])
        await w.corridor.grant(fees(w, group="finance"), by=w.keys["olga"])
        assert (await w.propose("pay", to="bob", amount=5)).approvals() == {}


async def test_the_last_use_of_a_grant_goes_to_one_of_many(tmp_path: Path) -> None:
    """Twenty actions at once compete for two uses."""
    async with world(tmp_path) as w:
        await w.corridor.grant(fees(w), by=w.keys["ann"])
        cases = await asyncio.gather(*(w.propose("pay", to="bob", amount=1) for _ in range(20)))
        assert sum(case.state is State.GRANTED for case in cases) == 2
        assert sum(case.approvals() == {"finance": 1} for case in cases) == 2


async def test_a_monitor_that_asks_is_answered_by_reviewers(tmp_path: Path) -> None:
    """A suspicious read waits for a reviewer although policy allows it; a very suspicious one is denied."""
    async with world(tmp_path, monitors=(Fixed("wary", 0.7),)) as w:
        case = await w.propose("read_file", path="a")
        assert (case.state, case.requirement.groups) == (State.WAITING, {"reviewers": 1})
        assert (await w.approve(case, "rex")).state is State.GRANTED
        pay = await w.propose("pay", to="bob", amount=900)
        assert pay.requirement.groups == {"finance": 2, "reviewers": 1}
        assert (await w.approve(pay, "ann", "bea")).state is State.WAITING
        assert (await w.approve(pay, "rex")).state is State.GRANTED
    (tmp_path / "sure").mkdir()
    async with world(tmp_path / "sure", monitors=(Fixed("sure", 0.99),)) as w:
        assert (await w.propose("read_file", path="a")).state is State.DENIED


async def test_an_answer_is_judged_by_the_policy_of_its_moment(tmp_path: Path) -> None:
    """When the rules became stricter while a case waited, the last approval does not grant it."""
    async with world(tmp_path) as w:
        case = await w.propose("send_mail", to="x", body="y")
        stricter = '@id("two") forbid (principal, action == Action::"send_mail", resource)'
        w.corridor.swap(policy(stricter + " unless { context.approvals.finance >= 1 };"))
        case = await w.approve(case, "rex")
        assert (case.state, case.requirement.groups) == (
            State.WAITING,
            {"finance": 1, "reviewers": 1},
        )
        assert (await w.approve(case, "ann")).state is State.GRANTED
