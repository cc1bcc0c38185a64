# SPDX-License-Identifier: Apache-2.0
"""One's own account: what one may do, where one is signed in, one's password, light or dark.

Passkeys and the reviewer's record are sections that other files fill. Roles and groups are for admins to
change, not for oneself.
"""

from starlette.responses import Response

from gyges.errors import Forbidden, NotFound, Unauthenticated, Unprocessable
from gyges.person import Method
from gyges.web import passkeys, reviewing, session
from gyges.web.signin import checked
from gyges.web.visit import Visit

FRESH_MS = 15 * 60_000  # how long after a strong sign-in the old password need not be given


async def show(visit: Visit) -> Response:
    """GET /me."""
    me, gate = visit.who, visit.gate
    sessions = await gate.sessions.live(me.name, now=visit.now)
    return visit.render(
        "me.html",
        {
            "account": {
                "name": me.name, "display": me.display, "email": me.email, "roles": me.roles,
                "groups": me.groups, "created": me.created, "password": bool(me.password),
                "oidc": me.oidc,
            },
            "sessions": [
                {
                    "id": found.id, "method": found.method, "created": found.created,
                    "expires": found.expires, "agent": found.agent,
                    "here": found.id == visit.seat.id,
                }
                for found in sessions
            ],
            "old_needed": _old_needed(visit),
            "record": await reviewing.own(visit),
            "passkeys": passkeys.own(visit),
        },
    )  # fmt: skip


async def set_password(visit: Visit) -> Response:
    """POST /me/password: old (unless the sign-in is fresh and strong), new, again. Signs out everywhere else."""
    me, form = visit.who, visit.form
    if form.get("new", "") != form.get("again", ""):
        raise Unprocessable("the two passwords are not the same")
    if _old_needed(visit):
        await _check_old(visit)
    accounts, sessions = visit.gate.accounts, visit.gate.sessions
    await accounts.set_password(me.name, form.get("new", ""), by=me.name, now=visit.now)
    await sessions.end_all(me.name, by=me.name, now=visit.now, keep=visit.seat.id)
    return visit.go("/me", said="password")


async def end_session(visit: Visit) -> Response:
    """POST /me/sessions/ID/end: sign one of one's own browsers out."""
    own = {
        found.id: found for found in await visit.gate.sessions.live(visit.who.name, now=visit.now)
    }
    found = own.get(visit.part("id"))
    if found is None:
        raise NotFound("you have no such session")
    await visit.gate.sessions.end(found, by=visit.who.name, now=visit.now)
    return visit.go("/me", said="ended")


async def end_all(visit: Visit) -> Response:
    """POST /me/sessions/end: sign out everywhere, here too if `here` is sent."""
    keep = "" if visit.form.get("here") else visit.seat.id
    await visit.gate.sessions.end_all(visit.who.name, by=visit.who.name, now=visit.now, keep=keep)
    if keep:
        return visit.go("/me", said="ended-all")
    response = visit.go("/sign-in", said="signed-out")
    session.drop_cookie(response, visit.origin)
    return response


async def set_theme(visit: Visit) -> Response:
    """POST /theme: light, dark or auto, kept in this browser."""
    response = visit.go(session.own_path(visit.form.get("next", "")))
    theme = visit.form.get("theme", "")
    kept = theme if theme in ("light", "dark") else ""
    response.set_cookie(
        "gyges_theme", kept, max_age=31_536_000 if kept else 0, path="/", httponly=True,
        samesite="lax", secure=visit.origin.startswith("https:"),
    )  # fmt: skip
    return response


def _old_needed(visit: Visit) -> bool:
    """Whether a stolen, open session could otherwise take the account over."""
    fresh = visit.now - max(visit.seat.created, visit.seat.proved) < FRESH_MS
    strong = visit.seat.method is not Method.PASSWORD
    return bool(visit.who.password) and not (fresh and strong)


async def _check_old(visit: Visit) -> None:
    try:
        await checked(visit, visit.who.name, visit.form.get("old", ""))
    except Unauthenticated:
        raise Forbidden("the present password is another") from None
