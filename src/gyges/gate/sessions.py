# SPDX-License-Identifier: Apache-2.0
"""Browsers that are signed in: opened, recognised, ended. A session is known by the hash of its secret only.

A session ends at the latest `session_seconds` after it began and `idle_seconds` after it was last used; its
person is read anew at each look, so that a disabled account or a role taken away counts at once. Who may
sign in is not decided here: see `accounts.py`.
"""

import secrets
from dataclasses import replace

from gyges.canon import digest_bytes
from gyges.episode import Event, Kind
from gyges.errors import StoreDown, Unauthenticated
from gyges.gate.ids import new_id
from gyges.gate.judge import plain
from gyges.person import Method, Person, Session, folded
from gyges.ports import Change, Recorder, Store
from gyges.settings import Settings

AGENT_LENGTH = 200  # characters kept of what a browser calls itself
SLACK = 20  # a session is renewed after this fraction of its idle time, not at each request


class Sessions:
    """All sessions of one store."""

    def __init__(self, recorder: Recorder, store: Store, settings: Settings) -> None:
        """How long sessions last stands in `settings`."""
        self._recorder = recorder
        self._store = store
        self._longest = settings.session_seconds * 1000
        self._idle = settings.idle_seconds * 1000

    async def open(
        self, person: Person, method: Method, *, now: int, agent: str = "",
        before: Session | None = None,
    ) -> tuple[Session, str]:  # fmt: skip
        """A new session and its secret; `before`, the one the browser had, ends. Raise `Unauthenticated`.

        The secret is always new, so that nobody can plant one beforehand.
        """
        if person.disabled:
            raise Unauthenticated(f"the account of {person.name} is disabled")
        secret = secrets.token_urlsafe(32)
        made = Session(
            id=new_id("s", now), hash=digest_bytes(secret.encode()), person=person.name,
            method=method, created=now, expires=self._expires(now, now),
            proved=now if method is Method.PASSKEY else 0, agent=_printable(agent)[:AGENT_LENGTH],
        )  # fmt: skip
        gone = (replace(before, ended=now),) if before is not None and not before.ended else ()
        body = plain(session=made.id, method=method, agent=made.agent)
        event = Event(kind=Kind.SIGNED_IN, at=now, subject=subject(person.name), body=body)
        await self._recorder.record(Change(events=(event,), sessions=(made, *gone)))
        return made, secret

    async def who(
        self, secret: str, *, now: int, renew: bool = True
    ) -> tuple[Session, Person] | None:
        """Whose secret it is, if the session and the account are live; `renew` counts as use."""
        found = await self._store.session(digest_bytes(secret.encode()))
        if found is None or not found.live(now):
            return None
        person = await self._store.person(found.person)
        if person is None or person.disabled:
            return None
        expires = self._expires(found.created, now)
        if renew and expires - found.expires > self._idle // SLACK:
            found = await self._renewed(found, expires)
        return found, person

    async def _renewed(self, found: Session, expires: int) -> Session:
        """The session with more time; as it was where nothing can be written, so that people can still read."""
        after = replace(found, expires=expires)
        try:
            await self._recorder.record(Change(events=(), sessions=(after,)))
        except StoreDown:
            return found
        return after

    async def end(self, session: Session, *, by: str, now: int) -> None:
        """End one session; ending it twice is harmless."""
        if not session.ended:
            await self._end((session,), session.person, by, now)

    async def end_all(self, person: str, *, by: str, now: int, keep: str = "") -> int:
        """Sign somebody out everywhere but in the session `keep` (an id); return how many ended."""
        found = tuple(s for s in await self._store.sessions(person) if s.id != keep)
        if found:
            await self._end(found, person, by, now)
        return len(found)

    async def live(self, person: str, *, now: int) -> list[Session]:
        """Somebody's sessions that still count, newest first."""
        return [session for session in await self._store.sessions(person) if session.live(now)]

    async def proved(self, session: Session, *, now: int) -> Session:
        """Note that a passkey was used in this session just now."""
        after = replace(session, proved=now)
        await self._recorder.record(Change(events=(), sessions=(after,)))
        return after

    async def _end(self, found: tuple[Session, ...], person: str, by: str, now: int) -> None:
        body = plain(sessions=[session.id for session in found], by=by)
        event = Event(kind=Kind.SIGNED_OUT, at=now, subject=subject(person), body=body)
        ended = tuple(replace(session, ended=now) for session in found)
        await self._recorder.record(Change(events=(event,), sessions=ended))

    def _expires(self, created: int, now: int) -> int:
        return min(created + self._longest, now + self._idle)


def subject(person: str) -> str:
    """What the log calls a person."""
    return f"person:{folded(person)}"


def _printable(text: str) -> str:
    return "".join(char for char in text if " " <= char <= "~")
