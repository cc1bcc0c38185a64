# SPDX-License-Identifier: Apache-2.0
"""Drift over HTTP, for those who oversee: the fleet, an agent, a feature, ring tests; and alarms are settled.

No line of it names agents: what is watched, how it stands and what rang is not theirs to see. What is shown is made
in `watch/asked.py`, what is settled is written by `watch/acts.py`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from gyges.drift.alarms import Act
from gyges.errors import Unprocessable
from gyges.principal import Key
from gyges.watch import acts, asked, asked_ring
from gyges.watch.docket import Noted
from gyges.web.bodies import Body
from gyges.web.call import Call, Nothing, Reply, reply

if TYPE_CHECKING:
    from gyges.watch.fold import Fold
    from gyges.wiring import Gate

Reason = Annotated[str, Meta(min_length=1, max_length=4000)]


class SettleAlarm(Body, frozen=True, kw_only=True):
    """What is done about an alarm: keep, rebaseline or mute, and why."""

    choice: Act
    reason: Reason


class ActOnDrift(Body, frozen=True, kw_only=True):
    """Why a feature is watched again."""

    reason: Reason


class FreezeBaseline(Body, frozen=True, kw_only=True):
    """Why the sessions kept of an agent become its baseline, or those of the agent `of` as which it was tested."""

    reason: Reason
    of: Annotated[str, Meta(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Every agent, alarms first. `standing` is "on", or says what is wrong; `behind`: the log holds more than was
    looked at. `promise` is the budget in words.
    """

    standing: str
    behind: bool
    promise: str
    agents: tuple[asked.Seen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """All ring tests, newest first."""

    standing: str
    items: tuple[asked_ring.Test, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActedOn:
    """An act about an agent's drift, by its place in the log."""

    agent: str
    index: int


async def fleet_of(gate: "Gate") -> Fleet:
    """The fleet; while drift is off, the agents that have alarms in the log."""
    book, docket = gate.book, gate.docket
    behind = await book.behind()
    if book.begun:
        agents = await book.ask(lambda fold: asked.fleet(fold, docket))
    else:
        agents = asked.fleet(None, docket)
    return Fleet(
        standing=book.standing, behind=behind, promise=asked.promise(book.plan), agents=agents
    )


async def agent_of(gate: "Gate", name: str) -> asked.AgentDrift:
    """One agent; raise `NotFound`. While drift is off, what the log says of its alarms."""
    book, docket = gate.book, gate.docket
    if not book.begun and docket.of(name):
        return asked.agent_drift(None, docket, name)
    return await book.ask(lambda fold: asked.agent_drift(fold, docket, name))


async def feature_of(gate: "Gate", name: str, feature: str) -> asked.FeatureDrift:
    """One feature of one agent; raise `NotFound`. While drift is off, what the log says of its alarms."""
    book, docket = gate.book, gate.docket
    if not book.begun and docket.of(name, feature):
        return asked.feature_drift(None, docket, name, feature)
    return await book.ask(lambda fold: asked.feature_drift(fold, docket, name, feature))


async def rings_of(gate: "Gate") -> Rings:
    """All ring tests; none while drift is off."""
    book = gate.book
    docket = gate.docket
    items = await book.ask(lambda fold: asked_ring.tests(fold, docket)) if book.begun else ()
    return Rings(standing=book.standing, items=items)


async def settled(gate: "Gate", id: str, choice: Act, *, by: Key, reason: str) -> Noted:
    """Settle an alarm, and let the book take it in."""
    noted = await acts.settle(parts_of(gate), id, choice, by=by, reason=reason)
    gate.book.wake()
    return noted


async def tests_checked(gate: "Gate", agent: str, of: str) -> None:
    """Raise `Unprocessable` unless sessions of `of` can be what `agent` was like in its tests."""

    def why(fold: "Fold") -> str:
        try:
            fold.monitor.tests_of(agent, of)
        except ValueError as error:  # drift's own, which needs NumPy
            return str(error)
        return ""

    told = await gate.book.ask(why)
    if told:
        raise Unprocessable(told)


async def show_fleet(call: Call[None, Nothing]) -> Reply:
    """Every agent's drift: quiet, on watch or in alarm, and what the budget promises."""
    return reply(await fleet_of(call.gate))


async def show_agent_drift(call: Call[None, Nothing]) -> Reply:
    """One agent's drift: features by evidence, and its alarms."""
    return reply(await agent_of(call.gate, call.params[0]))


async def show_feature_drift(call: Call[None, Nothing]) -> Reply:
    """One feature of one agent: its sessions over time, and alarms with all that explains them."""
    return reply(await feature_of(call.gate, *call.params))


async def show_rings(call: Call[None, Nothing]) -> Reply:
    """Ring tests: gaps with intervals, evidence, checks, and what was left out."""
    return reply(await rings_of(call.gate))


async def settle_alarm(call: Call[SettleAlarm, Nothing]) -> Reply:
    """Settle an alarm: keep the baseline, take a new one, or mute the feature."""
    body, name = call.body, call.params[0]
    return reply(await settled(call.gate, name, body.choice, by=call.key, reason=body.reason))


async def freeze_baseline(call: Call[FreezeBaseline, Nothing]) -> Reply:
    """Take an agent's sessions as what is normal; with `of` those of its tests, as a family of its own."""
    agent, gate, of = call.params[0], call.gate, call.body.of
    await (tests_checked(gate, agent, of) if of else agent_of(gate, agent))
    index = await acts.freeze(parts_of(gate), agent, of=of, by=call.key, reason=call.body.reason)
    gate.book.wake()
    return reply(ActedOn(agent=agent, index=index))


async def unmute_feature(call: Call[ActOnDrift, Nothing]) -> Reply:
    """Watch a muted feature of an agent again."""
    (agent, feature), gate, reason = call.params, call.gate, call.body.reason
    await feature_of(gate, agent, feature)
    index = await acts.unmute(parts_of(gate), agent, feature, by=call.key, reason=reason)
    gate.book.wake()
    return reply(ActedOn(agent=agent, index=index))


def parts_of(gate: "Gate") -> acts.Parts:
    """What acts are written with."""
    return acts.Parts(recorder=gate.store, clock=gate.clock, docket=gate.docket)
