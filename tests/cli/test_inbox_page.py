# SPDX-License-Identifier: Apache-2.0
"""What an approver sees of a case, whatever an agent puts into it."""

import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from gyges.action import Action, Excerpt
from gyges.answer import Answer
from gyges.case import Say, State, Vote
from gyges.cli.inbox_list import by_risk, listing
from gyges.cli.inbox_page import differences, page
from gyges.cli.shown import literal, rows
from gyges.decision import Effect
from gyges.verdict import Look, Span, Verdict

HOSTILE = st.text(
    st.sampled_from(list("ab[]/\\\n\r\x00\x07\x1b\x9b\u200b\u202e\u2066\u3164"))
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
    max_leaves=6,
)


def answer(action: Action, **more: Any) -> Answer:
    fields: dict[str, Any] = {
        "id": "c-01m7xpj5d29hgnt6pbjax6b061", "state": State.WAITING, "effect": Effect.ASK,
        "digest": action.digest, "action": action, "created": 0, "version": 1, "risk": 80,
        "required": {"finance": 2}, "approvals": {"finance": 1}, "missing": {"finance": 1},
        "deadline": 600_000, "rules": ("pay",), "reason": "A payment needs two approvals.",
    }  # fmt: skip
    return Answer(**(fields | more))


def shown(what: RenderableType, width: int = 4000) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(what)
    return out.getvalue()


@pytest.mark.slow
@given(st.dictionaries(HOSTILE, VALUES, max_size=4), HOSTILE, HOSTILE)
def test_every_argument_is_shown_and_none_speaks_to_the_terminal(
    arguments: Any, tool: str, words: str
) -> None:
    """Each leaf's value stands there as typed JSON; no character outside the printable ones comes out."""
    case = answer(
        Action(
            agent=words, tool=tool, arguments=arguments, purpose=words, principal=words,
            context=(Excerpt(text=words, source=words),), provenance={words: (words,)},
        ),
        reason=words, rules=(words,),
        votes=(Vote(person=words, group=words, say=Say.APPROVE, at=0, digest="", reason=words),),
        verdicts=(Verdict(monitor=words, suspicion=0.5, reasons=(words,), spans=(Span(pointer=words),)),),
    )  # fmt: skip
    for view in (page(case, 0), page(case, 0, full=True), listing([case], 0, 0)):
        text = shown(view)
        assert all(char.isprintable() or char == "\n" for char in text)
        assert not set(text) & set("\u200b\u202e\u2066\u3164")
    whole = shown(page(case, 0, full=True))
    for _, value in rows(arguments):
        assert literal(value) in whole


@pytest.mark.slow
def test_a_long_value_cannot_push_another_out_of_sight() -> None:
    """Folding is per value: what follows a megabyte is still there, within a screen or two."""
    action = Action(agent="a", tool="pay", arguments={"a": "x" * 1_000_000, "to": "EVE"})
    text = shown(page(answer(action), 0), width=100)
    assert '"EVE"' in text
    assert text.count("\n") < 60


def test_the_page_says_what_an_approver_must_know() -> None:
    """Rule, reason, who approved and who is missing, digest, time left and what happens then."""
    action = Action(agent="ada", tool="pay", arguments={"to": "ACME"}, server="office")
    vote = Vote(person="fay", group="finance", say=Say.APPROVE, at=0, digest=action.digest)
    late = Verdict(monitor="judge", look=Look.LATE)
    text = shown(page(answer(action, votes=(vote,), verdicts=(late,)), 60_000))
    for words in (
        "pay on office", "A payment needs two approvals.", "finance: 1 of 2", "fay", action.digest,
        "9 min 00 s left; if not enough people have approved by then, it is denied", "judge", "late",
    ):  # fmt: skip
        assert words in text


def test_where_an_argument_comes_from_stands_beside_it() -> None:
    """Declared sources, the monitors' evidence, and letters of two alphabets."""
    action = Action(
        agent="ada", tool="pay", arguments={"to": "p\u0430ypal"}, provenance={"/to": ("web:x",)}
    )
    seen = Verdict(monitor="rules", suspicion=0.7, spans=(Span(pointer="/arguments/to"),))
    text = shown(page(answer(action, verdicts=(seen,)), 0))
    line = next(line for line in text.splitlines() if line.startswith("/to"))
    assert "from web:x; see rules; mixes cyrillic and latin letters" in line


def test_a_digest_that_is_not_that_of_what_is_shown_is_called_out() -> None:
    """The page works the digest out itself."""
    action = Action(agent="ada", tool="pay", arguments={"to": "ACME"})
    good = answer(action)
    forged = replace(good, action=replace(action, arguments={"to": "EVE"}))
    assert "do not approve" not in shown(page(good, 0))
    assert "do not approve" in shown(page(forged, 0))


def test_an_edit_shows_what_it_changes_and_nothing_else() -> None:
    """Changed, added and removed arguments, side by side."""
    text = shown(differences({"a": 1, "b": "x", "c": [1]}, {"a": "1", "c": [1], "d": True}), 200)
    lines = [line.split() for line in text.splitlines()[1:]]
    assert lines == [["/a", "1", '"1"'], ["/b", '"x"', "(none)"], ["/d", "(none)", "true"]]


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 5)), max_size=6))
def test_the_list_is_by_risk_then_by_time_left(pairs: list[tuple[int, int]]) -> None:
    """What has no end comes after what has one."""
    action = Action(agent="a", tool="t", arguments={})
    ordered = by_risk(answer(action, risk=risk, deadline=end) for risk, end in pairs)
    keys = [(-a.risk, a.deadline or 10**18) for a in ordered]
    assert keys == sorted(keys)


def test_a_case_that_one_has_answered_is_marked() -> None:
    """It still waits, and not for oneself."""
    case = answer(Action(agent="ada", tool="pay", arguments={}))
    assert "not you: 1 finance" in shown(listing([case], 0, 0, {case.id}), 120)
    assert "not you" not in shown(listing([case], 0, 0), 120)
