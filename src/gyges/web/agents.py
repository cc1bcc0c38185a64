# SPDX-License-Identifier: Apache-2.0
"""Each agent: who answers for it, what it may do, what it did, and the switch that stops it.

The pages `/agents` and `/agents/NAME`, their twins, `/v1/agents` and `/v1/agents/NAME` are made here. What it
may do is what policy could ever allow it, by the scopes of rules alone; each action is still judged. It
stops nothing itself: see `switches.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from gyges.errors import NotFound
from gyges.person import Role
from gyges.ports import CaseQuery, Tally
from gyges.principal import Key, Scope
from gyges.standing import ALL, Grant, Stop
from gyges.web.call import Call, Nothing, Reply, reply
from gyges.web.history import Row, row_of
from gyges.web.timeline import is_blind, voter_of
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

LATEST = 200  # newest cases of each agent that the list counts
OWN = 1000  # and those that an agent's own page counts
SHOWN = 20  # cases on an agent's page
READS_CASES = frozenset({Role.APPROVER, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """One key of an agent, without its hash. Times are ms, 0 means none."""

    id: str
    owner: str
    groups: tuple[str, ...]
    executor: str
    created: int
    expires: int
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent in the list: `states` counts its newest `counted` cases, `total` all of them."""

    name: str
    owners: tuple[str, ...]
    live: bool  # whether a key of it may be used
    total: int
    last: int  # ms
    counted: int
    states: dict[str, int]
    stop: Stop | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One tool, as far as one agent is concerned. `may`: policy could allow it under some arguments."""

    tool: str
    server: str
    risk: str
    may: bool
    states: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All that is known of one agent. `cases` stays empty for those who may not see cases."""

    agent: Agent
    keys: tuple[Enrolled, ...]
    groups: tuple[str, ...]
    tools: tuple[Use, ...]
    grants: tuple[Grant, ...]
    cases: tuple[Row, ...]
    stops: tuple[Stop, ...]  # those that cover it or one of its tools
    drift: str  # "alarm", "watched", or "" where nothing is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Every agent with a key or a case: the stopped first, then by when they proposed last."""

    items: tuple[Agent, ...]
    stops: tuple[Stop, ...]


async def agents_of(gate: "Gate", now: int) -> Agents:
    """The list."""
    tallies = {tally.agent: tally for tally in await gate.store.tallies(latest=LATEST)}
    keys, stops = _by_name(await gate.store.keys()), await gate.store.stops()
    found = [
        _agent(name, keys.get(name, []), tallies.get(name), stops, now)
        for name in sorted({*tallies, *keys})
    ]
    found.sort(key=lambda agent: (agent.stop is None, -agent.last, agent.name))
    return Agents(items=tuple(found), stops=tuple(stops))


async def profile_of(gate: "Gate", name: str, now: int, *, reader: str | None) -> Profile:
    """One agent; raise `NotFound` for one that nobody knows.

    `reader` None sees no cases, "" sees all of each, a name sees what somebody who may vote does.
    """
    keys = _by_name(await gate.store.keys()).get(name, [])
    tally = (await gate.store.tallies(name, OWN))[0]
    if not keys and not tally.total:
        raise NotFound(f"no agent is called {name[:80]}")
    stops = await gate.store.stops()
    groups = tuple(sorted({group for key in keys if key.live(now) for group in key.groups}))
    grants = [grant for grant in await gate.store.grants(name) if grant.live(now)]
    return Profile(
        agent=_agent(name, keys, tally, stops, now), keys=tuple(_enrolled(k, now) for k in keys),
        groups=groups, tools=_uses(gate, name, groups, tally), grants=tuple(grants),
        cases=await _cases(gate, name, reader),
        stops=tuple(stop for stop in stops if _touches(stop, name)),
        drift="alarm" if gate.docket.on(name) else "watched" if gate.book.knows(name) else "",
    )  # fmt: skip


async def page(visit: Visit) -> Response:
    """`/agents`."""
    found = await agents_of(visit.gate, visit.now)
    return visit.render("agents.html", {"agents": found, "now": visit.now})


async def profile_page(visit: Visit) -> Response:
    """`/agents/NAME`."""
    sees = READS_CASES & set(visit.who.roles)
    reader = voter_of(visit) if sees else None
    found = await profile_of(visit.gate, visit.part("name"), visit.now, reader=reader)
    return visit.render("agent.html", {"profile": found, "sees": bool(sees), "now": visit.now})


async def list_agents(call: Call[None, Nothing]) -> Reply:
    """Every agent with a key or a case, and what became of its newest cases."""
    return reply(await agents_of(call.gate, call.now))


async def show_agent(call: Call[None, Nothing]) -> Reply:
    """One agent: its keys, what it may do, what it did, the stops that hold for it."""
    scope = call.key.scope
    reader = call.key.name if scope is Scope.APPROVER else "" if scope is Scope.AUDITOR else None
    return reply(await profile_of(call.gate, call.params[0], call.now, reader=reader))


def _by_name(keys: Iterable[Key]) -> dict[str, list[Key]]:
    found: dict[str, list[Key]] = {}
    for key in keys:
        if key.scope is Scope.AGENT:
            found.setdefault(key.name, []).append(key)
    return found


def _agent(
    name: str, keys: Sequence[Key], tally: Tally | None, stops: Sequence[Stop], now: int
) -> Agent:
    states: dict[str, int] = {}
    for by_state in tally.counts.values() if tally else ():
        for state, count in by_state.items():
            states[state] = states.get(state, 0) + count
    return Agent(
        name=name, owners=tuple(sorted({key.owner for key in keys if key.owner})),
        live=any(key.live(now) for key in keys), total=tally.total if tally else 0,
        last=tally.last if tally else 0, counted=tally.counted if tally else 0,
        states=dict(sorted(states.items())),
        stop=next((s for s in stops if s.scope in (ALL, f"agent:{name}")), None),
    )  # fmt: skip


def _enrolled(key: Key, now: int) -> Enrolled:
    return Enrolled(
        id=key.id, owner=key.owner, groups=key.groups, executor=key.executor, created=key.created,
        expires=key.expires, live=key.live(now),
    )  # fmt: skip


def _uses(gate: "Gate", name: str, groups: tuple[str, ...], tally: Tally) -> tuple[Use, ...]:
    """The tools it may use or has used: what it may first, by risk and name."""
    policy = gate.policy
    found = [
        Use(
            tool=tool, server=policy.tools[tool].server if tool in policy.tools else "",
            risk=policy.risk(tool), may=policy.visible(name, tool, groups),
            states=tally.counts.get(tool, {}),
        )
        for tool in sorted({*policy.tools, *tally.counts})
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda use: (not use.may, use.tool)))


async def _cases(gate: "Gate", name: str, reader: str | None) -> tuple[Row, ...]:
    if reader is None:
        return ()
    found = await gate.store.cases(CaseQuery(agent=name, limit=SHOWN))
    return tuple(row_of(case, blind=is_blind(gate, case, reader)) for case in found.cases)


def _touches(stop: Stop, name: str) -> bool:
    return stop.scope in (ALL, f"agent:{name}") or stop.scope.startswith("tool:")
