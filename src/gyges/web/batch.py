# SPDX-License-Identifier: Apache-2.0
"""Several cases at once, where that is harmless: low risk, the same template, every value in full view.

Each item is bound by its own digest and version; all that are ticked are approved, or none is. It answers
nothing itself: `gate/together.py` does.
"""

from typing import Any

from starlette.responses import Response

from gyges.canon import Json, digest
from gyges.case import Attention, Case
from gyges.errors import Conflict, Unprocessable
from gyges.gate import together
from gyges.gate.attention import Level, level_of
from gyges.gate.desk import How
from gyges.gate.together import MOST, Item
from gyges.principal import Scope
from gyges.web.casepage import standing
from gyges.web.shown import Shown, load_key, seal, unseal
from gyges.web.values import kind, leaves, row
from gyges.web.view import risk_of
from gyges.web.visible import pieces
from gyges.web.visit import Visit

PLACES = 30  # values of one item; more do not fit a row


def alike(case: Case) -> str:
    """The template of a case: equal for cases that differ in values only; "" for one that stands alone.

    A value that would be folded, or that holds marks, is to be read on its own.
    """
    found = list(leaves(case.action.arguments))
    whole = [row(leaf) for leaf in found[:PLACES]]
    if len(found) > PLACES or any(r["fold"] or r["notes"] for r in whole):
        return ""
    action = case.action
    rules = case.decision.ruling.rules if case.decision else ()
    groups: dict[str, Json] = dict(case.requirement.groups)
    shape: list[Json] = [[leaf.pointer, kind(leaf.value)] for leaf in found]
    if case.requirement.assurance:
        return ""
    return digest(
        [action.agent, action.tool, action.server, action.tool_schema, groups, list(rules), shape]
    )


async def look(visit: Visit) -> Response:
    """GET /batch?id=...&id=...: all of them, side by side."""
    ids = visit.request.query_params.getlist("id")
    return await _page(visit, [name[:100] for name in ids])


async def approve(visit: Visit) -> Response:
    """POST /batch: the ticked ones, all or none."""
    token = visit.form.get("shown", "")
    shown = unseal(load_key(visit.gate.folder), token, person=visit.who.name, now=visit.now)
    ids = visit.fields.get("id", ())
    known = {name: Item(case=name, version=at, digest=sha) for name, at, sha in shown.cases}
    if not ids or not set(ids) <= set(known):
        raise Unprocessable("tick at least one of the cases that were shown together")
    cases = await _cases(visit, list(known))
    if digest(document(cases)) != shown.view:
        raise Conflict("one of them has changed since this page was made; none is approved")
    seen = Attention(shown=shown.view, opened=shown.opened, dwell_ms=visit.now - shown.opened)
    done = await together.approve_all(
        visit.gate.corridor, [known[name] for name in ids], by=visit.key(Scope.APPROVER),
        how=How(method=visit.seat.method.value, attention=seen),
        reason=visit.form.get("reason", "")[:4000],
    )  # fmt: skip
    if visit.wants_json:
        return visit.render("batch.html", {"approved": [case.id for case in done]})
    return visit.go("/inbox", said="approved")


def document(cases: list[Case]) -> dict[str, Json]:
    """What is shown of them: values that all share once, the others case by case."""
    tables = [{leaf.pointer: leaf for leaf in leaves(case.action.arguments)} for case in cases]
    places = list(tables[0])
    same = [p for p in places if len({digest(t[p].value) for t in tables}) == 1]
    return {
        "common": [row(tables[0][p]) for p in same],
        "places": [pieces(p.removeprefix("/")) for p in places if p not in same],
        "cases": [
            {
                "id": case.id, "version": case.version, "digest": case.digest,
                "cells": [row(table[p]) for p in places if p not in same],
            }
            for case, table in zip(cases, tables, strict=True)
        ],
    }  # fmt: skip


async def _page(visit: Visit, ids: list[str]) -> Response:
    cases = await _cases(visit, ids)
    shown = document(cases)
    first = cases[0]
    bound = tuple((case.id, case.version, case.digest) for case in cases)
    token = Shown(person=visit.who.name, view=digest(shown), cases=bound, opened=visit.now)
    context: dict[str, Any] = {
        "batch": shown,
        "tool": pieces(first.action.tool),
        "agent": pieces(first.action.agent),
        "risk": risk_of(first, visit.gate.policy.risk(first.action.tool)),
        "asked": dict(first.requirement.groups),
        "deadline": min(case.deadline for case in cases),
        "shown": seal(load_key(visit.gate.folder), token),
    }
    return visit.render("batch.html", context)


async def _cases(visit: Visit, ids: list[str]) -> list[Case]:
    """The cases, if they may be looked at together; raise `Unprocessable` or `Conflict`."""
    if not 1 <= len(set(ids)) == len(ids) <= MOST:
        raise Unprocessable(f"choose 1 to {MOST} different cases to look at together")
    cases = [await visit.gate.corridor.found(name) for name in ids]
    for case in cases:
        you = standing(visit, case)
        if not you["may"]:
            raise Conflict(f"{case.id}: {you['why']}".rstrip("."))
    kinds = {alike(case) if level_of(case) is Level.LOW else "" for case in cases}
    if len(kinds) > 1 or kinds == {""}:
        raise Unprocessable("only cases of low risk that differ in short values go together")
    return cases
