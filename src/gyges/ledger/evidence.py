# SPDX-License-Identifier: Apache-2.0
"""What an auditor asks of one action, computed from its events: who, what, when, by which rule, and the outcome.

Everything here is a function of logged events and of nothing else, so whoever holds the events can
compute it again and compare. A field that Gyges does not record is null, never a guess; a field whose
payload was redacted is null as well, and `redacted` says which events that concerns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gyges.canon import Json

FORMAT = "gyges-evidence/1"
PROPOSED, DECIDED, ANSWERED = "proposed", "decided", "answered"
ENDS = ("denied", "done", "failed", "unknown", "expired", "withdrawn", "superseded", "lapsed")

# The record's fields in the words of those who audit. OpenTelemetry's are its GenAI conventions'
# (in development); the articles are those of Regulation (EU) 2024/1689.
FIELDS: Mapping[str, Json] = {
    "id": ["EU 12(1)", "AU-3", "gen_ai.tool.call.id"],
    "times": ["EU 12(1)", "AU-8", "CC7.2"],
    "agent": ["EU 12(2)", "IA-9", "gen_ai.agent.name"],
    "session": ["gen_ai.conversation.id"],
    "delegated_by": ["EU 12(3)", "IA-2"],
    "tool": ["gen_ai.tool.name", "mcp.method.name"],
    "arguments": ["gen_ai.tool.call.arguments", "AU-3"],
    "policy": ["AC-3", "CM-3", "ISO 42001 A.9.2"],
    "monitors": ["EU 26(5)", "SI-4", "ISO 42001 A.6.2.6"],
    "reviewers": ["EU 14(4)", "EU 14(5)", "CC8.1", "AC-5"],
    "quorum": ["EU 14(5)", "CC8.1"],
    "self_approval": ["AC-5", "CC8.1"],
    "outcome": ["gen_ai.tool.call.result", "PI1.4"],
    "refusals": ["EU 12(2)", "AU-2"],
    "chain": ["AU-9", "AU-10", "EU 19(1)"],
    "redacted": ["AU-11", "EU 19(1)", "EU 26(6)"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One logged event as evidence: `body` is None where its payload was redacted."""

    index: int
    at: int
    kind: str
    subject: str
    body: Mapping[str, Json] | None


def records_of(happened: Sequence[Happened]) -> list[dict[str, Json]]:
    """One record for each action that was proposed or went on among these events."""
    cases: dict[str, list[Happened]] = {}
    for event in happened:
        if event.subject.startswith("c-"):
            cases.setdefault(event.subject, []).append(event)
    return [record_of(case, found) for case, found in cases.items()]


def record_of(id: str, events: Sequence[Happened]) -> dict[str, Json]:
    """The record of one action from its events, oldest first."""
    proposed = _body(events, PROPOSED)
    action = _map(proposed, "action")
    return {
        "id": id,
        "state": state_of(events),
        "times": _times(events),
        **_who(proposed, action),
        **_what(proposed, action, events),
        **_judged(proposed, action, events),
        **_ran(events),
        "chain": [event.index for event in events],
        "redacted": [event.index for event in events if event.body is None],
        "legal_hold": None,
    }


def state_of(events: Sequence[Happened]) -> str | None:
    """Where the action stood after the last of these events; None if none of them says."""
    for event in reversed(events):
        if event.kind in (*ENDS, "redeemed"):
            return event.kind
        if event.kind in (DECIDED, ANSWERED):
            state = (event.body or {}).get("state")
            return state if isinstance(state, str) else None
    return PROPOSED if events else None


def population(records: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """How many actions these are, and how they went: what a sample is drawn from.

    `allowed` went without a person, `held` were put before people, `ungranted` ran without any
    grant on record: the last must be 0, and is counted rather than asserted.
    """
    effects = [_map(record, "policy").get("effect") for record in records]
    states = [record.get("state") for record in records]
    ran = [record for record in records if _map(record, "times").get("redeemed") is not None]
    counts: dict[str, Json] = {
        "actions": len(records),
        "allowed": effects.count("allow"),
        "held": effects.count("ask"),
        "denied_by_policy": effects.count("deny"),
        "undecided": effects.count(None),
        "ran": len(ran),
        "ungranted": sum(_map(record, "times").get("granted") is None for record in ran),
        "self_approved": sum(record.get("self_approval") is True for record in records),
        "refused_attempts": sum(len(_list(record, "refusals")) for record in records),
        "with_redacted_payloads": sum(bool(record.get("redacted")) for record in records),
    }
    counts["states"] = {str(state): states.count(state) for state in sorted(set(states), key=str)}
    return counts


def _who(proposed: Mapping[str, Json], action: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "tenant": None,
        "agent": {"name": action.get("agent"), "version": None},
        "barred_from_approving": proposed.get("barred"),
        "client": None,
        "session": action.get("episode"),
        "delegated_by": action.get("principal"),
        "protocol": None,
    }


def _what(
    proposed: Mapping[str, Json], action: Mapping[str, Json], events: Sequence[Happened]
) -> dict[str, Json]:
    return {
        "tool": action.get("tool"),
        "server": action.get("server"),
        "tool_definition": action.get("tool_schema"),
        "arguments": action.get("arguments"),
        "resource": action.get("resource"),
        "purpose": action.get("purpose"),
        "provenance": action.get("provenance"),
        "digest": proposed.get("digest"),
        "data_classes": None,
        "idempotency_key": None,
        "edit": {
            "replaces": action.get("amends"),
            "replaced_by": _body(events, "superseded").get("replaced_by"),
            "edited_by": action.get("edited_by"),
        },
    }


def _judged(
    proposed: Mapping[str, Json], action: Mapping[str, Json], events: Sequence[Happened]
) -> dict[str, Json]:
    first, last = _body(events, DECIDED), _body(events, ANSWERED) or _body(events, DECIDED)
    decision = _map(first, "decision")
    ruling = _map(decision, "ruling")
    votes = [vote for vote in _list(last, "votes") if isinstance(vote, dict)]
    return {
        "policy": {
            "digest": ruling.get("policy"),
            "effect": decision.get("effect"),
            "rules": ruling.get("rules"),
            "errors": ruling.get("errors"),
            "risk": _map(first, "facts").get("risk"),
            "reason": decision.get("reason"),
        },
        "monitors": decision.get("verdicts"),
        "notified": _notified(first, events),
        "reviewers": [_reviewer(vote) for vote in votes],
        "quorum": {
            "required": _map(last, "requirement").get("groups"),
            "assurance": _map(last, "requirement").get("assurance"),
            "approvals": _approvals(votes),
        },
        "self_approval": _self_approval(proposed, action, votes),
        "break_glass": None,
        "canary": _planted(events),
    }


def _planted(events: Sequence[Happened]) -> bool | None:
    """Whether it was planted to see who notices; None until somebody answered, so that no bundle gives it away."""
    answers = [e.body for e in events if e.kind in (ANSWERED, "withdrawn") and e.body]
    return any(body.get("planted") for body in answers) if answers else None


def _ran(events: Sequence[Happened]) -> dict[str, Json]:
    redeemed = _body(events, "redeemed")
    outcome: Mapping[str, Json] = {}
    for kind in ("done", "failed", "unknown"):
        outcome = outcome or _map(_body(events, kind), "outcome")
    return {
        "executor": redeemed.get("by"),
        "nonce": redeemed.get("nonce"),
        "outcome": {
            "ok": outcome.get("ok"),
            "result": outcome.get("result"),
            "summary": outcome.get("summary"),
            "upstream_status": None,
        },
        "refusals": [
            {"index": e.index, "at": e.at, **_some(e.body or {}, "by", "code", "reason")}
            for e in events
            if e.kind == "refused"
        ],
    }


def _times(events: Sequence[Happened]) -> dict[str, Json]:
    """When each thing first happened; ms since the epoch by the gate's clock, null for never."""
    found: dict[str, Json] = {"clock": "gate, UTC, milliseconds"}
    names = {PROPOSED: "requested", DECIDED: "decided", ANSWERED: "first_answered"}
    for kind in (PROPOSED, DECIDED, ANSWERED, "escalated", "redeemed", *ENDS):
        ats = [event.at for event in events if event.kind == kind]
        found[names.get(kind, kind)] = ats[0] if ats else None
    for state in ("waiting", "granted"):
        ats = [event.at for event in events if (event.body or {}).get("state") == state]
        found["held" if state == "waiting" else state] = ats[0] if ats else None
    return found


def _notified(decided: Mapping[str, Json], events: Sequence[Happened]) -> list[Json]:
    """The groups that were asked, and those asked on escalation."""
    asked: list[Json] = list(_map(_map(decided, "requirement"), "groups"))
    return asked + [g for g in _list(_body(events, "escalated"), "groups") if g not in asked]


def _reviewer(vote: Mapping[str, Json]) -> dict[str, Json]:
    signed, looked = _map(vote, "assertion"), _map(vote, "attention")
    return {
        "identity": vote.get("person"),
        "method": vote.get("method"),
        "group": vote.get("group"),
        "via": vote.get("via"),
        "standing_grant": vote.get("grant"),
        "verdict": vote.get("say"),
        "at": vote.get("at"),
        "digest_shown": vote.get("digest"),
        "reason": vote.get("reason"),
        "guidance": vote.get("guidance"),
        "opened": looked.get("opened"),
        "dwell": looked.get("dwell_ms"),
        "expanded": looked.get("expanded"),
        "assertion": _some(signed, "credential", "origin") if signed else None,
    }


def _approvals(votes: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Group -> distinct people who approved for it."""
    found: dict[str, set[str]] = {}
    for vote in votes:
        if vote.get("say") == "approve":
            found.setdefault(str(vote.get("group")), set()).add(str(vote.get("person")))
    return {group: len(people) for group, people in sorted(found.items())}


def _self_approval(
    proposed: Mapping[str, Json],
    action: Mapping[str, Json],
    votes: Sequence[Mapping[str, Json]],
) -> bool | None:
    """Whether anybody approved who may not: agent, owner, principal, editors. None: not known."""
    if not proposed:
        return None
    barred = set(map(str, _list(proposed, "barred")))
    barred |= {str(action[name]) for name in ("agent", "principal", "edited_by") if name in action}
    approvers = {str(vote.get("person")) for vote in votes if vote.get("say") == "approve"}
    return not approvers.isdisjoint(barred)


def _body(events: Sequence[Happened], kind: str) -> Mapping[str, Json]:
    """The body of the last event of a kind; empty if there is none, or none any more."""
    bodies = [event.body for event in events if event.kind == kind and event.body is not None]
    return bodies[-1] if bodies else {}


def _map(value: Mapping[str, Json], name: str) -> dict[str, Json]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _list(value: Mapping[str, Json], name: str) -> list[Json]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _some(value: Mapping[str, Json], *names: str) -> dict[str, Json]:
    return {name: value.get(name) for name in names}


def policies_of(events: Sequence[Happened]) -> dict[str, int]:
    """Digest of each policy that ruled on one of these events -> index of the first such event."""
    found: dict[str, int] = {}
    for event in events:
        ruling = _map(_map(event.body or {}, "decision"), "ruling")
        if isinstance(digest := ruling.get("policy"), str):
            found.setdefault(digest, event.index)
    return found
