# SPDX-License-Identifier: Apache-2.0
"""Passkeys of an account: who may add one, what is accepted as one, and signing in with it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gyges import signed
from gyges.case import Assertion
from gyges.episode import Event, Kind
from gyges.errors import Conflict, Expired, Forbidden, NotFound, Unauthenticated, Unprocessable
from gyges.gate.passkeys import ENROL, FRESH_MS, GOOD_MS, MOST, SIGN_IN, Enrolment, Passkeys
from gyges.ledger.note import Signer
from gyges.ledger.sqlite import SqliteStore
from gyges.person import Method, Person, Role, Session
from gyges.ports import Change, EventQuery
from gyges.testing.authenticator import ORIGIN, Private, SoftPasskey

NOW = 1_700_000_000_000


class Home:
    """A store with ann's account, and her passkeys."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.passkeys = Passkeys(store, store, ORIGIN)

    async def ann(self) -> Person:
        """Her account as it is now."""
        found = await self.store.person("ann")
        assert found is not None
        return found

    async def change(self, person: Person) -> None:
        """Write an account."""
        event = Event(kind=Kind.PERSON_CHANGED, at=NOW, subject="person:ann", body={})
        await self.store.record(Change(events=(event,), people=(person,)))

    async def add(
        self, passkey: SoftPasskey, *, session: Session | None = None, now: int = NOW,
        name: str = "laptop", **lies: object,
    ) -> Person:  # fmt: skip
        """Enrol a passkey as an honest browser does, but for `lies`."""
        session = session or seat()
        preimage = self.passkeys.challenge(ENROL, session.id, now=now)
        made = passkey.register(preimage, **lies)  # type: ignore[arg-type]
        found = Enrolment(credential=made, preimage=preimage, name=name, origin=ORIGIN)
        return await self.passkeys.add(await self.ann(), found, session=session, now=now)

    async def signs_in(self, passkey: SoftPasskey, now: int = NOW, **lies: object) -> Person:
        """Sign in with a passkey."""
        preimage = self.passkeys.challenge(SIGN_IN, "", now=now)
        found = passkey.sign(preimage, **lies)  # type: ignore[arg-type]
        return await self.passkeys.by_passkey(replace(found, public_key=""), now=now)

    async def kinds(self) -> list[str]:
        """What the log says happened to ann."""
        found = await self.store.events(EventQuery(subject="person:ann"))
        return [str(event.event.kind) for event in found]


def seat(method: Method = Method.LINK, created: int = NOW, proved: int = 0) -> Session:
    """A session of ann's."""
    return Session(
        id="s-1", hash="h", person="ann", method=method, created=created, proved=proved,
        expires=NOW * 2,
    )  # fmt: skip


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    """Ann, who has no passkey yet."""
    signer = Signer.from_seed("test.example/log", b"\x07" * 32)
    store = await SqliteStore.open(tmp_path / "gyges.db", origin="test.example/log", signer=signer)
    try:
        made = Home(store)
        who = Person(name="ann", created=NOW, roles=(Role.APPROVER,), groups=("finance",))
        await made.change(who)
        yield made
    finally:
        await store.close()


KEYS: dict[str, Private] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("name", KEYS)
async def test_a_passkey_is_added_and_signs_in(home: Home, name: str) -> None:
    """In each algorithm: the account keeps it, the log has its public key, and it signs in, again and again."""
    passkey = SoftPasskey(private=KEYS[name])
    added = await home.add(passkey, name="  my   laptop ")
    assert [(p.name, p.public_key) for p in added.passkeys] == [
        ("my laptop", signed.b64(passkey.public_key))
    ]
    events = await home.store.events(EventQuery(kinds=(Kind.PASSKEY_ADDED,)))
    assert events[0].event.body["public_key"] == signed.b64(passkey.public_key)
    assert events[0].event.body["person"] == "ann"
    for turn in (1, 2):
        assert (await home.signs_in(passkey)).passkeys[0].counter == turn
    assert (await home.ann()).passkeys[0].counter == 2


@pytest.mark.parametrize(
    ("session", "may"),
    [
        (seat(Method.PASSWORD), False),
        (seat(Method.OIDC), False),
        (seat(Method.LINK), True),
        (seat(Method.PASSKEY), True),
        (seat(Method.PASSKEY, created=NOW - FRESH_MS), False),
        (seat(Method.PASSWORD, created=NOW - FRESH_MS, proved=NOW - 1), True),
        (seat(Method.PASSWORD, proved=NOW - FRESH_MS), False),
    ],
)
async def test_a_stolen_session_adds_no_passkey(home: Home, session: Session, *, may: bool) -> None:
    """Once there is a passkey, another takes a fresh sign-in with one, or an administrator's link."""
    await home.add(SoftPasskey())
    other = SoftPasskey(id=b"another credential")
    if may:
        assert len((await home.add(other, session=session)).passkeys) == 2
        return
    with pytest.raises(Forbidden, match="sign in again"):
        await home.add(other, session=session)


async def test_the_first_passkey_takes_a_fresh_sign_in(home: Home) -> None:
    """An open session that was left somewhere yesterday adds nothing."""
    with pytest.raises(Forbidden, match="sign in again"):
        await home.add(SoftPasskey(), session=seat(Method.PASSWORD, created=NOW - FRESH_MS))
    await home.add(SoftPasskey(), session=seat(Method.PASSWORD))


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.test"},
        {"rp_id": "evil.test"},
        {"flags": signed.PRESENT},
        {"flags": signed.VERIFIED},
        {"client": {"type": "webauthn.get"}},
        {"client": {"challenge": signed.challenge("another")}},
        {"client": {"crossOrigin": True}},
        {"client": {"topOrigin": ORIGIN}},
    ],
)
async def test_what_is_no_passkey_of_these_pages_is_refused(
    home: Home, lies: dict[str, object]
) -> None:
    """Another page, another name, nobody there, another challenge, a frame: nothing is added."""
    with pytest.raises(Unprocessable):
        await home.add(SoftPasskey(), **lies)  # type: ignore[arg-type]
    assert (await home.ann()).passkeys == ()


@pytest.mark.parametrize("made", ["", "{}", "[]", "null", '{"id": 5}', "\x00", '{"id":"a","rawId"'])
async def test_bytes_that_are_no_credential_are_refused(home: Home, made: str) -> None:
    """Whatever a form brings in its place, the answer is one line and not a crash."""
    preimage = home.passkeys.challenge(ENROL, "s-1", now=NOW)
    found = Enrolment(credential=made, preimage=preimage, name="x", origin=ORIGIN)
    with pytest.raises(Unprocessable):
        await home.passkeys.add(await home.ann(), found, session=seat(), now=NOW)


async def test_weak_ids_and_strange_keys_are_refused(home: Home) -> None:
    """An id that could be guessed or collide, and a key of a kind that nobody could check later."""
    with pytest.raises(Unprocessable, match="too short"):
        await home.add(SoftPasskey(id=b"short"))
    with pytest.raises(Unprocessable):
        await home.add(SoftPasskey(private=rsa.generate_private_key(65537, 1024)))
    with pytest.raises(Unprocessable, match="plain characters"):
        await home.add(SoftPasskey(), name="a" * 61)


async def test_a_challenge_is_for_one_session_one_purpose_and_five_minutes(home: Home) -> None:
    """Nor is one that this gate never made, and none is good twice."""
    made = {
        "session": home.passkeys.challenge(ENROL, "s-2", now=NOW),
        "purpose": home.passkeys.challenge(SIGN_IN, "s-1", now=NOW),
        "other": Passkeys(home.store, home.store, ORIGIN).challenge(ENROL, "s-1", now=NOW),
        "bytes": "{}",
    }
    for preimage in made.values():
        found = Enrolment(
            credential=SoftPasskey().register(preimage), preimage=preimage, name="x", origin=ORIGIN
        )
        with pytest.raises(Forbidden, match="challenge"):
            await home.passkeys.add(await home.ann(), found, session=seat(), now=NOW)
    late = home.passkeys.challenge(ENROL, "s-1", now=NOW - GOOD_MS)
    found = Enrolment(
        credential=SoftPasskey().register(late), preimage=late, name="x", origin=ORIGIN
    )
    with pytest.raises(Expired):
        await home.passkeys.add(await home.ann(), found, session=seat(), now=NOW)


async def test_an_enrolment_is_used_once(home: Home) -> None:
    """The same form sent again adds nothing, even when its passkey was taken off in between."""
    preimage = home.passkeys.challenge(ENROL, "s-1", now=NOW)
    found = Enrolment(
        credential=SoftPasskey().register(preimage), preimage=preimage, name="x", origin=ORIGIN
    )
    after = await home.passkeys.add(await home.ann(), found, session=seat(), now=NOW)
    await home.passkeys.remove(after, after.passkeys[0].id, by="ann", now=NOW)
    with pytest.raises(Conflict):
        await home.passkeys.add(await home.ann(), found, session=seat(), now=NOW)


async def test_an_account_holds_so_many_and_each_once(home: Home) -> None:
    """A passkey is on one account, once, and there is a bound."""
    await home.add(SoftPasskey())
    with pytest.raises(Conflict):
        await home.add(SoftPasskey())
    ann = await home.ann()
    many = tuple(SoftPasskey(id=bytes([n]) * 16).word() for n in range(MOST))
    await home.change(replace(ann, passkeys=many))
    with pytest.raises(Conflict, match="at most"):
        await home.add(SoftPasskey(id=b"one more than there may be"))


async def test_a_passkey_that_was_taken_off_signs_nobody_in(home: Home) -> None:
    """Removal is written down, holds at once, and names a passkey that is there."""
    passkey = SoftPasskey()
    after = await home.add(passkey)
    with pytest.raises(NotFound):
        await home.passkeys.remove(after, "AAAA", by="ann", now=NOW)
    await home.passkeys.remove(after, after.passkeys[0].id, by="root", now=NOW)
    with pytest.raises(Unauthenticated, match="not known"):
        await home.signs_in(passkey)
    assert (await home.kinds())[-1] == "passkey-removed"


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.test"},
        {"origin": "http://localhost:1", "rp_id": "localhost"},
        {"flags": signed.PRESENT},
        {"client": {"challenge": signed.challenge("another")}},
    ],
)
async def test_a_sign_in_that_does_not_hold_is_refused_and_recorded(
    home: Home, lies: dict[str, object]
) -> None:
    """Nobody is told what was wrong; the log is."""
    passkey = SoftPasskey()
    await home.add(passkey)
    with pytest.raises(Unauthenticated, match="not accepted"):
        await home.signs_in(passkey, **lies)  # type: ignore[arg-type]
    assert (await home.kinds())[-1] == "sign-in-refused"


async def test_a_sign_in_cannot_be_replayed(home: Home) -> None:
    """The same assertion again is refused, also from a passkey that keeps no counter."""
    passkey = SoftPasskey(counts=False)
    await home.add(passkey)
    preimage = home.passkeys.challenge(SIGN_IN, "", now=NOW)
    found = passkey.sign(preimage)
    await home.passkeys.by_passkey(found, now=NOW)
    with pytest.raises(Unauthenticated):
        await home.passkeys.by_passkey(found, now=NOW + 1)


async def test_an_approval_is_no_sign_in(home: Home) -> None:
    """What was signed for a case, or for adding a passkey, opens no session."""
    passkey = SoftPasskey()
    await home.add(passkey)
    for preimage in (home.passkeys.challenge(ENROL, "s-1", now=NOW), '{"type":"gyges-answer/1"}'):
        found: Assertion = passkey.sign(preimage)
        with pytest.raises(Forbidden):
            await home.passkeys.by_passkey(found, now=NOW)


async def test_a_disabled_account_is_not_signed_in(home: Home) -> None:
    """An account that is locked stays so for passkeys as well."""
    passkey = SoftPasskey()
    await home.add(passkey)
    await home.change(replace(await home.ann(), disabled=NOW))
    with pytest.raises(Unauthenticated):
        await home.signs_in(passkey)
