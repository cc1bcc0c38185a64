# SPDX-License-Identifier: Apache-2.0
"""Accounts: added, changed, disabled; passwords and one-time links; against the store in memory."""

import asyncio
from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from gyges.episode import Event, Kind
from gyges.errors import (
    Conflict,
    Expired,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unprocessable,
)
from gyges.gate import keys, passwords
from gyges.gate.accounts import REFUSED, Accounts, Edit
from gyges.person import Person, Role
from gyges.ports import Change, EventQuery
from gyges.principal import Scope
from gyges.testing import MemoryStore

NOW = 1_700_000_000_000
GOOD = "a calm and dense sentence"
APPROVER = Edit(roles=(Role.APPROVER,), groups=("finance",))


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def accounts(store: MemoryStore) -> Accounts:
    """Its accounts."""
    return Accounts(store, store)


async def add(accounts: Accounts, name: str = "alice", edit: Edit = APPROVER) -> Person:
    """An account."""
    return await accounts.add(name, by="root", now=NOW, edit=edit)


async def last(store: MemoryStore) -> Event:
    """The latest event."""
    return (await store.events(EventQuery(latest=True, limit=1)))[0].event


async def test_an_account_is_added_and_written_down(store: MemoryStore, accounts: Accounts) -> None:
    """The log says who added whom with which roles."""
    made = await add(accounts)
    assert await accounts.find("Alice") == made
    event = await last(store)
    assert (event.kind, event.subject) == (Kind.PERSON_CHANGED, "person:alice")
    assert event.body["by"] == "root"
    assert event.body["roles"] == ["approver"]
    assert event.body["password"] is False


@pytest.mark.parametrize(
    "name", ["", " ", "a b", " alice", "a\u202eb", "a/b", "x" * 101, "a\nb", "%41", "a?b", "a:b"]
)
async def test_what_cannot_name_a_person_is_refused(accounts: Accounts, name: str) -> None:
    """Spaces, invisible characters, and what would need escaping in an address."""
    with pytest.raises(Unprocessable):
        await add(accounts, name)


async def test_one_name_is_one_person(accounts: Accounts) -> None:
    """Another spelling in capitals is the same name."""
    await add(accounts)
    with pytest.raises(Conflict):
        await add(accounts, "ALICE")
    with pytest.raises(NotFound):
        await accounts.find("bob")


async def test_a_machine_s_name_is_no_person_s(store: MemoryStore, accounts: Accounts) -> None:
    """An agent could otherwise be mistaken for the person who approves, or the other way round."""
    key, _ = keys.new_key("bot", Scope.AGENT, now=NOW, owner="olga")
    await keys.enrol(store, store, key, by="root", now=NOW)
    with pytest.raises(Conflict):
        await add(accounts, "BOT")
    await add(accounts)
    twin, _ = keys.new_key("Alice", Scope.AGENT, now=NOW, owner="olga")
    with pytest.raises(Conflict):
        await keys.enrol(store, store, twin, by="root", now=NOW)
    own, _ = keys.new_key("alice", Scope.APPROVER, now=NOW, groups=("finance",))
    await keys.enrol(store, store, own, by="root", now=NOW)


async def test_an_approver_needs_a_group(accounts: Accounts) -> None:
    """Otherwise the role would say something that does not hold."""
    with pytest.raises(Unprocessable):
        await add(accounts, edit=Edit(roles=(Role.APPROVER,)))
    await add(accounts)
    with pytest.raises(Unprocessable):
        await accounts.change("alice", by="root", now=NOW, edit=Edit(groups=()))


@pytest.mark.parametrize(
    "edit", [Edit(display="a\nb"), Edit(email="x" * 501), Edit(groups=("",)), Edit(oidc="a\u200bb")]
)
async def test_facts_are_short_plain_text(accounts: Accounts, edit: Edit) -> None:
    """They end up on pages, in mails and in terminals."""
    with pytest.raises(Unprocessable):
        await add(accounts, edit=edit)


async def test_a_change_leaves_the_rest(store: MemoryStore, accounts: Accounts) -> None:
    """None leaves as it is; a change that changes nothing writes nothing."""
    await add(accounts)
    after = await accounts.change("alice", by="root", now=NOW, edit=Edit(email=" a@example.org "))
    assert (after.email, after.groups, after.version) == ("a@example.org", ("finance",), 2)
    events = await store.events(EventQuery())
    assert (
        await accounts.change("alice", by="root", now=NOW, edit=Edit(groups=("finance",))) == after
    )
    assert await store.events(EventQuery()) == events


@pytest.mark.slow
async def test_a_password_signs_in(store: MemoryStore, accounts: Accounts) -> None:
    """The right one only; the hash stays out of the log."""
    await add(accounts)
    with pytest.raises(Unauthenticated):
        await accounts.by_password("alice", "", now=NOW)
    made = await accounts.set_password("alice", GOOD, by="alice", now=NOW)
    assert (await accounts.by_password("ALICE", GOOD, now=NOW)) == made
    assert made.password not in str(await store.events(EventQuery()))
    with pytest.raises(Unauthenticated):
        await accounts.by_password("alice", GOOD + "!", now=NOW)
    with pytest.raises(Unprocessable):
        await accounts.set_password("alice", "alice-12345!", by="alice", now=NOW)


@pytest.mark.slow
async def test_refusals_are_alike_and_written_down(store: MemoryStore, accounts: Accounts) -> None:
    """Wrong password, no such account, disabled account: one sentence. A name nobody has is not kept."""
    await add(accounts)
    await accounts.set_password("alice", GOOD, by="alice", now=NOW)
    await add(accounts, "gone")
    await accounts.set_password("gone", GOOD, by="gone", now=NOW)
    await accounts.disable("gone", by="root", now=NOW)
    told: set[str] = set()
    for name, password in (("alice", "wrong"), ("hunter2 is my", GOOD), ("gone", GOOD)):
        with pytest.raises(Unauthenticated) as refused:
            await accounts.by_password(name, password, now=NOW)
        told.add(str(refused.value))
    assert told == {REFUSED}
    refusals = [
        found.event.subject
        for found in await store.events(EventQuery(kinds=(Kind.SIGN_IN_REFUSED,)))
    ]
    assert refusals == ["person:alice", "gate", "person:gone"]
    assert "hunter2" not in str(await store.events(EventQuery()))


@pytest.mark.slow
async def test_an_old_hash_is_made_anew(store: MemoryStore, accounts: Accounts) -> None:
    """At a sign-in with the right password, even one that would not be fit today."""
    made = await add(accounts)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("alice")
    await store.record(Change(events=(), people=(replace(made, password=weak),)))
    after = await accounts.by_password("alice", "alice", now=NOW)
    assert after.password.startswith("$argon2id$v=19$m=65536")
    assert passwords.holds(after.password, "alice")


async def test_disabled_and_let_in_again(accounts: Accounts) -> None:
    """Both are harmless twice."""
    await add(accounts)
    gone = await accounts.disable("alice", by="root", now=NOW)
    assert gone.disabled == NOW
    assert await accounts.disable("alice", by="root", now=NOW + 1) == gone
    back = await accounts.disable("alice", by="root", now=NOW, disabled=False)
    assert back.disabled == 0


async def test_a_link_works_once(store: MemoryStore, accounts: Accounts) -> None:
    """Looking uses nothing up; of many at the same moment one gets in."""
    made = await add(accounts)
    link, secret = await accounts.make_link("alice", by="root", now=NOW, seconds=60)
    for _ in range(3):
        assert await accounts.look_at_link(secret, now=NOW) == link
    tries = [accounts.use_link(secret, now=NOW) for _ in range(5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert [found for found in done if isinstance(found, Person)] == [made]
    assert sum(isinstance(found, Expired) for found in done) == 4
    with pytest.raises(Expired):
        await accounts.look_at_link(secret, now=NOW)
    assert secret not in str(await store.events(EventQuery()))


async def test_a_link_ends_and_belongs_to_a_live_account(accounts: Accounts) -> None:
    """Too late, unknown, of a disabled account: none lets anybody in."""
    await add(accounts)
    _, late = await accounts.make_link("alice", by="root", now=NOW, seconds=60)
    with pytest.raises(Expired):
        await accounts.use_link(late, now=NOW + 60_000)
    with pytest.raises(NotFound):
        await accounts.use_link("x" * 43, now=NOW)
    _, other = await accounts.make_link("alice", by="root", now=NOW, seconds=60)
    await accounts.disable("alice", by="root", now=NOW)
    with pytest.raises(Unauthenticated):
        await accounts.use_link(other, now=NOW)
    with pytest.raises(Conflict):
        await accounts.make_link("alice", by="root", now=NOW, seconds=60)


async def test_an_outside_identity_of_a_disabled_account_is_refused(accounts: Accounts) -> None:
    """Nobody, or the person it belongs to, or a refusal."""
    made = await add(accounts, edit=Edit(oidc="https://id.example alice-1"))
    assert await accounts.by_oidc("https://id.example alice-1", now=NOW) == made
    assert await accounts.by_oidc("https://id.example other", now=NOW) is None
    await accounts.disable("alice", by="root", now=NOW)
    with pytest.raises(Forbidden):
        await accounts.by_oidc("https://id.example alice-1", now=NOW)
