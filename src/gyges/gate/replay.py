# SPDX-License-Identifier: Apache-2.0
"""A candidate policy put to what has already happened: every decision that would have come out differently.

    c-01...  pay  ask (2 of finance) -> ask (1 of finance)   looser
    c-02...  send_mail  ask (1 of reviewers) -> allow        looser

It compares what policy said then with what the candidate says of the same action and the same facts.
Monitors, people and kill switches are left out of it, on both sides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from gyges import canon
from gyges.action import Action, parse_action
from gyges.canon import Json
from gyges.case import Say
from gyges.decision import NOBODY, Effect, Facts, Requirement, Ruling
from gyges.episode import Kind, Recorded
from gyges.errors import Malformed
from gyges.ports import Policy

KINDS = (Kind.PROPOSED, Kind.DECIDED, Kind.ANSWERED)
"""The events that `pasts` needs; others are passed over."""


STOPPED = "stopped by "  # how the gate begins the reason of a denial by kill switch


class Direction(StrEnum):
    """Which way a decision would move."""

    LOOSER = "looser"
    STRICTER = "stricter"
    OTHER = "other"  # other people would be asked, neither fewer nor more


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One recorded ruling with everything it was based on."""

    case: str
    action: Action
    facts: Facts
    effect: Effect
    requirement: Requirement = NOBODY
    at: int = 0  # ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One decision that would differ; `rules` and `reason` are the candidate's."""

    case: str
    agent: str
    tool: str
    at: int
    was: Effect
    was_required: Requirement
    now: Effect
    now_required: Requirement
    direction: Direction
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`total` decisions were compared; `left_out` could not be: redacted, or not made by policy."""

    policy: str  # digest of the candidate
    total: int
    left_out: int = 0
    differences: tuple[Difference, ...] = ()
    counts: dict[str, int] = field(default_factory=dict[str, int])  # direction -> number


def replay(candidate: Policy, recorded: Iterable[Past | None]) -> Replay:
    """What `candidate` would have said. None in `recorded` stands for a decision that is left out."""
    total, left_out, found = 0, 0, list[Difference]()
    for past in recorded:
        if past is None:
            left_out += 1
            continue
        total += 1
        facts = replace(past.facts, risk=candidate.risk(past.action.tool))
        difference = compare(past, candidate.rule(past.action, facts))
        if difference is not None:
            found.append(difference)
    counts = {way.value: sum(d.direction is way for d in found) for way in Direction}
    return Replay(
        policy=candidate.digest,
        total=total,
        left_out=left_out,
        differences=tuple(found),
        counts=counts,
    )


def compare(past: Past, ruling: Ruling) -> Difference | None:
    """How `ruling` differs from what was said, None where it does not."""
    if ruling.effect is past.effect and ruling.requirement == past.requirement:
        return None
    return Difference(
        case=past.case,
        agent=past.action.agent,
        tool=past.action.tool,
        at=past.at,
        was=past.effect,
        was_required=past.requirement,
        now=ruling.effect,
        now_required=ruling.requirement,
        direction=_direction(past, ruling),
        rules=ruling.rules,
        reason=ruling.reason,
    )


def pasts(events: Iterable[Recorded]) -> Iterator[Past | None]:
    """Rulings out of the log, oldest first; None for one that cannot be replayed.

    An action stands in the event that proposed its case, the ruling in those that decided it.
    """
    actions: dict[str, Action] = {}
    for recorded in events:
        event = recorded.event
        if event.kind is Kind.PROPOSED:
            action = _action(event.body)
            if action is not None:
                actions[event.subject] = action
        elif event.kind in KINDS and not _said_no(event.body):
            yield _past(recorded, actions.get(event.subject))


def summary(found: Replay) -> Iterator[str]:
    """The replay for a terminal: one line for each difference, then the counts."""
    for one in found.differences:
        was, now = _said(one.was, one.was_required), _said(one.now, one.now_required)
        yield f"{one.case}  {one.agent}  {one.tool}  {was} -> {now}  {one.direction.value}: {one.reason}"
    counts = ", ".join(f"{n} {name}" for name, n in found.counts.items())
    left = f"; {found.left_out} left out" if found.left_out else ""
    yield f"{len(found.differences)} of {found.total} decisions would differ ({counts}){left}"


def _said(effect: Effect, requirement: Requirement) -> str:
    people = ", ".join(f"{n} of {name}" for name, n in requirement.groups.items())
    how = f", signed with a {requirement.assurance}" if requirement.assurance else ""
    return f"{effect.value} ({people}{how})" if people else effect.value


def _direction(past: Past, ruling: Ruling) -> Direction:
    if ruling.effect is not past.effect:
        looser = ruling.effect.severity < past.effect.severity
        return Direction.LOOSER if looser else Direction.STRICTER
    was, now = past.requirement, ruling.requirement
    dropped, added = was.assurance and not now.assurance, now.assurance and not was.assurance
    if not now.missing(was.groups) and not added:
        return Direction.LOOSER
    stricter = not was.missing(now.groups) and not dropped
    return Direction.STRICTER if stricter else Direction.OTHER


def _action(body: dict[str, Json]) -> Action | None:
    try:
        return parse_action(canon.encode(body.get("action")))
    except Malformed:
        return None


def _said_no(body: dict[str, Json]) -> bool:
    """Whether this is a person's no, at which policy was not asked again."""
    vote = body.get("vote")
    return isinstance(vote, dict) and vote.get("say") == Say.DENY


def _past(recorded: Recorded, action: Action | None) -> Past | None:
    """The ruling of one event; None where it is redacted, or where a kill switch spoke instead of policy."""
    body = recorded.event.body
    decision = body.get("decision")
    told = decision.get("ruling") if isinstance(decision, dict) else None
    if action is None or recorded.redacted or not isinstance(told, dict):
        return None
    try:
        ruling = msgspec.convert(told, Ruling)
        facts = msgspec.convert(body.get("facts"), Facts)
    except msgspec.ValidationError:
        return None
    if not ruling.rules and ruling.reason.startswith(STOPPED):
        return None
    return Past(
        case=recorded.event.subject,
        action=action,
        facts=facts,
        effect=ruling.effect,
        requirement=ruling.requirement,
        at=recorded.event.at,
    )
