# SPDX-License-Identifier: Apache-2.0
"""A passkey in memory: browser and authenticator in one, for tests that need signatures and no Chromium.

It makes real keys and real signatures in the three algorithms that Gyges takes. It asks nobody, and it
lies where a test tells it to: every part of an assertion can be replaced before it is signed.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from gyges import cose
from gyges.case import Assertion
from gyges.person import Passkey
from gyges.signed import ATTESTED, PRESENT, VERIFIED, b64, challenge

Private = ec.EllipticCurvePrivateKey | Ed25519PrivateKey | rsa.RSAPrivateKey
ORIGIN = "https://gate.example"
RP_ID = "gate.example"


@dataclass(slots=True, kw_only=True)
class SoftPasskey:
    """One credential. `counter` grows with each signature; 0 and `counts` False: it keeps none."""

    id: bytes = b"credential-number-1"
    private: Private = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    counter: int = 0
    counts: bool = True

    @property
    def public_key(self) -> bytes:
        """COSE, in CTAP2's spelling."""
        return cose_key(self.private)

    def word(self, name: str = "test", created: int = 0) -> Passkey:
        """As it is kept with its person."""
        key = b64(self.public_key)
        return Passkey(
            id=b64(self.id), public_key=key, counter=self.counter, name=name, created=created
        )

    def sign(
        self, preimage: str, *, origin: str = ORIGIN, rp_id: str = RP_ID,
        flags: int = PRESENT | VERIFIED, client: dict[str, object] | None = None, tail: bytes = b"",
    ) -> Assertion:  # fmt: skip
        """An assertion over `preimage`; `client` changes what the browser says, `flags` and `tail` the rest."""
        self.counter += self.counts
        told: dict[str, object] = {
            "type": "webauthn.get",
            "challenge": challenge(preimage),
            "origin": origin,
            "crossOrigin": False,
            **(client or {}),
        }
        client_data = json.dumps(told, separators=(",", ":")).encode()
        head = hashlib.sha256(rp_id.encode()).digest() + bytes([flags])
        data = head + self.counter.to_bytes(4, "big") + tail
        signature = signature_of(self.private, data + hashlib.sha256(client_data).digest())
        return Assertion(
            credential=b64(self.id), public_key=b64(self.public_key), client_data=b64(client_data),
            authenticator_data=b64(data), signature=b64(signature), preimage=preimage,
            origin=origin, rp_id=rp_id,
        )  # fmt: skip

    def register(
        self, preimage: str, *, origin: str = ORIGIN, rp_id: str = RP_ID,
        flags: int = PRESENT | VERIFIED, client: dict[str, object] | None = None,
    ) -> str:  # fmt: skip
        """What a browser gives for a new credential, as JSON (attestation "none")."""
        told: dict[str, object] = {
            "type": "webauthn.create",
            "challenge": challenge(preimage),
            "origin": origin,
            "crossOrigin": False,
            **(client or {}),
        }
        head = hashlib.sha256(rp_id.encode()).digest() + bytes([flags | ATTESTED])
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self.public_key
        data = head + self.counter.to_bytes(4, "big") + credential
        response = {
            "clientDataJSON": b64(json.dumps(told).encode()),
            "attestationObject": b64(cbor({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        name = b64(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def signature_of(private: Private, data: bytes) -> bytes:
    """A signature in the algorithm that goes with the key."""
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(data)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PKCS1v15(), SHA256())
    return private.sign(data, ec.ECDSA(SHA256()))


def cose_key(private: Private) -> bytes:
    """The public half in COSE."""
    if isinstance(private, Ed25519PrivateKey):
        return cbor({1: 1, 3: cose.EDDSA, -1: 6, -2: private.public_key().public_bytes_raw()})
    if isinstance(private, rsa.RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        n = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return cbor({1: 3, 3: cose.RS256, -1: n, -2: numbers.e.to_bytes(3, "big")})
    point = private.public_key().public_numbers()
    x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
    return cbor({1: 2, 3: cose.ES256, -1: 1, -2: x, -3: y})


def cbor(value: object) -> bytes:
    """CBOR of integers, texts, byte strings and maps of them: all that a key or an attestation needs."""
    match value:
        case int() if value >= 0:
            return _head(0, value)
        case int():
            return _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case dict():
            found = cast("dict[object, object]", value)
            return _head(5, len(found)) + b"".join(cbor(k) + cbor(v) for k, v in found.items())
        case _:
            raise TypeError(type(value).__name__)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    width = 1 if number < 256 else 2
    return bytes([major << 5 | (23 + width)]) + number.to_bytes(width, "big")
