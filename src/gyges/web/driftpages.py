# SPDX-License-Identifier: Apache-2.0
"""Drift as pages: the fleet, an agent, one feature of it with its alarms; and what people do about them as forms.

    /drift   /drift/AGENT   /drift/AGENT/FEATURE?alarm=ID        POST /drift/settle   /drift/baseline   /drift/unmute

The documents are those of `web/drift.py` (`/v1/drift`); around them stand only which alarms are shown in full and
the cases of their transcripts. It decides nothing: acts are checked where they are written, in `watch/acts.py`.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from gyges.drift.alarms import Act, Evidence
from gyges.errors import Malformed, Unprocessable
from gyges.person import Role
from gyges.ports import CaseQuery
from gyges.principal import Key, Scope
from gyges.watch import acts, asked
from gyges.watch.docket import Noted
from gyges.web import charts, drift
from gyges.web.session import own_path
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

AGENTS = 200  # that the fleet's table has, alarms first; the twin has all
FULL = 5  # alarms of a feature that are told in full; `?alarm=ID` opens another
EPISODES = 3  # of one session whose cases are looked up
CASES = 3  # of one episode that are named
CELLS = 8_000  # of the table behind a timeline; the twin has all
LONGEST = 4000  # characters of a reason, as in the API
READS_CASES = frozenset({Role.APPROVER, Role.AUDITOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a document: `standing` and `behind` as in the fleet's, the budget in words."""

    standing: str
    behind: bool
    promise: str


async def fleet_page(visit: Visit) -> Response:
    """`/drift`."""
    found = await drift.fleet_of(visit.gate)
    return visit.render("drift.html", {"drift": found, "shown": AGENTS, "now": visit.now})


async def agent_page(visit: Visit) -> Response:
    """`/drift/AGENT`."""
    found = await drift.agent_of(visit.gate, visit.part("agent"))
    around = await _around(visit.gate)
    return visit.render("drift_agent.html", {"drift": found, "around": around, "now": visit.now})


async def feature_page(visit: Visit) -> Response:
    """`/drift/AGENT/FEATURE`."""
    found = await drift.feature_of(visit.gate, visit.part("agent"), visit.part("feature"))
    full = _in_full(found.alarms, visit.query.get("alarm", ""))
    context = {
        "drift": found, "around": await _around(visit.gate), "full": [noted.id for noted in full],
        "cases": await _cases(visit, full), "now": visit.now,
        "rows": min(len(found.line.at), CELLS // (len(found.line.labels) + 3)),
    }  # fmt: skip
    chart = None if visit.wants_json else await asyncio.to_thread(charts.timeline, found)
    return visit.render("drift_feature.html", context, pictures={"chart": chart})


async def settle(visit: Visit) -> Response:
    """Settle an alarm under one's name: alarm, choice, reason, next."""
    try:
        choice = Act(visit.form.get("choice", ""))
    except ValueError:
        raise Malformed("choice: one of " + ", ".join(Act)) from None
    alarm, reason = visit.form.get("alarm", "")[:100], _reason(visit)
    await drift.settled(visit.gate, alarm, choice, by=_acting(visit), reason=reason)
    return visit.go(own_path(visit.form.get("next", ""), "/drift"), said="settled")


async def baseline(visit: Visit) -> Response:
    """Take what an agent does now as what is normal, or the sessions of `of` as its tests: agent, of, reason."""
    agent, of, gate = visit.form.get("agent", ""), visit.form.get("of", "").strip(), visit.gate
    reason = _reason(visit)
    await (drift.tests_checked(gate, agent, of) if of else drift.agent_of(gate, agent))
    await acts.freeze(drift.parts_of(gate), agent, of=of, by=_acting(visit), reason=reason)
    gate.book.wake()
    return visit.go(own_path(visit.form.get("next", ""), "/drift"), said="baseline")


async def unmute(visit: Visit) -> Response:
    """Watch a muted feature again: agent, feature, reason."""
    agent, feature, gate = visit.form.get("agent", ""), visit.form.get("feature", ""), visit.gate
    await drift.feature_of(gate, agent, feature)
    await acts.unmute(
        drift.parts_of(gate), agent, feature, by=_acting(visit), reason=_reason(visit)
    )
    gate.book.wake()
    return visit.go(own_path(visit.form.get("next", ""), "/drift"), said="unmuted")


async def _around(gate: "Gate") -> Around:
    book = gate.book
    return Around(
        standing=book.standing, behind=await book.behind(), promise=asked.promise(book.plan)
    )


def _acting(visit: Visit) -> Key:
    return visit.key(Scope.APPROVER if visit.may(Role.APPROVER) else Scope.ADMIN)


def _reason(visit: Visit) -> str:
    reason = visit.form.get("reason", "").strip()
    if not reason:
        raise Unprocessable("say why: the reason goes into the log under your name")
    if len(reason) > LONGEST:
        raise Malformed(f"a reason has at most {LONGEST} characters")
    return reason


def _in_full(alarms: Sequence[Noted], asked: str) -> list[Noted]:
    """Those that are told in full: the one asked for, and the newest that are unsettled; or else the newest."""
    first = [n for n in alarms if n.settled is None][:FULL] or alarms[:1]
    return [n for n in alarms if n in first or n.id == asked]


async def _cases(visit: Visit, alarms: Iterable[Noted]) -> dict[str, list[str]]:
    """Session -> the first cases of its episodes, for those who may see cases."""
    if not READS_CASES & set(visit.who.roles):
        return {}
    found: dict[str, list[str]] = {}
    for noted in alarms:
        units = (*noted.alarm.top, *noted.alarm.counter) if noted.alarm else ()
        for unit in units:
            if unit.unit not in found:
                found[unit.unit] = await _cases_of(visit.gate, noted.agent, unit)
    return {unit: ids for unit, ids in found.items() if ids}


async def _cases_of(gate: "Gate", agent: str, unit: Evidence) -> list[str]:
    ids: list[str] = []
    for episode in unit.episodes[:EPISODES]:
        page = await gate.store.cases(CaseQuery(agent=agent, episode=episode, limit=CASES))
        ids += [case.id for case in reversed(page.cases)]
    return ids
