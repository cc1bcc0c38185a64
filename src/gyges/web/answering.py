# SPDX-License-Identifier: Apache-2.0
"""Answers to one case, given in a page: approve, deny, escalate, stop the agent.

An approval must bring the token of the page it was given in; the view is made anew and must still be the
one that was shown. A denial is taken without any of that: nothing stands in the way of saying no. Who may
answer is decided by the gate.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.responses import Response

from gyges.case import Attention, Case, Say
from gyges.errors import Conflict, GygesError
from gyges.gate import approvals, together
from gyges.gate.desk import How
from gyges.principal import Scope
from gyges.web import signing
from gyges.web.casepage import Again, document, found, page
from gyges.web.shown import Shown, load_key, unseal
from gyges.web.view import view_digest
from gyges.web.visit import Visit

CHANGED = "the case has changed since this page was made; look at it again"
KEPT = ("typed", "note", "reason", "guidance")


@dataclass(slots=True)
class Look:
    """What was found out about the page an answer came from, so that it can be shown again."""

    token: str = ""
    opened: int = 0
    form: dict[str, str] = field(default_factory=dict[str, str])


async def approve(visit: Visit) -> Response:
    """POST /a/{id}/approve."""

    async def act(look: Look) -> Response:
        case = await found(visit)
        shown = await checked(visit, case)
        look.token, look.opened = visit.form["shown"], shown.opened
        reason = visit.form.get("reason", "")[:4000]
        case = await visit.gate.corridor.answer(
            case.id, by=visit.key(Scope.APPROVER), say=Say.APPROVE,
            digest=visit.form.get("digest", ""), group=visit.form.get("group", ""),
            reason=reason, how=How(
                method=visit.seat.method.value, attention=attention(visit, shown),
                assertion=signing.brought(visit, case, shown.view, look.token, reason),
            ),
        )  # fmt: skip
        visit.front.desk.metrics.answered(Say.APPROVE)
        return visit.go(f"/a/{case.id}", said="" if case.planted else "approved")

    return await answered(visit, act)


async def deny(visit: Visit) -> Response:
    """POST /a/{id}/deny."""

    async def act(_: Look) -> Response:
        case = await found(visit)
        case = await visit.gate.corridor.answer(
            case.id, by=visit.key(Scope.APPROVER), say=Say.DENY,
            digest=visit.form.get("digest", ""), reason=visit.form.get("reason", "")[:4000],
            guidance=visit.form.get("guidance", "")[:4000], how=_seen(visit),
        )  # fmt: skip
        visit.front.desk.metrics.answered(Say.DENY)
        return visit.go(f"/a/{case.id}", said="denied")

    return await answered(visit, act)


async def take_back(visit: Visit) -> Response:
    """POST /a/{id}/take-back: one's own approval, while nothing has run."""

    async def act(_: Look) -> Response:
        case, by = await found(visit), visit.key(Scope.APPROVER)
        reason = visit.form.get("reason", "")[:4000]
        await together.take_back(visit.gate.corridor, case.id, by=by, reason=reason)
        return visit.go(f"/a/{case.id}", said="taken-back")

    return await answered(visit, act)


async def escalate(visit: Visit) -> Response:
    """POST /a/{id}/escalate: ask the group that the timer would ask later."""

    async def act(_: Look) -> Response:
        case, to = await found(visit), visit.gate.settings.escalate_to
        by = visit.key(Scope.APPROVER)
        await together.escalate(visit.gate.corridor, case.id, by=by, to=to)
        return visit.go(f"/a/{case.id}", said="escalated")

    return await answered(visit, act)


async def stop(visit: Visit) -> Response:
    """POST /a/{id}/stop: the kill switch of the agent whose case this is."""

    async def act(_: Look) -> Response:
        case = await found(visit)
        scope, reason = f"agent:{case.action.agent}", visit.form.get("reason", "").strip()[:400]
        await visit.gate.corridor.stop(scope, by=visit.key(Scope.APPROVER), reason=reason)
        return visit.go(f"/a/{case.id}", said="stopped")

    return await answered(visit, act)


async def answered(visit: Visit, act: Callable[[Look], Awaitable[Response]]) -> Response:
    """What `act` returns; where it is refused, the page again as it is now, saying why."""
    look = Look()
    try:
        return await act(look)
    except GygesError as error:
        if visit.wants_json or error.status in (403, 404) or error.status >= 500:
            raise
        case = await found(visit)
        moved = isinstance(error, Conflict)
        form = {name: visit.form.get(name, "")[:4000] for name in KEPT}
        text = str(error)
        again = Again(
            problem=f"{text[:1].upper()}{text[1:]}.", form=form, status=error.status,
            token="" if moved else look.token, opened=0 if moved else look.opened,
        )  # fmt: skip
        visit.front.desk.metrics.refused(error)
        return await page(visit, case, again)


async def checked(visit: Visit, case: Case) -> Shown:
    """What was shown, if it is what would be shown now; raise `Conflict` if anything differs, or `Expired`."""
    approvals.check_open(case, visit.now)
    key = load_key(visit.gate.folder)
    given = visit.form.get("shown", "")
    shown = unseal(key, given, person=visit.who.name, now=visit.now)
    if shown.cases != ((case.id, case.version, case.digest),):
        raise Conflict(CHANGED)
    if view_digest(await document(visit, case, shown.against)) != shown.view:
        raise Conflict(CHANGED)
    return shown


def attention(visit: Visit, shown: Shown) -> Attention:
    """What the gate measured; `expanded` and `typed` are what the page tells."""
    unfolded = visit.form.get("expanded", "")[:4000].split()
    return Attention(
        shown=shown.view, opened=shown.opened, dwell_ms=max(visit.now - shown.opened, 0),
        expanded=tuple(name[:200] for name in unfolded[:50]),
        typed=visit.form.get("typed", "")[:400],
    )  # fmt: skip


def _seen(visit: Visit) -> How:
    """For a denial: what is known of how long somebody looked, if anything is."""
    method = visit.seat.method.value
    try:
        key, token = load_key(visit.gate.folder), visit.form.get("shown", "")
        shown = unseal(key, token, person=visit.who.name, now=visit.now)
    except Conflict:
        return How(method=method)
    return How(method=method, attention=attention(visit, shown))
