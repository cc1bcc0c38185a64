# SPDX-License-Identifier: Apache-2.0
"""Standing grants: narrow, counted, summed, ended, and never more than their maker's vote."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.canon import Json
from gyges.case import Case, State
from gyges.decision import Requirement
from gyges.errors import Malformed, Unprocessable
from gyges.gate.grants import check, matches, speak, use
from gyges.principal import Key, Scope
from gyges.standing import Grant, Match, Pin

PIN = Pin(pointer="/to", test=Match.EQUALS, value="a@example.org")
GRANT = Grant(
    id="g-1", agent="bot", tool="pay", pins=(PIN,), person="ann", group="finance", created=0,
    expires=1000, max_uses=3, sum_pointer="/amount", sum_limit=100, reason="monthly fees",
)  # fmt: skip
ANN = Key(id="k", name="ann", scope=Scope.APPROVER, hash="", created=0, groups=("finance",))


def pay(amount: Json, to: Json = "a@example.org", edited_by: str = "") -> Action:
    """A payment by the bot."""
    arguments = {"amount": amount, "to": to}
    return Action(agent="bot", tool="pay", arguments=arguments, edited_by=edited_by)


def waiting(action: Action, **need: int) -> Case:
    """A case that waits for `need`."""
    return Case(
        id="c", state=State.WAITING, action=action, digest=action.digest, created=0,
        barred=("bot", "olga"), requirement=Requirement(groups=need),
    )  # fmt: skip


@given(st.lists(st.integers(-5, 60), max_size=12))
def test_uses_and_sum_never_exceed_their_limits(amounts: list[int]) -> None:
    """Whatever is asked in whatever order, count and sum stay within the grant."""
    grant = GRANT
    for amount in amounts:
        grant = use(grant, pay(amount), 5) or grant
        assert grant.uses <= grant.max_uses
        assert grant.sum_used <= grant.sum_limit


@pytest.mark.parametrize(
    "action",
    [
        pay(1, "A@example.org"),
        pay(1, ["a@example.org"]),
        pay("1"),
        pay(True),
        pay(-1),
        pay(101),
        Action(agent="bot", tool="pay", arguments={"to": "a@example.org"}),
        Action(agent="other", tool="pay", arguments={"amount": 1, "to": "a@example.org"}),
        Action(agent="bot", tool="refund", arguments={"amount": 1, "to": "a@example.org"}),
        pay(1, edited_by="ann"),
    ],
)
def test_what_is_not_exactly_covered_is_not_covered(action: Action) -> None:
    """Another type, case, tool, agent, a missing or negative amount, an edit: none is covered."""
    assert use(GRANT, action, 5) is None


@pytest.mark.parametrize(
    "grant",
    [
        replace(GRANT, revoked=4),
        replace(GRANT, expires=5),
        replace(GRANT, uses=3),
        replace(GRANT, sum_used=100),
    ],
)
def test_an_ended_grant_covers_nothing(grant: Grant) -> None:
    """Revoked, expired, used up or spent."""
    assert use(grant, pay(1), 5) is None


def test_a_grant_speaks_once_for_its_maker_and_only_where_asked() -> None:
    """Two grants of one person are one vote; a seat that is not missing is not filled."""
    twin = replace(GRANT, id="g-2")
    votes, used = speak(waiting(pay(1), finance=2), [GRANT, twin], [ANN], 5)
    assert [v.person for v in votes] == ["ann"]
    assert [g.uses for g in used] == [1]
    assert speak(waiting(pay(1), legal=1), [GRANT], [ANN], 5) == ((), ())


@pytest.mark.parametrize(
    "key", [replace(ANN, revoked=1), replace(ANN, groups=("legal",)), replace(ANN, expires=2)]
)
def test_a_grant_falls_silent_with_its_makers_right(key: Key) -> None:
    """A maker who left the group, or whose key ended, approves nothing any more."""
    assert speak(
        waiting(pay(1), finance=1), [GRANT], [replace(ANN, id="old", revoked=1), key], 5
    ) == ((), ())
    assert speak(waiting(pay(1), finance=1), [GRANT], [], 5) == ((), ())


def test_a_barred_maker_is_not_heard() -> None:
    """The owner of the agent cannot approve ahead of time either."""
    owner = replace(ANN, name="olga")
    mine = replace(GRANT, person="olga")
    assert speak(waiting(pay(1), finance=1), [mine], [owner], 5) == ((), ())


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [
        (Match.ONE_OF, ["x", "ab"], True),
        (Match.ONE_OF, "ab", False),
        (Match.PREFIX, "a", True),
        (Match.PREFIX, "b", False),
        (Match.AT_MOST, 5, False),
        (Match.EQUALS, "ab", True),
    ],
)
def test_each_pin_compares_values_not_text(test: Match, value: Json, holds: bool) -> None:
    """A pin of the wrong type matches nothing."""
    action = Action(agent="bot", tool="t", arguments={"x": "ab"})
    assert matches(Pin(pointer="/x", test=test, value=value), action) is holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"pins": ()},
        {"expires": 31 * 86_400_000 + 5},
        {"max_uses": 0},
        {"sum_limit": 0},
        {"reason": " "},
        {"agent": ""},
        {"pins": (Pin(pointer="/a", test=Match.PREFIX, value=""),)},
        {"pins": (Pin(pointer="", test=Match.EQUALS, value={}),)},
    ],
)
def test_a_wide_grant_is_refused(wrong: dict[str, object]) -> None:
    """A grant without pins, end, count, reason or with a pin that pins nothing is not made."""
    with pytest.raises(Unprocessable):
        check(replace(GRANT, **wrong), 5)  # type: ignore[arg-type]
    with pytest.raises(Malformed):
        check(replace(GRANT, sum_pointer="amount"), 5)
