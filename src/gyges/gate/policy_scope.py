# SPDX-License-Identifier: Apache-2.0
"""What can be told from a rule's scope alone: which actions it speaks of, and whom it admits.

Conditions are not read here. Where something is not known, the answer leans to the side that is asked for.
"""

from collections.abc import Iterable, Sequence

from cedarpy import pst

from gyges.gate.policy_rules import Rule

EVERY = ""
"""The key of rules that speak of every action."""


def index(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    """Action or risk class -> the rules that name it; `EVERY` -> the rest."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        for name in dict.fromkeys(actions(rule.node.action)):
            found.setdefault(name, []).append(rule)
    return found


def actions(constraint: pst.ActionConstraint) -> list[str]:
    """The names in an action constraint; [EVERY] where it constrains nothing."""
    match constraint:
        case pst.ActionEq(entity):
            return [entity.id]
        case pst.ActionIn(entities):
            return [entity.id for entity in entities]
        case _:
            return [EVERY]


def could_ever(rules: Iterable[Rule], who: set[str], server: str) -> bool:
    """Whether some permit could hold for the agent and groups `who` on `server` ("": not known).

    Sound: False only where no permit's scope matches, or a forbid without conditions surely does.
    """
    chosen = list(rules)
    stops = [rule for rule in chosen if rule.effect == "forbid" and rule.unconditional]
    if any(holds(rule.node, who, server, sure=True) for rule in stops):
        return False
    permits = [rule for rule in chosen if rule.effect == "permit"]
    return any(holds(rule.node, who, server, sure=False) for rule in permits)


def holds(node: pst.Template, who: set[str], server: str, *, sure: bool) -> bool:
    """Whether principal and resource match; of an unknown server `sure` asks for certainty."""
    servers = {server} if server else None
    return _admits(node.principal, who, "Agent", sure=sure) and _admits(
        node.resource, servers, "Server", sure=sure
    )


def _admits(
    constraint: pst.PrincipalOrResourceConstraint, names: set[str] | None, kind: str, *, sure: bool
) -> bool:
    match constraint:
        case pst.ScopeAny():
            return True
        case pst.ScopeIs(entity_type):
            return str(entity_type) == kind
        case pst.ScopeIsIn(entity_type, _) if str(entity_type) != kind:
            return False
        case _:
            entity = constraint.entity
    if names is None or isinstance(entity, pst.Slot):
        return not sure
    return f"{entity.type}::{entity.id}" in names
