# SPDX-License-Identifier: Apache-2.0
"""From an event to a leaf: the entry that goes into the tree and the payload beside it, and back.

The forms stand in `entry`; this file is the bridge between them and the words. Salts come in, nothing
is stored, and what a lookup needs beyond the entry (agent, episode) comes from the store.
"""

from dataclasses import dataclass

import msgspec

from gyges import canon
from gyges.episode import Event, Kind, Recorded
from gyges.ledger import entry as entries
from gyges.ledger.entry import Entry
from gyges.ledger.merkle import leaf_hash

SALT_SIZE = 16


@dataclass(frozen=True, slots=True)
class Sealed:
    """One event as the log keeps it: `leaf` is the 32-byte leaf hash of `entry`."""

    event: Event
    entry: bytes
    leaf: bytes
    salt: bytes
    payload: bytes


_read_body = msgspec.json.Decoder(dict[str, canon.Json])


def seal(event: Event, salt: bytes) -> Sealed:
    """Raise `Malformed` for a body without canonical form, or an event no entry can hold."""
    payload = canon.encode(event.body)
    digest = entries.payload_digest(salt, payload)
    entry = entries.encode(
        Entry(at=event.at, digest=digest, kind=event.kind.value, subject=event.subject)
    )
    return Sealed(event, entry, leaf_hash(entry), salt, payload)


def unseal(
    index: int, entry: bytes, agent: str, episode: str, salt: bytes | None, payload: bytes | None
) -> Recorded:
    """The event of a leaf; without a payload it is one that was redacted."""
    leaf = entries.parse(entry)
    event = Event(
        kind=Kind(leaf.kind),
        at=leaf.at,
        subject=leaf.subject,
        body={} if payload is None else _read_body.decode(payload),
        agent=agent,
        episode=episode,
    )
    return Recorded(
        index=index,
        event=event,
        digest=leaf.digest,
        salt=(salt or b"").hex(),
        redacted=payload is None,
    )
