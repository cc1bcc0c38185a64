# SPDX-License-Identifier: Apache-2.0
"""The demo's approvers when nobody is there: they answer through the HTTP API, each with their own key.

They see what a person would see in the inbox and can do nothing that a person could not.
"""

import asyncio
from collections.abc import Mapping

from gyges.adapters.client import Gate
from gyges.answer import Answer
from gyges.case import Say
from gyges.errors import Conflict, Forbidden, GygesError

LOOK_S = 0.1


async def approve_all(url: str, keys: Mapping[str, str], held_back: set[str]) -> None:
    """Approve whatever waits, for ever; cases of the tools in `held_back` only once they are taken out of it."""
    async with asyncio.TaskGroup() as group:
        for key in keys.values():
            group.create_task(_approve(url, key, held_back))


async def _approve(url: str, key: str, held_back: set[str]) -> None:
    done: set[str] = set()
    async with Gate(url, key) as gate:
        while True:
            waiting, _ = await gate.find(state="waiting", order="risk")
            for answer in waiting:
                if answer.action.tool not in held_back and answer.id not in done:
                    done.add(answer.id)
                    await _say_yes(gate, answer)
            await asyncio.sleep(LOOK_S)


async def _say_yes(gate: Gate, answer: Answer) -> None:
    try:
        await gate.decide(answer.id, Say.APPROVE, digest=answer.digest, reason="as expected")
    except (Conflict, Forbidden):
        return  # somebody was quicker, or another group is asked


async def insist_on(url: str, keys: Mapping[str, str], answer: Answer) -> list[str]:
    """Everybody tries to approve a case that is denied; the gate's words to each of them."""
    words: list[str] = []
    for name, key in keys.items():
        async with Gate(url, key) as gate:
            try:
                await gate.decide(answer.id, Say.APPROVE, digest=answer.digest)
                words.append(f"{name} approved it")
            except GygesError as error:
                words.append(f"{error.code}: {error}")
    return words
