# SPDX-License-Identifier: Apache-2.0
"""What drift says of the demo's agents, asked over the gate's API as any overseer would; and the log, folded again.

It knows no truth and compares nothing: `verdict.py` does.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gyges import canon
from gyges.adapters.client import Gate
from gyges.canon import Json
from gyges.cli.rota.house import DESIGN
from gyges.cli.rota.play import Played
from gyges.drift.alarms import Alarm
from gyges.episode import Kind
from gyges.errors import Misconfigured
from gyges.ports import EventQuery
from gyges.settings import read_settings
from gyges.watch.docket import PLAN, body_of, ring_body
from gyges.watch.past import everything

if TYPE_CHECKING:
    from gyges.watch.fold import Rang

PATIENCE_S = 300  # for the book to have folded what was played; it needs a few seconds
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The answers: the fleet, each agent's drift, its ring test, and the features that have rung, as JSON."""

    fleet: Mapping[str, Any]
    agents: Mapping[str, Mapping[str, Any]]
    ring: Mapping[str, Mapping[str, Any]]
    features: Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Bodies of the alarms: those in the log, and those that the log comes to when it is folded anew."""

    logged: tuple[dict[str, Json], ...]
    again: tuple[dict[str, Json], ...]
    closed: int  # episodes

    @property
    def same(self) -> bool:
        """Whether they are the same to the last bit; an alarm of one moment may be logged after another's."""
        first, second = (sorted(map(canon.digest, found)) for found in (self.logged, self.again))
        return first == second


async def said(played: Played) -> Said:
    """Everything, once the book has caught up with what was played."""
    async with Gate(played.gate, played.secrets["audrey"]) as gate:
        fleet = await _caught_up(gate, played.sessions)
        names = [agent.name for agent in played.agents]
        agents = {name: await _get(gate, "drift", name) for name in names}
        rang = [
            (name, alarm["feature"])
            for name in names
            for alarm in agents[name]["alarms"]
            if alarm["family"] == "drift"
        ]
        features = {pair: await _get(gate, "drift", *pair) for pair in dict.fromkeys(rang)}
        tests = (await _get(gate, "ring"))["items"]
        ring = {one["agent"]: one for t in tests if t["design"] == DESIGN for one in t["agents"]}
    return Said(fleet=fleet, agents=agents, ring=ring, features=features)


async def replayed(data: Path) -> Replayed:
    """Open the folder of a gate that has stopped, and fold its log from the first event to the last."""
    from gyges.watch.arms import open_arms
    from gyges.watch.fold import KINDS, Fold, loud
    from gyges.watch.plan import plan_from
    from gyges.wiring import open_gate

    gate = await open_gate(read_settings(data / "gyges.toml", {}, data=str(data)))
    try:
        events = await everything(gate.store, EventQuery(kinds=KINDS))
    finally:
        await gate.close()
    plan = next(e.event.body for e in events if e.event.body.get("choice") == PLAN)
    fold = Fold(plan_from(plan["plan"]), str(plan["seed"]), open_arms(data))
    rang = [one for recorded in events for one in loud(fold.take(recorded))]
    return Replayed(
        logged=tuple(e.event.body for e in events if e.event.kind is Kind.DRIFT_ALARM),
        again=tuple(map(_body, rang)),
        closed=sum(e.event.kind is Kind.EPISODE_CLOSED for e in events),
    )


def _body(rang: "Rang") -> dict[str, Json]:
    """What a log says of an alarm."""
    if isinstance(rang, Alarm):
        return body_of(rang)
    found = rang.rung
    return ring_body(
        rang.agent, rang.design, feature=found.feature, evidence=found.evidence, limit=found.limit,
        unit=found.unit,
    )  # fmt: skip


async def _caught_up(gate: Gate, sessions: int) -> dict[str, Any]:
    """The fleet, as soon as everything that was played is counted."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                fleet = await _get(gate, "drift")
                if fleet["standing"] != "on":
                    raise Misconfigured(f"drift at the demo's gate is {fleet['standing']}")
                counted = sum(one["units"] for one in fleet["agents"])
                if counted >= sessions and not fleet["behind"]:
                    return fleet
                await asyncio.sleep(PAUSE_S)
    except TimeoutError:
        raise Misconfigured(f"drift has not caught up after {PATIENCE_S} s") from None


async def _get(gate: Gate, *path: str) -> dict[str, Any]:
    parts = "/".join(quote(part, safe="") for part in path)
    found: dict[str, Any] = json.loads(await gate.request("GET", f"/v1/{parts}"))
    return found
