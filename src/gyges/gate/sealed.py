# SPDX-License-Identifier: Apache-2.0
"""Challenges that nobody need remember: each says what it is for, for whom and since when, under a seal. Pure.

    {"at":1700000000000,"for":"s-..","nonce":"..","seal":"..","type":"gyges-passkey/1"}

A seal (HMAC-SHA-256) shows that we made it. That it is used once is for the store: a claim on its digest.
"""

import hmac
import secrets

from gyges import canon
from gyges.canon import Json
from gyges.errors import Expired, Forbidden, Malformed


class Seal:
    """Makes and checks challenges under one secret."""

    def __init__(self, secret: bytes) -> None:
        """At least 32 random bytes."""
        self._secret = secret

    def made(self, purpose: str, who: str, now: int) -> str:
        """A new challenge's preimage, canonical JSON."""
        plain: dict[str, Json] = {
            "type": purpose, "for": who, "at": now, "nonce": secrets.token_urlsafe(24),
        }  # fmt: skip
        return canon.encode({**plain, "seal": self._sealed(plain)}).decode()

    def check(self, preimage: str, purpose: str, who: str, now: int, good_ms: int) -> None:
        """Raise `Forbidden` unless we made it for this, `Expired` if that was `good_ms` ago or more."""
        try:
            found = canon.parse_object(preimage, limit=4096)
        except Malformed:
            found = {}
        seal, at = found.pop("seal", ""), found.get("at")
        right = isinstance(seal, str) and hmac.compare_digest(
            seal.encode(), self._sealed(found).encode()
        )
        if not right or (found.get("type"), found.get("for")) != (purpose, who):
            raise Forbidden("this challenge was not made here, or not for this")
        if not isinstance(at, int) or not 0 <= now - at < good_ms:
            raise Expired("this took too long; try again")

    def _sealed(self, plain: dict[str, Json]) -> str:
        return hmac.digest(self._secret, canon.encode(plain), "sha256").hex()
