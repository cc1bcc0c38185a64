# SPDX-License-Identifier: Apache-2.0
"""All cases, newest first, searched by words, state, agent, tool, answerer and day.

The page `/history`, its twin and `/v1/history` are one document. While votes are blind, a row says nothing of
them to somebody who has yet to vote. It decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from gyges.case import Case, Say, State
from gyges.errors import Malformed
from gyges.gate.attention import level_of
from gyges.ports import CaseSearch
from gyges.principal import Scope
from gyges.web import bodies
from gyges.web.call import Call, Reply, reply
from gyges.web.timeline import is_blind, voter_of
from gyges.web.values import leaves, written
from gyges.web.visit import Visit

if TYPE_CHECKING:
    from gyges.wiring import Gate

PAGE = 50
SHORT, BRIEF = 40, 120  # characters of one value, and of all of them, in a row
NAMES = ("q", "state", "agent", "tool", "episode", "by", "since", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One case in a list. `brief` are the first of its arguments, cut short; `risk` is a level."""

    id: str
    tool: str
    agent: str
    brief: str
    state: State
    risk: str
    created: int  # ms
    reason: str
    approved: tuple[str, ...]  # people
    denied: tuple[str, ...]
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`next` goes into `after`. Where it is set, cases were looked at back to `reached` (ms) only."""

    items: tuple[Row, ...]
    next: str
    reached: int


async def history_of(gate: "Gate", query: CaseSearch, voter: str) -> History:
    """A page of the history for `voter` ("" for one who cannot vote); raise `Malformed`."""
    found = await gate.store.search(query)
    rows = tuple(
        row_of(case, blind=is_blind(gate, case, voter))
        for case in found.cases
        if not (query.person and is_blind(gate, case, voter))
    )
    return History(items=rows, next=found.next, reached=found.reached)


def row_of(case: Case, *, blind: bool) -> Row:
    """`case` as a row; `blind` leaves people's answers out."""
    said = {
        say: tuple(dict.fromkeys(v.person for v in case.votes if v.say is say and not blind))
        for say in Say
    }
    return Row(
        id=case.id, tool=case.action.tool, agent=case.action.agent, brief=brief(case),
        state=case.state, risk=level_of(case).value, created=case.created, reason=case.reason,
        approved=said[Say.APPROVE], denied=said[Say.DENY], log_index=case.log_index,
    )  # fmt: skip


def brief(case: Case) -> str:
    """The first values of a case's arguments on one short line; the case's own page shows all of them."""
    text = ""
    for leaf in leaves(case.action.arguments):
        value = written(leaf.value) if not isinstance(leaf.value, str) else leaf.value[: SHORT + 1]
        value = value if len(value) <= SHORT else value[:SHORT] + "…"
        text += (" · " if text else "") + value
        if len(text) > BRIEF:
            return text[:BRIEF] + "…"
    return text


async def page(visit: Visit) -> Response:
    """`/history`."""
    asked = {name: visit.query.get(name, "").strip() for name in NAMES}
    query = _search(asked, visit.query.get("after", ""))
    found = await history_of(visit.gate, query, voter_of(visit))
    context = {
        "history": found, "asked": asked, "states": list(State), "now": visit.now,
        "first": not visit.query.get("after", ""),
    }  # fmt: skip
    return visit.render("history.html", context)


async def search_history(call: Call[None, bodies.HistoryQuery]) -> Reply:
    """A page of cases by what was said in them, newest first."""
    q = call.query
    query = CaseSearch(
        text=q.q, person=q.by, states=states(q.state), agent=q.agent, tool=q.tool,
        episode=q.episode, since=q.since, until=q.until, after=q.after, limit=q.limit,
    )  # fmt: skip
    voter = call.key.name if call.key.scope is Scope.APPROVER else ""
    return reply(await history_of(call.gate, query, voter))


def states(text: str) -> tuple[State, ...]:
    """States from their names with commas between; raise `Malformed`."""
    try:
        return tuple(State(name) for name in text.split(",") if name)
    except ValueError:
        raise Malformed("state: one or more of " + ", ".join(State)) from None


def _search(asked: Mapping[str, str], after: str) -> CaseSearch:
    return CaseSearch(
        text=asked["q"], person=asked["by"], states=states(asked["state"]), agent=asked["agent"],
        tool=asked["tool"], episode=asked["episode"], since=_day(asked["since"]),
        until=_day(asked["until"], after=1), after=after, limit=PAGE,
    )  # fmt: skip


def _day(text: str, after: int = 0) -> int:
    """The first millisecond of a day in UTC, or of so many days after it; 0 for none."""
    if not text:
        return 0
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=after)
        return max(0, round(day.timestamp() * 1000))
    except (ValueError, OverflowError):
        raise Malformed("a day is written as 2026-11-21") from None
