# SPDX-License-Identifier: Apache-2.0
"""Replaying a candidate policy over what a real corridor wrote into a real log."""

from dataclasses import replace
from pathlib import Path

import pytest

from gyges.action import Action
from gyges.case import Say
from gyges.decision import Effect, Facts, Requirement
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.replay import Direction, Past, compare, pasts, replay, summary
from gyges.ports import EventQuery
from tests.gate.world import GROUPS, STARTER, TOOLS, World, policy, world


def candidate(*changes: tuple[str, str]) -> CedarPolicy:
    """The starter policy with pieces of its text replaced, each of which must be there."""
    text = STARTER
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load({"starter.cedar": text}, TOOLS, GROUPS)


async def busy_day(found: World) -> None:
    """Reads, a mail approved, a payment approved by two, one denied by a person, one forbidden."""
    await found.propose("read_file", path="plan.txt")
    mail = await found.propose("send_mail", to="a", body="b")
    await found.approve(mail, "rex")
    paid = await found.propose("pay", to="ACME", amount=4800)
    await found.approve(paid, "ann", "bea")
    refused = await found.propose("pay", to="ACME", amount=9)
    await found.corridor.answer(
        refused.id, by=found.keys["rex"], say=Say.DENY, digest=refused.digest, reason="no"
    )
    await found.propose("set_audit_log", on=False)


async def recorded(found: World) -> list[Past | None]:
    """All rulings in the log."""
    return list(pasts(await found.store.events(EventQuery())))


async def test_the_policy_in_force_would_decide_as_it_did(tmp_path: Path) -> None:
    """Replaying the same rules differs nowhere: asks, approvals and denials alike."""
    async with world(tmp_path) as found:
        await busy_day(found)
        result = replay(policy(), await recorded(found))
    assert (result.differences, result.left_out) == ((), 0)
    assert result.total == 8  # five proposals, and three approvals that were ruled again


async def test_a_looser_candidate_shows_what_it_would_let_through(tmp_path: Path) -> None:
    """One approval less for payments: both moments at which two were still wanted."""
    loose = candidate(("finance >= 2", "finance >= 1"))
    async with world(tmp_path) as found:
        await busy_day(found)
        result = replay(loose, await recorded(found))
    ways = [(d.tool, d.was, d.now, d.direction) for d in result.differences]
    assert ways == [
        ("pay", Effect.ASK, Effect.ASK, Direction.LOOSER),
        ("pay", Effect.ASK, Effect.ALLOW, Direction.LOOSER),
    ]
    assert result.counts == {"looser": 2, "stricter": 0, "other": 0}
    assert "2 of 8 decisions would differ (2 looser, 0 stricter, 0 other)" in list(summary(result))


async def test_a_stricter_candidate_shows_what_it_would_stop(tmp_path: Path) -> None:
    """Reading forbidden, and a mail that two must approve."""
    strict = candidate(
        ('Action::"risk:read", ', ""),
        ("approvals.reviewers >= 1 };", "approvals.reviewers >= 2 };"),
    )
    async with world(tmp_path) as found:
        await busy_day(found)
        result = replay(strict, await recorded(found))
    ways = {(d.tool, d.was, d.now) for d in result.differences}
    assert ("read_file", Effect.ALLOW, Effect.DENY) in ways
    assert ("send_mail", Effect.ALLOW, Effect.ASK) in ways
    assert result.counts["looser"] == 0


async def test_a_class_lowered_by_the_candidate_counts_as_the_candidate_says(
    tmp_path: Path,
) -> None:
    """The class is the candidate's own, not the one that was recorded."""
    tools = [replace(tool, risk="read") if tool.name == "send_mail" else tool for tool in TOOLS]
    async with world(tmp_path) as found:
        await found.propose("send_mail", to="a", body="b")
        result = replay(policy(tools=tools), await recorded(found))
    assert [(d.was, d.now) for d in result.differences] == [(Effect.ASK, Effect.ALLOW)]


async def test_what_a_kill_switch_denied_is_left_out_and_counted(tmp_path: Path) -> None:
    """It was no word of the policy's, so no policy would change it."""
    async with world(tmp_path) as found:
        await found.corridor.stop("all", by=found.keys["root"], reason="drill")
        await found.propose("read_file", path="x")
        result = replay(policy(), await recorded(found))
    assert (result.total, result.left_out) == (0, 1)
    assert list(summary(result))[-1].endswith("1 left out")


async def test_redacted_events_are_left_out_and_counted(tmp_path: Path) -> None:
    """A ruling whose action is gone cannot be replayed, and is not passed over in silence."""
    async with world(tmp_path) as found:
        await found.propose("read_file", path="x")
        events = await found.store.events(EventQuery())
    emptied = [replace(e, redacted=True, event=replace(e.event, body={})) for e in events]
    assert list(pasts(emptied)) == [None]


@pytest.mark.parametrize(
    ("was", "now", "direction"),
    [
        ({"finance": 2}, {"finance": 1}, Direction.LOOSER),
        ({"finance": 1}, {"finance": 1, "reviewers": 1}, Direction.STRICTER),
        ({"finance": 2}, {"reviewers": 1}, Direction.OTHER),
        ({"reviewers": 1}, {"reviewers": 1}, None),
    ],
)
def test_the_direction_compares_who_would_be_asked(
    was: dict[str, int], now: dict[str, int], direction: Direction | None
) -> None:
    """Fewer of the same is looser, more is stricter, others is neither."""
    wanted = " && ".join(f"context.approvals.{name} >= {n}" for name, n in now.items())
    text = f'@id("a") permit (principal, action, resource) when {{ {wanted} }};'
    action = Action(agent="bot", tool="send_mail", arguments={"to": "a", "body": "b"})
    past = Past(
        case="c-1",
        action=action,
        facts=Facts(approvals={}),
        effect=Effect.ASK,
        requirement=Requirement(groups=was),
    )
    ruling = load({"a.cedar": text}, TOOLS, GROUPS).rule(action, past.facts)
    difference = compare(past, ruling)
    assert (difference.direction if difference else None) is direction


@pytest.mark.parametrize(
    ("was", "now", "direction"),
    [
        ("", "passkey", Direction.STRICTER),
        ("passkey", "", Direction.LOOSER),
        ("passkey", "passkey", None),
    ],
)
def test_signatures_that_would_be_asked_for_or_no_more_are_differences(
    was: str, now: str, direction: Direction | None
) -> None:
    """The same people with passkeys is stricter, without them looser."""
    annotation = f'@assurance("{now}")' if now else ""
    rule = "permit (principal, action, resource) when { context.approvals.finance >= 1 };"
    action = Action(agent="bot", tool="send_mail", arguments={"to": "a", "body": "b"})
    past = Past(
        case="c-1", action=action, facts=Facts(approvals={}), effect=Effect.ASK,
        requirement=Requirement(groups={"finance": 1}, assurance=was),
    )  # fmt: skip
    found = load({"a.cedar": f'@id("a") {annotation} {rule}'}, TOOLS, GROUPS)
    difference = compare(past, found.rule(action, past.facts))
    assert (difference.direction if difference else None) is direction
