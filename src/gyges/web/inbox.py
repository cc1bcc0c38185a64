# SPDX-License-Identifier: Apache-2.0
"""The inbox: what waits for people, by risk and then by deadline, and a stream that says when it changed.

The stream carries no case: it says that there is something new, and the page fetches itself again. What a
case is about stands on its own page.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from gyges.canon import Json, digest
from gyges.case import Case, State
from gyges.errors import GygesError
from gyges.gate.attention import Level, level_of
from gyges.gate.bell import EVERY
from gyges.gate.together import MOST
from gyges.ports import CaseQuery
from gyges.web.batch import alike
from gyges.web.casepage import brief, standing
from gyges.web.values import leaves
from gyges.web.view import risk_of
from gyges.web.visible import notes, pieces
from gyges.web.visit import Visit

SIZE = 100  # cases on one page
SEARCHED = 2_000
KEEP_ALIVE_S = 15.0
# Characters of a value that are searched for tricks in the list; its own page searches all of them.
GLANCE = 20_000
GATHER_S = 0.2  # what changes within this is told once


async def show(visit: Visit) -> Response:
    """GET /inbox, and /inbox/list for the script that keeps it fresh."""
    wanted = visit.query.get("q", "").strip()[:200]
    cases, more = await _waiting(visit, wanted)
    seen = {case.id: standing(visit, case) for case in cases}
    groups = _batches(cases, seen)
    able = {case.id for group in groups for case in group}
    items = {case.id: _item(visit, case, seen[case.id], batch=case.id in able) for case in cases}
    context = {
        "q": wanted,
        "total": len(cases),
        "yours": [items[case.id] for case in cases if seen[case.id]["may"]],
        "others": [items[case.id] for case in cases if not seen[case.id]["may"]],
        "more": more,
        "batches": [_batch(group) for group in groups],
        "stops": list(await visit.gate.store.stops()),
        "mark": await _mark(visit),
    }
    return visit.render("inbox.html", context)


async def stream(visit: Visit) -> Response:
    """GET /inbox/stream: server-sent events "inbox" (or "case" with ?case=) whenever something changed."""
    last = visit.request.headers.get("last-event-id", "") or visit.query.get("seen", "")
    told = _changes(visit, visit.query.get("case", "")[:100], last)
    return StreamingResponse(told, media_type="text/event-stream")


async def _waiting(visit: Visit, wanted: str) -> tuple[list[Case], str]:
    """A page of what waits, or, searched, all that fits; and the cursor of the next page."""
    after = visit.query.get("after", "")[:500]
    if not wanted:
        query = CaseQuery(states=(State.WAITING,), by_risk=True, limit=SIZE, after=after)
        page = await visit.gate.store.cases(query)
        return list(page.cases), page.next
    found: list[Case] = []
    after, looked = "", 0
    while looked < SEARCHED:
        query = CaseQuery(states=(State.WAITING,), by_risk=True, limit=200, after=after)
        page = await visit.gate.store.cases(query)
        found += [case for case in page.cases if _fits(visit, case, wanted)]
        after, looked = page.next, looked + len(page.cases)
        if not after:
            break
    return found[:SIZE], ""


def _fits(visit: Visit, case: Case, wanted: str) -> bool:
    action = case.action
    groups = " ".join(case.requirement.groups)
    line = "".join(p if isinstance(p, str) else "" for p in brief(visit, case))
    text = f"{case.id} {action.tool} {action.agent} {action.server} {groups} {line}".casefold()
    return all(word in text for word in wanted.casefold().split())


def _item(visit: Visit, case: Case, you: dict[str, Any], *, batch: bool) -> dict[str, Any]:
    hidden = visit.gate.corridor.hides(case, visit.who.name)
    missing = case.requirement.groups if hidden else case.requirement.missing(case.approvals())
    texts = (leaf.value for leaf in leaves(case.action.arguments) if isinstance(leaf.value, str))
    return {
        "id": case.id,
        "version": case.version,
        "digest": case.digest,
        "risk": risk_of(case, visit.gate.policy.risk(case.action.tool)),
        "tool": pieces(case.action.tool),
        "headline": brief(visit, case),
        "agent": pieces(case.action.agent),
        "asked": [{"group": group, "missing": n} for group, n in sorted(missing.items())],
        "why": you["why"],
        "note": you["note"],
        "warned": any(notes(text[:GLANCE]) for text in texts) or bool(notes(case.action.tool)),
        "created": case.created,
        "deadline": case.deadline,
        "batch": batch,
    }


def _batches(cases: Sequence[Case], seen: dict[str, dict[str, Any]]) -> list[list[Case]]:
    """Cases that may be answered together: low risk, alike, and at least two of them."""
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        if level_of(case) is Level.LOW and seen[case.id]["may"]:
            kinds.setdefault(alike(case), []).append(case)
    return [group for kind, group in kinds.items() if kind and len(group) > 1]


def _batch(group: list[Case]) -> dict[str, Any]:
    first = group[0].action
    return {
        "tool": pieces(first.tool),
        "agent": pieces(first.agent),
        "count": min(len(group), MOST),
        "query": urlencode([("id", case.id) for case in group[:MOST]]),
    }


async def _mark(visit: Visit) -> str:
    """What changes when, and only when, the list of what waits does."""
    query = CaseQuery(states=(State.WAITING,), by_risk=True, limit=200)
    page = await visit.gate.store.cases(query)
    stops = sorted(stop.scope for stop in await visit.gate.store.stops())
    cases: list[Json] = [[case.id, case.version] for case in page.cases]
    return digest([*cases, page.next, *stops])[7:23]


async def _changes(visit: Visit, case: str, last: str) -> AsyncIterator[bytes]:
    """Listen first, then look, then wait: a change in between is not missed."""
    bell, closing = visit.gate.corridor.bell, visit.front.desk.closing
    yield b"retry: 1000\n\n"
    try:
        while not closing.is_set():
            rung = bell.listen(case or EVERY)
            mark = await _case_mark(visit, case) if case else await _mark(visit)
            if mark != last:
                last = mark
                yield f"event: {'case' if case else 'inbox'}\nid: {mark}\ndata: {mark}\n\n".encode()
            else:
                yield b": still here\n\n"
            await _until(rung, closing)
            if not await visit.still_here():
                yield b"event: end\ndata: signed out\n\n"
                return
    except GygesError:
        return  # whoever is still there comes again, and is told then what is wrong


async def _until(rung: "asyncio.Future[None]", closing: asyncio.Event) -> None:
    ends: asyncio.Future[Any] = asyncio.ensure_future(closing.wait())
    both: set[asyncio.Future[Any]] = {rung, ends}
    try:
        await asyncio.wait(both, timeout=KEEP_ALIVE_S, return_when=FIRST_COMPLETED)
        if rung.done():
            await asyncio.wait({ends}, timeout=GATHER_S)
    finally:
        ends.cancel()
        rung.cancel()


async def _case_mark(visit: Visit, id: str) -> str:
    case = await visit.gate.store.case(id)
    return str(case.version) if case else "0"
