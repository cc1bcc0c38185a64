# SPDX-License-Identifier: Apache-2.0
"""Who calls: a Bearer key, looked up by its SHA-256 at every request, so a revocation holds at the next one.

A key is 256 random bits, so looking its hash up tells an attacker nothing by its timing, and unknown, expired and
revoked keys get one and the same answer. Wrong keys are counted for each address in a structure of fixed size;
beyond the limit the answer is 429. A right key is never held up by its neighbours' wrong ones.
What a known caller may do is not decided here: see `table.py`.
"""

import hmac
from collections import OrderedDict
from collections.abc import Mapping

from gyges.canon import digest_bytes
from gyges.errors import Unauthenticated
from gyges.ports import Store
from gyges.principal import Key
from gyges.web.problems import TooMany

LONGEST = 200  # characters of a key; ours have about 55
BURST = 20  # wrong keys in a row that get a plain 401
REFILL_MS = 1000  # one more for each such span
ADDRESSES = 4096  # remembered at once; the one longest quiet is forgotten first


class Failures:
    """A leaky bucket of wrong keys for each address, bounded in number."""

    def __init__(self, addresses: int = ADDRESSES) -> None:
        """Remember at most so many `addresses`."""
        self._bound = addresses
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()  # level, when (ms)

    def add(self, address: str, now: int) -> None:
        """Count one failure; raise `TooMany` when the bucket is full."""
        level, at = self._seen.pop(address, (0.0, now))
        level = max(0.0, level - max(0, now - at) / REFILL_MS)
        full = level + 1 > BURST
        self._seen[address] = (level if full else level + 1, now)
        if len(self._seen) > self._bound:
            self._seen.popitem(last=False)
        if full:
            raise TooMany(max(1, round((level + 1 - BURST) * REFILL_MS / 1000)))

    def __len__(self) -> int:
        return len(self._seen)


class Doorkeeper:
    """Turns an Authorization header into an enrolled, live key."""

    def __init__(self, store: Store) -> None:
        """Look keys up in `store`."""
        self._store = store
        self.failures = Failures()

    async def admit(self, headers: Mapping[bytes, bytes], address: str, now: int) -> Key:
        """The caller's key; raise `Unauthenticated`, or `TooMany`, or `StoreDown`."""
        given = headers.get(b"authorization", b"")
        if given[:7].lower() == b"bearer " and len(given) <= LONGEST:
            digest = digest_bytes(given[7:].strip())
            key = await self._store.key_by_hash(digest)
            if key is not None and hmac.compare_digest(key.hash, digest) and key.live(now):
                return key
        self.failures.add(address, now)
        raise Unauthenticated("a valid key is needed: Authorization: Bearer gy_...")
