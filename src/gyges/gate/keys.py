# SPDX-License-Identifier: Apache-2.0
"""Makes and ends API keys. The secret leaves once, in the return value; the store keeps its hash.

gy_approver_3q2-7wX...   "gy", the scope, 256 random bits in URL-safe base 64
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace

from gyges.canon import Json, digest_bytes
from gyges.episode import Event, Kind
from gyges.errors import Conflict, NotFound, Unprocessable
from gyges.gate.approvals import same
from gyges.gate.ids import new_id
from gyges.gate.judge import plain
from gyges.ports import Change, Recorder, Store
from gyges.principal import Key, Scope


def secret_hash(secret: str) -> str:
    """What is stored of a secret."""
    return digest_bytes(secret.encode())


def new_key(
    name: str, scope: Scope, *, now: int, groups: Iterable[str] = (), owner: str = "",
    executor: str = "", expires: int = 0,
) -> tuple[Key, str]:  # fmt: skip
    """A key and its secret; raise `Unprocessable` for a name or fields that make no sense together."""
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > 100:
        raise Unprocessable(f"{name!r} cannot name a key")
    if scope is Scope.AGENT and not owner.strip():
        raise Unprocessable("an agent's key names its owner, who can then never approve for it")
    if scope is not Scope.AGENT and (owner or executor):
        raise Unprocessable("only an agent's key has an owner and an executor")
    if scope is Scope.APPROVER and not tuple(groups):
        raise Unprocessable("an approver's key names at least one group")
    secret = f"gy_{scope.value}_{secrets.token_urlsafe(32)}"
    key = Key(
        id=new_id("k", now), name=name, scope=scope, hash=secret_hash(secret), created=now,
        groups=tuple(dict.fromkeys(groups)), owner=owner, executor=executor, expires=expires,
    )  # fmt: skip
    return key, secret


async def enrol(recorder: Recorder, store: Store, key: Key, *, by: str, now: int) -> None:
    """Record a new key. A name means one holder in one scope: raise `Conflict` if another role has it."""
    for other in await store.keys():
        if same(other.name, key.name) and other.scope is not key.scope and other.live(now):
            raise Conflict(f"{key.name} is enrolled as {other.scope}; one name has one scope")
    if key.scope in (Scope.AGENT, Scope.EXECUTOR) and await store.person(key.name) is not None:
        raise Conflict(f"{key.name} is a person here; an {key.scope} needs another name")
    event = Event(kind=Kind.KEY_ENROLLED, at=now, subject=key.id, body=_body(key, by))
    await recorder.record(Change(events=(event,), keys=(key,)))


async def revoke(recorder: Recorder, store: Store, id: str, *, by: str, now: int) -> Key:
    """End a key from the next request on; revoking twice is harmless."""
    key = next((k for k in await store.keys() if k.id == id), None)
    if key is None:
        raise NotFound(f"there is no key {id}")
    if key.revoked:
        return key
    ended = replace(key, revoked=now)
    event = Event(kind=Kind.KEY_REVOKED, at=now, subject=id, body=_body(ended, by))
    await recorder.record(Change(events=(event,), keys=(ended,)))
    return ended


def _body(key: Key, by: str) -> dict[str, Json]:
    return plain(key=key, by=by)
