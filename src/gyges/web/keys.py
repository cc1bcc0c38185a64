# SPDX-License-Identifier: Apache-2.0
"""Keys over HTTP, for admins: API keys are listed, made, revoked; the permits' signing key is rotated.

A secret is shown once and kept nowhere. What a key may be (names, groups, scopes) is checked in `gate/keys.py`.
"""

from gyges.web import bodies, views
from gyges.web.call import Call, Nothing, Reply, reply


async def list_keys(call: Call[None, Nothing]) -> Reply:
    """All keys, without their hashes."""
    found = await call.gate.store.keys()
    return reply(views.Keys(items=tuple(views.key_view(key) for key in found)))


async def make_key(call: Call[bodies.MakeKey, Nothing]) -> Reply:
    """A new key; its secret is in this answer and nowhere else."""
    body = call.body
    key, secret = await call.gate.enrol(
        name=body.name, scope=body.scope, by=call.key.name, groups=body.groups, owner=body.owner,
        executor=body.executor, expires=body.expires,
    )  # fmt: skip
    return reply(views.NewKey(key=views.key_view(key), secret=secret), 201)


async def revoke_key(call: Call[None, Nothing]) -> Reply:
    """End a key, from the next request on."""
    return reply(views.key_view(await call.gate.revoke(call.params[0], by=call.key.name)))


async def rotate(call: Call[None, Nothing]) -> Reply:
    """Sign permits with a new key from now on; those that are out stay valid until they expire."""
    return reply(views.Rotated(kid=await call.gate.rotate(by=call.key.name)))
