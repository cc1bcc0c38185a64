# SPDX-License-Identifier: Apache-2.0
"""What anybody may ask: is it alive, is it ready, how does it count, what are its keys, what is its API."""

from gyges.errors import GygesError
from gyges.ledger import checkpoint, note
from gyges.web.call import Call, Nothing, Reply, reply


async def alive(_: Call[None, Nothing]) -> Reply:
    """The process answers; nothing else is looked at."""
    return reply({"status": "alive"})


async def ready(call: Call[None, Nothing]) -> Reply:
    """Whether the gate could decide now: the store answers and a policy is in force; else 503."""
    try:
        await call.gate.store.next_due()
        size = checkpoint.parse(note.parse(await call.gate.log.checkpoint()).text).size
    except GygesError as error:
        return reply({"status": "not ready", "reason": error.code}, 503)
    return reply({"status": "ready", "policy": call.gate.corridor.policy.digest, "log": size})


async def metrics(call: Call[None, Nothing]) -> Reply:
    """Prometheus' text format."""
    text = await call.desk.metrics.text(call.gate.store, call.gate.log, call.now)
    return Reply(body=text, type=b"text/plain; version=0.0.4; charset=utf-8")


async def jwks(call: Call[None, Nothing]) -> Reply:
    """The public keys that permits verify with (RFC 7517)."""
    found = reply(call.gate.corridor.parts.signer.jwks())
    found.type = b"application/jwk-set+json"
    found.cache = b"public, max-age=60"
    return found


async def document(call: Call[None, Nothing]) -> Reply:
    """The OpenAPI 3.1 document of this API."""
    return Reply(body=call.desk.document, type=b"application/json", cache=b"public, max-age=60")
