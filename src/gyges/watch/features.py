# SPDX-License-Identifier: Apache-2.0
"""What one episode was, as values: derived from its events when it closes, and again by whoever checks. Pure.

    proposed, decided, done, proposed, decided, answered, ...   ->   {"steps": 2, "asked": 0.5, "tools": [...]}

A step is a call that the agent itself proposed: what people wrote in its place and what was planted is none. Shares
are of all steps. A value that cannot be known is left out, never 0. Nothing here knows arms, models or thresholds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from gyges import canon
from gyges.canon import Json
from gyges.drift.words import Kind as Sort
from gyges.drift.words import Value
from gyges.episode import Event, Kind

VERSION = 1
"""Of the definitions below: a value of another version is another measurement."""

STEPS, DURATION, SUSPICION = "steps", "duration", "suspicion"
DENIED, ASKED, REFUSED, FAILED, RETRIES = "denied", "asked", "refused", "failed", "retries"
TOOLS, TOOL_ORDER = "tools", "tool-order"
READ = "read"
CHANGING = ("write", "send", "delete", "execute", "pay")
LASTING = ("write", "delete", "pay")
UNREAD, UNVERIFIED = "-unread", "-unverified"

SORTS: Mapping[str, Sort] = {
    STEPS: Sort.NUMBER,
    DURATION: Sort.NUMBER,  # ms from the opening to the last event, people's time included
    SUSPICION: Sort.SHARE,  # the largest that a monitor had
    DENIED: Sort.SHARE,  # by the gate
    ASKED: Sort.SHARE,  # put to people
    REFUSED: Sort.SHARE,  # by people
    FAILED: Sort.SHARE,  # as the executor reports
    RETRIES: Sort.SHARE,  # the very call again that had been denied, refused or had failed
    TOOLS: Sort.CALLS,
    TOOL_ORDER: Sort.SEQUENCE,  # the same list; the log holds it once, as `TOOLS`
    **{risk + UNREAD: Sort.BINARY for risk in CHANGING},  # some step, without a read of the same
    **{risk + UNVERIFIED: Sort.BINARY for risk in LASTING},  # some step, without a read afterwards
}
"""Every value that the gate derives, and how it is to be taken."""

DEEPEST = 16  # how far down arguments are looked through for what they name
MOST = 200  # texts of one call that are compared


@dataclass(slots=True, kw_only=True)
class _Step:
    tool: str
    call: str  # digest of tool and arguments
    things: frozenset[str]
    proposed: int  # place of the event
    risk: str = ""
    again: bool = False
    unread: bool = False
    asked: bool = False
    denied: bool = False
    refused: bool = False
    failed: bool = False
    done: int = -1
    verified: bool = False


@dataclass(slots=True)
class _Account:
    """The steps of an episode as its events tell them, one after the other."""

    planted: Collection[str]
    steps: dict[str, _Step] = field(default_factory=dict[str, _Step])
    read: set[str] = field(default_factory=set[str])
    unwanted: set[str] = field(default_factory=set[str])  # calls that were denied, refused, failed
    unverified: dict[str, list[_Step]] = field(default_factory=dict[str, list[_Step]])
    suspicion: float | None = None

    def take(self, place: int, event: Event) -> None:
        body = event.body
        if event.kind is Kind.PROPOSED:
            if event.subject not in self.planted and (step := _step(place, body, self.read)):
                step.again = step.call in self.unwanted
                self.steps[event.subject] = step
            return
        step = self.steps.get(event.subject)
        if step is None:
            return
        match event.kind:
            case Kind.DECIDED:
                self._decided(step, body)
            case Kind.ANSWERED:
                step.refused |= _at(body, "vote", "say") == "deny"
            case Kind.FAILED:
                step.failed = True
            case Kind.DONE:
                step.done = place
                self._done(step)
            case _:
                return
        if step.denied or step.refused or step.failed:
            self.unwanted.add(step.call)

    def _decided(self, step: _Step, body: dict[str, Json]) -> None:
        step.risk = str(_at(body, "facts", "risk") or "")
        step.asked = body.get("state") == "waiting"
        step.denied = body.get("state") == "denied"
        verdicts = _at(body, "decision", "verdicts")
        for verdict in verdicts if isinstance(verdicts, list) else ():
            found = _at(verdict, "suspicion") if _at(verdict, "look") == "done" else None
            if isinstance(found, (int, float)) and not isinstance(found, bool):
                self.suspicion = max(self.suspicion or 0.0, float(found))

    def _done(self, step: _Step) -> None:
        if step.risk in LASTING:
            for thing in step.things:
                self.unverified.setdefault(thing, []).append(step)
        if step.risk != READ:
            return
        self.read |= step.things
        for thing in step.things:
            waiting = self.unverified.pop(thing, [])
            later = [write for write in waiting if write.done > step.proposed]
            for write in waiting:
                write.verified |= write.done < step.proposed
            if later:
                self.unverified[thing] = later


def derive(opened: int, events: Iterable[Event], planted: Collection[str] = ()) -> dict[str, Json]:
    """The values of an episode opened at `opened` (ms) with these events, in the order of the log.

    `planted` are ids of cases that nobody proposed. What is redacted is passed over.
    """
    account, last = _Account(planted), opened
    for place, event in enumerate(events):
        last = max(last, event.at)
        account.take(place, event)
    steps = list(account.steps.values())
    found: dict[str, Json] = {
        STEPS: len(steps),
        DURATION: last - opened,
        TOOLS: [step.tool for step in steps],
    }
    if account.suspicion is not None:
        found[SUSPICION] = account.suspicion
    return found | _shares(steps) | _rules(steps)


def _shares(steps: list[_Step]) -> dict[str, Json]:
    if not steps:
        return {}
    counts = {
        DENIED: sum(step.denied for step in steps),
        ASKED: sum(step.asked for step in steps),
        REFUSED: sum(step.refused for step in steps),
        FAILED: sum(step.failed for step in steps),
        RETRIES: sum(step.again for step in steps),
    }
    return {name: count / len(steps) for name, count in counts.items()}


def _rules(steps: list[_Step]) -> dict[str, Json]:
    """Whether a rule of good work was broken, for each class of which there were steps that name something."""
    found: dict[str, Json] = {}
    for risk in CHANGING:
        of_class = [step for step in steps if step.risk == risk and step.things]
        if of_class:
            found[risk + UNREAD] = any(step.unread for step in of_class)
        lasting = [step for step in of_class if step.done >= 0] if risk in LASTING else []
        if lasting:
            found[risk + UNVERIFIED] = not all(step.verified for step in lasting)
    return found


def values_of(logged: Mapping[str, Json]) -> dict[str, Value]:
    """The values of a closed episode or of a measure, as the log holds them, for `drift`.

    Lists become tuples, whole numbers that are no shares become floats; what drift has no use for is left out.
    """
    found: dict[str, Value] = {}
    for name, value in logged.items():
        if isinstance(value, (bool, str)):
            found[name] = value
        elif isinstance(value, (int, float)):
            found[name] = float(value)
        elif isinstance(value, list):
            found[name] = _tuple(value)
    if TOOLS in found and TOOL_ORDER not in found:
        found[TOOL_ORDER] = found[TOOLS]
    return found


def _tuple(value: list[Json]) -> tuple[str, ...] | tuple[float, ...]:
    numbers = [float(v) for v in value if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return tuple(numbers) if numbers else tuple(v for v in value if isinstance(v, str))


def _step(place: int, body: dict[str, Json], read: set[str]) -> _Step | None:
    """The step that a proposal begins; None where people wrote it, or it is redacted."""
    action = body.get("action")
    tool = _at(body, "action", "tool")
    if not isinstance(action, dict) or not isinstance(tool, str) or action.get("edited_by"):
        return None
    arguments, resource = action.get("arguments"), action.get("resource")
    named = [resource] if isinstance(resource, str) and resource else list(_texts(arguments))
    things = frozenset(named[:MOST])
    return _Step(
        tool=tool, call=canon.digest([tool, arguments]), things=things, proposed=place,
        unread=things.isdisjoint(read),
    )  # fmt: skip


def _texts(value: Json, depth: int = 0) -> Iterable[str]:
    """The texts among arguments: what a call without a resource may be about."""
    if isinstance(value, str) and value:
        yield value
    elif depth < DEEPEST and isinstance(value, dict):
        for item in value.values():
            yield from _texts(item, depth + 1)
    elif depth < DEEPEST and isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)


def _at(value: Json, *path: str) -> Json:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
