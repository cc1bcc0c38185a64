# SPDX-License-Identifier: Apache-2.0
"""The corridor's story, with a real store and a real policy: allow, ask, deny, redeem, report."""

from dataclasses import replace
from pathlib import Path

import pytest

from gyges.action import Action
from gyges.case import State
from gyges.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PermitRefused,
    PolicyRefused,
    Stopped,
    Unprocessable,
)
from gyges.gate.permits import load_signer, rotate
from gyges.ports import Change
from gyges.principal import Scope
from tests.gate.world import TOOLS, policy, tool, world

pytestmark = pytest.mark.anyio


async def test_a_read_is_granted_run_once_and_reported(tmp_path: Path) -> None:
    """From proposal to outcome, each step in the log in its order."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        assert (case.state, case.decision and case.decision.ruling.rules) == (
            State.GRANTED,
            ("look",),
        )
        permit = await w.permit(case)
        assert (await w.redeem(case, permit)).state is State.REDEEMED
        done = await w.corridor.report(case.id, by=w.keys["office"], ok=True, summary="12 bytes")
        assert done.state is State.DONE
        assert await w.kinds(case) == ["proposed", "decided", "redeemed", "done"]
        assert await w.corridor.report(case.id, by=w.keys["office"], ok=True) == await w.store.case(
            case.id
        )


async def test_a_permit_works_once(tmp_path: Path) -> None:
    """The second use is refused, and recorded as an attempt."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permits = [await w.permit(case), await w.permit(case)]
        await w.redeem(case, permits[0])
        for permit in permits:
            with pytest.raises(PermitRefused):
                await w.redeem(case, permit)
        assert (await w.kinds(case)).count("redeemed") == 1
        assert (await w.kinds(case)).count("refused") == 2


async def test_a_nonce_stays_used_even_if_its_case_is_put_back(tmp_path: Path) -> None:
    """Somebody turns a case's row back to granted: the claim on its nonce still stands."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permit = await w.permit(case)
        used = await w.redeem(case, permit)
        await w.store.record(Change(events=(), cases=(replace(case, version=used.version),)))
        assert (await w.corridor.found(case.id)).state is State.GRANTED
        with pytest.raises(PermitRefused, match="used"):
            await w.redeem(case, permit)


async def test_a_payment_needs_two_people_of_finance(tmp_path: Path) -> None:
    """One approval is not enough, two are; there is no permit before."""
    async with world(tmp_path) as w:
        case = await w.propose("pay", to="bob", amount=4800)
        assert (case.state, case.requirement.groups) == (State.WAITING, {"finance": 2})
        case = await w.approve(case, "ann")
        assert case.state is State.WAITING
        assert await w.permit(case) == ""
        case = await w.approve(case, "bea")
        assert case.state is State.GRANTED
        assert (await w.redeem(case, await w.permit(case))).state is State.REDEEMED


async def test_the_constitution_cannot_be_approved(tmp_path: Path) -> None:
    """What no approval could allow is denied at once, and names its rule."""
    async with world(tmp_path) as w:
        case = await w.propose("set_audit_log", on=False)
        assert case.state is State.DENIED
        assert case.decision
        assert case.decision.ruling.rules == ("constitution",)
        with pytest.raises(Conflict, match="already denied"):
            await w.approve(case, "rex")


async def test_the_same_idempotency_key_gives_the_same_case(tmp_path: Path) -> None:
    """A repetition finds its case; another action under the same key is refused."""
    async with world(tmp_path) as w:
        first = await w.propose("send_mail", key="k", to="x", body="y")
        again = await w.propose("send_mail", key="k", to="x", body="y")
        assert again.id == first.id
        with pytest.raises(Unprocessable):
            await w.propose("send_mail", key="k", to="x", body="z")
        other = await w.propose("send_mail", by="other", key="k", to="x", body="y")
        assert other.id != first.id
        assert len(await w.events()) == 4


async def test_an_agent_may_change_what_still_waits_and_nothing_else(tmp_path: Path) -> None:
    """An amendment replaces a waiting case; a granted one, or another agent's, stays as it is."""
    async with world(tmp_path) as w:
        old = await w.propose("pay", to="bob", amount=1)
        await w.approve(old, "ann") if old.requirement.groups == {"finance": 2} else None
        change = Action(
            agent="", tool="pay", arguments={"to": "bob", "amount": 9000}, amends=old.id
        )
        with pytest.raises(NotFound):
            await w.corridor.propose(change, by=w.keys["other"])
        new = await w.corridor.propose(change, by=w.keys["bot"])
        gone = await w.corridor.found(old.id)
        assert (gone.state, gone.replaced_by) == (State.SUPERSEDED, new.id)
        assert new.approvals() == {}
        granted = await w.approve(new, "ann", "bea")
        again = Action(agent="", tool="pay", arguments={"to": "eve", "amount": 9000}, amends=new.id)
        with pytest.raises(Conflict, match="granted"):
            await w.corridor.propose(again, by=w.keys["bot"])
        assert (await w.corridor.found(new.id)) == granted


async def test_kill_switches_reach_the_next_request_and_permits_already_out(tmp_path: Path) -> None:
    """A stop denies what is proposed, refuses what is redeemed, and ends when it is lifted."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permit = await w.permit(case)
        for scope in ("all", "agent:bot", "tool:read_file"):
            await w.corridor.stop(scope, by=w.keys["rex"], reason="odd")
            with pytest.raises(Stopped, match="odd"):
                await w.redeem(case, permit)
            assert await w.permit(case) == ""
            assert (await w.propose("read_file", path="b.txt")).state is State.DENIED
            await w.corridor.lift(scope, by=w.keys["root"])
        await w.corridor.stop("agent:other", by=w.keys["root"], reason="elsewhere")
        assert (await w.redeem(case, permit)).state is State.REDEEMED


async def test_who_may_pull_and_lift(tmp_path: Path) -> None:
    """Approvers and admins stop; only admins lift; nonsense is not a scope."""
    async with world(tmp_path) as w:
        for name in ("bot", "office", "auditor"):
            with pytest.raises(Forbidden):
                await w.corridor.stop("all", by=w.keys[name], reason="")
        await w.corridor.stop("all", by=w.keys["ann"], reason="")
        with pytest.raises(Forbidden):
            await w.corridor.lift("all", by=w.keys["ann"])
        with pytest.raises(NotFound):
            await w.corridor.lift("agent:x", by=w.keys["root"])
        for scope in ("agents", "agent:", "server:x", ""):
            with pytest.raises(Unprocessable):
                await w.corridor.stop(scope, by=w.keys["root"], reason="")


async def test_a_policy_that_changed_is_asked_again_before_anything_runs(tmp_path: Path) -> None:
    """A grant under the old set does not run what the new one forbids, and does run what it allows."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permit = await w.permit(case)
        ban = '@id("ban") forbid (principal, action == Action::"read_file", resource);'
        w.corridor.swap(policy(ban))
        with pytest.raises(PolicyRefused, match="policy changed"):
            await w.redeem(case, permit)
        w.corridor.swap(policy(tools=(*TOOLS, tool("draft", "draft"))))
        assert (await w.redeem(case, permit)).state is State.REDEEMED


async def test_a_tool_whose_definition_changed_does_not_run(tmp_path: Path) -> None:
    """The permit names the definition that was granted; another one is another tool."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permit = await w.permit(case)
        changed = tuple(t for t in TOOLS if t.name != "read_file")
        w.corridor.swap(
            policy(tools=(*changed, tool("read_file", "read", path="string", x="string")))
        )
        with pytest.raises(PolicyRefused):
            await w.redeem(case, permit)


async def test_only_the_executor_it_is_made_out_to_redeems_and_reports(tmp_path: Path) -> None:
    """To every other key the case does not exist."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permit = await w.permit(case)
        for name in ("bank", "bot", "ann", "root", "auditor"):
            with pytest.raises(NotFound):
                await w.corridor.redeem(
                    case.id, by=w.keys[name], permit=permit, action=case.action.canonical()
                )
            with pytest.raises(NotFound):
                await w.corridor.report(case.id, by=w.keys[name], ok=True)


async def test_only_its_own_agent_gets_a_permit(tmp_path: Path) -> None:
    """Neither another agent nor any other scope is given leave to carry."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        for name in w.keys.keys() - {"bot"}:
            assert await w.corridor.permit(case, by=w.keys[name]) == ""


async def test_only_agents_propose_and_under_their_own_name(tmp_path: Path) -> None:
    """The agent's name comes from the key, whatever the words say."""
    async with world(tmp_path) as w:
        claim = Action(agent="root", tool="read_file", arguments={"path": "a"}, edited_by="ann")
        case = await w.corridor.propose(claim, by=w.keys["bot"])
        assert (case.action.agent, case.action.edited_by) == ("bot", "")
        for name, key in w.keys.items():
            if key.scope is not Scope.AGENT:
                with pytest.raises(Forbidden):
                    await w.propose("read_file", by=name, path="a")


async def test_an_outcome_is_reported_once_and_never_changed(tmp_path: Path) -> None:
    """A second, different report is refused and recorded; so is one before redemption."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        office = w.keys["office"]
        with pytest.raises(Conflict):
            await w.corridor.report(case.id, by=office, ok=True)
        await w.redeem(case, await w.permit(case))
        await w.corridor.report(case.id, by=office, ok=None, summary="connection lost")
        with pytest.raises(Conflict):
            await w.corridor.report(case.id, by=office, ok=True)
        assert await w.kinds(case) == [
            "proposed",
            "decided",
            "refused",
            "redeemed",
            "unknown",
            "refused",
        ]


async def test_a_permit_of_the_old_signing_key_is_good_until_the_next_rotation(
    tmp_path: Path,
) -> None:
    """Rotating does not strand permits that are out."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        permit = await w.permit(case)
        rotate(tmp_path, w.clock.now() + 1)
        w.corridor.swap(w.corridor.policy, signer=load_signer(tmp_path))
        assert (await w.redeem(case, permit)).state is State.REDEEMED


async def test_an_expired_permit_is_refused_and_a_new_one_works(tmp_path: Path) -> None:
    """A permit lives for a minute, the grant for longer."""
    async with world(tmp_path) as w:
        case = await w.propose("read_file", path="a.txt")
        old = await w.permit(case)
        w.clock.advance(49_000)
        late = await w.permit(case)
        w.clock.advance(2_000)
        with pytest.raises(PermitRefused):
            await w.redeem(case, late)
        with pytest.raises(PermitRefused):
            await w.redeem(case, old)
        assert await w.permit(case) == ""


async def test_unknown_cases_do_not_exist_for_anybody(tmp_path: Path) -> None:
    """Every way in says so."""
    async with world(tmp_path) as w:
        with pytest.raises(NotFound):
            await w.corridor.wait("c-none", timeout_ms=1)
        with pytest.raises(NotFound):
            await w.corridor.report("c-none", by=w.keys["office"], ok=True)
