# SPDX-License-Identifier: Apache-2.0
"""Passkeys: added to an account, taken off it, and used to sign in. What they sign for cases is in `signing.py`.

A challenge is sealed under a secret of this process, says what it is for and when it was made, and is good
once, for five minutes. Whoever holds a browser of somebody's cannot add a passkey of their own with it: that
takes a fresh sign-in, and with a passkey if the account has one, or a link from an administrator.
"""

import secrets
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gyges import canon, cose, signed
from gyges.case import Assertion
from gyges.episode import Event, Kind
from gyges.errors import (
    BadProof,
    Conflict,
    Forbidden,
    Malformed,
    Misconfigured,
    NotFound,
    Unauthenticated,
    Unprocessable,
)
from gyges.gate import signing
from gyges.gate.judge import plain
from gyges.gate.sealed import Seal
from gyges.gate.sessions import subject
from gyges.person import Method, Passkey, Person, Session
from gyges.ports import Change, Recorder, Store

FRESH_MS = 15 * 60_000  # how old a sign-in may be for passkeys to be added or taken off
GOOD_MS = 5 * 60_000  # how long a challenge may be answered
MOST = 20  # passkeys of one account
SIGN_IN, ENROL = "gyges-sign-in/1", "gyges-passkey/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a browser brings for a new passkey: the credential as JSON, and the challenge's preimage."""

    credential: str
    preimage: str
    name: str
    origin: str


class Passkeys:
    """All passkeys of one store."""

    def __init__(self, recorder: Recorder, store: Store, public_url: str) -> None:
        """Used at `public_url`, or on localhost where that is empty."""
        self._recorder = recorder
        self._store = store
        self._url = public_url
        self._seal = Seal(secrets.token_bytes(32))

    def challenge(self, purpose: str, who: str, *, now: int) -> str:
        """The preimage of a challenge: `SIGN_IN` by anybody (`who` "") or `ENROL` in a session (its id)."""
        return self._seal.made(purpose, who, now)

    async def add(self, person: Person, found: Enrolment, *, session: Session, now: int) -> Person:
        """The account with one passkey more.

        Raise `Forbidden` if the sign-in is not fresh enough, `Expired`, `Conflict`, `Unprocessable`.
        """
        if not may_change(person, session, now):
            raise Forbidden("sign in again first: adding a passkey takes a fresh sign-in")
        self._seal.check(found.preimage, ENROL, session.id, now, GOOD_MS)
        if len(person.passkeys) >= MOST:
            raise Conflict(f"an account has at most {MOST} passkeys")
        passkey = enrolled(found, self._url, now)
        after = replace(person, passkeys=(*person.passkeys, passkey))
        body = plain(
            person=person.name, credential=passkey.id, public_key=passkey.public_key,
            name=passkey.name, rp_id=host_of(found.origin), origin=found.origin,
            session=session.id, method=session.method, by=person.name,
        )  # fmt: skip
        return await self._write(after, Kind.PASSKEY_ADDED, body, now, self._claim(found.preimage))

    async def remove(self, person: Person, id: str, *, by: str, now: int) -> Person:
        """The account without the passkey `id`; whether `by` may is the caller's to know."""
        left = tuple(passkey for passkey in person.passkeys if passkey.id != id)
        if len(left) == len(person.passkeys):
            raise NotFound(f"{person.name} has no such passkey")
        body = plain(person=person.name, credential=id, by=by)
        return await self._write(replace(person, passkeys=left), Kind.PASSKEY_REMOVED, body, now)

    async def by_passkey(self, found: Assertion, *, now: int) -> Person:
        """Who signs in with a passkey; raise `Unauthenticated`, which is recorded, or `Expired`."""
        self._seal.check(found.preimage, SIGN_IN, "", now, GOOD_MS)
        person = await self._store.person_by_passkey(found.credential)
        if person is None:
            raise Unauthenticated("this passkey is not known here")
        try:
            known = _with_key(person, found)
            after = signing.use(person, known, self._url)
            if person.disabled:
                raise Forbidden(f"the account of {person.name} is disabled")
            claims = (self._claim(found.preimage),)
            await self._recorder.record(Change(events=(), people=(after,), claims=claims))
        except (Forbidden, Conflict) as error:
            why = plain(method=Method.PASSKEY, reason=str(error))
            event = Event(kind=Kind.SIGN_IN_REFUSED, at=now, subject=subject(person.name), body=why)
            await self._recorder.record(Change(events=(event,)))
            raise Unauthenticated("this passkey was not accepted") from None
        return replace(after, version=after.version + 1)

    async def _write(
        self, person: Person, kind: Kind, body: dict[str, canon.Json], now: int, *claims: str
    ) -> Person:
        event = Event(kind=kind, at=now, subject=subject(person.name), body=body)
        await self._recorder.record(Change(events=(event,), people=(person,), claims=claims))
        return replace(person, version=person.version + 1)

    @staticmethod
    def _claim(preimage: str) -> str:
        return f"challenge:{canon.digest_bytes(preimage.encode())}"


def may_change(person: Person, session: Session, now: int) -> bool:
    """Whether passkeys may be added or taken off in this session now."""
    if session.proved and now - session.proved < FRESH_MS:
        return True
    strong = not person.passkeys or session.method in (Method.PASSKEY, Method.LINK)
    return strong and now - session.created < FRESH_MS


def enrolled(found: Enrolment, public_url: str, now: int) -> Passkey:
    """The passkey that a browser made; raise `Unprocessable` or `Forbidden` for anything that is not one."""
    name = " ".join(found.name.split()) or "passkey"
    if len(name) > 60 or not name.isprintable():
        raise Unprocessable("a passkey's name is at most 60 plain characters")
    rp_id = host_of(found.origin)
    if not signed.belongs(found.origin, rp_id) or (public_url and found.origin != public_url):
        raise Forbidden("passkeys are made on our own pages, over https or on localhost")
    credential, key, counter = _registered(found, rp_id)
    try:
        cose.checker(key)
    except BadProof as error:
        raise Unprocessable(str(error)) from None
    return Passkey(
        id=signed.b64(credential),
        public_key=signed.b64(key),
        counter=counter,
        name=name,
        created=now,
    )


def host_of(origin: str) -> str:
    """The name that passkeys of these pages are bound to; "" where the origin has none."""
    return urlsplit(origin).hostname or ""


def _registered(found: Enrolment, rp_id: str) -> tuple[bytes, bytes, int]:
    """Credential id, COSE key and counter, checked by the WebAuthn library (section 7.1)."""
    try:
        import webauthn
        from webauthn.helpers.cose import COSEAlgorithmIdentifier
        from webauthn.helpers.exceptions import WebAuthnException
    except ImportError:
        raise Misconfigured('passkeys need the extra: pip install "gyges[passkeys]"') from None
    try:
        told = webauthn.verify_registration_response(
            credential=found.credential,
            expected_challenge=signed.unb64(signed.challenge(found.preimage)),
            expected_rp_id=rp_id,
            expected_origin=found.origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(alg) for alg in cose.ALGORITHMS],
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Unprocessable(f"this is no passkey made here: {str(error)[:200]}") from None
    if framed(found.credential):
        raise Unprocessable("this passkey was made inside a page of somebody else")
    if not 16 <= len(told.credential_id) <= 1023:
        raise Unprocessable("the passkey's id is too short or too long")
    return told.credential_id, told.credential_public_key, told.sign_count


def framed(credential: str) -> bool:
    """Whether the browser says that a new credential was made in a frame of a foreign page.

    The library does not look: `crossOrigin` is true or `topOrigin` is there (section 5.8.1).
    """
    try:
        response = canon.parse_object(credential)["response"]
        assert isinstance(response, dict)
        told = canon.parse_object(signed.unb64(str(response["clientDataJSON"])))
    except (Malformed, BadProof, KeyError, AssertionError):
        return True
    return told.get("crossOrigin", False) is not False or "topOrigin" in told


def _with_key(person: Person, found: Assertion) -> Assertion:
    """The assertion with the key that is enrolled under its id."""
    keys = {passkey.id: passkey.public_key for passkey in person.passkeys}
    return replace(found, public_key=keys[found.credential])
