# SPDX-License-Identifier: Apache-2.0
"""Accounts over HTTP, for admins: added, changed, disabled, let in by a one-time link, signed out.

No password goes over this API in either direction: a person sets their own, in a browser. What an account may
be is checked in `gate/accounts.py`.
"""

from urllib.parse import quote

from gyges.gate.accounts import Edit
from gyges.person import Person
from gyges.web import bodies, views
from gyges.web.call import Call, Nothing, Reply, reply


async def list_people(call: Call[None, Nothing]) -> Reply:
    """All accounts, disabled ones too, without secrets."""
    found = await call.gate.store.people()
    return reply(views.People(items=tuple(views.person_view(person) for person in found)))


async def show_person(call: Call[None, Nothing]) -> Reply:
    """One account, without secrets."""
    return _told(await call.gate.accounts.find(call.params[0]))


async def add_person(call: Call[bodies.AddPerson, Nothing]) -> Reply:
    """A new account; a one-time link lets its owner in."""
    body = call.body
    edit = Edit(
        display=body.display, email=body.email, roles=body.roles, groups=body.groups,
        oidc=body.oidc,
    )  # fmt: skip
    by, now = call.key.name, call.now
    return _told(await call.gate.accounts.add(body.name, by=by, now=now, edit=edit), 201)


async def change_person(call: Call[bodies.ChangePerson, Nothing]) -> Reply:
    """Other roles, groups or facts; what is not named stays."""
    body = call.body
    edit = Edit(
        display=body.display, email=body.email, roles=body.roles, groups=body.groups,
        oidc=body.oidc,
    )  # fmt: skip
    name, by, now = call.params[0], call.key.name, call.now
    return _told(await call.gate.accounts.change(name, by=by, now=now, edit=edit))


async def disable_person(call: Call[None, Nothing]) -> Reply:
    """Lock somebody out, from the next request on."""
    return await _switch(call, disabled=True)


async def enable_person(call: Call[None, Nothing]) -> Reply:
    """Let somebody in again; old sessions stay ended."""
    return await _switch(call, disabled=False)


async def make_link(call: Call[None, Nothing]) -> Reply:
    """A one-time link to sign in with; it is in this answer and nowhere else."""
    link, secret = await call.gate.accounts.make_link(
        call.params[0], by=call.key.name, now=call.now,
        seconds=call.gate.settings.link_seconds,
    )  # fmt: skip
    url = f"{_origin(call)}/link/{quote(secret)}"
    return reply(views.NewLink(person=link.person, url=url, expires=link.expires), 201)


async def list_sessions(call: Call[None, Nothing]) -> Reply:
    """Where somebody is signed in."""
    found = await call.gate.accounts.find(call.params[0])
    live = await call.gate.sessions.live(found.name, now=call.now)
    return reply(views.Sessions(items=tuple(views.session_view(session) for session in live)))


async def end_sessions(call: Call[None, Nothing]) -> Reply:
    """Sign somebody out everywhere."""
    found = await call.gate.accounts.find(call.params[0])
    by = call.key.name
    count = await call.gate.sessions.end_all(found.name, by=by, now=call.now)
    return reply(views.Ended(person=found.name, ended=count))


async def _switch(call: Call[None, Nothing], *, disabled: bool) -> Reply:
    by, now = call.key.name, call.now
    found = await call.gate.accounts.disable(call.params[0], by=by, now=now, disabled=disabled)
    await call.gate.sessions.end_all(found.name, by=by, now=now)
    return _told(found)


def _told(person: Person, status: int = 200) -> Reply:
    return reply(views.person_view(person), status)


def _origin(call: Call[None, Nothing]) -> str:
    """Where the pages are: as set, else where this request reached us."""
    host = call.headers.get(b"host", b"").decode("latin-1")
    return call.gate.settings.public_url or f"http://{host}"
