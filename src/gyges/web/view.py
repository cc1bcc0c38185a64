# SPDX-License-Identifier: Apache-2.0
"""What an approver is shown of one case: one canonical document, from which every page is made. Pure.

    view_of(case, ...)        what the gate worked out first, what the agent says last and marked
    view_digest(document)     what the page's token carries, what a passkey signs, what the log keeps

The same case, policy and comparison give the same bytes, so a page can be checked against them when it is
answered. Whatever moves by itself (countdowns, other people's business) stays outside.
"""

from dataclasses import dataclass

from gyges.canon import Json, digest, encode
from gyges.case import Case, State, Vote
from gyges.decision import Facts
from gyges.gate.attention import level_of
from gyges.gate.explain import Told, explain
from gyges.gate.policy import CedarPolicy
from gyges.verdict import Look
from gyges.web.preview import headline, previews, unified
from gyges.web.values import FOLDED, Leaf, leaves, row, rows
from gyges.web.visible import notes, pieces

VERSION = 1
PLACES = 50  # that differ from an earlier call, shown one by one
EFFECTS = {
    "read": ("reads", "changes nothing"),
    "draft": ("prepares a draft", "nothing leaves, a draft can be thrown away"),
    "recommend": ("recommends", "nothing happens by itself"),
    "write": ("changes data", "can be undone only where old versions are kept"),
    "send": ("sends to others", "what was sent cannot be called back"),
    "delete": ("deletes", "cannot be undone, unless copies are kept"),
    "execute": ("runs a program", "may do whatever its executor may"),
    "pay": ("moves money", "cannot be undone from here"),
    "oversee": ("changes the oversight itself", "may hide whatever comes after"),
    "unknown": ("does nobody knows what", "nobody has classed this tool"),
}  # fmt: skip
ENDS = {
    State.WAITING: "denied, unless enough people have approved by then",
    State.GRANTED: "lapses, unless it has run by then",
    State.REDEEMED: "its outcome is called unknown, unless something is heard by then",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a view is made with, besides the case. `against` is the last approved call like it."""

    policy: CedarPolicy
    hidden: bool = False  # keep the votes of others back: `attention.hides`
    against: Case | None = None
    alarm: bool = False  # whether an alarm on the agent is unsettled


def view_of(case: Case, seen: Seen) -> dict[str, Json]:
    """The document of `case` for one reader."""
    tool = seen.policy.tools.get(case.action.tool)
    hidden = seen.hidden
    before = seen.against.action.arguments if seen.against else None
    panels = previews(
        case.action.arguments, _class(case, seen), tool.amount if tool else "", before
    )
    arguments = _arguments(case)
    return {
        "v": VERSION,
        "case": case.id,
        "state": case.state.value,
        "version": case.version,
        "digest": case.digest,
        "intact": case.action.digest == case.digest,
        "headline": headline(panels, case.action.arguments),
        "tool": pieces(case.action.tool),
        "risk": risk_of(case, _class(case, seen)),
        "facts": _facts(case),
        "preview": list(panels),
        "arguments": list(arguments),
        "warnings": _warnings(case, arguments),
        "asked": _asked(case, seen, hidden),
        "approvals": _approvals(case, hidden),
        "votes": [] if hidden else [_vote(vote) for vote in case.votes],
        "monitors": _monitors(case),
        "against": _against(case, seen.against),
        "agent": _agent(case),
        "ends": ENDS.get(case.state, ""),
        "reason": pieces(case.reason),
        "guidance": pieces(case.guidance),
        "amends": case.amends,
        "replaced_by": case.replaced_by,
        "outcome": _outcome(case),
    }  # fmt: skip


def view_digest(document: dict[str, Json]) -> str:
    """SHA-256 of the document's canonical bytes."""
    return digest(document)


def risk_of(case: Case, name: str) -> dict[str, Json]:
    """How risky: the number the inbox sorts by, its level, and the class of the tool in words."""
    does, undo = EFFECTS.get(name, EFFECTS["unknown"])
    level = level_of(case).value
    return {"number": case.risk, "level": level, "class": name, "does": does, "undo": undo}


def _class(case: Case, seen: Seen) -> str:
    return seen.policy.risk(case.action.tool)


def _facts(case: Case) -> list[Json]:
    """What the gate knows of its own: who, where, for whom."""
    action = case.action
    told = {
        "agent": action.agent,
        "its groups": ", ".join(case.agent_groups),
        "on behalf of": action.principal,
        "server": action.server,
        "resource": action.resource,
        "episode": action.episode,
        "executor": case.audience,
        "edited by": action.edited_by,
    }
    return [{"name": name, "value": pieces(value)} for name, value in told.items() if value]


def _arguments(case: Case) -> list[dict[str, Json]]:
    """Each argument with where it comes from (as the caller tells it) and which monitors point at it."""
    found = rows(case.action.arguments)
    for row_ in found:
        pointer = f"/arguments{row_['pointer']}"
        sources = case.action.provenance.get(
            pointer, case.action.provenance.get(str(row_["pointer"]), ())
        )
        row_["from"] = [pieces(source) for source in sources]
        row_["flagged"] = _flags(case, pointer)
    return found


def _flags(case: Case, pointer: str) -> list[Json]:
    verdicts = case.decision.verdicts if case.decision else ()
    return [pieces(v.monitor) for v in verdicts if any(s.pointer == pointer for s in v.spans)]


def _warnings(case: Case, arguments: list[dict[str, Json]]) -> list[Json]:
    found: list[Json] = []
    if case.action.digest != case.digest:
        found.append("The digest is not that of the action shown here. Do not approve it.")
    for name, text in (
        ("tool", case.action.tool),
        ("agent", case.action.agent),
        ("resource", case.action.resource),
    ):
        found += [f"The name of the {name}: {note}." for note in notes(text)]
    bad = sum(bool(row_["notes"]) for row_ in arguments)
    if bad:
        many = "One argument needs" if bad == 1 else f"{bad} arguments need"
        found.append(f"{many} a second look: the marks beside the values say why.")
    return found


def _asked(case: Case, seen: Seen, hidden: bool) -> dict[str, Json]:
    """Which rules asked, condition by condition, and what would change the answer."""
    ruling = case.decision.ruling if case.decision else None
    found: dict[str, Json] = {
        "rules": list(ruling.rules) if ruling else [],
        "reason": pieces(case.decision.reason if case.decision else ""),
        "policy": ruling.policy if ruling else "",
        "told": [],
        "changes": [],
        "stale": ruling is not None and ruling.policy != seen.policy.digest,
    }
    if case.state is State.WAITING:
        facts = Facts(
            approvals={} if hidden else case.approvals(),
            signed={} if hidden else case.signed(),
            groups=case.agent_groups,
            risk=_class(case, seen),
            alarm=seen.alarm,
        )
        told = explain(seen.policy, case.action, facts)
        found["told"] = [_told(rule) for rule in told.decided]
        found["changes"] = list(told.changes)
    return found


def _told(rule: Told) -> Json:
    return {
        "id": rule.id,
        "effect": rule.effect,
        "place": f"{rule.file}:{rule.line}",
        "reason": rule.reason,
        "text": rule.text,
        "conditions": [{"text": c.text, "held": c.held.value} for c in rule.conditions],
    }


def _approvals(case: Case, hidden: bool) -> dict[str, Json]:
    given = {} if hidden else case.approvals()
    groups: list[Json] = [
        {
            "group": group,
            "need": need,
            "have": given.get(group, 0),
            "missing": max(need - given.get(group, 0), 0),
        }
        for group, need in sorted(case.requirement.groups.items())
    ]
    return {
        "groups": groups,
        "hidden": hidden,
        "assurance": case.requirement.assurance,
        "escalated": list(case.escalated),
        "barred": [pieces(name) for name in case.barred],
    }


def _vote(vote: Vote) -> Json:
    return {
        "person": pieces(vote.person), "say": vote.say.value, "group": vote.group, "via": vote.via,
        "at": vote.at, "reason": pieces(vote.reason), "guidance": pieces(vote.guidance),
        "grant": vote.grant, "method": vote.method,
    }  # fmt: skip


def _monitors(case: Case) -> list[Json]:
    verdicts = case.decision.verdicts if case.decision else ()
    return [
        {
            "name": pieces(v.monitor),
            "says": f"{v.suspicion:.2f}" if v.look is Look.DONE else v.look.value,
            "suspicious": v.look is not Look.DONE or v.suspicion > 0,
            "reasons": [pieces(reason) for reason in v.reasons],
        }
        for v in verdicts
    ]


def _against(case: Case, old: Case | None) -> Json:
    """What differs from the last call like this one that was approved."""
    if old is None:
        return None
    found, more = differences(old.action.arguments, case.action.arguments)
    return {"case": old.id, "created": old.created, "rows": found, "more": more}


def differences(before: dict[str, Json], after: dict[str, Json]) -> tuple[list[Json], int]:
    """What differs, place by place, texts by line; and in how many more places than are listed."""
    was = {leaf.pointer: leaf for leaf in leaves(before)}
    now = {leaf.pointer: leaf for leaf in leaves(after)}
    places = [p for p in dict.fromkeys((*was, *now)) if _changed(was.get(p), now.get(p))]
    listed: list[Json] = [_difference(p, was.get(p), now.get(p)) for p in places[:PLACES]]
    return listed, max(len(places) - PLACES, 0)


def _changed(was: Leaf | None, now: Leaf | None) -> bool:
    return was is None or now is None or encode(was.value) != encode(now.value)


def _difference(pointer: str, was: Leaf | None, now: Leaf | None) -> Json:
    found: dict[str, Json] = {
        "label": pieces(pointer.removeprefix("/")),
        "was": row(was) if was else None,
        "now": row(now) if now else None,
        "diff": [],
    }
    if was and now and isinstance(was.value, str) and isinstance(now.value, str):
        texts = (was.value, now.value)
        if any("\n" in text for text in texts):
            found["diff"] = unified(*texts)
    return found


def _agent(case: Case) -> dict[str, Json]:
    """The agent's own words: quoted, never believed."""
    return {
        "purpose": _quote(case.action.purpose),
        "read": [
            {"source": pieces(e.source), "trusted": e.trusted, "quote": _quote(e.text)}
            for e in case.action.context
        ],
    }


def _quote(text: str) -> dict[str, Json]:
    cut = text[:FOLDED]
    return {"pieces": pieces(cut), "more": len(text) - len(cut), "notes": list(notes(text))}


def _outcome(case: Case) -> Json:
    if case.outcome is None:
        return None
    done = case.outcome
    return {"ok": done.ok, "at": done.at, "result": done.result, "summary": _quote(done.summary)}
