# SPDX-License-Identifier: Apache-2.0
"""Signing in with a password or a one-time link, and signing out.

A sign-in always makes a new session with a new secret and ends the one the browser had. Opening a link uses
nothing up: what fetches links to look for harm would sign itself in otherwise. Passkeys and outside providers
have files of their own.
"""

from typing import Any

from starlette.responses import Response

from gyges.errors import Unauthenticated
from gyges.person import Method, Person, folded
from gyges.web import passkeys, session
from gyges.web.throttle import SlowDown, network
from gyges.web.visit import Visit

MOST_CHECKS = 32  # password checks under way or waiting, each of a tenth of a second


async def ask(visit: Visit) -> Response:
    """GET /sign-in."""
    return visit.render("sign_in.html", _context(visit, visit.query.get("next", "")))


async def with_password(visit: Visit) -> Response:
    """POST /sign-in: name, password, next."""
    name = visit.form.get("name", "")
    count(visit)
    try:
        person = await checked(visit, name, visit.form.get("password", ""))
    except Unauthenticated as error:
        return ask_again(visit, str(error), name)
    discount(visit)
    return await signed_in(visit, person, Method.PASSWORD, visit.form.get("next", ""))


async def checked(visit: Visit, name: str, password: str) -> Person:
    """Whose password it is; raise `Unauthenticated`, or `SlowDown` for too many tries of one or of all."""
    front, account = visit.front, folded(name)
    if front.checking >= MOST_CHECKS:
        raise SlowDown(2)
    front.by_account.take(account, visit.now)
    front.checking += 1
    try:
        found = await visit.gate.accounts.by_password(name, password, now=visit.now)
    finally:
        front.checking -= 1
    front.by_account.give_back(account)
    return found


def ask_again(visit: Visit, wrong: str, name: str = "") -> Response:
    """The page to sign in on, saying what was wrong."""
    context = _context(visit, visit.form.get("next", ""))
    return visit.render("sign_in.html", {**context, "wrong": wrong, "name": name}, 403)


async def signed_in(visit: Visit, person: Person, method: Method, wanted: str = "") -> Response:
    """Open the session of somebody who proved who they are, and lead them to `wanted`, if it is a path of ours."""
    agent = visit.request.headers.get("user-agent", "")
    _, secret = await visit.gate.sessions.open(
        person, method, now=visit.now, agent=agent, before=visit.session
    )
    response = visit.go(session.own_path(wanted, session.home_of(person)))
    session.set_cookie(response, visit.origin, secret, visit.gate.settings.session_seconds)
    return response


async def sign_out(visit: Visit) -> Response:
    """POST /sign-out: end this session."""
    await visit.gate.sessions.end(visit.seat, by=visit.who.name, now=visit.now)
    response = visit.go("/sign-in", said="signed-out")
    session.drop_cookie(response, visit.origin)
    return response


async def look_at_link(visit: Visit) -> Response:
    """GET /link/TOKEN?next=PATH: who would be signed in, and a button."""
    count(visit)
    link = await visit.gate.accounts.look_at_link(visit.part("token"), now=visit.now)
    context = {"name": link.person, "expires": link.expires}
    wanted = session.own_path(visit.query.get("next", ""), "")
    return visit.render("link.html", {**context, "next": wanted})


async def use_link(visit: Visit) -> Response:
    """POST /link/TOKEN: sign in, once."""
    count(visit)
    person = await visit.gate.accounts.use_link(visit.part("token"), now=visit.now)
    discount(visit)
    wanted = visit.form.get("next", "") or ("/me" if not person.password else "")
    return await signed_in(visit, person, Method.LINK, wanted)


def count(visit: Visit) -> None:
    """Count a try that anybody can make; raise `SlowDown`. It keeps a flood from using up our time."""
    visit.front.by_address.take(_address(visit), visit.now)


def discount(visit: Visit) -> None:
    """It was a right one."""
    visit.front.by_address.give_back(_address(visit))


def _address(visit: Visit) -> str:
    client = visit.request.client
    return network(client.host if client else "")


def _context(visit: Visit, wanted: str) -> dict[str, Any]:
    return {
        "next": session.own_path(wanted, ""),
        "wrong": "",
        "name": "",
        "oidc": bool(visit.gate.settings.oidc_issuer),
        "passkey": passkeys.for_sign_in(visit),
    }
