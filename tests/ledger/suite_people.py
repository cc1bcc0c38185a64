# SPDX-License-Identifier: Apache-2.0
"""The contract of `ports` about people, sessions and one-time links. See `store_suite`."""

import asyncio
from dataclasses import replace

import pytest

from gyges.errors import Conflict
from gyges.person import Link, Method, Passkey, Person, Role, Session
from gyges.ports import Change
from tests.ledger.store_words import NOW, Everything, an_event, promised


def a_person(name: str = "alice", *, version: int = 0, oidc: str = "", keys: str = "") -> Person:
    """An approver; each letter of `keys` is a passkey."""
    passkeys = tuple(
        Passkey(id=key, public_key=f"cose-{key}", counter=0, name=key, created=NOW) for key in keys
    )
    return Person(
        name=name, created=NOW, roles=(Role.APPROVER,), groups=("finance",), oidc=oidc,
        passkeys=passkeys, version=version,
    )  # fmt: skip


def a_session(id: str = "s-1", *, hash: str = "", person: str = "alice", ended: int = 0) -> Session:
    """A browser that is signed in."""
    return Session(
        id=id, hash=hash or f"h-{id}", person=person, method=Method.PASSWORD, created=NOW,
        expires=NOW + 10, ended=ended,
    )  # fmt: skip


def people(*found: Person) -> Change:
    """A change of accounts alone."""
    return Change(events=(), people=found)


class PeopleSuite:
    """Accounts under compare-and-set; identities, passkeys and secrets that have one owner."""

    async def test_people_are_found_by_name_without_case(self, store: Everything) -> None:
        """An account comes back as it was, at the version that the store gave it."""
        await store.record(people(made := a_person("Alice"), bob := a_person("bob")))
        assert await store.person("aLICE") == replace(made, version=1)
        assert await store.people() == [replace(made, version=1), replace(bob, version=1)]
        assert await store.person("carol") is None

    async def test_an_account_is_compare_and_set(self, store: Everything) -> None:
        """Two edits of one account: the second is refused, with everything else in its change."""
        await store.record(people(a_person()))
        await store.record(people(a_person("ALICE", version=1)))
        stale = Change(
            events=(an_event("gate"),),
            people=(a_person("bob"), a_person(version=1)),
            sessions=(a_session(),),
            links=(Link(hash="l-1", person="bob", created=NOW, expires=NOW),),
        )
        for change in (stale, people(a_person()), people(a_person("carol", version=1))):
            with pytest.raises(Conflict):
                await store.record(change)
        assert await store.person("bob") is None
        assert await store.session("h-s-1") is None
        assert await store.link("l-1") is None
        assert (await promised(store)).size == 0

    async def test_a_person_is_written_once_in_a_change(self, store: Everything) -> None:
        """Alice and ALICE in one change would hide one of them."""
        with pytest.raises(Conflict):
            await store.record(people(a_person("Alice"), a_person("ALICE")))

    async def test_of_many_rivals_one_makes_the_account(self, store: Everything) -> None:
        """Concurrent additions of one name: one is written."""
        rivals = [store.record(people(a_person(name))) for name in ("eve", "Eve", "EVE")]
        done = await asyncio.gather(*rivals, return_exceptions=True)
        assert sum(isinstance(outcome, Conflict) for outcome in done) == 2

    async def test_an_outside_identity_has_one_owner(self, store: Everything) -> None:
        """It leads to its person until it is taken off; an empty one leads nowhere."""
        await store.record(people(a_person(oidc="iss sub"), a_person("bob"), a_person("carol")))
        found = await store.person_by_oidc("iss sub")
        assert found is not None
        assert found.name == "alice"
        assert await store.person_by_oidc("") is None
        with pytest.raises(Conflict):
            await store.record(people(a_person("bob", version=1, oidc="iss sub")))
        with pytest.raises(Conflict):
            await store.record(people(a_person("dan", oidc="x"), a_person("eve", oidc="x")))
        await store.record(people(a_person(version=1)))
        await store.record(people(a_person("bob", version=1, oidc="iss sub")))
        found = await store.person_by_oidc("iss sub")
        assert found is not None
        assert found.name == "bob"

    async def test_a_passkey_has_one_owner(self, store: Everything) -> None:
        """It leads to its person until it is taken off."""
        await store.record(people(a_person(keys="ab"), a_person("bob")))
        found = await store.person_by_passkey("b")
        assert found is not None
        assert found.passkeys[1].public_key == "cose-b"
        with pytest.raises(Conflict):
            await store.record(people(a_person("bob", version=1, keys="b")))
        with pytest.raises(Conflict):
            await store.record(people(a_person(version=1, keys="bb")))
        await store.record(people(a_person(version=1, keys="a")))
        assert await store.person_by_passkey("b") is None
        await store.record(people(a_person("bob", version=1, keys="b")))

    async def test_sessions_are_found_by_secret_and_by_person(self, store: Everything) -> None:
        """Newest first; ended ones are found by their secret only."""
        one, two, other = (
            a_session(),
            a_session("s-2", person="ALICE"),
            a_session("s-3", person="x"),
        )
        await store.record(Change(events=(), sessions=(one, two)))
        await store.record(Change(events=(), sessions=(other,)))
        assert await store.session("h-s-1") == one
        assert await store.session("h-none") is None
        assert await store.sessions("Alice") == [two, one]
        ended = replace(two, ended=NOW)
        await store.record(Change(events=(), sessions=(ended,)))
        assert await store.sessions("alice") == [one]
        assert await store.session("h-s-2") == ended

    async def test_a_session_that_ended_stays_ended(self, store: Everything) -> None:
        """A renewal that comes too late does not bring it back, alone or in one burst."""
        live = a_session()
        await store.record(Change(events=(), sessions=(live,)))
        ended = replace(live, ended=NOW)
        late = replace(live, expires=NOW + 99)
        burst = [Change(events=(), sessions=(step,)) for step in (ended, late)]
        await asyncio.gather(*map(store.record, burst))
        await store.record(burst[1])
        assert await store.session(live.hash) == ended
        assert await store.sessions("alice") == []

    async def test_a_session_s_secret_has_one_owner(self, store: Everything) -> None:
        """Two sessions with one secret are refused."""
        await store.record(Change(events=(), sessions=(a_session(),)))
        with pytest.raises(Conflict):
            await store.record(Change(events=(), sessions=(a_session("s-2", hash="h-s-1"),)))
        twins = (a_session("s-3", hash="h"), a_session("s-4", hash="h"))
        with pytest.raises(Conflict):
            await store.record(Change(events=(), sessions=twins))

    async def test_links_are_replaced_by_their_hash(self, store: Everything) -> None:
        """A used link is the same link."""
        link = Link(hash="l-1", person="alice", created=NOW, expires=NOW + 10)
        await store.record(Change(events=(), links=(link,)))
        assert await store.link("l-1") == link
        used = replace(link, used=NOW)
        await store.record(Change(events=(), links=(used,)))
        assert await store.link("l-1") == used
        assert await store.link("l-2") is None
