# SPDX-License-Identifier: Apache-2.0
r"""What a passkey signs when somebody answers, and whether it did: everything that needs public keys only.

    preimage   {"action":"sha256:..","case":"c-..","group":"","nonce":"..","person":"ann","reason":"",
                "say":"approve","type":"gyges-answer/1","view":"sha256:.."}        canonical JSON
    challenge  SHA-256(preimage)
    signature  over  authenticatorData || SHA-256(clientDataJSON)                  WebAuthn level 2

`verify` is the same for the gate, which refuses what does not hold, and for whoever checks an evidence
bundle years later. It sees neither whether a signature was made before nor whether the key was enrolled:
the gate and `ledger.signatures` do. No authenticator shows what it signs, so a browser that is in
somebody else's hands can show one thing and have another signed; the view's digest says what was sent.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

from gyges import canon, cose
from gyges.canon import Json
from gyges.case import Assertion, Say
from gyges.errors import BadProof, Malformed

ANSWER = "gyges-answer/1"
LOOPBACK = "localhost"  # the one name for which browsers count plain HTTP as secure
PRESENT, VERIFIED, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x10, 0x40, 0x80
_HEAD = 37  # bytes of authenticator data before extensions: hash, flags, counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All that one signature over an answer covers."""

    case: str
    action: str  # digest
    view: str  # digest
    say: Say
    person: str
    nonce: str
    group: str = ""  # as asked for; "" leaves it to the gate
    reason: str = ""

    def preimage(self) -> str:
        """Canonical JSON, whose SHA-256 is the challenge."""
        document: dict[str, Json] = {
            "type": ANSWER,
            "case": self.case,
            "action": self.action,
            "view": self.view,
            "say": self.say.value,
            "person": self.person,
            "group": self.group,
            "reason": self.reason,
            "nonce": self.nonce,
        }
        return canon.encode(document).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What an assertion that holds tells besides: the authenticator's counter (0: it keeps none)."""

    counter: int
    synced: bool  # whether the passkey is backed up, so that it may be on several devices


def read_answer(preimage: str) -> Answer:
    """The inverse of `Answer.preimage`; raise `BadProof` for anything else."""
    try:
        found = canon.parse_object(preimage)
        names = set(Answer.__dataclass_fields__)
        if found.pop("type", None) != ANSWER or found.keys() != names:
            raise BadProof("what was signed is no answer to a case")
        texts = {name: value for name, value in found.items() if isinstance(value, str)}
        answer = Answer(**{**texts, "say": Say(texts["say"])})  # type: ignore[arg-type]
    except (Malformed, ValueError, KeyError, TypeError):
        raise BadProof("what was signed is no answer to a case") from None
    if answer.preimage() != preimage:
        raise BadProof("what was signed is not in canonical form")
    return answer


def verify(signed: Assertion) -> Proof:
    """Raise `BadProof` unless the passkey `signed.public_key` signed `signed.preimage` (section 7.2).

    Its holder must have been there and been recognised by it (user verification), on a page of
    `signed.origin` itself, which belongs to `signed.rp_id`, inside no other page.
    """
    client_data = unb64(signed.client_data)
    _check_client(client_data, signed)
    data = unb64(signed.authenticator_data)
    proof = _check_authenticator(data, signed.rp_id)
    cose.verify(
        unb64(signed.public_key),
        unb64(signed.signature),
        data + hashlib.sha256(client_data).digest(),
    )
    return proof


def challenge(preimage: str) -> str:
    """What the browser is asked to have signed, base64url."""
    return b64(hashlib.sha256(preimage.encode()).digest())


def belongs(origin: str, rp_id: str) -> bool:
    """Whether a page of `origin` may use passkeys of `rp_id`: HTTPS, or plain HTTP on localhost."""
    try:
        parts = urlsplit(origin)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if f"{parts.scheme}://{parts.netloc}" != origin or not rp_id or "@" in parts.netloc:
        return False
    if parts.scheme != "https" and (parts.scheme, host) != ("http", LOOPBACK):
        return False
    return host == rp_id or host.endswith("." + rp_id)


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The inverse of `b64`, which leaves one spelling for each value; raise `BadProof`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadProof("not base64url") from None
    if b64(raw) != text:
        raise BadProof("base64url in another spelling")
    return raw


def _check_client(raw: bytes, signed: Assertion) -> None:
    try:
        told = canon.parse_object(raw, limit=8192)
    except Malformed as error:
        raise BadProof(f"what the browser signed is not readable: {error}") from None
    if told.get("type") != "webauthn.get":
        raise BadProof("the browser made another thing than a signature")
    if told.get("challenge") != challenge(signed.preimage):
        raise BadProof("the signature is over something else")
    if told.get("origin") != signed.origin or not belongs(signed.origin, signed.rp_id):
        raise BadProof(f"the signature was made on a page of {str(told.get('origin'))[:200]}")
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        raise BadProof("the signature was made inside a page of somebody else")


def _check_authenticator(data: bytes, rp_id: str) -> Proof:
    flags = data[32] if len(data) >= _HEAD else 0
    if len(data) < _HEAD or (len(data) > _HEAD and not flags & (ATTESTED | EXTENDED)):
        raise BadProof("the authenticator's data have another length")
    if data[:32] != hashlib.sha256(rp_id.encode()).digest():
        raise BadProof(f"the passkey is not for {rp_id}")
    if not flags & PRESENT or not flags & VERIFIED:
        raise BadProof("the passkey did not verify its holder")
    return Proof(counter=int.from_bytes(data[33:_HEAD], "big"), synced=bool(flags & BACKED_UP))
