# SPDX-License-Identifier: Apache-2.0
"""The public keys that permits are checked with: pinned, or fetched from the gate and kept.

It reads a JWK set (RFC 7517) and takes Ed25519 keys (RFC 8037) out of it, nothing else. It verifies
nothing itself.
"""

import base64
import binascii
import time
from collections.abc import Awaitable, Callable

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gyges.ed25519 import check_public_key
from gyges.errors import Malformed

FRESH = 300.0  # seconds after which the set is fetched again, so that a withdrawn key goes
CALM = 5.0  # seconds between two fetches on account of unknown key ids

Keys = dict[str, Ed25519PublicKey]


class KeySet:
    """Keys by id. Without `fetch` the pinned set is all there is."""

    def __init__(
        self,
        *,
        pinned: bytes = b"",
        fetch: Callable[[], Awaitable[bytes]] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys: Keys = parse_jwks(pinned) if pinned else {}
        self._fetch = fetch
        self._now = now
        self._at: float | None = None

    async def holding(self, kid: str) -> Keys:
        """All keys, fetched anew if `kid` is not among them; raise `Unreachable` when nobody could say."""
        if self._fetch and self._stale(kid):
            self._keys = parse_jwks(await self._fetch())
            self._at = self._now()
        return self._keys

    def _stale(self, kid: str) -> bool:
        if self._at is None:
            return True
        age = self._now() - self._at
        return age > FRESH or (kid not in self._keys and age > CALM)


class _Jwk(msgspec.Struct):
    kty: str
    crv: str = ""
    kid: str = ""
    x: str = ""
    use: str = "sig"


class _Jwks(msgspec.Struct):
    keys: list[_Jwk]


def parse_jwks(data: bytes) -> Keys:
    """The Ed25519 signing keys of a JWK set; raise `Malformed` for what is none."""
    try:
        found = msgspec.json.decode(data, type=_Jwks).keys
        return {
            k.kid: _public(k.x) for k in found if (k.kty, k.crv, k.use) == ("OKP", "Ed25519", "sig")
        }
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, binascii.Error) as error:
        raise Malformed(f"not a JWK set: {error}") from None


def _public(x: str) -> Ed25519PublicKey:
    raw = base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
    check_public_key(raw)
    return Ed25519PublicKey.from_public_bytes(raw)
