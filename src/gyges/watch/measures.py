# SPDX-License-Identifier: Apache-2.0
"""What graders say of episodes, recorded beside what the gate derives itself: named, versioned, once.

A grader never learns the arm: no answer holds it, and a value that quotes the cue is refused. It judges nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gyges import canon
from gyges.canon import Json
from gyges.drift.coin import blinded
from gyges.episode import Event, Kind, Recorded
from gyges.errors import Conflict, Expired, Forbidden, NotFound, Unprocessable
from gyges.ports import Change, EventQuery
from gyges.principal import Key, Scope
from gyges.watch import features
from gyges.watch.episodes import Parts
from gyges.watch.past import claim_of, close_of, everything
from gyges.watch.ring import Ring

LATE_MS = 30 * 86_400_000  # how long after its close an episode can still be measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Values of one episode by a grader of this name and version; `agent` where several have such an id."""

    id: str
    grader: str
    version: str
    values: Mapping[str, Json]
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer to a measure: whose episode it is of, and the place in the log."""

    id: str
    agent: str
    index: int


async def measure(parts: Parts, measured: Measure, *, by: Key) -> Taken:
    """Record what a grader says of an episode, closed or not; the same again is recorded once.

    Raise `NotFound`, `Conflict` if this grader said otherwise before, `Expired` 30 days after the close,
    `Unprocessable` for values that cannot be a grader's.
    """
    if by.scope not in (Scope.EXECUTOR, Scope.AUDITOR):
        raise Forbidden("graders measure with a key of scope executor or auditor")
    _check(measured, parts.ring)
    name, now = measured.id, parts.clock.now()
    opened = await _meant(parts, measured)
    agent, subject = opened.event.agent, opened.event.subject
    closed = await close_of(parts.store, opened)
    if closed is not None and now > closed.event.at + LATE_MS:
        raise Expired(f"episode {name} was closed more than 30 days ago")
    body: dict[str, Json] = {
        "agent": agent, "episode": name, "grader": measured.grader, "version": measured.version,
        "by": by.name, "values": dict(measured.values),
    }  # fmt: skip
    # It carries no episode: monitors look at what agents do, not at what graders think of it.
    event = Event(kind=Kind.MEASURED, at=now, subject=subject, body=body, agent=agent)
    who = (agent, name, measured.grader, measured.version)
    claims = tuple(claim_of("measured", *who, value) for value in measured.values)
    try:
        receipt = await parts.recorder.record(Change(events=(event,), claims=claims))
    except Conflict:
        return await _again(parts, measured, opened)
    return Taken(id=name, agent=agent, index=receipt.indices[-1])


def _check(measured: Measure, ring: Ring | None) -> None:
    """Raise `Unprocessable` for a name that is the gate's, or a text that tells the arm."""
    if own := sorted(features.SORTS.keys() & measured.values.keys()):
        raise Unprocessable(f"{own[0]} is measured by the gate itself")
    cues = (ring.cue, ring.watched) if ring else ()
    for name, value in measured.values.items():
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and blinded(text, *cues) != text for text in texts):
            raise Unprocessable(f"{name} quotes what tells the arm; a measure must not know it")


async def _meant(parts: Parts, measured: Measure) -> Recorded:
    """The opening of the episode that is meant."""
    query = EventQuery(
        episode=measured.id, kinds=(Kind.EPISODE_OPENED,), agent=measured.agent, limit=2
    )
    found = await parts.store.events(query) if measured.id else ()
    if not found:
        raise NotFound(f"there is no episode {measured.id[:40]}")
    if len(found) > 1:
        raise Unprocessable(f"several agents have an episode {measured.id}: name the agent")
    return found[0]


async def _again(parts: Parts, measured: Measure, opened: Recorded) -> Taken:
    """Where the very same was recorded before; raise `Conflict` if it was otherwise."""
    query = EventQuery(subject=opened.event.subject, kinds=(Kind.MEASURED,))
    said = (measured.grader, measured.version, canon.digest(dict(measured.values)))
    for recorded in await everything(parts.store, query):
        body = recorded.event.body
        if said == (body.get("grader"), body.get("version"), canon.digest(body.get("values"))):
            return Taken(id=measured.id, agent=opened.event.agent, index=recorded.index)
    raise Conflict(
        f"{measured.grader} {measured.version} has measured episode {measured.id} otherwise before"
    )
