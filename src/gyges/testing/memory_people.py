# SPDX-License-Identifier: Apache-2.0
"""People, sessions and one-time links in memory: the part of `MemoryStore` that knows them. See there."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from gyges.errors import Conflict
from gyges.person import Link, Person, Session, folded
from gyges.ports import Change


class MemoryPeople(ABC):
    """Dictionaries of people, sessions and links; whoever inherits says when it is down."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}  # by folded name
        self._sessions: dict[str, Session] = {}  # by id
        self._links: dict[str, Link] = {}  # by hash

    @abstractmethod
    def _check_up(self) -> None:
        """Raise `StoreDown` while the store is made to fail."""

    def _check_people(self, change: Change) -> None:
        for person in change.people:
            name = folded(person.name)
            found = self._people.get(name)
            if (found.version if found else 0) != person.version:
                raise Conflict(f"the account of {person.name} moved on", what="person")
            others = [other for at, other in self._people.items() if at != name]
            if person.oidc and any(other.oidc == person.oidc for other in others):
                raise Conflict("this outside identity is somebody else's", what="oidc")
            mine = {passkey.id for passkey in person.passkeys}
            if any(passkey.id in mine for other in others for passkey in other.passkeys):
                raise Conflict("this passkey is somebody else's", what="passkey")
        owners = {session.hash: session.id for session in self._sessions.values()}
        if any(owners.get(s.hash, s.id) != s.id for s in change.sessions):
            raise Conflict("the secret of a session already belongs to another", what="session")

    def _put_people(self, change: Change) -> None:
        for person in change.people:
            stored = replace(person, version=person.version + 1)
            self._people[folded(person.name)] = stored
        for session in change.sessions:
            known = self._sessions.get(session.id)
            if not (known and known.ended):
                self._sessions[session.id] = session
        self._links.update({link.hash: link for link in change.links})

    async def person(self, name: str) -> Person | None:
        """See `ports.Store`, here and below."""
        self._check_up()
        return self._people.get(folded(name))

    async def people(self) -> Sequence[Person]:  # noqa: D102
        self._check_up()
        return list(self._people.values())

    async def person_by_oidc(self, oidc: str) -> Person | None:  # noqa: D102
        self._check_up()
        return next((p for p in self._people.values() if oidc and p.oidc == oidc), None)

    async def person_by_passkey(self, credential: str) -> Person | None:  # noqa: D102
        self._check_up()
        everybody = self._people.values()
        return next((p for p in everybody if credential in {key.id for key in p.passkeys}), None)

    async def session(self, hash: str) -> Session | None:  # noqa: D102
        self._check_up()
        return next((s for s in self._sessions.values() if s.hash == hash), None)

    async def sessions(self, person: str) -> Sequence[Session]:  # noqa: D102
        self._check_up()
        name = folded(person)
        own = [s for s in self._sessions.values() if folded(s.person) == name and not s.ended]
        return own[::-1]

    async def link(self, hash: str) -> Link | None:  # noqa: D102
        self._check_up()
        return self._links.get(hash)


def ids_of(change: Change) -> tuple[list[str], ...]:
    """What of people and sessions may stand once only in a change."""
    return (
        [folded(person.name) for person in change.people],
        [person.oidc for person in change.people if person.oidc],
        [passkey.id for person in change.people for passkey in person.passkeys],
        [session.id for session in change.sessions],
        [session.hash for session in change.sessions],
    )
