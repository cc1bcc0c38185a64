# SPDX-License-Identifier: Apache-2.0
"""The policy in force as a page: its rules, tools and groups; one action explained; a candidate replayed.

A candidate is what somebody typed into the page, or the policy folder as it now is on disk. It is put to the
newest decisions in the log and to nothing else: it is never in force, and nothing of it is kept. Explaining
and replaying are `gate/`'s.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Facts
from gyges.episode import Kind
from gyges.errors import BadPolicy, Malformed
from gyges.gate.explain import Explanation, explain
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.policy_folder import read_policy
from gyges.gate.replay import KINDS, Replay, pasts, replay
from gyges.person import Role
from gyges.ports import EventQuery
from gyges.principal import Scope
from gyges.web.timeline import found, is_blind, voter_of
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

REPLAYED = 3_000  # newest events that a replay reads; a decision takes one or more of them
SHOWN = 200  # differences on a page
SOURCE = "source."  # a field of the form: this, and the name of a file
READS_CASES = frozenset({Role.APPROVER, Role.AUDITOR})
FIRST = tuple(kind for kind in KINDS if kind is not Kind.ANSWERED)
ASKED = {"case": "", "agent": "", "tool": "", "arguments": "", "approvals": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """One rule as it is written, and what its annotations say."""

    id: str
    effect: str
    file: str
    line: int
    text: str
    reason: str
    assurance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolView:
    """One approved definition. `risk` is the class that counts."""

    name: str
    server: str
    risk: str
    description: str
    amount: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupView:
    """One approver group: `size` as the policy says (0: unsaid), `people` as they are enrolled."""

    name: str
    size: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyView:
    """The set in force."""

    digest: str
    rules: tuple[RuleView, ...]
    tools: tuple[ToolView, ...]
    groups: tuple[GroupView, ...]
    monitors: tuple[str, ...]


async def view_of(gate: "Gate", now: int) -> PolicyView:
    """The policy in force, taken apart for people."""
    policy = gate.policy
    rules = tuple(
        RuleView(
            id=rule.id, effect=rule.effect, file=rule.file, line=rule.line, text=rule.text,
            reason=rule.reason, assurance=rule.assurance,
        )
        for rule in policy.rules
    )  # fmt: skip
    tools = tuple(
        ToolView(
            name=name, server=tool.server, risk=policy.risk(name), description=tool.description,
            amount=tool.amount, digest=tool.digest,
        )
        for name, tool in sorted(policy.tools.items())
    )  # fmt: skip
    people = await _people(gate, now)
    groups = tuple(
        GroupView(name=name, size=size, people=tuple(sorted(people.get(name, ()))))
        for name, size in sorted(policy.groups.items())
    )
    monitors = tuple(monitor.name for monitor in gate.monitors)
    return PolicyView(
        digest=policy.digest, rules=rules, tools=tools, groups=groups, monitors=monitors
    )


async def page(visit: Visit) -> Response:
    """`/policy`."""
    return await _render(visit)


async def explained(visit: Visit) -> Response:
    """`POST /policy/explain`: a case by its id, or an action that nobody proposed."""
    asked = {**ASKED, **{name: visit.form.get(name, "").strip() for name in ASKED}}
    try:
        result = await _explain(visit, asked)
    except Malformed as error:
        return await _render(visit, status=error.status, asked=asked, problem=str(error))
    return await _render(visit, asked=asked, explanation=result)


async def replayed(visit: Visit) -> Response:
    """`POST /policy/replay`: the rules that were typed, or with `from=disk` the folder as it is."""
    gate, sources = visit.gate, _sources(visit)
    try:
        if visit.form.get("from") == "disk":
            candidate = await asyncio.to_thread(read_policy, gate.folder / "policy")
        else:
            candidate = await asyncio.to_thread(_load, gate.policy, sources)
    except BadPolicy as error:
        return await _render(visit, status=422, sources=sources, problem=str(error))
    # Who votes blind must not learn from a replay how others did: the first rulings will do.
    blind = voter_of(visit) and gate.settings.blind_votes
    kinds = FIRST if blind else KINDS
    events = await gate.store.events(EventQuery(kinds=kinds, limit=REPLAYED, latest=True))
    result: Replay = await asyncio.to_thread(lambda: replay(candidate, pasts(events)))
    if not READS_CASES & set(visit.who.roles):
        result = replace(result, differences=())  # an admin sees how many, not which
    return await _render(visit, sources=sources, replay=_cut(result))


async def _render(visit: Visit, *, status: int = 200, **more: Any) -> Response:
    sources = _texts(visit.gate.policy)
    context = {
        "policy": await view_of(visit.gate, visit.now), "sources": sources, "asked": ASKED,
        "explanation": None, "replay": None, "problem": "", "now": visit.now, **more,
    }  # fmt: skip
    return visit.render("policy.html", context, status)


async def _explain(visit: Visit, asked: dict[str, str]) -> Explanation:
    gate, policy = visit.gate, visit.gate.policy
    supposed = _numbers(asked["approvals"])
    if asked["case"] and READS_CASES & set(visit.who.roles):
        case = await found(gate, asked["case"])
        blind = is_blind(gate, case, voter_of(visit))
        given, signed = ({}, {}) if blind else (case.approvals(), case.signed())
        facts = Facts(
            approvals={**given, **supposed}, signed={**signed, **supposed},
            groups=case.agent_groups, risk=policy.risk(case.action.tool),
            alarm=gate.corridor.alarmed(case.action.agent),
        )  # fmt: skip
        return explain(policy, case.action, facts)
    if not (asked["agent"] and asked["tool"]):
        raise Malformed("name an agent and a tool, or a case")
    arguments = canon.parse_object((asked["arguments"] or "{}").encode())
    groups = {g for key in await gate.store.keys() if key.scope is Scope.AGENT
              and key.name == asked["agent"] and key.live(visit.now) for g in key.groups}  # fmt: skip
    action = Action(
        agent=asked["agent"], tool=asked["tool"], arguments=arguments,
        tool_schema=policy.schema_digest(asked["tool"]),
    )  # fmt: skip
    facts = Facts(
        approvals=supposed, signed=supposed, groups=tuple(sorted(groups)),
        risk=policy.risk(asked["tool"]), alarm=gate.corridor.alarmed(asked["agent"]),
    )  # fmt: skip
    return explain(policy, action, facts)


def _numbers(text: str) -> dict[str, int]:
    """Group -> number, of "finance=2, reviewers=1"; raise `Malformed`."""
    found: dict[str, int] = {}
    for part in text.replace(",", " ").split():
        group, _, number = part.partition("=")
        if not group or not (number.isascii() and number.isdigit() and len(number) <= 3):
            raise Malformed("approvals are written as finance=2, reviewers=1")
        found[group] = int(number)
    return found


def _sources(visit: Visit) -> dict[str, str]:
    """The candidate's texts by file; those that the form did not bring are as they are in force."""
    texts = _texts(visit.gate.policy)
    given = {name: visit.form.get(SOURCE + name) for name in texts}
    return {
        name: text if new is None else new.replace("\r\n", "\n")
        for (name, text), new in zip(texts.items(), given.values(), strict=True)
    }


def _texts(policy: CedarPolicy) -> dict[str, str]:
    sources = policy.document["sources"]
    assert isinstance(sources, dict)
    return {name: str(text) for name, text in sources.items()}


def _load(policy: CedarPolicy, sources: dict[str, str]) -> CedarPolicy:
    return load(sources, list(policy.tools.values()), policy.groups)


def _cut(result: Replay) -> dict[str, Json]:
    """What a page shows of a replay: the newest differences."""
    return {
        "policy": result.policy, "total": result.total, "left_out": result.left_out,
        "counts": dict(result.counts), "differ": sum(result.counts.values()),
        "differences": [_difference(one) for one in reversed(result.differences[-SHOWN:])],
    }  # fmt: skip


def _difference(one: Any) -> dict[str, Json]:
    return {
        "case": one.case, "agent": one.agent, "tool": one.tool, "at": one.at,
        "was": one.was.value, "was_required": dict(one.was_required.groups),
        "now": one.now.value, "now_required": dict(one.now_required.groups),
        "direction": one.direction.value, "rules": list(one.rules), "reason": one.reason,
    }  # fmt: skip


async def _people(gate: "Gate", now: int) -> dict[str, set[str]]:
    """Group -> those who approve for it, by key or by account."""
    found: dict[str, set[str]] = {}
    for key in await gate.store.keys():
        for group in key.groups if key.scope is Scope.APPROVER and key.live(now) else ():
            found.setdefault(group, set()).add(key.name)
    for person in await gate.store.people():
        for group in person.groups if Role.APPROVER in person.roles and not person.disabled else ():
            found.setdefault(group, set()).add(person.name)
    return found
