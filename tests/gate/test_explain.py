# SPDX-License-Identifier: Apache-2.0
"""Explanations: which rules decided, which came near, and what would change the answer."""

import json

import msgspec
import pytest

from gyges.action import Action
from gyges.decision import Effect
from gyges.gate.explain import Held, explain, sentences
from tests.gate.policy_office import act, facts, policy, starter

MAIL = """
@id("inside")
permit (principal, action == Action::"send_mail", resource)
when { context.input has subject && context.input.subject == "(a) x" && !context.agent.alarm }
unless { context.input.to like "*@example.com" };

@id("elsewhere") permit (principal == Agent::"otto", action, resource);
@id("quiet") forbid (principal, action == Action::"send_mail", resource)
when { context.input.body == "" };
"""


def test_a_question_for_people_names_the_rule_and_the_people() -> None:
    """The rule that asked stands there as it was written, with its file and line."""
    found = explain(starter(), act("pay", to="x", amount=4800), facts(finance=1))
    (told,) = found.decided
    assert (told.id, told.file, told.effect) == ("pay", "rules.cedar", "permit")
    assert told.text.startswith('@id("pay")')
    assert [(part.text, part.held) for part in told.conditions] == [
        ("context.approvals.finance >= 2", Held.FAILS)
    ]
    assert found.changes == ("It is allowed once approved by 2 of finance.",)
    assert not found.constitutional


def test_the_nearest_permit_shows_where_it_failed() -> None:
    """Each condition is shown as it came out, in order."""
    found = explain(starter(), act("pay", to="x", amount=4800), facts())
    (near,) = found.nearest
    assert near.id == "pay-small"
    assert [(part.text, part.held) for part in near.conditions] == [
        ("context has amount", Held.HOLDS),
        ('context.amount.greaterThan(decimal("0.0"))', Held.HOLDS),
        ('context.amount.lessThanOrEqual(decimal("50.0"))', Held.FAILS),
        ("context.approvals.finance >= 1", Held.FAILS),
    ]


def test_a_condition_behind_a_failed_guard_is_not_reached() -> None:
    """What would err without its guard is not shown as failed."""
    mail = act("send_mail", to="a@example.com", body="hi")
    found = explain(policy(MAIL), mail, facts())
    (near,) = found.nearest
    assert [part.held for part in near.conditions] == [
        Held.FAILS,
        Held.UNREACHED,
        Held.HOLDS,
        Held.FAILS,
    ]
    assert near.conditions[1].text == 'context.input.subject == "(a) x"'
    assert near.conditions[3].text == 'unless context.input.to like "*@example.com"'
    assert found.elsewhere == ("elsewhere",)
    assert "all conditions of a permit" in found.changes[0]


def test_a_forbid_that_no_approval_lifts_is_constitutional() -> None:
    """It says so, and which rule it is."""
    for action in (act("disable_audit_log"), act("set_audit_log", on="x")):
        found = explain(starter(), action, facts(finance=5))
        assert found.constitutional
        assert [told.id for told in found.decided] == ["constitution"]
        assert '"constitution"' in found.changes[0]


def test_a_denial_for_want_of_a_permit_is_not_constitutional() -> None:
    """Nothing forbids it; nothing permits it either."""
    found = explain(starter(), act("odd", n=1), facts(alarm=True))
    assert (found.ruling.effect, found.constitutional, found.nearest) == (Effect.DENY, False, ())
    assert "no rule permits" in found.changes[0]


def test_an_action_that_reaches_no_rule_is_explained_all_the_same() -> None:
    """An unknown tool or a wrong argument: the reason says which."""
    for action in (act("nope"), act("pay", to=1, amount=1)):
        found = explain(starter(), action, facts())
        assert found.ruling.effect is Effect.DENY
        assert found.decided == ()
        assert "Correct the action" in found.changes[0]


def test_an_error_says_that_the_rule_must_be_corrected() -> None:
    """The rule is named among the errors."""
    text = '@id("sum") forbid (principal, action == Action::"odd", resource)'
    found = explain(
        policy(text + " when { context.input.n * context.input.n > 9 };"),
        act("odd", n=2**40),
        facts(),
    )
    assert "`sum`" in found.ruling.errors[0]
    assert "must be corrected" in found.changes[0]
    assert not found.constitutional


@pytest.mark.parametrize(
    "action",
    [
        act("read_file", path="x"),
        act("pay", to="x", amount=1),
        act("disable_audit_log"),
        act("odd", n=1),
        act("nope"),
    ],
)
def test_it_can_be_read_and_sent(action: Action) -> None:
    """Every explanation has its lines, and is JSON."""
    found = explain(starter(), action, facts(alarm=True))
    lines = list(sentences(found))
    assert lines[0].startswith(f"{found.ruling.effect.value}: ")
    assert json.loads(json.dumps(msgspec.to_builtins(found)))["tool"] == action.tool
