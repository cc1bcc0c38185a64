# SPDX-License-Identifier: Apache-2.0
"""What loads, what it is identified by, and what can be told from scopes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.decision import Effect, Facts
from gyges.errors import BadPolicy
from gyges.gate.policy import load
from gyges.gate.schema import ToolDefinition
from tests.gate.policy_office import GROUPS, act, facts, office, policy, schema


def test_the_digest_covers_all_that_can_change_a_ruling() -> None:
    """Rules, tools and groups each change it; loading the same again does not."""
    text = '@id("all") permit (principal, action, resource);'
    base = policy(text)
    assert base.digest == policy(text).digest
    assert base.rule(act("odd", n=1), facts()).policy == base.digest
    others = {
        policy(text + " ").digest,
        policy(text, groups={**GROUPS, "legal": 0}).digest,
        policy(text, groups={**GROUPS, "finance": 3}).digest,
        policy(text, tools=office()[1:]).digest,
        load({"other.cedar": text}, office(), GROUPS).digest,
    }
    assert len(others | {base.digest}) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("permit (principal, action, resource);", "rules.cedar:1: every rule needs an @id"),
        ('@id("") permit (principal, action, resource);', "every rule needs an @id"),
        ('@id("a\\nb") permit (principal, action, resource);', "every rule needs an @id"),
        (
            (
                '@id("a") permit (principal, action, resource);\n\n// again\n'
                '@id("a") forbid (principal, action, resource);'
            ),
            'rule "a" \\(rules.cedar:4\\): the id is taken by rules.cedar:1',
        ),
        ('\n@id("a") permit (principal, action', 'rules.cedar:2: rule "a": unexpected end'),
        ('@id("a") permit (principal == ?principal, action, resource);', "templates"),
        ('@id("a") permit (principal, action, resource) when { context.alrm };', "alrm"),
        ('@id("a") permit (principal, action == Action::"pya", resource);', "pya"),
        (
            '@id("a") permit (principal, action, resource) when { context.approvals.legal > 1 };',
            'rule "a" \\(rules.cedar:1\\): there is no approver group "legal"',
        ),
        (
            '@id("a") permit (principal, action, resource) when { context.approvals has legal };',
            'no approver group "legal"',
        ),
        (
            (
                '@id("a") permit (principal, action == Action::"pay", resource)'
                ' when { context.input.note == "x" };'
            ),
            "optional attribute",
        ),
        (
            (
                '@id("a") permit (principal, action == Action::"pay", resource)'
                " when { context.input.amount > 5 };"
            ),
            'rule "a" \\(rules.cedar:1\\)',
        ),
        ('@id("a") @reason("b\\nc") permit (principal, action, resource);', "one line"),
        ("// nothing but a comment", "there is no rule"),
        (
            '@id("a") forbid (principal, action, resource) when { "raed" == context.risk };',
            'no risk class "raed"',
        ),
        (
            '\n@id("a") permit (principal, action, resource); // \u202e;',
            "rules.cedar:2: .*U\\+202E",
        ),
        ('@id("a") permit (principal, action, resource); "', "rules.cedar"),
    ],
)
def test_what_does_not_fit_does_not_load(text: str, message: str) -> None:
    """The error names file, line and rule."""
    with pytest.raises(BadPolicy, match=message):
        policy(text)


@pytest.mark.parametrize(
    ("tool", "message"),
    [
        (ToolDefinition(name="t", input_schema={}), '"type": "object"'),
        (ToolDefinition(name="t", input_schema=schema(a={"type": "strng"})), "properties/a/type"),
        (
            ToolDefinition(name="t", input_schema=schema(a={"$ref": "http://127.0.0.1/x"})),
            "outside",
        ),
        (ToolDefinition(name="t", input_schema=schema(a={"$ref": "other.json#/a"})), "outside"),
    ],
)
def test_a_tool_whose_schema_cannot_be_used_does_not_load(
    tool: ToolDefinition, message: str
) -> None:
    """No schema, a wrong one, and one that would have to be fetched are refused at once."""
    with pytest.raises(BadPolicy, match=message):
        policy('@id("a") permit (principal, action, resource);', tools=[tool])


@pytest.mark.parametrize(
    ("rules", "visible"),
    [
        ('@id("a") permit (principal, action == Action::"pay", resource);', False),
        ('@id("a") permit (principal == Agent::"mona", action, resource);', True),
        ('@id("a") permit (principal == Agent::"otto", action, resource);', False),
        ('@id("a") permit (principal in Group::"desk", action, resource);', True),
        ('@id("a") permit (principal is Agent in Group::"door", action, resource);', False),
        ('@id("a") permit (principal, action, resource is Server);', True),
        ('@id("a") permit (principal, action, resource == Server::"home");', False),
        ('@id("a") permit (principal, action, resource) when { context.agent.alarm };', True),
        (
            (
                '@id("a") permit (principal, action, resource);'
                '@id("b") forbid (principal in Group::"desk", action, resource);'
            ),
            False,
        ),
        (
            (
                '@id("a") permit (principal, action, resource);'
                '@id("b") forbid (principal, action, resource) unless { context.approvals.finance > 0 };'
            ),
            True,
        ),
    ],
)
def test_only_what_can_never_be_allowed_is_hidden(rules: str, visible: bool) -> None:
    """Scopes and forbids without conditions hide a tool; a condition never does."""
    assert policy(rules).visible("mona", "list_files", ("desk",)) is visible
    assert not policy(rules).visible("mona", "nope")


def test_where_the_server_is_not_known_a_tool_stays_visible() -> None:
    """A tool approved for whichever server may be allowed on one and forbidden on another."""
    anywhere = ToolDefinition(name="t", risk="read")
    for server in ("home", "office"):
        rules = (
            '@id("a") permit (principal, action, resource in Server::"home");'
            f'@id("b") forbid (principal, action, resource == Server::"{server}");'
        )
        assert policy(rules, tools=[anywhere]).visible("mona", "t")


@pytest.mark.slow
@given(
    st.sampled_from(
        [
            '@id("a") permit (principal, action, resource) when { context.approvals.finance > 1 };',
            '@id("a") permit (principal == Agent::"otto", action, resource);',
            '@id("a") permit (principal in Group::"desk", action in Action::"risk:read", resource);',
            (
                '@id("a") permit (principal, action, resource);'
                '@id("b") forbid (principal, action in Action::"risk:oversee", resource);'
            ),
        ]
    ),
    st.sampled_from(["mona", "otto"]),
    st.sampled_from([(), ("desk",)]),
    st.sampled_from(["list_files", "disable_audit_log"]),
)
def test_a_hidden_tool_is_denied_whoever_approves(
    rules: str, agent: str, groups: tuple[str, ...], tool: str
) -> None:
    """Hiding is sound: what is not visible is never allowed."""
    found = policy(rules)
    if not found.visible(agent, tool, groups):
        given = Facts(approvals={"finance": 9, "reviewers": 9}, groups=groups)
        assert found.rule(act(tool, agent=agent), given).effect is Effect.DENY


def test_rules_about_other_tools_are_not_asked() -> None:
    """A slice holds the rules that name the action, its class, or nothing."""
    found = policy(
        '@id("pay") permit (principal, action == Action::"pay", resource);'
        '@id("both") permit (principal, action in [Action::"pay", Action::"odd"], resource);'
        '@id("class") permit (principal, action in Action::"risk:pay", resource);'
        '@id("all") forbid (principal, action, resource) when { context.agent.alarm };'
    )
    assert set(found.slice("pay", "pay").rules) == {"pay", "both", "class", "all"}
    assert set(found.slice("odd", "unknown").rules) == {"both", "all"}
    assert set(found.slice("list_files", "read").rules) == {"all"}


def test_the_faulty_rule_is_found_among_many() -> None:
    """Of all rules in all files the one that does not fit is named, with its own file and line."""
    good = [f'@id("g{n}") permit (principal, action, resource);' for n in range(12)]
    bad = '@id("bad") permit (principal, action, resource) when { context.input.zzz == 1 };'
    sources = {"a.cedar": "\n".join(good[:6]), "b.cedar": "\n".join([*good[6:], "", bad])}
    with pytest.raises(BadPolicy, match=r'rule "bad" \(b.cedar:8\): .*zzz'):
        load(sources, office(), GROUPS)
