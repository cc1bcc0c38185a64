# SPDX-License-Identifier: Apache-2.0
"""Accounts: who people are, what they may do, and the ways in that need no browser feature.

Passwords, one-time links and outside identities are checked here; sessions are `sessions.py`'s, passkeys
have a file of their own. Each change names who made it and goes into the log without secrets. A refusal
never says whether there is such an account.
"""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gyges.canon import Json, digest_bytes
from gyges.episode import Event, Kind
from gyges.errors import Conflict, Expired, Forbidden, NotFound, Unauthenticated, Unprocessable
from gyges.gate import passwords
from gyges.gate.judge import plain
from gyges.gate.sessions import subject
from gyges.person import Link, Method, Person, Role, folded
from gyges.ports import Change, Recorder, Store
from gyges.principal import Scope

REFUSED = "name and password do not fit"
HOUR_MS = 3_600_000
NAME_LENGTH = 100
AT_ONCE = 2  # password checks that run at the same time, 64 MiB each


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What to change of an account; None leaves it as it is."""

    display: str | None = None
    email: str | None = None
    roles: Iterable[Role] | None = None
    groups: Iterable[str] | None = None
    oidc: str | None = None


class Accounts:
    """All accounts of one store."""

    def __init__(self, recorder: Recorder, store: Store) -> None:
        """Read from `store`, write through `recorder`."""
        self._recorder = recorder
        self._store = store
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def find(self, name: str) -> Person:
        """The account `name`; raise `NotFound`."""
        found = await self._store.person(name)
        if found is None:
            raise NotFound(f"there is no account {name[:NAME_LENGTH]!r}")
        return found

    async def add(self, name: str, *, by: str, now: int, edit: Edit) -> Person:
        """A new account, without a password; raise `Conflict` if the name is taken, `Unprocessable`."""
        if not _is_name(name):
            raise Unprocessable(f"{name[:NAME_LENGTH]!r} cannot name a person")
        for key in await self._store.keys():
            if folded(key.name) == folded(name) and key.live(now) and key.scope in _MACHINES:
                raise Conflict(f"{name} is enrolled as {key.scope}; a person needs another name")
        if await self._store.person(name) is not None:
            raise Conflict(f"there is an account {name} already")
        return await self._write(_edited(Person(name=name, created=now), edit), by=by, now=now)

    async def change(self, name: str, *, by: str, now: int, edit: Edit) -> Person:
        """Other roles, groups or facts."""
        before = await self.find(name)
        after = _edited(before, edit)
        return before if after == before else await self._write(after, by=by, now=now)

    async def disable(self, name: str, *, by: str, now: int, disabled: bool = True) -> Person:
        """Lock somebody out of everything, from the next request on; or let them in again."""
        found = await self.find(name)
        if bool(found.disabled) is disabled:
            return found
        return await self._write(replace(found, disabled=now if disabled else 0), by=by, now=now)

    async def set_password(self, name: str, password: str, *, by: str, now: int) -> Person:
        """Another password; raise `Unprocessable` if it is not fit. Other sessions are the caller's to end."""
        found = await self.find(name)
        async with self._turn:
            stored = await asyncio.to_thread(
                passwords.hashed, password, (found.name, found.email.partition("@")[0])
            )
        return await self._write(replace(found, password=stored), by=by, now=now)

    async def by_password(self, name: str, password: str, *, now: int) -> Person:
        """Who signs in with a password; raise `Unauthenticated`, which is recorded."""
        found = await self._store.person(name)
        stored = found.password if found else ""
        async with self._turn:
            right = await asyncio.to_thread(passwords.holds, stored, password)
        if found is None or not right or found.disabled:
            await self.refused(found, Method.PASSWORD, now=now)
            raise Unauthenticated(REFUSED)
        if passwords.is_old(stored):
            async with self._turn:
                fresh = await asyncio.to_thread(passwords.again, password)
            return await self._write(replace(found, password=fresh), by=found.name, now=now)
        return found

    async def make_link(self, name: str, *, by: str, now: int, seconds: int) -> tuple[Link, str]:
        """A one-time link's secret, good for so many `seconds`."""
        found = await self.find(name)
        if found.disabled:
            raise Conflict(f"the account of {found.name} is disabled")
        secret = secrets.token_urlsafe(32)
        link = Link(
            hash=digest_bytes(secret.encode()), person=found.name, created=now,
            expires=now + seconds * 1000,
        )  # fmt: skip
        body = plain(link=link.hash, expires=link.expires, by=by)
        event = Event(kind=Kind.PERSON_CHANGED, at=now, subject=subject(found.name), body=body)
        await self._recorder.record(Change(events=(event,), links=(link,)))
        return link, secret

    async def look_at_link(self, secret: str, *, now: int) -> Link:
        """The link, if it can still be used; looking uses nothing up. Raise `NotFound` or `Expired`."""
        link = await self._store.link(digest_bytes(secret.encode()))
        if link is None:
            raise NotFound("there is no such link")
        if link.used or now >= link.expires:
            raise Expired("this link was used, or its time is over; ask for another")
        return link

    async def use_link(self, secret: str, *, now: int) -> Person:
        """Who signs in with a link: the first to use it. Raise `NotFound`, `Expired` or `Unauthenticated`."""
        link = await self.look_at_link(secret, now=now)
        found = await self._store.person(link.person)
        if found is None or found.disabled:
            await self.refused(found, Method.LINK, now=now)
            raise Unauthenticated("the account of this link is disabled")
        used = replace(link, used=now)
        try:
            change = Change(events=(), links=(used,), claims=(f"link:{link.hash}",))
            await self._recorder.record(change)
        except Conflict:
            raise Expired("this link was used; ask for another") from None
        return found

    async def by_oidc(self, identity: str, *, now: int) -> Person | None:
        """Whose outside identity ("issuer subject") it is; raise `Forbidden` for a disabled account."""
        found = await self._store.person_by_oidc(identity)
        if found is not None and found.disabled:
            await self.refused(found, Method.OIDC, now=now)
            raise Forbidden("this account is disabled")
        return found

    async def refused(self, found: Person | None, method: Method, *, now: int) -> None:
        """Write down that somebody was not let in. A name that nobody has is not: it may be a password."""
        who = subject(found.name) if found else "gate"
        event = Event(kind=Kind.SIGN_IN_REFUSED, at=now, subject=who, body=plain(method=method))
        await self._recorder.record(Change(events=(event,)))

    async def _write(self, person: Person, *, by: str, now: int) -> Person:
        body = {**described(person), "by": by}
        event = Event(kind=Kind.PERSON_CHANGED, at=now, subject=subject(person.name), body=body)
        await self._recorder.record(Change(events=(event,), people=(person,)))
        return replace(person, version=person.version + 1)


_MACHINES = frozenset({Scope.AGENT, Scope.EXECUTOR})


def described(person: Person) -> dict[str, Json]:
    """The account as the log has it: no hash of a password, passkeys by their ids."""
    return plain(
        name=person.name, display=person.display, email=person.email, roles=person.roles,
        groups=person.groups, oidc=person.oidc, password=bool(person.password),
        passkeys=[passkey.id for passkey in person.passkeys], disabled=person.disabled,
    )  # fmt: skip


def _edited(person: Person, edit: Edit) -> Person:
    roles = person.roles if edit.roles is None else tuple(dict.fromkeys(edit.roles))
    groups = person.groups if edit.groups is None else tuple(dict.fromkeys(edit.groups))
    after = replace(
        person, roles=roles, groups=groups,
        display=person.display if edit.display is None else edit.display.strip(),
        email=person.email if edit.email is None else edit.email.strip(),
        oidc=person.oidc if edit.oidc is None else edit.oidc.strip(),
    )  # fmt: skip
    texts = (after.display, after.email, after.oidc, *after.groups)
    if not all(text.isprintable() and len(text) <= 500 for text in texts) or "" in after.groups:
        raise Unprocessable(
            "display name, e-mail address, identity and groups are short plain text"
        )
    if Role.APPROVER in roles and not groups:
        raise Unprocessable("an approver needs at least one group")
    return after


def _is_name(name: str) -> bool:
    fits = bool(name) and name == name.strip() and name.isprintable() and len(name) <= NAME_LENGTH
    return fits and name == "".join(name.split()) and not set(name) & set("/\\?#%:")
