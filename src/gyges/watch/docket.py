# SPDX-License-Identifier: Apache-2.0
"""Alarms as the log has them: what rang, and who settled it. The gate's fact `context.agent.alarm` comes from here.

It needs no NumPy and no replay: an alarm that is in the log stays unsettled, whatever becomes of what rang it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import msgspec

from gyges.canon import Json
from gyges.drift.alarms import Alarm, Family, Reference, alarm_id
from gyges.episode import Kind, Recorded
from gyges.ports import EventQuery, Store
from gyges.watch.past import everything

# What a `drift-baseline` event can be besides an answer to an alarm.
PLAN, FREEZE, UNMUTE = "plan", "freeze", "unmute"
MOVES = (Reference.PAST, Reference.FROZEN)  # references that a new baseline can replace
LARGEST = float(2**53 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Who settled an alarm how, when (ms) and why."""

    choice: str
    by: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An alarm in the log: `index` is its place there, `at` (ms) when it was written.

    `evidence` reached `limit` with `unit`. `design` is the ring test's, for family `cue`; `alarm` is all that
    drift says, None for that family, whose standing is in the ring test's report.
    """

    id: str
    index: int
    at: int
    family: Family
    agent: str
    feature: str
    evidence: float
    limit: float
    unit: str
    design: str = ""
    alarm: Alarm | None = None
    settled: Settled | None = None


class Docket:
    """All alarms of the log, in memory."""

    def __init__(self) -> None:
        """None is known yet."""
        self._noted: dict[str, Noted] = {}
        self._mine: dict[str, list[str]] = {}  # agent -> ids, oldest first
        self._open: dict[str, set[str]] = {}  # agent -> ids

    async def load(self, store: Store) -> None:
        """Read the log's alarms and what was done about them."""
        kinds = (Kind.DRIFT_ALARM, Kind.DRIFT_SETTLED, Kind.DRIFT_BASELINE)
        for recorded in await everything(store, EventQuery(kinds=kinds)):
            self.take(recorded)

    def take(self, recorded: Recorded) -> None:
        """One event of the log; what is no alarm and settles none is passed over."""
        event, body = recorded.event, recorded.event.body
        if event.kind is Kind.DRIFT_ALARM:
            noted = _noted(recorded)
            if noted.id not in self._noted:
                self._noted[noted.id] = noted
                self._mine.setdefault(noted.agent, []).append(noted.id)
                self._open.setdefault(noted.agent, set()).add(noted.id)
            return
        known = self._noted.get(str(body.get("alarm", "")))
        if known is not None and known.settled is None:
            choice, by, reason = (str(body.get(name, "")) for name in ("choice", "by", "reason"))
            settled = Settled(choice=choice, by=by, reason=reason, at=event.at)
            self._noted[known.id] = replace(known, settled=settled)
            self._open[known.agent].discard(known.id)

    def on(self, agent: str) -> bool:
        """Whether an alarm on `agent` is unsettled."""
        return bool(self._open.get(agent))

    def get(self, id: str) -> Noted | None:
        """The alarm of this id."""
        return self._noted.get(id)

    def of(self, agent: str, feature: str = "") -> tuple[Noted, ...]:
        """The agent's alarms, newest first."""
        mine = (self._noted[name] for name in reversed(self._mine.get(agent, [])))
        return tuple(n for n in mine if not feature or n.feature == feature)

    def told(self, agent: str, feature: str, family: str) -> bool:
        """Whether an alarm of this family on the agent's feature is unsettled."""
        mine = (self._noted[name] for name in self._open.get(agent, ()))
        return any((n.feature, n.family) == (feature, family) for n in mine)

    def agents(self) -> tuple[str, ...]:
        """Agents with alarms, by who had one first."""
        return tuple(self._open)

    def unsettled(self, agent: str) -> int:
        """How many alarms of the agent are unsettled."""
        return len(self._open.get(agent, ()))


def body_of(alarm: Alarm) -> dict[str, Json]:
    """The event's body of an alarm of drift."""
    return {
        "alarm": alarm.id, "family": alarm.family.value, "agent": alarm.agent,
        "feature": alarm.feature, "evidence": _finite(alarm.evidence),
        "limit": _finite(alarm.threshold), "unit": alarm.unit,
        "said": _finite(msgspec.to_builtins(alarm)),
    }  # fmt: skip


def ring_body(
    agent: str, design: str, *, feature: str, evidence: float, limit: float, unit: str
) -> dict[str, Json]:
    """The event's body of what a ring test found. It says how far the arms differ in nothing."""
    return {
        "alarm": alarm_id(Family.CUE.value, agent, design, feature), "family": Family.CUE.value,
        "agent": agent, "feature": feature, "design": design, "evidence": _finite(evidence),
        "limit": _finite(limit), "unit": unit,
    }  # fmt: skip


def _noted(recorded: Recorded) -> Noted:
    body: Mapping[str, Json] = recorded.event.body
    texts = {name: str(body.get(name, "")) for name in ("feature", "unit", "design")}
    return Noted(
        id=str(body.get("alarm", "")) or recorded.event.subject.removeprefix("drift:"),
        index=recorded.index, at=recorded.event.at, agent=recorded.event.agent,
        family=Family(str(body.get("family", Family.DRIFT.value))), feature=texts["feature"],
        evidence=_number(body.get("evidence")), limit=_number(body.get("limit")),
        unit=texts["unit"], design=texts["design"],
        alarm=alarm_in(body),
    )  # fmt: skip


def alarm_in(body: Mapping[str, Json]) -> Alarm | None:
    """What drift said; None for a ring test's, and for words of another version: the alarm holds all the same."""
    try:
        return msgspec.convert(body.get("said"), Alarm | None)
    except msgspec.ValidationError:
        return None


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _finite(value: object) -> Json:
    """The same with numbers that JSON can say: evidence beyond 2^53 is told as that."""
    if isinstance(value, float):
        return None if math.isnan(value) else max(-LARGEST, min(LARGEST, value))
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {
            str(key): _finite(item) for key, item in cast("dict[object, object]", value).items()
        }
    return cast("Json", value)
