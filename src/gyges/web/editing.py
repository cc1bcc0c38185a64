# SPDX-License-Identifier: Apache-2.0
"""Other arguments in place of the agent's: a form value by value, then a look at what changes, then the edit.

Types stay: text stays text, a number a number. What would not survive a form (characters that do not show,
lone carriage returns) is edited as JSON text with escapes. The gate judges an edit as it would the agent's
own proposal; nothing here allows anything.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from gyges import canon
from gyges.canon import Json
from gyges.case import Case
from gyges.errors import Conflict, Malformed, Unprocessable
from gyges.gate import approvals
from gyges.pointer import find, parts
from gyges.principal import Scope
from gyges.web.casepage import found
from gyges.web.values import Leaf, kind, leaves
from gyges.web.view import differences
from gyges.web.visible import notes, pieces
from gyges.web.visit import Visit

PLACES = 80  # values of a form; more are edited as one JSON text
PREFIX = "at:"


async def show(visit: Visit) -> Response:
    """GET /a/{id}/edit: the form; ?as=json for one JSON text."""
    case = await _open(visit)
    return _form(visit, case, whole=visit.query.get("as") == "json")


async def take(visit: Visit) -> Response:
    """POST /a/{id}/edit: first shows what would change, and with `confirm` changes it."""
    case = await _open(visit)
    if visit.form.get("digest", "") != case.digest:
        raise Conflict("the case has changed since this page was made; look at it again")
    whole = "json" in visit.form
    try:
        arguments = _arguments(visit, case)
        if canon.encode(arguments) == canon.encode(case.action.arguments):
            raise Unprocessable("nothing is changed yet")
        if visit.form.get("confirm") != "yes":
            return _review(visit, case, arguments)
        reason = visit.form.get("reason", "")[:4000]
        new = await visit.gate.corridor.edit(
            case.id, by=visit.key(Scope.APPROVER), digest=case.digest, arguments=arguments,
            reason=reason,
        )  # fmt: skip
    except (Malformed, Unprocessable) as error:
        return _form(visit, case, whole=whole, problem=str(error), filled=visit.form)
    return visit.go(f"/a/{new.id}", said="edited")


async def _open(visit: Visit) -> Case:
    case = await found(visit)
    approvals.check_open(case, visit.now)
    visit.key(Scope.APPROVER)
    return case


def _form(
    visit: Visit, case: Case, *, whole: bool, problem: str = "", filled: Mapping[str, str] | None = None
) -> Response:  # fmt: skip
    every = list(leaves(case.action.arguments)) if case.action.arguments else []
    whole = whole or len(every) > PLACES or not every
    sent = filled or {}
    text = json.dumps(case.action.arguments, indent=2)
    context: dict[str, Any] = {
        "id": case.id,
        "tool": pieces(case.action.tool),
        "digest": case.digest,
        "problem": f"{problem[:1].upper()}{problem[1:]}." if problem else "",
        "whole": whole,
        "json": sent.get("json", text) if whole else "",
        "places": [] if whole else [_place(leaf, sent) for leaf in every],
        "reason": sent.get("reason", "")[:4000],
    }
    return visit.render("edit.html", context, 422 if problem else 200)


def _place(leaf: Leaf, sent: Mapping[str, str]) -> dict[str, Any]:
    how = _how(leaf.value)
    shown = str(leaf.value) if how == "text" else _json(leaf.value)
    name = PREFIX + leaf.pointer
    return {
        "name": name,
        "label": pieces(leaf.pointer.removeprefix("/")),
        "how": how,
        "type": kind(leaf.value),
        "value": sent.get(name, shown),
        "lines": min(max(shown.count("\n") + 1, len(shown) // 70 + 1), 16),
    }


def _how(value: Json) -> str:
    """How a value is edited: "text", "number", "choice" or "json"."""
    if isinstance(value, bool):
        return "choice"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) and not notes(value) and "\r" not in value else "json"


def _json(value: Json) -> str:
    return json.dumps(value)


def _arguments(visit: Visit, case: Case) -> dict[str, Json]:
    """What the form says; raise `Malformed` naming the place that cannot be read."""
    if "json" in visit.form:
        return canon.parse_object(visit.form["json"].encode())
    arguments = deepcopy(case.action.arguments)
    for leaf in leaves(case.action.arguments):
        given = visit.form.get(PREFIX + leaf.pointer)
        if given is not None:
            _put(arguments, leaf.pointer, _read(leaf, given))
    return arguments


def _read(leaf: Leaf, given: str) -> Json:
    if _how(leaf.value) == "text":
        return given.replace("\r\n", "\n")  # a form's line ends (HTML, form submission)
    place = leaf.pointer.removeprefix("/")
    wanted = {"number": "a number", "choice": "true or false"}.get(_how(leaf.value), "")
    try:
        value = canon.parse(given.encode())
    except Malformed as error:
        raise Malformed(f"{place}: {f'this must be {wanted}' if wanted else error}") from None
    if wanted and kind(value) != kind(leaf.value):
        raise Malformed(f"{place}: this must be {wanted}")
    return value


def _put(root: dict[str, Json], pointer: str, value: Json) -> None:
    """Put `value` where `pointer` leads; the place exists, since it came from the same arguments."""
    holder = find(root, pointer.rpartition("/")[0])
    last = parts(pointer)[-1]
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list):
        holder[int(last)] = value


def _review(visit: Visit, case: Case, arguments: dict[str, Json]) -> Response:
    """What changes, and what the gate would say; sending it again with `confirm` does it."""
    action = replace(case.action, arguments=arguments, amends=case.id, edited_by=visit.who.name)
    ruling = visit.gate.policy.rule(action, visit.gate.corridor.facts(replace(case, votes=())))
    rows, more = differences(case.action.arguments, arguments)
    context: dict[str, Any] = {
        "id": case.id,
        "tool": pieces(case.action.tool),
        "digest": case.digest,
        "after": action.digest,
        "rows": rows,
        "more": more,
        "says": {
            "effect": ruling.effect,
            "reason": ruling.reason,
            "groups": ruling.requirement.groups,
        },
        "json": canon.encode(arguments).decode(),
        "reason": visit.form.get("reason", "")[:4000],
    }
    return visit.render("edit_review.html", context)
