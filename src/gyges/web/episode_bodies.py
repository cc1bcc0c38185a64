# SPDX-License-Identifier: Apache-2.0
"""What may come in about episodes; see `bodies.py`, which bounds everything else."""

from typing import Annotated

from msgspec import Meta

from gyges.web.bodies import Body, Maybe, Name


class OpenEpisode(Body, frozen=True, kw_only=True):
    """An episode that begins: `session` or user it belongs to, `task` it is compared within.

    `model`, `prompt` and `tools` are digests or short names, recorded as the agent's own words. `ring` asks for
    the cue of the ring test.
    """

    id: Maybe = ""
    session: Maybe = ""
    task: Maybe = ""
    model: Maybe = ""
    prompt: Maybe = ""
    tools: Maybe = ""
    ring: bool = False


Measured = (
    bool
    | int
    | float
    | Annotated[str, Meta(max_length=1000)]
    | Annotated[
        tuple[Annotated[str, Meta(max_length=200)] | int | float, ...], Meta(max_length=4096)
    ]
)


class MeasureEpisode(Body, frozen=True, kw_only=True):
    """Values of one episode by a named grader; a list holds texts only, or numbers only."""

    grader: Name
    version: Name
    values: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")], Measured],
        Meta(min_length=1, max_length=50),
    ]
    agent: Maybe = ""
