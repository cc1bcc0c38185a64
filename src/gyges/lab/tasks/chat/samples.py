# SPDX-License-Identifier: Apache-2.0
"""Cells and prompts -> Inspect samples, each with its mark and what graders must know; and the one solver.

It chooses no cell and grades nothing.
"""

from collections.abc import Sequence
from typing import Final

from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser
from inspect_ai.solver import Generate, Solver, TaskState, solver

from gyges.lab.grading import cues
from gyges.lab.tasks.chat import render
from gyges.lab.tasks.chat.design import Cell
from gyges.lab.tasks.chat.packs import Pack, Prompt
from gyges.lab.trial import KEY, Mark

STOPS: Final = "gyges_stops"
"""Where a sample keeps the sequences that end a reply."""


def dataset(
    task: str, asked: Sequence[tuple[Pack, Prompt]], cells: Sequence[Cell]
) -> MemoryDataset:
    """Each prompt in each cell, prompt by prompt."""
    made = [sample(task, pack, prompt, cell) for pack, prompt in asked for cell in cells]
    return MemoryDataset(made, name=task)


def sample(task: str, pack: Pack, prompt: Prompt, cell: Cell) -> Sample:
    """One sample; its id is `PACK-PROMPT-level-level...`, levels in the order of the condition.

    Raises:
        Malformed: a level that has no sentence.
    """
    mark = Mark(
        task=task,
        pack=pack.name,
        prompt=prompt.id,
        condition=cell.condition,
        pins=render.pins(pack, cell.whole, cell.frame),
    )
    said = render.messages(pack, prompt, cell.whole, cell.frame)
    return Sample(
        id="-".join((pack.name, prompt.id, *cell.condition.values())),
        input=[_message(role, text) for role, text in said],
        metadata={KEY: mark.metadata(), **_own(pack, prompt), **_stops(cell)},
    )


def _own(pack: Pack, prompt: Prompt) -> dict[str, object]:
    """What graders cannot look up by the pack's name, and so stands in the sample itself."""
    rules = pack.rules_for(prompt)
    if f"packs/{pack.name}.toml" in pack.pins and rules == pack.rules:
        return {}
    return {cues.RULES: rules, cues.RUBRIC: dict(pack.rubric)}


def _stops(cell: Cell) -> dict[str, object]:
    found = render.stops(cell.whole)
    return {STOPS: found} if found else {}


@solver
def replied() -> Solver:
    """Ask for one reply; a completion ends where the document would go on with the person's next turn."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        stops: list[str] = state.metadata.get(STOPS, [])
        return await (generate(state, stop_seqs=stops) if stops else generate(state))

    return solve


def _message(role: str, text: str) -> ChatMessage:
    return ChatMessageSystem(content=text) if role == "system" else ChatMessageUser(content=text)
