# SPDX-License-Identifier: Apache-2.0
"""Why policy answered as it did for one action, and what would change the answer.

    ask    pay: permit "pay" wants context.approvals.finance >= 2; two of finance would suffice
    deny   nearest: permit "mail-inside" (mail.cedar:4)
             holds   context.input has to
             fails   context.input.to like "*@example.org"

It rules through the policy in force and changes nothing. Conditions are tried one by one, in order; one
that only makes sense after a condition that failed is shown as not reached.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from cedarpy import pst

from gyges.action import Action
from gyges.decision import Effect, Facts, Ruling
from gyges.gate.policy import CedarPolicy
from gyges.gate.policy_rules import Rule, policy_set
from gyges.gate.policy_scope import holds
from gyges.gate.policy_slice import Question
from gyges.gate.policy_tool import Unfit

_PARENTHESES = re.compile(r'("(?:\\.|[^"\\])*")|(?<!\w)\(([A-Za-z_][\w.]*|"(?:\\.|[^"\\])*"|\d+)\)')
_BODY = re.compile(r"\bwhen \{ (.*) \};\s*$", re.DOTALL)


class Held(StrEnum):
    """How one condition came out."""

    HOLDS = "holds"
    FAILS = "fails"
    UNREACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One part of a rule's conditions, in Cedar's words, and how it came out."""

    text: str
    held: Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rule as somebody wrote it, and its conditions one by one."""

    id: str
    effect: str  # "permit" or "forbid"
    file: str
    line: int
    text: str
    reason: str
    conditions: tuple[Condition, ...]
    assurance: str = ""  # "passkey": its conditions look at signed approvals only


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`decided` are the rules of the ruling; `nearest` permits match the scope, yet do not hold.

    `elsewhere` are permits for this tool that speak of other agents or servers; `constitutional` is true
    where a forbid stands whatever anyone approves.
    """

    ruling: Ruling
    tool: str
    risk: str
    decided: tuple[Told, ...] = ()
    nearest: tuple[Told, ...] = ()
    elsewhere: tuple[str, ...] = ()
    constitutional: bool = False
    changes: tuple[str, ...] = ()  # sentences: what would change the answer


def explain(policy: CedarPolicy, action: Action, facts: Facts) -> Explanation:
    """Never raises for an action, as `CedarPolicy.rule` does not."""
    ruling, risk = policy.rule(action, facts), policy.risk(action.tool)
    try:
        asked = policy.ask(action, facts)
    except Unfit:
        changes = ("Correct the action, or approve the definition of the tool it calls.",)
        return Explanation(ruling=ruling, tool=action.tool, risk=risk, changes=changes)
    rules = asked.slice.rules
    decided = tuple(_tell(asked, rules[id_], facts) for id_ in ruling.rules if id_ in rules)
    near, far = _other_permits(policy, action, facts, asked, ruling)
    nearest = tuple(_tell(asked, rule, facts) for rule in near)
    forbids = [told.id for told in decided if told.effect == "forbid"]
    return Explanation(
        ruling=ruling,
        tool=action.tool,
        risk=risk,
        decided=decided,
        nearest=nearest,
        elsewhere=tuple(rule.id for rule in far),
        constitutional=ruling.effect is Effect.DENY and bool(forbids) and not ruling.errors,
        changes=tuple(_changes(ruling, forbids, nearest)),
    )


def sentences(found: Explanation) -> Iterator[str]:
    """The explanation for a terminal, line by line."""
    ruling = found.ruling
    yield f"{ruling.effect.value}: {ruling.reason or 'no reason given'}"
    yield f"tool {found.tool}, risk class {found.risk}"
    for title, rules in (("decided by", found.decided), ("nearest, yet not met", found.nearest)):
        for told in rules:
            how = f", counts only what is signed with a {told.assurance}" if told.assurance else ""
            yield f'{title}: {told.effect} "{told.id}" ({told.file}:{told.line}){how}'
            yield from (f"    {part.held.value:11}  {part.text}" for part in told.conditions)
    if found.elsewhere:
        yield "speak of other agents or servers: " + ", ".join(found.elsewhere)
    yield from (f"error: {error}" for error in ruling.errors)
    yield from found.changes


def _other_permits(
    policy: CedarPolicy, action: Action, facts: Facts, asked: Question, ruling: Ruling
) -> tuple[list[Rule], list[Rule]]:
    """Permits that did not decide: those whose scope matches, and the rest."""
    who = {f"Agent::{action.agent}", *(f"Group::{group}" for group in facts.groups)}
    server = policy.tools[action.tool].server or action.server
    others = [
        rule
        for rule in asked.slice.rules.values()
        if rule.effect == "permit" and rule.id not in ruling.rules
    ]
    near = [rule for rule in others if holds(rule.node, who, server, sure=False)]
    return near, [rule for rule in others if rule not in near]


def _tell(asked: Question, rule: Rule, facts: Facts) -> Told:
    approvals = facts.signed if rule.assurance else facts.approvals
    return Told(
        id=rule.id,
        effect=rule.effect,
        file=rule.file,
        line=rule.line,
        text=rule.text,
        reason=rule.reason,
        conditions=tuple(_conditions(asked, rule, approvals)),
        assurance=rule.assurance,
    )


def _conditions(asked: Question, rule: Rule, approvals: dict[str, int]) -> Iterator[Condition]:
    """Each conjunct in order, tried under those before it that hold, as Cedar itself would."""
    before: list[pst.Clause] = []
    for part in _conjuncts(rule.node):
        probe = _probe(rule.node, (*before, part))
        reply = asked.put_to(policy_set({probe.id: probe}), approvals)
        if reply.allowed:
            before.append(part)
        held = Held.UNREACHED if reply.errors else Held.HOLDS if reply.allowed else Held.FAILS
        yield Condition(text=_words(part), held=held)


def _conjuncts(node: pst.Template) -> Iterator[pst.Clause]:
    for clause in node.clauses:
        if isinstance(clause, pst.When):
            yield from (pst.When(expr=part) for part in _split(clause.expr))
        else:
            yield clause


def _split(expr: pst.Expr) -> Iterator[pst.Expr]:
    if isinstance(expr, pst.BinaryOp) and expr.op == "and":
        yield from _split(expr.left)
        yield from _split(expr.right)
    else:
        yield expr


def _probe(node: pst.Template, clauses: tuple[pst.Clause, ...]) -> pst.Template:
    """A permit for anything, under these conditions alone."""
    anything = pst.ScopeAny()
    return replace(
        node,
        effect="permit",
        principal=anything,
        action=anything,
        resource=anything,
        clauses=clauses,
    )


def _words(clause: pst.Clause) -> str:
    node = pst.Template(
        id="it",
        effect="permit",
        principal=pst.ScopeAny(),
        action=pst.ScopeAny(),
        resource=pst.ScopeAny(),
        clauses=(pst.When(expr=clause.expr),),
        annotations={},
    )
    body = _BODY.search(str(policy_set({node.id: node})))
    text, last = (body.group(1) if body else ""), ""
    while text != last:
        last, text = text, _PARENTHESES.sub(lambda found: found[1] or found[2], text)
    return f"unless {text}" if isinstance(clause, pst.Unless) else text


def _changes(ruling: Ruling, forbids: list[str], nearest: tuple[Told, ...]) -> Iterator[str]:
    if ruling.effect is Effect.ASK:
        people = ", ".join(f"{n} of {name}" for name, n in ruling.requirement.groups.items())
        sure = ruling.requirement.assurance
        yield f"It is allowed once approved by {people}{f', each signed with a {sure}' if sure else ''}."
    elif ruling.effect is Effect.DENY and forbids:
        named = " and ".join(f'"{name}"' for name in forbids)
        yield f"No approval changes this: it is forbidden by {named}. Only another policy or action does."
    elif ruling.errors:
        yield "The rule must be corrected: while it cannot be evaluated, everything it covers is denied."
    elif ruling.effect is Effect.DENY:
        if nearest:
            yield "No approval changes this. It would be permitted if all conditions of a permit above held."
        else:
            yield "No approval changes this: no rule permits this agent this tool on this server."
