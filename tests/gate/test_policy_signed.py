# SPDX-License-Identifier: Apache-2.0
"""`@assurance("passkey")`: what loads, what it counts, what is asked for, and how it is explained."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.decision import Effect, Facts, Ruling
from gyges.errors import BadPolicy
from gyges.gate.explain import explain, sentences
from gyges.gate.policy import CedarPolicy
from gyges.gate.policy_cases import read_examples, run_examples
from tests.gate.policy_office import act, policy

TWO = """
@id("two") @assurance("passkey")
permit (principal, action == Action::"list_files", resource) when { context.approvals.finance >= 2 };
"""
ACTION = act("list_files")


def ruled(found: CedarPolicy, approvals: dict[str, int], signed: dict[str, int]) -> Ruling:
    """The ruling when these approvals are in, of which so many are signed."""
    return found.rule(ACTION, Facts(approvals=approvals, signed=signed))


def test_unsigned_approvals_count_for_nothing() -> None:
    """However many approve without a signature, two signed ones are asked for still."""
    found = policy(TWO)
    for approvals in ({}, {"finance": 2}, {"finance": 9}):
        ruling = ruled(found, approvals, {})
        assert ruling.effect is Effect.ASK
        assert ruling.requirement.groups == {"finance": 2}
        assert ruling.requirement.assurance == "passkey"
    assert ruled(found, {"finance": 2}, {"finance": 1}).effect is Effect.ASK
    assert ruled(found, {"finance": 2}, {"finance": 2}).effect is Effect.ALLOW


def test_signed_numbers_never_exceed_all() -> None:
    """A count of signatures without the approvals behind them is not believed."""
    assert ruled(policy(TWO), {}, {"finance": 5}).effect is Effect.ASK


def test_a_forbid_can_ask_for_signatures_too() -> None:
    """A forbid that yields to approvals yields, with the annotation, to signed ones only."""
    found = policy(
        """
        @id("all") permit (principal, action, resource);
        @id("seal") @assurance("passkey") forbid (principal, action, resource)
        unless { context.approvals.reviewers >= 1 };
        """
    )
    ruling = ruled(found, {"reviewers": 3}, {})
    assert (ruling.effect, ruling.requirement.assurance) == (Effect.ASK, "passkey")
    assert ruled(found, {"reviewers": 1}, {"reviewers": 1}).effect is Effect.ALLOW


def test_fewest_people_first_and_among_equals_the_one_without_a_passkey() -> None:
    """Two ways to be allowed: the smaller wins whether signed or not; of the same size, the plain one."""
    plain = """
    @id("plain") permit (principal, action == Action::"list_files", resource)
    when { context.approvals.reviewers >= NUMBER };
    """
    cases = {1: ({"reviewers": 1}, ""), 2: ({"reviewers": 2}, ""), 3: ({"finance": 2}, "passkey")}
    for number, (groups, assurance) in cases.items():
        asked = ruled(policy(TWO + plain.replace("NUMBER", str(number))), {}, {}).requirement
        assert (asked.groups, asked.assurance) == (groups, assurance)


def test_no_signature_lifts_the_constitution() -> None:
    """A forbid that looks at no approvals stands, whoever signs."""
    found = policy(TWO + '@id("never") forbid (principal, action, resource);')
    assert ruled(found, {"finance": 9}, {"finance": 9}).effect is Effect.DENY


@pytest.mark.slow
@given(
    st.dictionaries(st.sampled_from(["finance", "reviewers"]), st.integers(0, 4)),
    st.dictionaries(st.sampled_from(["finance", "reviewers"]), st.integers(0, 4)),
)
def test_what_is_asked_for_suffices_and_no_signature_less(
    approvals: dict[str, int], signed: dict[str, int]
) -> None:
    """Signing as asked always allows; without the annotation, so would approving as asked."""
    found = policy(TWO.replace("finance >= 2", "finance >= 2 || context.approvals.reviewers >= 3"))
    ruling = ruled(found, approvals, signed)
    if ruling.effect is Effect.ALLOW:
        capped = {n: min(k, approvals.get(n, 0)) for n, k in signed.items()}
        assert capped.get("finance", 0) >= 2 or capped.get("reviewers", 0) >= 3
        return
    assert ruling.requirement.assurance == "passkey"
    asked = ruling.requirement.groups
    assert ruled(found, asked, asked).effect is Effect.ALLOW
    for name, number in asked.items():
        fewer = {**asked, name: number - 1}
        assert ruled(found, fewer, fewer).effect is Effect.ASK


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (TWO.replace('"passkey"', '"password"'), 'must be "passkey", not "password"'),
        (TWO.replace('("passkey")', ""), "must be"),
        (TWO.replace("assurance", "asurance"), "there is no annotation @asurance"),
        (
            '@id("a") @assurance("passkey") permit (principal, action, resource);',
            "look at context.approvals",
        ),
        (
            (
                '@id("a") @assurance("passkey") permit (principal, action, resource)'
                " when { context.agent.alarm };"
            ),
            "look at context.approvals",
        ),
    ],
)
def test_only_what_has_a_meaning_loads(rule: str, message: str) -> None:
    """Another value, a misspelt annotation, a rule with nothing to sign: told with file, line and rule."""
    with pytest.raises(BadPolicy, match=message) as told:
        policy(rule)
    assert "rules.cedar:" in str(told.value)


def test_the_annotation_is_part_of_the_policys_digest() -> None:
    """Taking signatures away is another policy."""
    assert policy(TWO).digest != policy(TWO.replace('@assurance("passkey")', "")).digest


def test_explain_says_that_signatures_are_missing() -> None:
    """The rule's conditions are tried with signed approvals, and the way out names the passkey."""
    found = explain(policy(TWO), ACTION, Facts(approvals={"finance": 2}, signed={"finance": 1}))
    told = found.decided[0]
    assert told.assurance == "passkey"
    assert [part.held.value for part in told.conditions] == ["fails"]
    lines = list(sentences(found))
    assert "It is allowed once approved by 2 of finance, each signed with a passkey." in lines
    assert any("counts only what is signed with a passkey" in line for line in lines)
    given_ = replace(Facts(approvals={"finance": 2}), signed={"finance": 2})
    after = explain(policy(TWO), ACTION, given_)
    assert after.decided[0].conditions[0].held.value == "holds"


def test_cases_speak_of_signatures() -> None:
    """A file of cases gives signed approvals and expects that they are asked for."""
    document = {
        "case": [
            {
                "name": "asked", "tool": "list_files", "expect": "ask", "server": "office",
                "approvals": {"finance": 2}, "requirement": {"finance": 2}, "assurance": "passkey",
            },
            {"name": "given", "tool": "list_files", "expect": "allow", "signed": {"finance": 2}},
            {"name": "wrong", "tool": "list_files", "expect": "ask", "assurance": ""},
        ]
    }  # fmt: skip
    outcomes = list(run_examples(policy(TWO), read_examples(document)))
    assert [outcome.held for outcome in outcomes] == [True, True, False]
    assert outcomes[2].problems == ('expected assurance "", got "passkey"',)
