# SPDX-License-Identifier: Apache-2.0
"""Who may approve, and what it counts for."""

from dataclasses import replace

import pytest

from gyges.action import Action
from gyges.case import Case, Say, State
from gyges.decision import Requirement
from gyges.errors import Conflict, Expired, Forbidden
from gyges.gate.approvals import barred, vote
from gyges.principal import Key, Scope

ACTION = Action(agent="bot", tool="pay", arguments={"amount": 1})
CASE = Case(
    id="c-1", state=State.WAITING, action=ACTION, digest=ACTION.digest, created=1, deadline=1000,
    barred=barred("bot", "olga", "paul"), requirement=Requirement(groups={"finance": 2, "legal": 1}),
)  # fmt: skip


def person(name: str, *groups: str, scope: Scope = Scope.APPROVER) -> Key:
    """An approver's key."""
    return Key(id="k-" + name, name=name, scope=scope, hash="", created=0, groups=groups)


def approve(case: Case, key: Key, group: str = "") -> Case:
    """`case` with one more approval."""
    cast = vote(case, key, Say.APPROVE, digest=case.digest, now=5, group=group)
    return replace(case, votes=(*case.votes, cast))


@pytest.mark.parametrize("name", ["bot", "olga", "paul", "PAUL", " olga "])
def test_agent_owner_and_principal_cannot_approve(name: str) -> None:
    """Nobody approves what was done by, for or under the answer of themselves, however spelled."""
    with pytest.raises(Forbidden):
        approve(CASE, person(name, "finance"))


def test_one_person_counts_once_even_in_two_groups() -> None:
    """A member of both groups fills one seat; the second approval is refused."""
    once = approve(CASE, person("ann", "finance", "legal"))
    assert once.approvals() == {"finance": 1}
    with pytest.raises(Conflict, match="already approved"):
        approve(once, person("Ann", "legal"))


def test_a_person_may_choose_the_group_to_speak_for() -> None:
    """A member of two groups says which seat to fill."""
    assert approve(CASE, person("ann", "finance", "legal"), "legal").approvals() == {"legal": 1}
    with pytest.raises(Forbidden):
        approve(CASE, person("ann", "finance"), "legal")


def test_a_group_that_is_not_asked_cannot_approve() -> None:
    """Being an approver of something else is not enough."""
    with pytest.raises(Forbidden, match="asks finance, legal"):
        approve(CASE, person("ann", "reviewers"))


def test_a_full_group_takes_no_third_approval() -> None:
    """Approvals beyond the number asked are refused, not stored."""
    full = approve(approve(CASE, person("ann", "finance")), person("bea", "finance"))
    with pytest.raises(Forbidden):
        approve(full, person("cy", "finance"))


def test_escalation_lets_the_named_group_fill_the_seat() -> None:
    """A stand-in counts for the missing group and is recorded as one."""
    escalated = replace(CASE, escalated=("board",))
    cast = vote(escalated, person("zoe", "board"), Say.APPROVE, digest=CASE.digest, now=5)
    assert (cast.group, cast.via) == ("finance", "board")


def test_only_the_digest_that_was_shown_can_be_approved() -> None:
    """An answer to other bytes is a conflict."""
    with pytest.raises(Conflict, match="digest"):
        vote(CASE, person("ann", "finance"), Say.APPROVE, digest="sha256:" + "0" * 64, now=5)


@pytest.mark.parametrize("scope", [s for s in Scope if s is not Scope.APPROVER])
def test_no_other_scope_decides(scope: Scope) -> None:
    """An agent, executor, auditor or admin key decides nothing, in either direction."""
    for say in Say:
        with pytest.raises(Forbidden):
            vote(CASE, person("x", "finance", scope=scope), say, digest=CASE.digest, now=5)


def test_anybody_who_approves_may_deny() -> None:
    """Nothing stands in the way of a denial: not the group, not an interest in the matter."""
    assert vote(CASE, person("paul"), Say.DENY, digest=CASE.digest, now=5).say is Say.DENY


def test_too_late_and_already_decided_are_told_apart() -> None:
    """After the deadline it is expired; after a decision the error names who decided."""
    with pytest.raises(Expired):
        vote(CASE, person("ann", "finance"), Say.APPROVE, digest=CASE.digest, now=1000)
    decided = replace(approve(CASE, person("ann", "finance")), state=State.GRANTED)
    with pytest.raises(Conflict, match="already granted by ann"):
        approve(decided, person("bea", "finance"))
