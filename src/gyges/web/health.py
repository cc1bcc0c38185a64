# SPDX-License-Identifier: Apache-2.0
"""What anybody may ask: is it alive, is it ready, how does it count, what are its keys, what is its API."""

from gyges.web import views
from gyges.web.call import Call, Nothing, Reply, reply


async def alive(_: Call[None, Nothing]) -> Reply:
    """The process answers; nothing else is looked at."""
    return reply(views.Health(status="alive"))


async def ready(call: Call[None, Nothing]) -> Reply:
    """Whether the gate could decide now: it writes, a policy is in force, it is not closing; else 503."""
    closing = call.desk.closing.is_set()
    wrong = "closing" if closing else await call.desk.readiness.problem(call.gate, call.now)
    if wrong:
        return reply(views.Health(status="not ready", reason=wrong), 503)
    return reply(views.Health(status="ready", policy=call.gate.corridor.policy.digest))


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
