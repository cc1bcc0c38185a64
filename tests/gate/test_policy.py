# SPDX-License-Identifier: Apache-2.0
"""The policy port in Cedar: what it allows and denies, whatever comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Effect, Facts
from gyges.gate.schema import ToolDefinition
from gyges.ports import Policy
from tests.gate.policy_office import TEXT, act, facts, policy, rule, schema

FINANCE = '@id("pay") permit (principal, action == Action::"pay", resource)'


FREE: dict[str, Json] = {"type": "object"}
OVERFLOW = (
    '@id("sum") forbid (principal, action == Action::"odd", resource)'
    " when { context.input.n * context.input.n > 9 };"
    '@id("all") permit (principal, action, resource);'
)


def test_it_is_a_policy() -> None:
    """The class fits the port that the corridor is built on."""
    found: Policy = policy('@id("a") permit (principal, action, resource);')
    assert found.rule(act("list_files"), facts()).effect is Effect.ALLOW


def test_nothing_is_allowed_that_no_rule_allows() -> None:
    """The default is to deny, with no rule to name."""
    ruling = rule(
        policy('@id("a") permit (principal, action == Action::"pay", resource);'), "odd", n=1
    )
    assert (ruling.effect, ruling.rules, ruling.reason) == (Effect.DENY, (), "no rule allows it")


def test_a_forbid_outweighs_every_permit() -> None:
    """One forbid decides, and is named."""
    found = policy(
        '@id("yes") permit (principal, action, resource);'
        '@id("no") @reason("Never.") forbid (principal, action, resource);'
    )
    ruling = rule(found, "list_files", facts(reviewers=9, finance=9))
    assert (ruling.effect, ruling.rules, ruling.reason) == (Effect.DENY, ("no",), "Never.")


def test_a_forbid_that_errs_denies_and_is_named() -> None:
    """Cedar skips a rule that errs, which would allow; here it denies, with the rule's name."""
    ruling = rule(policy(OVERFLOW), "odd", n=2**40)
    assert ruling.effect is Effect.DENY
    assert "`sum`" in ruling.errors[0]
    assert "`sum`" in ruling.reason


@pytest.mark.slow
@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_no_argument_slips_past_a_forbid_that_errs(n: int) -> None:
    """Whatever the number, the forbid holds or its error denies."""
    ruling = rule(policy(OVERFLOW), "odd", n=n)
    assert (ruling.effect is Effect.ALLOW) == (n * n <= 9)
    assert bool(ruling.errors) == (n * n >= 2**63)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"to": "x"}, "/amount is missing"),
        ({"to": 1, "amount": 1}, "/to breaks type 'string'"),
        ({"to": "x", "amount": "1"}, "/amount breaks type 'number'"),
        ({"to": "x", "amount": 1, "cc": "y"}, "/cc is not one the tool's definition lists"),
        ({"to": "x", "amount": 0.00001}, "/amount has more than 4 digits"),
        ({"to": "x", "amount": 2**52}, "/amount is too large"),
    ],
)
def test_arguments_that_do_not_fit_are_denied_by_name(
    arguments: dict[str, Json], message: str
) -> None:
    """Even where everything is permitted; and the reason holds the argument's name, not its value."""
    found = policy(
        '@id("all") permit (principal, action, resource);'
        '@id("cap") forbid (principal, action == Action::"pay", resource)'
        ' when { context.input.amount.greaterThan(decimal("5000.0")) };'
    )
    ruling = rule(found, "pay", None, **arguments)
    assert ruling.effect is Effect.DENY
    assert message in ruling.reason


def test_amounts_are_compared_exactly_at_the_limit() -> None:
    """The smallest step over a limit is over it."""
    found = policy(FINANCE + ' when { context.input.amount.lessThanOrEqual(decimal("100.0")) };')
    assert rule(found, "pay", to="x", amount=100).effect is Effect.ALLOW
    assert rule(found, "pay", to="x", amount=100.0001).effect is Effect.DENY


def test_an_argument_no_rule_looks_at_needs_no_cedar_value() -> None:
    """What rules do not read cannot change their answer, and is not handed over."""
    found = policy('@id("all") permit (principal, action, resource) when { !context.agent.alarm };')
    assert rule(found, "pay", to="x", amount=0.00001).effect is Effect.ALLOW


def test_rules_that_read_all_arguments_at_once_get_all_of_them() -> None:
    """A comparison of the whole input sees every field."""
    pair = ToolDefinition(name="pair", input_schema=schema(a=TEXT, b=TEXT))
    text = '@id("x") permit (principal, action == Action::"pair", resource)'
    found = policy(text + ' when { context.input == {a: "1", b: "2"} };', tools=[pair])
    assert rule(found, "pair", a="1", b="2").effect is Effect.ALLOW
    assert rule(found, "pair", a="1", b="3").effect is Effect.DENY


def test_an_unknown_tool_is_denied() -> None:
    """A tool whose definition nobody approved has no rules, only a reason."""
    ruling = rule(policy('@id("all") permit (principal, action, resource);'), "format_disk")
    assert ruling.effect is Effect.DENY
    assert 'unknown tool "format_disk"' in ruling.reason


def test_a_changed_definition_is_an_unknown_tool() -> None:
    """The digest the caller saw must be that of the approved definition."""
    found = policy('@id("all") permit (principal, action, resource);')
    known = found.schema_digest("list_files")
    for digest, effect in ((known, Effect.ALLOW), ("sha256:" + "0" * 64, Effect.DENY)):
        seen = Action(agent="a", tool="list_files", arguments={}, tool_schema=digest)
        assert found.rule(seen, facts()).effect is effect
    assert found.schema_digest("nope") == ""


def test_a_tool_of_one_server_is_not_that_of_another() -> None:
    """The server in a rule is the approved one, so leaving it out or naming another evades nothing."""
    found = policy(
        '@id("all") permit (principal, action, resource);'
        '@id("office") forbid (principal, action, resource == Server::"office");'
    )
    for server in ("", "office"):
        assert found.rule(act("list_files", server=server), facts()).rules == ("office",)
    assert "only" in found.rule(act("list_files", server="home"), facts()).reason


def test_rules_may_speak_of_agents_and_their_groups() -> None:
    """Principal scopes match the agent's name and the groups the gate knows it to be in."""
    found = policy(
        '@id("mona") permit (principal == Agent::"mona", action == Action::"list_files", resource);'
        '@id("desk") permit (principal in Group::"desk", action == Action::"read_file", resource);'
    )
    assert rule(found, "list_files").effect is Effect.ALLOW
    assert rule(found, "list_files", agent="otto").effect is Effect.DENY
    assert rule(found, "read_file", path="x").effect is Effect.DENY
    assert rule(found, "read_file", facts(groups=("desk",)), path="x").effect is Effect.ALLOW


def test_facts_may_raise_the_class_of_a_tool_and_never_lower_it() -> None:
    """The stricter of the tool's class and the gate's word counts."""
    found = policy('@id("r") permit (principal, action in Action::"risk:read", resource);')
    for risk, effect in (("read", Effect.ALLOW), ("draft", Effect.DENY), ("unknown", Effect.ALLOW)):
        told = Facts(approvals={}, risk=risk)
        assert rule(found, "list_files", told).effect is effect
    assert (
        rule(found, "pay", Facts(approvals={}, risk="read"), to="x", amount=1).effect is Effect.DENY
    )
    assert rule(found, "list_files", Facts(approvals={}, risk="x")).effect is Effect.DENY


def test_a_reference_that_leads_nowhere_denies() -> None:
    """Arguments that cannot be checked are not taken to fit."""
    tool = ToolDefinition(name="t", input_schema=schema(a={"$ref": "#/$defs/gone"}))
    found = policy('@id("a") permit (principal, action, resource);', tools=[tool])
    ruling = found.rule(Action(agent="a", tool="t", arguments={"a": 1}), facts())
    assert ruling.effect is Effect.DENY
    assert "cannot be checked" in ruling.reason


def test_objects_are_closed_unless_their_schema_says_otherwise() -> None:
    """An unlisted argument passes only where the approver saw that any may."""
    open_to_all = {**schema(), "additionalProperties": True}
    nested = schema("f", o=schema(x=TEXT), l={"type": "array", "items": schema(y=TEXT)}, f=FREE)
    tools = [
        ToolDefinition(name="open", input_schema=open_to_all),
        ToolDefinition(name="nested", input_schema=nested),
        ToolDefinition(name="bare", input_schema=FREE),
    ]
    found = policy('@id("a") permit (principal, action, resource);', tools=tools)

    def effect(tool: str, **arguments: Json) -> Effect:
        return found.rule(Action(agent="a", tool=tool, arguments=arguments), facts()).effect

    assert effect("open", anything=1) is Effect.ALLOW
    assert effect("nested", o={"x": "1"}, l=[{"y": "1"}]) is Effect.ALLOW
    assert effect("nested", o={"x": "1"}, l=[], f={"a": 1}) is Effect.ALLOW
    assert effect("bare") is Effect.ALLOW
    assert effect("bare", a=1) is Effect.DENY
    assert effect("nested", o={"x": "1", "z": 1}, l=[]) is Effect.DENY
    assert effect("nested", o={"x": "1"}, l=[{"y": "1", "z": 1}]) is Effect.DENY


@pytest.mark.parametrize("text", ["\ud800", "\x00", 'a\n"b\\', "\u202e"])
def test_strange_text_in_names_and_arguments_is_no_way_in(text: str) -> None:
    """Quotes, control characters and half surrogates match nothing but themselves, and never raise."""
    found = policy(
        '@id("a") permit (principal == Agent::"mona", action == Action::"read_file", resource)'
        ' when { context.input.path == "x" };'
    )
    for agent, path in ((text, "x"), ("mona", text), (f'mona"{text}', "x")):
        action = act("read_file", agent=agent, path=path)
        assert found.rule(action, facts(groups=(text,))).effect is Effect.DENY
    assert rule(found, "read_file", path="x").effect is Effect.ALLOW


@pytest.mark.slow
def test_an_argument_cannot_make_the_check_run_away() -> None:
    """Long arrays are compared in linear time, and too long ones are refused unseen."""
    texts: dict[str, Json] = {"type": "array", "items": TEXT}
    lists: dict[str, Json] = {"type": "array", "uniqueItems": True, "items": FREE}
    tool = ToolDefinition(
        name="t", input_schema=schema("a", "b", a={"anyOf": [texts, {"type": "null"}]}, b=lists)
    )
    found = policy('@id("a") permit (principal, action, resource);', tools=[tool])
    many: list[Json] = [{"n": n} for n in range(20_000)]
    assert rule(found, "t", b=many).effect is Effect.ALLOW
    assert "/b breaks uniqueItems" in rule(found, "t", b=[*many, {"n": 1}]).reason
    assert "more than 50000 values" in rule(found, "t", a=[0] * 1_000_000).reason


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


_FUZZED = policy(
    FINANCE + ' when { context.input has note && context.input.note like "*a*" };'
    '@id("odd") permit (principal, action == Action::"odd", resource) when { context.input.n > 0 };'
    '@id("read") permit (principal, action == Action::"read_file", resource)'
    ' when { context.input == {path: ""} };'
)


@pytest.mark.slow
@given(
    tool=st.sampled_from(["pay", "odd", "read_file", "disable_audit_log", ""]) | st.text(),
    agent=st.text(),
    server=st.sampled_from(["office", ""]) | st.text(),
    arguments=st.dictionaries(st.sampled_from(["to", "amount", "note", "n", "path"]), _JSON)
    | st.dictionaries(st.text(), _JSON, max_size=4),
    approvals=st.dictionaries(st.sampled_from(["finance", "reviewers", "x"]), st.integers()),
    groups=st.lists(st.text(), max_size=2).map(tuple),
    risk=st.text(),
)
def test_no_action_makes_it_raise(
    tool: str,
    agent: str,
    server: str,
    arguments: dict[str, Json],
    approvals: dict[str, int],
    groups: tuple[str, ...],
    risk: str,
) -> None:
    """Whatever comes in, even what no parser would pass, a ruling comes out."""
    action = Action(agent=agent, tool=tool, server=server, arguments=arguments)
    ruling = _FUZZED.rule(action, Facts(approvals=approvals, groups=groups, risk=risk))
    assert ruling.policy == _FUZZED.digest
    assert ruling.reason or ruling.effect is Effect.ALLOW
    assert len(ruling.reason.splitlines()) <= 1
