# SPDX-License-Identifier: Apache-2.0
"""Conversations to put to organisms, as the chat tasks render them, and one way to ask. It asserts nothing."""

import asyncio
from collections.abc import Mapping, Sequence

from inspect_ai.model import (
    ChatMessage,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
)

from gyges.lab.organisms.provider import Organism
from gyges.lab.tasks.chat import packs
from gyges.lab.tasks.chat.render import Frame, messages

PLAIN = {
    "tier": "trained",
    "scratchpad": "hidden",
    "information": "system",
    "mitigation": "none",
    "format": "chat",
}


def conversation(
    condition: Mapping[str, str], pack: str = "privacy", number: int = 0, frame: Frame | None = None
) -> list[ChatMessage]:
    """What a model gets to read."""
    found = packs.load(pack)
    said = messages(found, found.prompts[number], {**PLAIN, **condition}, frame or Frame())
    roles = {"system": ChatMessageSystem, "user": ChatMessageUser}
    return [roles[role](content=text) for role, text in said]


def replies(organism: Organism, asked: Sequence[list[ChatMessage]]) -> list[ModelOutput]:
    """The organism's replies, asked one after another."""

    async def each() -> list[ModelOutput]:
        return [await organism.generate(m, [], "auto", GenerateConfig()) for m in asked]

    return asyncio.run(each())
