# SPDX-License-Identifier: Apache-2.0
"""What approving asks of a person: levels, dwell, what is typed, whose votes are seen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.canon import Json
from gyges.case import Attention, Case, Say, State, Vote
from gyges.decision import Decision, Effect, Requirement, Ruling
from gyges.errors import Hasty
from gyges.gate.attention import (
    LONGEST,
    UNSEEN,
    Demand,
    Level,
    Rules,
    check,
    demand,
    hides,
    kept,
    least_dwell,
    level_at,
    level_of,
)
from gyges.gate.typed import Field
from gyges.person import Method

RULES = Rules(dwell_ms=3_000)
NOW = 1_000_000
AMOUNT = Field(label="amount", pointer="/amount", expected="4800", number=True)
DIGEST = "sha256:" + "0" * 64


def case_of(
    risk: int, *, ruled: Effect = Effect.ASK, arguments: dict[str, Json] | None = None
) -> Case:
    """A waiting case of this risk that policy `ruled` and that was put to people."""
    action = Action(agent="bot", tool="pay", arguments=arguments or {"to": "Ada", "amount": 4800})
    ruling = Ruling(effect=ruled, policy="")
    return Case(
        id="c-1", state=State.WAITING, action=action, digest=action.digest, created=0, risk=risk,
        decision=Decision(effect=Effect.ASK, ruling=ruling),
        requirement=Requirement(groups={"finance": 2}),
    )  # fmt: skip


def looked(dwell: int, typed: str = "") -> Attention:
    """A page that was open for `dwell` ms until now."""
    return Attention(shown=DIGEST, opened=NOW - dwell, dwell_ms=dwell, typed=typed)


def vote(name: str, attention: Attention | None = None) -> Vote:
    """An approval by `name`."""
    return Vote(
        person=name, group="finance", say=Say.APPROVE, at=1, digest=DIGEST, attention=attention
    )


@pytest.mark.parametrize(
    ("risk", "level"),
    [(0, "low"), (5, "low"), (10, "low"), (40, "medium"), (50, "medium"), (60, "high"), (70, "high"),
     (80, "high"), (100, "high")],
)  # fmt: skip
def test_risk_has_three_levels_and_an_unclassed_tool_the_highest(risk: int, level: str) -> None:
    """Reading is low, changing something medium; paying, deleting, running and the unknown are high."""
    assert level_at(risk) == level
    assert level_of(case_of(risk)) == level


def test_a_monitors_question_raises_the_level_by_one() -> None:
    """Where policy would have allowed and a monitor asked, there is more to look at."""
    levels = [level_of(case_of(risk, ruled=Effect.ALLOW)) for risk in (5, 50, 80)]
    assert levels == [Level.MEDIUM, Level.HIGH, Level.HIGH]
    assert level_of(replace(case_of(5), decision=None)) is Level.LOW


@given(size=st.integers(0, 10**8), more=st.integers(0, 10**6), base=st.integers(0, 60_000))
def test_dwell_grows_with_risk_and_size_and_has_an_end(size: int, more: int, base: int) -> None:
    """More to read is never less to wait, a higher level neither, and nobody waits without end."""
    low, medium, high = (least_dwell(level, size, base) for level in Level)
    assert 0 == low <= medium <= high <= max(LONGEST["high"], base)
    assert least_dwell(Level.HIGH, size + more, base) >= high
    assert bool(high) == bool(base)
    assert high >= base


def test_only_high_risk_asks_to_type() -> None:
    """The page of a high risk asks for the amount; a lower one for nothing."""
    asked = demand(case_of(80), "/amount", RULES)
    assert (asked.level, asked.dwell_ms, asked.typed) == (Level.HIGH, 3_000, AMOUNT)
    asked = demand(case_of(50), "/amount", RULES)
    assert (asked.level, asked.dwell_ms, asked.typed) == (Level.MEDIUM, 1_000, None)


HIGH = Demand(level=Level.HIGH, dwell_ms=3_000, typed=AMOUNT)


@pytest.mark.parametrize("method", list(Method))
def test_whoever_looked_long_enough_and_typed_the_amount_may_approve(method: Method) -> None:
    """However they signed in."""
    check(HIGH, looked(3_000, "4,800"), method, RULES, now=NOW)


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        (looked(2_999, "4800"), "counts after 3.0 s"),
        (looked(0, "4800"), "open for 0.0 s"),
        (Attention(shown=DIGEST, opened=NOW, dwell_ms=10**9, typed="4800"), "open for 0.0 s"),
        (Attention(shown=DIGEST, opened=0, dwell_ms=0, typed="4800"), "open for 0.0 s"),
        (Attention(shown=DIGEST, opened=NOW + 9_000, dwell_ms=9_000, typed="4800"), "0.0 s"),
        (looked(3_000, ""), "type the amount"),
        (looked(3_000, "480"), "type the amount"),
        (None, "open for 0.0 s"),
    ],
)
def test_whoever_cannot_have_looked_is_told_what_is_missing(
    given_: Attention | None, says: str
) -> None:
    """Too soon, a claim beyond the time that passed, a page from the future, another amount, no measure."""
    with pytest.raises(Hasty, match=says):
        check(HIGH, given_, "password", RULES, now=NOW)


def test_the_refusal_says_how_much_longer() -> None:
    """A page can count down to it."""
    with pytest.raises(Hasty) as caught:
        check(HIGH, looked(1_000, "4800"), "oidc", RULES, now=NOW)
    assert caught.value.extra == {"wait_ms": 2_000}


@pytest.mark.parametrize("unseen", ["none", "low", "medium", "high"])
@pytest.mark.parametrize("method", sorted(UNSEEN))
def test_where_no_page_is_shown_the_setting_says_up_to_which_risk(unseen: str, method: str) -> None:
    """What a key or a chat approves is bounded by level, not by time."""
    rules = Rules(dwell_ms=3_000, unseen=unseen)
    allowed = {"none": 0, "low": 1, "medium": 2, "high": 3}[unseen]
    for level in Level:
        asked = Demand(level=level, dwell_ms=9_000, typed=AMOUNT)
        if level.rank <= allowed:
            check(asked, None, method, rules, now=NOW)
        else:
            with pytest.raises(Hasty, match="approved in the inbox"):
                check(asked, None, method, rules, now=NOW)


def test_no_setting_of_unseen_lets_a_page_skip_the_look() -> None:
    """An answer from a page without a measurement did not look, whatever keys may do."""
    for method in (*Method, "passkey-session", "something new"):
        with pytest.raises(Hasty):
            check(HIGH, None, method, Rules(dwell_ms=3_000, unseen="high"), now=NOW)


def test_what_was_typed_is_not_kept_but_which_field_it_was() -> None:
    """The log says that the amount was typed; the text stands in the action already."""
    cast = vote("ann", looked(3_000, "4800"))
    for typed, name in ((AMOUNT, "/amount"), (replace(AMOUNT, pointer=""), "tool"), (None, "")):
        found = kept(cast, typed).attention
        assert found is not None
        assert (found.typed, found.dwell_ms) == (name, 3_000)
    assert kept(vote("ann"), AMOUNT) == vote("ann")


def test_votes_are_hidden_from_those_who_have_yet_to_vote() -> None:
    """Only while the case waits for several, and not from whoever has voted, however they write their name."""
    case = replace(case_of(80), votes=(vote("Ann"),))
    assert hides(case, "bea", blind=True)
    assert not hides(case, " ann", blind=True)
    assert not hides(case, "bea", blind=False)
    assert not hides(replace(case, state=State.DENIED), "bea", blind=True)
    one = replace(case, votes=(), requirement=Requirement(groups={"finance": 1}))
    assert not hides(one, "bea", blind=True)
    assert hides(replace(one, requirement=Requirement(groups={"a": 1, "b": 1})), "bea", blind=True)
