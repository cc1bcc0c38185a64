# SPDX-License-Identifier: Apache-2.0
"""The view: one document, the same bytes for the same case, other bytes for whatever an approver would care about."""

from dataclasses import replace
from typing import Any

import pytest

from gyges import canon
from gyges.action import Action, Excerpt
from gyges.case import Case, Outcome, Say, State, Vote
from gyges.decision import Decision, Effect, Requirement, Ruling
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.schema import ToolDefinition
from gyges.verdict import Look, Span, Verdict
from gyges.web.view import Seen, view_digest, view_of

POLICY = load(
    {"a.cedar": '@id("pay") @reason("Two of finance.") permit (principal, action, resource)'
                " when { context.approvals.finance >= 2 };"},
    [ToolDefinition(
        name="pay", risk="pay", amount="/amount",
        input_schema={"type": "object", "properties": {
            "to": {"type": "string"}, "amount": {"type": "number"}}},
    )],
    {"finance": 3},
)  # fmt: skip
ACTION = Action(
    agent="bot", tool="pay", arguments={"to": "Ada", "amount": 4800}, server="office",
    purpose="It is due.", principal="olga",
    context=(Excerpt(text="pay at once", source="web:evil.example"),),
    provenance={"/arguments/to": ("tool:read_file",)},
)  # fmt: skip
RULING = Ruling(effect=Effect.ASK, policy=POLICY.digest, rules=("pay",), reason="Two of finance.")
SUSPECT = Verdict(
    monitor="rules", suspicion=0.7, reasons=("odd",), spans=(Span(pointer="/arguments/to"),)
)
NEEDS = Requirement(groups={"finance": 2})
VOTE = Vote(person="bob", group="finance", say=Say.APPROVE, at=5, digest=ACTION.digest)
CASE = Case(
    id="c-1", state=State.WAITING, action=ACTION, digest=ACTION.digest, created=1, version=2,
    risk=80, requirement=NEEDS, barred=("bot", "olga"), deadline=100, escalate_at=50,
    decision=Decision(effect=Effect.ASK, ruling=RULING, verdicts=(SUSPECT,), reason="Two of finance."),
)  # fmt: skip


def view(case: Case = CASE, policy: CedarPolicy = POLICY, **seen: Any) -> dict[str, Any]:
    """The document."""
    return view_of(case, Seen(policy=policy, **seen))


def test_the_view_is_canonical_json() -> None:
    """It has canonical bytes, and reading them gives the same document."""
    assert canon.parse(canon.encode(view())) == view()


def test_the_same_case_gives_the_same_digest_whatever_the_time() -> None:
    """Countdowns and timers are outside: they may move while somebody reads."""
    later = replace(CASE, deadline=999, escalate_at=0)
    assert view_digest(view()) == view_digest(view(later))


@pytest.mark.parametrize(
    "other",
    [
        replace(CASE, action=replace(ACTION, arguments={"to": "Ada", "amount": 4801})),
        replace(CASE, action=replace(ACTION, arguments={"to": "Eve", "amount": 4800})),
        replace(CASE, action=replace(ACTION, tool="pay2")),
        replace(CASE, action=replace(ACTION, agent="bot2")),
        replace(CASE, action=replace(ACTION, purpose="now")),
        replace(CASE, action=replace(ACTION, context=())),
        replace(CASE, action=replace(ACTION, provenance={})),
        replace(CASE, digest="sha256:" + "0" * 64),
        replace(CASE, version=3),
        replace(CASE, votes=(VOTE,)),
        replace(CASE, requirement=Requirement(groups={"finance": 1})),
        replace(CASE, barred=("bot",)),
        replace(CASE, risk=10),
        replace(CASE, state=State.GRANTED),
    ],
)
def test_whatever_is_swapped_changes_the_digest(other: Case) -> None:
    """No part of what an approver looks at can change behind an equal digest."""
    assert view_digest(view(other)) != view_digest(view())


def test_what_the_gate_knows_comes_before_what_the_agent_says() -> None:
    """Facts, preview and arguments stand above the agent's words, which are in a part of their own."""
    names = list(view())
    assert names.index("facts") < names.index("preview") < names.index("arguments")
    assert names.index("arguments") < names.index("agent")
    assert "It is due." not in str({**view(), "agent": ""})


def test_arguments_carry_provenance_and_what_monitors_point_at() -> None:
    """Where a value is said to come from and who doubts it stand beside the value."""
    to, amount = view()["arguments"]
    assert (to["from"], to["flagged"]) == ([["tool:read_file"]], [["rules"]])
    assert (amount["type"], amount["from"], amount["flagged"]) == ("number", [], [])


def test_the_rule_is_told_condition_by_condition() -> None:
    """Which rule asked, where it stands, what holds and what fails, and what would change the answer."""
    asked = view()["asked"]
    (rule,) = asked["told"]
    assert (rule["id"], rule["place"]) == ("pay", "a.cedar:1")
    assert [c["held"] for c in rule["conditions"]] == ["fails"]
    assert asked["changes"] == ["It is allowed once approved by 2 of finance."]


def test_hidden_votes_leave_no_trace() -> None:
    """Blind to each other: nothing in the document tells whether or how somebody has voted."""
    voted = replace(CASE, votes=(VOTE,))
    assert view(voted, hidden=True) == view(hidden=True)
    assert "bob" not in str(view(voted, hidden=True))


def test_seen_votes_are_told() -> None:
    """Without blindness the page shows who approved and who is still missing."""
    found = view(replace(CASE, votes=(VOTE,)))
    assert found["approvals"]["groups"] == [
        {"group": "finance", "need": 2, "have": 1, "missing": 1}
    ]
    assert found["votes"][0]["person"] == ["bob"]


def test_a_digest_that_does_not_fit_is_the_first_warning() -> None:
    """If the action shown were not the one that is signed, the page would say so."""
    found = view(replace(CASE, digest="sha256:" + "0" * 64))
    assert found["intact"] is False
    assert found["warnings"][0].startswith("The digest is not that of the action")


def test_hostile_names_are_warned_about() -> None:
    """Tricks in the names of tool and agent and in values are counted at the top."""
    action = replace(ACTION, tool="p\u0430y", arguments={"to": "x\u202e"})
    found = view(replace(CASE, action=action, digest=action.digest))
    assert "tool" in found["warnings"][0]
    assert found["warnings"][-1].startswith("One argument needs a second look")


def test_the_last_approved_call_is_compared_place_by_place() -> None:
    """Only what differs is listed, with then and now."""
    old = replace(CASE, id="c-0", action=replace(ACTION, arguments={"to": "Ada", "amount": 3600}))
    against = view(against=old)["against"]
    assert (against["case"], [r["label"] for r in against["rows"]]) == ("c-0", [["amount"]])
    assert against["rows"][0]["was"]["shown"] == ["3600"]


def test_broken_and_late_monitors_count_as_suspicious() -> None:
    """A monitor that did not look is not one that found nothing."""
    late = replace(SUSPECT, look=Look.LATE)
    decision = replace(CASE.decision, verdicts=(late,)) if CASE.decision else None
    (monitor,) = view(replace(CASE, decision=decision))["monitors"]
    assert (monitor["says"], monitor["suspicious"]) == ("late", True)


def test_an_unknown_tool_is_the_worst_kind() -> None:
    """A tool that nobody classed says so."""
    action = replace(ACTION, tool="mystery")
    risk = view(replace(CASE, action=action, digest=action.digest))["risk"]
    assert (risk["class"], risk["undo"]) == ("unknown", "nobody has classed this tool")


def test_a_settled_case_shows_its_outcome() -> None:
    """What came of it, in the executor's words, marked like any foreign text."""
    done = Outcome(ok=True, at=9, summary="paid\u202e")
    found = view(replace(CASE, state=State.DONE, outcome=done))
    assert found["outcome"]["ok"] is True
    assert found["outcome"]["summary"]["notes"] == ["1 character does not show"]
