# SPDX-License-Identifier: Apache-2.0
"""The starter policy: minimal authority over the demo office, and over any tools at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Effect, Facts
from gyges.gate.policy import load
from gyges.gate.policy_folder import starter_text
from gyges.gate.schema import RISKS, ToolDefinition
from tests.gate.policy_office import GROUPS, act, facts, rule, starter

OFFICE = starter()
CALLS: dict[str, dict[str, Any]] = {
    "read_file": {"path": "plan.txt"},
    "list_files": {},
    "send_mail": {"to": "a@example.org", "body": "hi"},
    "pay": {"to": "ACME", "amount": 4800},
    "set_audit_log": {"on": "no"},
    "disable_audit_log": {},
    "odd": {"n": 1},
}


@pytest.mark.parametrize(
    ("tool", "effect", "groups"),
    [
        ("read_file", Effect.ALLOW, {}),
        ("list_files", Effect.ALLOW, {}),
        ("send_mail", Effect.ASK, {"reviewers": 1}),
        ("pay", Effect.ASK, {"finance": 2}),
        ("set_audit_log", Effect.DENY, {}),
        ("disable_audit_log", Effect.DENY, {}),
        ("odd", Effect.DENY, {}),
    ],
)
def test_the_office_is_ruled_as_the_demo_tells_it(
    tool: str, effect: Effect, groups: dict[str, int]
) -> None:
    """Reading runs, a mail asks one, a payment asks two, the log is out of reach, the rest is denied."""
    ruling = OFFICE.rule(act(tool, **CALLS[tool]), facts())
    assert (ruling.effect, ruling.requirement.groups) == (effect, groups)
    assert ruling.reason


@pytest.mark.parametrize(
    ("amount", "finance"),
    [(50, 1), (0.01, 1), (50.0001, 2), (4800, 2), (0, 2), (-4800, 2)],
)
def test_only_a_small_amount_above_nothing_asks_one(amount: float, finance: int) -> None:
    """A negative payment is no small one."""
    ruling = rule(OFFICE, "pay", to="ACME", amount=amount)
    assert ruling.requirement.groups == {"finance": finance}


def test_an_amount_that_cannot_be_compared_exactly_is_denied() -> None:
    """Rounding must not decide how many people are asked."""
    ruling = rule(OFFICE, "pay", facts(finance=3), to="ACME", amount=49.99999)
    assert ruling.effect is Effect.DENY
    assert "/amount has more than 4 digits" in ruling.reason


@pytest.mark.parametrize("tool", ["set_audit_log", "disable_audit_log"])
def test_the_constitution_stands_whoever_approves(tool: str) -> None:
    """No approvals help, and the rule is named."""
    ruling = OFFICE.rule(act(tool, **CALLS[tool]), facts(finance=9, reviewers=9))
    assert (ruling.effect, ruling.rules) == (Effect.DENY, ("constitution",))


def test_the_constitution_outweighs_a_permit_that_is_too_wide() -> None:
    """A careless rule beside the starter policy does not open the overseer."""
    wide = '@id("wide") permit (principal, action, resource);'
    tools = list(OFFICE.tools.values())
    found = load({"a.cedar": wide, "starter.cedar": starter_text()}, tools, GROUPS)
    assert found.rule(act("odd", n=1), facts()).effect is Effect.ALLOW
    assert found.rule(act("disable_audit_log"), facts()).rules == ("constitution",)
    assert not found.visible("mona", "disable_audit_log")


def test_an_alarm_asks_a_reviewer_for_everything() -> None:
    """What would run asks, what asks asks for a reviewer too, what is denied stays so."""
    wanted = {"list_files": {"reviewers": 1}, "pay": {"finance": 2, "reviewers": 1}}
    for tool, groups in wanted.items():
        ruling = OFFICE.rule(act(tool, **CALLS[tool]), facts(alarm=True))
        assert (ruling.effect, ruling.requirement.groups) == (Effect.ASK, groups)
        assert "alarm" in ruling.rules
    assert OFFICE.rule(act("odd", n=1), facts(alarm=True)).effect is Effect.DENY


@pytest.mark.slow
@pytest.mark.parametrize("risk", [*RISKS, "unknown"])
@pytest.mark.parametrize("kind", ["number", "integer", "string"])
def test_it_loads_over_any_tools_and_rules_by_class(risk: str, kind: str) -> None:
    """Whatever the arguments are called and of whatever type, the class decides."""
    schema: dict[str, Json] = {"type": "object", "properties": {"amount": {"type": kind}}}
    tool = ToolDefinition(name="it", risk=risk, input_schema=schema)
    found = load({"starter.cedar": starter_text()}, [tool], GROUPS)
    ruling = found.rule(Action(agent="a", tool="it", arguments={}), facts())
    runs, denied = ("read", "draft", "recommend"), ("oversee", "unknown")
    asked = {"finance": 2} if risk == "pay" else {"reviewers": 1}
    expected = Effect.ALLOW if risk in runs else Effect.DENY if risk in denied else Effect.ASK
    assert ruling.effect is expected
    assert ruling.requirement.groups == (asked if expected is Effect.ASK else {})


def test_it_loads_over_no_tools_at_all() -> None:
    """A new data folder has none yet, and denies everything."""
    found = load({"starter.cedar": starter_text()}, [], GROUPS)
    assert found.rule(act("read_file", path="x"), facts()).effect is Effect.DENY


_APPROVALS = st.dictionaries(st.sampled_from(["finance", "reviewers"]), st.integers(0, 4))


@given(st.sampled_from(sorted(CALLS)), st.booleans(), _APPROVALS, _APPROVALS)
def test_more_approvals_never_make_a_decision_worse(
    tool: str, alarm: bool, fewer: dict[str, int], added: dict[str, int]
) -> None:
    """An approval brings a case nearer to its grant or leaves it where it is."""
    more = {name: fewer.get(name, 0) + added.get(name, 0) for name in GROUPS}
    action = act(tool, **CALLS[tool])
    before = OFFICE.rule(action, Facts(approvals=fewer, alarm=alarm))
    after = OFFICE.rule(action, Facts(approvals=more, alarm=alarm))
    assert after.effect.severity <= before.effect.severity
    missing = sum(after.requirement.missing(more).values())
    assert missing <= sum(before.requirement.missing(fewer).values())


@given(st.sampled_from(sorted(CALLS)), st.booleans(), _APPROVALS)
def test_what_it_asks_for_is_enough_and_nothing_less_is(
    tool: str, alarm: bool, given_: dict[str, int]
) -> None:
    """Granting the requirement allows; taking one approval away does not."""
    action = act(tool, **CALLS[tool])
    ruling = OFFICE.rule(action, Facts(approvals=given_, alarm=alarm))
    needed = ruling.requirement.groups
    if ruling.effect is not Effect.ASK:
        assert needed == {}
        return
    assert OFFICE.rule(action, Facts(approvals=needed, alarm=alarm)).effect is Effect.ALLOW
    for name, number in needed.items():
        less = Facts(approvals={**needed, name: number - 1}, alarm=alarm)
        assert OFFICE.rule(action, less).effect is Effect.ASK


def test_the_rule_offered_in_its_last_comment_works_as_it_stands() -> None:
    """Taking the slashes away gives a rule that loads and does what the comment says."""
    offered = starter_text().partition("A rule of your own")[2].splitlines()
    lines = [line.removeprefix("//     ") for line in offered if line.startswith("//     ")]
    sources = {"own.cedar": "\n".join(lines), "starter.cedar": starter_text()}
    found = load(sources, list(OFFICE.tools.values()), GROUPS)
    inside, outside = ({"to": to, "body": "hi"} for to in ("ada@example.org", "a@evil.example"))
    assert found.rule(act("send_mail", **inside), facts()).rules == ("mail-inside",)
    assert found.rule(act("send_mail", **outside), facts()).effect is Effect.ASK
