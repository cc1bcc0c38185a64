# SPDX-License-Identifier: Apache-2.0
"""Episodes over HTTP: agents open and close their own, graders measure.

No answer holds an arm: the agent gets the text for its system prompt, a grader gets nothing of it at all. What is
recorded, and what comes of it, stands in `watch/`.
"""

from gyges.canon import Json
from gyges.errors import Malformed
from gyges.watch.episodes import Opening
from gyges.watch.measures import Measure, measure
from gyges.web import episode_bodies as bodies
from gyges.web.call import Call, Nothing, Reply, reply

CLAIMS = ("model", "prompt", "tools")


async def open_episode(call: Call[bodies.OpenEpisode, Nothing]) -> Reply:
    """Open an episode; `cue` of the answer goes into the system prompt. The same again gives the same."""
    body = call.body
    asked = Opening(
        id=body.id, session=body.session, task=body.task, ring=body.ring,
        claims={name: getattr(body, name) for name in CLAIMS},
    )  # fmt: skip
    return reply(await call.gate.episodes.open(asked, by=call.key))


async def close_episode(call: Call[None, Nothing]) -> Reply:
    """Close one's own episode; silence closes it as well. Repeating is harmless."""
    return reply(await call.gate.episodes.close(call.params[0], by=call.key))


async def measure_episode(call: Call[bodies.MeasureEpisode, Nothing]) -> Reply:
    """Record what a named grader, in its version, says of an episode, up to 30 days after its close."""
    body = call.body
    measured = Measure(
        id=call.params[0], grader=body.grader, version=body.version, agent=body.agent,
        values={name: _value(name, value) for name, value in body.values.items()},
    )  # fmt: skip
    return reply(await measure(call.gate.episodes.parts, measured, by=call.key))


def _value(name: str, value: bodies.Measured) -> Json:
    """The value as the log holds it; raise `Malformed` for a list of both texts and numbers."""
    if not isinstance(value, tuple):
        return value
    if len({isinstance(item, str) for item in value}) > 1:
        raise Malformed(f"body: {name} holds texts and numbers; a list holds either")
    return list(value)
