# SPDX-License-Identifier: Apache-2.0
"""Recorder, Store and Log in memory: dictionaries, a list of leaves, and the real tree and signatures.

It is written apart from the real stores, plainly and without their cleverness, so that one can be
checked against the other. `down` makes it fail the way a disk does. Nothing survives the process.
"""

import os
from collections.abc import Sequence
from dataclasses import replace

from gyges.case import Case
from gyges.episode import Event, Recorded, Running
from gyges.errors import BadProof, Conflict, NotFound, StoreDown
from gyges.ledger import entry as entries
from gyges.ledger.checkpoint import Checkpoint, sign
from gyges.ledger.merkle import consistency_proof, inclusion_proof, root_of
from gyges.ledger.note import Signer
from gyges.ledger.rows import scrub
from gyges.ledger.seal import SALT_SIZE, Sealed, seal, unseal
from gyges.ledger.tiles import ENTRIES, HEIGHT, WIDTH, pack_entries, parse_tile_path
from gyges.ports import (
    CaseQuery,
    CaseSearch,
    Change,
    Delivery,
    DeliveryQuery,
    EventQuery,
    Found,
    Idempotency,
    Notice,
    Page,
    Receipt,
    Tally,
)
from gyges.principal import Key
from gyges.standing import Grant, Stop
from gyges.testing.memory_episodes import Episodes
from gyges.testing.memory_outbox import Outbox
from gyges.testing.memory_people import MemoryPeople, ids_of
from gyges.testing.pages import found_of, page_of, tallies_of

ORIGIN = "gyges.test/log"


class MemoryStore(MemoryPeople):
    """All three ports. `down` holds the cause while the store pretends to have failed."""

    def __init__(self, origin: str = ORIGIN, signer: Signer | None = None) -> None:
        super().__init__()
        self.origin = origin
        self.signer = signer or Signer.from_seed(origin, bytes(range(32)))
        self.down = ""
        self._cases: dict[str, Case] = {}
        self._idempotency: dict[tuple[str, str], Idempotency] = {}
        self._claims: set[str] = set()
        self._grants: dict[str, Grant] = {}
        self._episodes = Episodes()
        self._stops: dict[str, Stop] = {}
        self._keys: dict[str, Key] = {}
        self._notices: dict[str, Notice] = {}
        self._outbox = Outbox()
        self._leaves: list[Sealed] = []
        self._redacted: set[int] = set()

    # --- Recorder ---

    async def record(self, change: Change) -> Receipt:
        """See `ports.Recorder`."""
        self._check_up()
        self._check(change)
        indices = self._append(change.events)
        for case in change.cases:
            own = [i for i, e in zip(indices, change.events, strict=True) if e.subject == case.id]
            index = (own or list(indices) or [case.log_index])[-1]
            self._cases[case.id] = case.stored(case.version + 1, index)
        for grant in change.grants:
            self._grants[grant.id] = replace(grant, version=grant.version + 1)
        if pair := change.idempotency:
            self._idempotency[pair.agent, pair.key] = pair
        self._claims.update(change.claims)
        self._put(change)
        return Receipt(indices=indices, size=len(self._leaves))

    def _put(self, change: Change) -> None:
        self._stops.update({stop.scope: stop for stop in change.stops})
        for scope in change.lifted:
            self._stops.pop(scope, None)
        self._keys.update({key.id: key for key in change.keys})
        self._put_people(change)
        for notice in change.notices:
            self._notices.setdefault(notice.id, notice)
        for told in change.told:
            self._notices.pop(told, None)
        self._outbox.put(change)
        self._episodes.put(change)

    def _check(self, change: Change) -> None:
        for case in change.cases:
            present = self._cases.get(case.id)
            if (present.version if present else 0) != case.version:
                raise Conflict(f"case {case.id} moved on", what="case")
        for grant in change.grants:
            there = self._grants.get(grant.id)
            if (there.version if there else 0) != grant.version:
                raise Conflict(f"grant {grant.id} moved on", what="grant")
        if len(set(change.claims)) < len(change.claims) or self._claims & set(change.claims):
            raise Conflict("already claimed", what="claim")
        pair = change.idempotency
        if pair and (pair.agent, pair.key) in self._idempotency:
            raise Conflict(f"the idempotency key {pair.key!r} is in use", what="idempotency")
        owners = {key.hash: key.id for key in self._keys.values()}
        if any(owners.get(key.hash, key.id) != key.id for key in change.keys):
            raise Conflict("the secret of a key already belongs to another", what="key")
        self._check_people(change)
        for ids in (
            [case.id for case in change.cases],
            [grant.id for grant in change.grants],
            [key.hash for key in change.keys],
            *ids_of(change),
        ):
            if len(set(ids)) < len(ids):
                raise Conflict("one change writes the same thing twice", what="twice")

    def _append(self, events: Sequence[Event]) -> tuple[int, ...]:
        sealed = [seal(event, os.urandom(SALT_SIZE)) for event in events]
        first = len(self._leaves)
        self._leaves += sealed
        return tuple(range(first, len(self._leaves)))

    def _check_up(self) -> None:
        if self.down:
            raise StoreDown(f"store in memory: {self.down}")

    # --- Store ---

    async def case(self, id: str) -> Case | None:
        """See `ports.Store`, here and below."""
        self._check_up()
        return self._cases.get(id)

    async def idempotency(self, agent: str, key: str) -> Idempotency | None:  # noqa: D102
        self._check_up()
        return self._idempotency.get((agent, key))

    async def cases(self, query: CaseQuery) -> Page:  # noqa: D102
        self._check_up()
        return page_of(list(self._cases.values()), query)

    async def search(self, query: CaseSearch) -> Found:  # noqa: D102
        self._check_up()
        return found_of(list(self._cases.values()), query)

    async def tallies(self, agent: str = "", latest: int = 1000) -> Sequence[Tally]:  # noqa: D102
        self._check_up()
        return tallies_of(list(self._cases.values()), agent, latest)

    async def due(self, now: int, limit: int) -> Sequence[Case]:  # noqa: D102
        self._check_up()
        found = [case for case in self._cases.values() if 0 < case.next_at <= now]
        return sorted(found, key=lambda case: case.next_at)[: max(limit, 0)]

    async def next_due(self) -> int:  # noqa: D102
        self._check_up()
        times = [case.next_at for case in self._cases.values() if case.next_at]
        return min([*times, *self._episodes.times()], default=0)

    async def idle(self, now: int, limit: int) -> Sequence[Running]:  # noqa: D102
        self._check_up()
        return self._episodes.idle(now, limit)

    async def grant(self, id: str) -> Grant | None:  # noqa: D102
        self._check_up()
        return self._grants.get(id)

    async def grants(self, agent: str = "", tool: str = "") -> Sequence[Grant]:  # noqa: D102
        self._check_up()
        return [
            grant
            for grant in self._grants.values()
            if agent in ("", grant.agent) and tool in ("", grant.tool)
        ]

    async def stops(self) -> Sequence[Stop]:  # noqa: D102
        self._check_up()
        return [self._stops[scope] for scope in sorted(self._stops)]

    async def key_by_hash(self, hash: str) -> Key | None:  # noqa: D102
        self._check_up()
        return next((key for key in self._keys.values() if key.hash == hash), None)

    async def keys(self) -> Sequence[Key]:  # noqa: D102
        self._check_up()
        return list(self._keys.values())

    async def claimed(self, name: str) -> bool:  # noqa: D102
        self._check_up()
        return name in self._claims

    async def notices(self, limit: int) -> Sequence[Notice]:  # noqa: D102
        self._check_up()
        return list(self._notices.values())[: max(limit, 0)]

    async def deliveries(self, query: DeliveryQuery) -> Sequence[Delivery]:  # noqa: D102
        self._check_up()
        return self._outbox.deliveries(query)

    async def events(self, query: EventQuery) -> Sequence[Recorded]:  # noqa: D102
        self._check_up()
        found = [
            self._recorded(index)
            for index, leaf in enumerate(self._leaves)
            if index >= query.first and _matches(leaf.event, query)
        ]
        limit = max(query.limit, 1)
        return found[-limit:] if query.latest else found[:limit]

    def _recorded(self, index: int) -> Recorded:
        leaf = self._leaves[index]
        salt, body = (leaf.salt, leaf.payload) if index not in self._redacted else (None, None)
        return unseal(index, leaf.entry, leaf.event.agent, leaf.event.episode, salt, body)

    # --- Log ---

    async def checkpoint(self) -> bytes:
        """See `ports.Log`, here and below."""
        self._check_up()
        root = root_of([leaf.leaf for leaf in self._leaves])
        return sign(
            Checkpoint(origin=self.origin, size=len(self._leaves), root=root), [self.signer]
        )

    async def tile(self, path: str) -> bytes | None:  # noqa: D102
        self._check_up()
        try:
            asked = parse_tile_path(path)
        except BadProof:
            return None
        places = range(asked.index * WIDTH, asked.index * WIDTH + asked.width)
        if asked.level == ENTRIES:
            if places.stop > len(self._leaves):
                return None
            return pack_entries([self._leaves[place].entry for place in places])
        if places.stop > len(self._leaves) >> asked.level * HEIGHT:
            return None
        return b"".join(self._subtree(asked.level * HEIGHT, place) for place in places)

    async def inclusion(self, index: int, size: int) -> Sequence[bytes]:  # noqa: D102
        self._published(size)
        return inclusion_proof(index, size, self._subtree)

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:  # noqa: D102
        self._published(new)
        return consistency_proof(old, new, self._subtree)

    async def entry(self, index: int) -> bytes | None:  # noqa: D102
        self._check_up()
        return self._leaves[index].entry if 0 <= index < len(self._leaves) else None

    async def payload(self, index: int) -> bytes | None:
        """The exported file of a payload; None when there is none any more."""
        self._check_up()
        if not 0 <= index < len(self._leaves) or index in self._redacted:
            return None
        return entries.encode_payload(self._leaves[index].salt, self._leaves[index].payload)

    async def redact(self, indices: Sequence[int], event: Event) -> Receipt:  # noqa: D102
        self._check_up()
        for index in indices:
            if not 0 <= index < len(self._leaves):
                raise NotFound(f"the log has no entry {index} to redact")
        subjects = sorted({self._leaves[index].event.subject for index in indices})
        scrubbed = [scrub(self._cases[name]) for name in subjects if name in self._cases]
        made = self._append((event,))
        self._redacted.update(indices)
        self._cases.update({case.id: replace(case, version=case.version + 1) for case in scrubbed})
        return Receipt(indices=made, size=len(self._leaves))

    def _subtree(self, level: int, index: int) -> bytes:
        first = index << level
        return root_of([leaf.leaf for leaf in self._leaves[first : first + (1 << level)]])

    def _published(self, size: int) -> None:
        self._check_up()
        if size > len(self._leaves):
            raise NotFound(f"the log has {len(self._leaves)} entries, not {size}")


def _matches(event: Event, query: EventQuery) -> bool:
    return (
        query.subject in ("", event.subject)
        and query.agent in ("", event.agent)
        and query.episode in ("", event.episode)
        and (not query.kinds or event.kind in query.kinds)
        and query.since <= event.at
        and (not query.until or event.at < query.until)
    )
