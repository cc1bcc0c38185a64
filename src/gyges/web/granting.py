# SPDX-License-Identifier: Apache-2.0
"""Standing grants on a page of their own: made narrowly, seen by everybody, ended with one button.

No key and no button of a case leads to a grant that is ready to be made: the form is filled in here, with
what may vary left open on purpose. Whether a grant is narrow enough is for the gate to say.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from gyges import canon
from gyges.canon import Json
from gyges.errors import GygesError, Malformed, Unprocessable
from gyges.gate.desk import GrantDraft
from gyges.person import Role
from gyges.principal import Scope
from gyges.standing import Grant, Match, Pin
from gyges.web.values import Leaf, leaves, written
from gyges.web.visible import notes, pieces
from gyges.web.visit import Visit

ROWS = 4  # pins of an empty form
MOST = 20
LONGEST = 400  # characters of a value that is offered as a pin
HOUR_MS = 3_600_000
TESTS = {
    "text": "is the text", "json": "is the JSON value", "one_of": "is one of (JSON list)",
    "prefix": "begins with", "at_most": "is at most",
}  # fmt: skip
NAMES = ("agent", "tool", "group", "max_uses", "hours", "reason", "sum_pointer", "sum_limit")


async def show(visit: Visit) -> Response:
    """GET /grants; ?case=ID fills the form in from a case."""
    form, pins = await _from_case(visit)
    return await _page(visit, form, pins)


async def make(visit: Visit) -> Response:
    """POST /grants."""
    form = {name: visit.form.get(name, "").strip() for name in NAMES}
    columns = (visit.fields.get(name, ()) for name in ("pointer", "test", "value"))
    pins = [(p.strip(), t, v) for p, t, v in zip(*columns, strict=False) if p.strip()][:MOST]
    try:
        draft = _draft(form, pins, visit.now)
        await visit.gate.corridor.grant(draft, by=visit.key(Scope.APPROVER))
    except (Malformed, Unprocessable) as error:
        if visit.wants_json:
            raise
        return await _page(visit, form, pins, problem=str(error))
    return visit.go("/grants", said="granted")


async def revoke(visit: Visit) -> Response:
    """POST /grants/{id}/revoke: its maker, an approver of its group, or an admin."""
    scope = Scope.APPROVER if visit.may(Role.APPROVER) else Scope.ADMIN
    try:
        await visit.gate.corridor.revoke(visit.part("id"), by=visit.key(scope))
    except GygesError:
        if scope is Scope.ADMIN or not visit.may(Role.ADMIN):
            raise
        await visit.gate.corridor.revoke(visit.part("id"), by=visit.key(Scope.ADMIN))
    return visit.go("/grants", said="revoked")


async def _page(
    visit: Visit, form: Mapping[str, str], pins: list[tuple[str, str, str]], problem: str = ""
) -> Response:
    every = sorted(await visit.gate.store.grants(), key=lambda grant: -grant.created)
    live = [grant for grant in every if grant.live(visit.now)]
    over = [grant for grant in every if not grant.live(visit.now)]
    rows = [{"pointer": p, "test": t, "value": v} for p, t, v in pins]
    context: dict[str, Any] = {
        "live": [_shown(visit, grant) for grant in live],
        "over": [_shown(visit, grant) for grant in over[:100]],
        "may": visit.may(Role.APPROVER),
        "groups": list(visit.who.groups),
        "tools": sorted(visit.gate.policy.tools),
        "form": {**dict.fromkeys(NAMES, ""), "max_uses": "1", "hours": "24", **form},
        "pins": [
            *rows,
            *({"pointer": "", "test": "text", "value": ""},) * max(ROWS - len(rows), 1),
        ],
        "tests": TESTS,
        "problem": f"{problem[:1].upper()}{problem[1:]}." if problem else "",
    }
    return visit.render("grants.html", context, 422 if problem else 200)


def _shown(visit: Visit, grant: Grant) -> dict[str, Any]:
    who = visit.who
    mine = Role.ADMIN in who.roles or (Role.APPROVER in who.roles and grant.group in who.groups)
    how = "revoked" if grant.revoked else "used up" if grant.uses >= grant.max_uses else "ended"
    return {
        "id": grant.id,
        "agent": pieces(grant.agent),
        "tool": pieces(grant.tool),
        "person": grant.person,
        "group": grant.group,
        "reason": pieces(grant.reason),
        "pins": [
            {"pointer": pieces(pin.pointer.removeprefix("/")), "test": pin.test,
             "value": pieces(written(pin.value))}
            for pin in grant.pins
        ],
        "uses": grant.uses,
        "max_uses": grant.max_uses,
        "sum": {"pointer": grant.sum_pointer, "limit": grant.sum_limit, "used": grant.sum_used},
        "created": grant.created,
        "expires": grant.expires,
        "state": "live" if grant.live(visit.now) else how,
        "by": grant.revoked_by,
        "mine": mine and grant.live(visit.now),
    }  # fmt: skip


def _draft(form: Mapping[str, str], pins: list[tuple[str, str, str]], now: int) -> GrantDraft:
    return GrantDraft(
        agent=form["agent"],
        tool=form["tool"],
        group=form["group"],
        pins=tuple(_pin(*pin) for pin in pins),
        max_uses=int(_number("uses", form["max_uses"])),
        expires=now + int(_number("hours", form["hours"]) * HOUR_MS),
        reason=form["reason"][:4000],
        sum_pointer=_pointer(form["sum_pointer"]),
        sum_limit=_number("the limit of the sum", form["sum_limit"] or "0"),
    )


def _pin(pointer: str, test: str, value: str) -> Pin:
    if test not in TESTS:
        raise Malformed(f"{test[:20]!r} is no way to compare")
    match = Match.EQUALS if test in ("text", "json") else Match(test)
    found: Json = value
    if test not in ("text", "prefix"):
        try:
            found = canon.parse(value.encode())
        except Malformed:
            raise Malformed(f"the value for {pointer[:80]} is not JSON") from None
    return Pin(pointer=_pointer(pointer), test=match, value=found)


def _pointer(text: str) -> str:
    """People write "to" or "items/0" as well as "/to"."""
    return text if not text or text.startswith("/") else f"/{text}"


def _number(name: str, text: str) -> float:
    try:
        value = canon.parse(text.encode())
    except Malformed:
        value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise Malformed(f"{name} must be a number")
    return value


async def _from_case(visit: Visit) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    id_ = visit.query.get("case", "")[:100]
    case = await visit.gate.store.case(id_) if id_ else None
    if case is None:
        return {}, []
    action = case.action
    found = list(leaves(action.arguments))[:MOST] if action.arguments else []
    pins = [_as_is(leaf) for leaf in found if len(written(leaf.value)) <= LONGEST]
    return {"agent": action.agent, "tool": action.tool}, pins


def _as_is(leaf: Leaf) -> tuple[str, str, str]:
    """The row that pins a value to what it is; text that would not show as itself comes as JSON, escaped."""
    if isinstance(leaf.value, str) and leaf.value.isprintable() and not notes(leaf.value):
        return leaf.pointer, "text", leaf.value
    return leaf.pointer, "json", json.dumps(leaf.value)
