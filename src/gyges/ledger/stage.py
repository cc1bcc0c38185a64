# SPDX-License-Identifier: Apache-2.0
"""A batch of changes against what is stored: which fit, and which rows they come to.

Every change is checked before anything of it is written, against the stored state and the changes
before it in the same batch; one that does not fit gets its own error and leaves no trace. Later
writes to one case replace earlier ones of the batch, so that each row is written once; people and their
sessions change rarely and are written at once. It commits nothing and signs nothing.
"""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gyges.case import Case
from gyges.episode import Event
from gyges.errors import Conflict, GygesError, NotFound
from gyges.ledger import people, rows
from gyges.ledger.seal import SALT_SIZE, Sealed, seal
from gyges.ledger.tree import Growth, Tree, grow
from gyges.ports import Change, Receipt
from gyges.standing import Grant


@dataclass(frozen=True, slots=True)
class Redaction:
    """Payloads to delete, and the event that says so."""

    indices: tuple[int, ...]
    event: Event


Work = Change | Redaction
_RARE = (
    *("stops", "lifted", "keys", "notices", "told", "deliveries", "attempts", "forgotten"),
    "running",
)
HEAVIEST = 1 << 24  # bytes of payloads after which a batch is full, so that memory stays bounded


@dataclass(slots=True)
class Batch:
    """The rows that a batch comes to, and what is known of the state it meets."""

    base: int  # size of the tree before
    versions: dict[str, int] = field(default_factory=dict[str, int])  # of cases that exist
    grant_versions: dict[str, int] = field(default_factory=dict[str, int])
    claimed: set[str] = field(default_factory=set[str])
    bound: set[tuple[str, str]] = field(
        default_factory=set[tuple[str, str]]
    )  # idempotency keys in use
    hashes: dict[str, str] = field(default_factory=dict[str, str])  # key hash -> key id
    cases: dict[str, Case] = field(default_factory=dict[str, Case])
    grants: dict[str, Grant] = field(default_factory=dict[str, Grant])
    claims: list[str] = field(default_factory=list[str])
    sealed: list[Sealed] = field(default_factory=list[Sealed])
    erased: list[int] = field(default_factory=list[int])
    others: list[Change] = field(
        default_factory=list[Change]
    )  # rare parts, applied one by one in order
    bindings: list[tuple[str, str, str, str]] = field(
        default_factory=list[tuple[str, str, str, str]]
    )
    weight: int = 0  # bytes of payloads
    outcomes: list[Receipt | GygesError] = field(default_factory=list[Receipt | GygesError])

    @property
    def size(self) -> int:
        """The tree's size with all that has been staged."""
        return self.base + len(self.sealed)

    @property
    def empty(self) -> bool:
        """Whether nothing fitted."""
        return not any(isinstance(outcome, Receipt) for outcome in self.outcomes)


def stage(conn: sqlite3.Connection, tree: Tree, works: Sequence[Work]) -> Batch:
    """Check `works` in order; `outcomes` has one entry for each that the batch has room for."""
    batch = Batch(tree.size)
    _look_up(conn, batch, [work for work in works if isinstance(work, Change)])
    for work in works:
        if batch.weight > HEAVIEST:
            break
        try:
            if isinstance(work, Change):
                _add(conn, batch, work)
            else:
                _erase(conn, batch, work)
        except GygesError as error:
            batch.outcomes.append(error)
        else:
            events = work.events if isinstance(work, Change) else (work.event,)
            indices = tuple(range(batch.size - len(events), batch.size))
            batch.outcomes.append(Receipt(indices=indices, size=batch.size))
    return batch


def _look_up(conn: sqlite3.Connection, batch: Batch, changes: Sequence[Change]) -> None:
    """Fetch, in one query a kind, everything that the checks will ask for."""
    if ids := [case.id for change in changes for case in change.cases]:
        batch.versions = dict(rows.versions(conn, "cases", ids))
    if ids := [grant.id for change in changes for grant in change.grants]:
        batch.grant_versions = dict(rows.versions(conn, "grants", ids))
    if names := [name for change in changes for name in change.claims]:
        batch.claimed = rows.claimed(conn, names)
    if pairs := [change.idempotency for change in changes if change.idempotency]:
        batch.bound = rows.bound(conn, [(pair.agent, pair.key) for pair in pairs])
    if hashes := [key.hash for change in changes for key in change.keys]:
        batch.hashes = dict(rows.key_hashes(conn, hashes))


def _add(conn: sqlite3.Connection, batch: Batch, change: Change) -> None:
    _check(batch, change)
    if change.people or change.sessions or change.links:
        people.put(conn, change)
    sealed = _seal(change.events)
    batch.sealed += sealed
    batch.weight += sum(len(leaf.payload) for leaf in sealed)
    last = {leaf.event.subject: at for at, leaf in enumerate(sealed, batch.size - len(sealed))}
    for case in change.cases:
        index = last.get(case.id, batch.size - 1 if sealed else case.log_index)
        batch.cases[case.id] = case.stored(case.version + 1, index)
        batch.versions[case.id] = case.version + 1
    for grant in change.grants:
        batch.grants[grant.id] = replace(grant, version=grant.version + 1)
        batch.grant_versions[grant.id] = grant.version + 1
    batch.claims += change.claims
    batch.claimed.update(change.claims)
    if pair := change.idempotency:
        batch.bound.add((pair.agent, pair.key))
        batch.bindings.append((pair.agent, pair.key, pair.digest, pair.case))
    for key in change.keys:  # a key that is replaced sets its former secret free
        batch.hashes = {h: owner for h, owner in batch.hashes.items() if owner != key.id}
        batch.hashes[key.hash] = key.id
    if any(getattr(change, name) for name in _RARE):
        batch.others.append(change)


def _check(batch: Batch, change: Change) -> None:
    """Raise `Conflict` unless every part fits; `what` names the part that does not."""
    for case in change.cases:
        found = batch.versions.get(case.id, 0)
        if found != case.version:
            raise Conflict(
                f"case {case.id} is at version {found}, not {case.version}: it moved on",
                what="case",
            )
    for grant in change.grants:
        found = batch.grant_versions.get(grant.id, 0)
        if found != grant.version:
            raise Conflict(
                f"grant {grant.id} is at version {found}, not {grant.version}", what="grant"
            )
    if len(set(change.claims)) != len(change.claims) or not batch.claimed.isdisjoint(change.claims):
        raise Conflict("already claimed: this can be used once only", what="claim")
    pair = change.idempotency
    if pair and (pair.agent, pair.key) in batch.bound:
        raise Conflict(f"the idempotency key {pair.key!r} is in use", what="idempotency")
    for key in change.keys:
        if batch.hashes.get(key.hash, key.id) != key.id:
            raise Conflict(f"the secret of key {key.id} already belongs to another", what="key")
    _once("key", [key.hash for key in change.keys])
    _once("case", [case.id for case in change.cases])
    _once("grant", [grant.id for grant in change.grants])


def _once(what: str, ids: list[str]) -> None:
    if len(set(ids)) != len(ids):
        raise Conflict(f"one change writes the same {what} twice", what=what)


def _seal(events: Sequence[Event]) -> list[Sealed]:
    salts = os.urandom(SALT_SIZE * len(events))
    return [
        seal(event, salts[at * SALT_SIZE : (at + 1) * SALT_SIZE]) for at, event in enumerate(events)
    ]


def _erase(conn: sqlite3.Connection, batch: Batch, redaction: Redaction) -> None:
    """Stage a redaction: the payloads go, and so do the words of the closed cases they belong to."""
    for index in redaction.indices:
        if not 0 <= index < batch.base:
            raise NotFound(f"the log has no entry {index} to redact")
    scrubbed: list[Case] = []
    for subject in rows.subjects(conn, redaction.indices):
        case = batch.cases.get(subject) or rows.case(conn, subject)
        if case is not None:
            scrubbed.append(rows.scrub(case))
    sealed = _seal((redaction.event,))
    batch.sealed += sealed
    batch.erased += redaction.indices
    for case in scrubbed:
        batch.cases[case.id] = replace(case, version=case.version + 1)
        batch.versions[case.id] = case.version + 1


def write(conn: sqlite3.Connection, tree: Tree, batch: Batch) -> Growth:
    """Put the rows of `batch` into the open transaction; the caller adds the head."""
    growth = grow(tree, batch.sealed)
    rows.insert_events(conn, tree.size, batch.sealed)
    if growth.nodes:
        rows.insert_nodes(conn, growth.nodes)
    if growth.spans:
        rows.insert_spans(conn, growth.spans)
    if batch.cases:
        rows.put_cases(conn, list(batch.cases.values()))
    if batch.grants:
        rows.put_grants(conn, list(batch.grants.values()))
    if batch.claims:
        rows.insert_claims(conn, batch.claims)
    if batch.bindings:
        rows.insert_bindings(conn, batch.bindings)
    for change in batch.others:
        rows.put_others(conn, change)
    if batch.erased:
        rows.erase(conn, batch.erased)
    return growth
