# SPDX-License-Identifier: Apache-2.0
"""What people do about drift: settle an alarm, freeze what is normal, unmute. Acts by name, in the log for good.

    keep        the baseline stays: the change is looked into, or is as it should be
    rebaseline  the present is the new normal; what a first reference or a stated band says cannot be moved
    mute        the feature of this agent is not bet on any more, until somebody unmutes it

It changes nothing but the log: the book folds the act in its place, and so does every replay.
"""

from dataclasses import dataclass

from gyges.canon import Json
from gyges.drift.alarms import Act, Family
from gyges.episode import Event, Kind, Recorded
from gyges.errors import Conflict, Forbidden, NotFound, Unprocessable
from gyges.ports import Change, Clock, Recorder
from gyges.principal import Key, Scope
from gyges.watch.docket import FREEZE, MOVES, UNMUTE, Docket, Noted

SETTLED = "drift:settled"  # subjects are public: they name no alarm
SETTLERS = frozenset({Scope.APPROVER, Scope.ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What acts are written with."""

    recorder: Recorder
    clock: Clock
    docket: Docket


async def settle(parts: Parts, id: str, choice: Act, *, by: Key, reason: str) -> Noted:
    """Settle an alarm; return it as it stands then.

    Raise `NotFound`, `Conflict` if it is settled, `Unprocessable` without a reason or for a choice it does not have.
    """
    _named(by, reason)
    noted = parts.docket.get(id)
    if noted is None:
        raise NotFound(f"there is no alarm {id[:80]}")
    if noted.settled is not None:
        raise Conflict(f"alarm {id} was settled by {noted.settled.by}: {noted.settled.choice}")
    _fits(noted, choice)
    kind = Kind.DRIFT_BASELINE if choice is Act.REBASELINE else Kind.DRIFT_SETTLED
    body: dict[str, Json] = {
        "alarm": id, "agent": noted.agent, "feature": noted.feature, "choice": choice.value,
        "by": by.name, "reason": reason,
    }  # fmt: skip
    event = Event(kind=kind, at=parts.clock.now(), subject=SETTLED, body=body, agent=noted.agent)
    try:
        receipt = await parts.recorder.record(
            Change(events=(event,), claims=(f"drift-settled:{id}",))
        )
    except Conflict:
        raise Conflict(f"alarm {id} was settled a moment ago") from None
    parts.docket.take(Recorded(index=receipt.indices[-1], event=event, digest=""))
    return parts.docket.get(id) or noted


async def freeze(parts: Parts, agent: str, *, of: str = "", by: Key, reason: str) -> int:
    """Take the agent's sessions that are kept as what is normal; return the act's place in the log.

    With `of` those of the agent as which it was tested: what it does is compared with its tests, beside all else.
    Raise `Unprocessable` where that is the agent itself.
    """
    if of == agent:
        raise Unprocessable(f"agent {agent}: its tests are another agent's sessions, not its own")
    tests: dict[str, Json] = {"of": of} if of else {}
    return await _begin(parts, {"agent": agent, "choice": FREEZE, **tests}, by, reason)


async def unmute(parts: Parts, agent: str, feature: str, *, by: Key, reason: str) -> int:
    """Bet on a muted feature of the agent again; return the act's place in the log."""
    return await _begin(parts, {"agent": agent, "feature": feature, "choice": UNMUTE}, by, reason)


async def _begin(parts: Parts, body: dict[str, Json], by: Key, reason: str) -> int:
    """Write an act down that answers no alarm."""
    _named(by, reason)
    event = Event(
        kind=Kind.DRIFT_BASELINE, at=parts.clock.now(), subject=f"drift:{body['choice']}",
        body={**body, "by": by.name, "reason": reason}, agent=str(body["agent"]),
    )  # fmt: skip
    receipt = await parts.recorder.record(Change(events=(event,)))
    return receipt.indices[-1]


def _named(by: Key, reason: str) -> None:
    if by.scope not in SETTLERS:
        raise Forbidden("an alarm is settled with a key of scope approver or admin")
    if not reason.strip():
        raise Unprocessable("an alarm or a baseline is settled with a reason")


def _fits(noted: Noted, choice: Act) -> None:
    if noted.family is Family.CUE and choice is not Act.KEEP:
        raise Unprocessable(f"alarm {noted.id} is a ring test's: it has no baseline; keep it")
    if choice is not Act.REBASELINE or noted.alarm is None:
        return
    if noted.family is Family.DEPLOYMENT:
        raise Unprocessable(
            f"alarm {noted.id}: what it does now is not what its tests were: keep or mute, or freeze newer tests"
        )
    if noted.alarm.reference not in MOVES:
        raise Unprocessable(
            f"alarm {noted.id}: the {noted.alarm.reference.value} reference never moves; keep or mute"
        )
