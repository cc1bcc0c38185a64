# SPDX-License-Identifier: Apache-2.0
"""How often somebody may try to sign in: leaky buckets for each address and each account.

There is a fixed number of buckets, and a secret hash picks one for each name, so that memory is bounded and
no flood of other names makes the gate forget a guesser; two names may share a bucket. A try is counted
before it is checked and given back when it was right, so tries at the same time do not slip through.
Nothing is kept on disk: a restart empties the buckets.
"""

import hashlib
import ipaddress
import secrets
from array import array

from gyges.web.problems import HttpError

BUCKETS = 8192
ROUNDING = 1e-6  # of a try


class SlowDown(HttpError):
    """429: too many tries; `Retry-After` says when to come back (RFC 6585)."""

    status = 429
    code = "too-many"

    def __init__(self, seconds: int) -> None:
        """Say when to come back."""
        super().__init__(f"too many tries; wait {seconds} seconds and try again")
        self.headers = ((b"retry-after", str(seconds).encode()),)


class Throttle:
    """Buckets that hold `burst` tries and lose one every `refill_ms`."""

    def __init__(self, burst: int, refill_ms: int) -> None:
        """All buckets are empty."""
        self._burst = burst
        self._refill = refill_ms
        self._secret = secrets.token_bytes(16)
        self._level = array("d", bytes(8 * BUCKETS))
        self._at = array("q", bytes(8 * BUCKETS))

    def take(self, name: str, now: int) -> None:
        """Count a try of `name`; raise `SlowDown`, counting nothing, when its bucket is full."""
        place = self._place(name)
        level = max(0.0, self._level[place] - max(0, now - self._at[place]) / self._refill)
        self._at[place] = max(now, self._at[place])
        full = level + 1 > self._burst + ROUNDING
        self._level[place] = level if full else level + 1
        if full:
            raise SlowDown(max(1, round((level + 1 - self._burst) * self._refill / 1000)))

    def give_back(self, name: str) -> None:
        """The try was right: it does not count."""
        place = self._place(name)
        self._level[place] = max(0.0, self._level[place] - 1)

    def _place(self, name: str) -> int:
        found = hashlib.blake2b(name.encode("utf-8", "replace"), key=self._secret, digest_size=4)
        return int.from_bytes(found.digest(), "big") % BUCKETS


def network(address: str) -> str:
    """What an address is counted as: itself, or the /64 it is in, which one IPv6 subscriber owns whole."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False))
