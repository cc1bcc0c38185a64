# SPDX-License-Identifier: Apache-2.0
"""Approvals: the smallest sufficient set is found, whatever way the rules put it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.decision import Effect, Facts
from gyges.gate.policy import CedarPolicy
from gyges.gate.policy_search import CAP
from tests.gate.policy_office import act, facts, policy, rule

FINANCE = '@id("pay") permit (principal, action == Action::"pay", resource)'


def test_the_smallest_sufficient_set_is_asked_for() -> None:
    """Of two ways to satisfy the rules the one with fewer people is chosen, by name where they tie."""
    found = policy(
        FINANCE + " when { context.approvals.finance >= 2 };"
        '@id("either") permit (principal, action == Action::"pay", resource)'
        " when { context.approvals.reviewers >= 1 && context.approvals.finance >= 1 };"
    )
    ruling = rule(found, "pay", to="x", amount=1)
    assert ruling.effect is Effect.ASK
    assert ruling.requirement.groups == {"finance": 2}
    assert ruling.rules == ("pay",)


def test_the_requirement_is_a_total_whatever_is_already_given() -> None:
    """One approval in, the ruling still names both, and leaves out approvals that nobody needs."""
    found = policy(FINANCE + " when { context.approvals.finance >= 2 };")
    ruling = rule(found, "pay", facts(finance=1, reviewers=3), to="x", amount=1)
    assert ruling.requirement.groups == {"finance": 2}


@pytest.mark.parametrize(
    ("condition", "groups"),
    [
        ("context.approvals.finance > 2", {"finance": 3}),
        ("2 <= context.approvals.finance", {"finance": 2}),
        ("2 < context.approvals.finance", {"finance": 3}),
        ("context.approvals.finance == 2", {"finance": 2}),
        ("context.approvals.finance != 0", {"finance": 1}),
        ("!(context.approvals.finance < 2)", {"finance": 2}),
        ("!(2 >= context.approvals.finance)", {"finance": 3}),
        ("!(2 > context.approvals.finance)", {"finance": 2}),
        ("!(context.approvals.finance <= 2)", {"finance": 3}),
        ("context.approvals.finance + context.approvals.reviewers >= 3", {"finance": 3}),
        ("context.approvals.finance >= context.approvals.reviewers + 2", {"finance": 2}),
        ("context.approvals.finance * 2 >= 5", {"finance": 3}),
        ("(if context.agent.alarm then 1 else 2) <= context.approvals.finance", {"finance": 2}),
        ("context.approvals has finance && context.approvals.finance >= 1", {"finance": 1}),
        ("context has approvals && context.approvals.reviewers >= 1", {"reviewers": 1}),
        ("context has approvals.finance && context.approvals.finance >= 1", {"finance": 1}),
        ("context.approvals == {finance: 1, reviewers: 1}", {"finance": 1, "reviewers": 1}),
    ],
)
def test_approvals_are_found_however_the_rule_puts_it(
    condition: str, groups: dict[str, int]
) -> None:
    """Comparisons either way round, negations and sums all lead to the smallest set."""
    found = policy(FINANCE + f" when {{ {condition} }};")
    assert rule(found, "pay", to="x", amount=1).requirement.groups == groups


def test_a_number_of_approvals_may_depend_on_an_argument() -> None:
    """As many approvals as the argument says, up to ten."""
    text = '@id("n") permit (principal, action == Action::"odd", resource)'
    found = policy(text + " when { context.approvals.finance >= context.input.n };")
    assert rule(found, "odd", n=4).requirement.groups == {"finance": 4}
    assert rule(found, "odd", n=11).effect is Effect.DENY


def test_no_more_people_are_asked_for_than_a_group_has() -> None:
    """Where a group is known to be too small, the action is denied instead of waiting for ever."""
    text = FINANCE + " when { context.approvals.finance >= 3 };"
    assert rule(policy(text, groups={"finance": 3}), "pay", to="x", amount=1).effect is Effect.ASK
    assert rule(policy(text, groups={"finance": 2}), "pay", to="x", amount=1).effect is Effect.DENY


def test_a_search_without_end_is_denied_with_the_reason() -> None:
    """Rules that would need more tries than the cap deny, and say so."""
    groups = {f"g{n}": 0 for n in range(10)}
    wanted = " && ".join(f"context.approvals.{name} >= 1" for name in groups)
    ruling = rule(
        policy(FINANCE + f" when {{ {wanted} }};", groups=groups), "pay", to="x", amount=1
    )
    assert ruling.effect is Effect.DENY
    assert str(CAP) in ruling.reason


def test_a_set_under_which_a_rule_errs_is_not_sufficient() -> None:
    """A forbid that errs only once people have approved still denies, and they are not asked."""
    found = policy(
        FINANCE + " when { context.approvals.finance >= 2 };"
        '@id("f") forbid (principal, action == Action::"pay", resource)'
        " when { context.approvals.finance * 9223372036854775807 < 0 };"
    )
    assert rule(found, "pay", to="x", amount=1).effect is Effect.DENY
    assert rule(found, "pay", facts(finance=2), to="x", amount=1).errors


_AT_LEAST = st.tuples(st.sampled_from(["finance", "reviewers", "legal"]), st.integers(1, 3)).map(
    lambda pair: f"context.approvals.{pair[0]} >= {pair[1]}"
)


_PERMITS = st.lists(st.lists(_AT_LEAST, min_size=1, max_size=3), min_size=1, max_size=3)


_THREE = {"finance": 0, "legal": 0, "reviewers": 0}


def _of(permits: list[list[str]]) -> CedarPolicy:
    rules = [
        f'@id("r{n}") permit (principal, action, resource) when {{ {" && ".join(wanted)} }};'
        for n, wanted in enumerate(permits)
    ]
    return policy("\n".join(rules), groups=_THREE)


@pytest.mark.slow
@given(_PERMITS, st.dictionaries(st.sampled_from(sorted(_THREE)), st.integers(0, 3)))
def test_a_requirement_is_sufficient_and_the_smallest_there_is(
    permits: list[list[str]], start: dict[str, int]
) -> None:
    """Granting it allows, granting one less of anything does not, and no set adds fewer people."""
    found = _of(permits)
    ruling = found.rule(act("list_files"), Facts(approvals=start))
    if ruling.effect is Effect.ALLOW:
        return
    assert ruling.effect is Effect.ASK
    needed = ruling.requirement.groups

    def allowed(approvals: dict[str, int]) -> bool:
        return found.rule(act("list_files"), Facts(approvals=approvals)).effect is Effect.ALLOW

    assert allowed(needed)
    assert not any(allowed({**needed, name: n - 1}) for name, n in needed.items())
    added = sum(ruling.requirement.missing(start).values())
    for numbers in product(range(4), repeat=3):
        other = dict(zip(_THREE, numbers, strict=True))
        if allowed(other):
            assert sum(max(0, n - start.get(name, 0)) for name, n in other.items()) >= added
