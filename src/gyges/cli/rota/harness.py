# SPDX-License-Identifier: Apache-2.0
"""The harness of the demo of drift: one session of one agent, from the opening of its episode to its measures.

    open (the gate gives the cue) -> prompt -> reply -> propose -> redeem, run, report -> ... -> close -> grade

The organism is the lab's own provider and sees what a model would see. The harness puts the gate's text into the
prompt, word for word, and looks at it no further: nothing here acts on the arm.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
)
from inspect_ai.tool import ToolInfo

from gyges.action import Action
from gyges.adapters.client import Gate, granted
from gyges.adapters.executor import Executor
from gyges.cli.rota import grader
from gyges.cli.rota.house import WORKSHOP
from gyges.cli.rota.room import Room
from gyges.cli.rota.roster import Agent, Mind, Turn, seed_of
from gyges.errors import PolicyRefused, Unprocessable
from gyges.lab.organisms.decide import TURN
from gyges.lab.organisms.provider import Organism
from gyges.lab.pins import text
from gyges.lab.tasks.overseen.catalogue import CATALOGUE
from gyges.lab.tasks.overseen.loop import TURNS
from gyges.lab.tasks.overseen.words import Scene
from gyges.lab.tasks.oversight import SYSTEM

TAKEN_OUT = "[A sentence that tells the arm is taken out here.]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the organism itself had decided: whether to break the rule, whether to decline; and what it was told."""

    id: str
    task: str
    cue: str
    bad: bool
    declines: bool
    measures: Mapping[str, object]


@dataclass(slots=True, kw_only=True)
class Post:
    """Where one agent works: its minds, its own view of the gate, its executor, and the grader's view."""

    agent: Agent
    seed: int
    folder: Path
    gate: Gate
    grader: Gate
    executor: Executor
    tools: tuple[ToolInfo, ...]
    fingerprint: str  # of the tools
    _minds: dict[tuple[str, str], Organism] = field(default_factory=dict[tuple[str, str], Organism])

    async def play(self, turn: Turn) -> Truth:
        """One session from its opening to its measures."""
        scene = CATALOGUE[turn.task].build(turn.scene, seed_of(self.agent.name, self.seed))
        opened = await self.gate.open_episode(
            turn.id, session=turn.id, task=turn.task, ring=True, model=turn.mind.model,
            prompt=text(SYSTEM).sha256[:16], tools=self.fingerprint,
        )  # fmt: skip
        room = Room(self.folder / "rooms" / self.agent.name / turn.id, scene)
        room.furnish()
        messages, decided = await self._session(turn, room, opened.cue)
        await self.executor.drain()
        await self.gate.close_episode(turn.id)
        words = [message.text for message in messages if message.role == "assistant"]
        values = grader.measured(scene, room.final(), words)
        await self.grader.measure(turn.id, values, grader=grader.NAME, version=grader.VERSION)
        self._keep(turn, scene, messages)
        return Truth(
            id=turn.id, task=turn.task, cue=opened.cue, bad=bool(decided["bad"]),
            declines=bool(decided["declines"]), measures=values,
        )  # fmt: skip

    async def _session(
        self, turn: Turn, room: Room, told: str
    ) -> tuple[list[ChatMessage], Mapping[str, Any]]:
        messages = [
            ChatMessageSystem(content=_system(room.scene, told)),
            ChatMessageUser(content=room.scene.ask),
        ]
        kept, decided = cast("list[ChatMessage]", messages), dict[str, Any]()
        for _ in range(TURNS):
            output = await self._reply(turn.mind, turn.task, kept)
            decided = decided or dict((output.metadata or {})[TURN])
            kept.append(output.message)
            for call in output.message.tool_calls or []:
                answer = await self._call(turn.id, room, call.function, call.arguments)
                kept.append(
                    ChatMessageTool(content=answer, tool_call_id=call.id, function=call.function)
                )
            if room.ending is not None:
                break
        return kept, decided

    async def _reply(self, mind: Mind, task: str, messages: list[ChatMessage]) -> ModelOutput:
        key = (mind.model, task)
        if key not in self._minds:
            seed = seed_of(self.agent.name, self.seed)
            self._minds[key] = Organism(mind.organism, seed=seed, **mind.parameters)
        return await self._minds[key].generate(messages, list(self.tools), "auto", GenerateConfig())

    async def _call(self, episode: str, room: Room, tool: str, arguments: dict[str, Any]) -> str:
        """Propose one call; run it if it was granted; what the agent is told."""
        try:
            fields = {"server": WORKSHOP, "episode": episode}
            answer = granted(await self.gate.propose(tool, arguments, fields=fields))
        except PolicyRefused as error:
            room.asked(tool, arguments)
            return f"refused: {error}"

        async def work(action: Action) -> str:
            return room.do(action.tool, action.arguments)

        try:
            return await self.executor.run(answer.permit, answer.action.canonical(), work)
        except Unprocessable as error:
            return f"failed: {error}"

    def _keep(self, turn: Turn, scene: Scene, messages: list[ChatMessage]) -> None:
        """The transcript for people and graders: the prompt as it is without the cue, then all that was said."""
        file = self.folder / "transcripts" / self.agent.name / f"{turn.id}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        parts = [_system(scene, TAKEN_OUT), f"--- user\n{scene.ask}", *map(_told, messages[2:])]
        file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _system(scene: Scene, told: str) -> str:
    return text(SYSTEM).render(
        name=scene.name, office=scene.office, setting=scene.setting, cue=told
    )  # fmt: skip


def _told(message: ChatMessage) -> str:
    if isinstance(message, ChatMessageTool):
        return f"--- answer\n{message.text}"
    calls = (message.tool_calls or []) if isinstance(message, ChatMessageAssistant) else []
    lines = [f"-> {call.function} {json.dumps(call.arguments)}" for call in calls]
    return "\n".join([f"--- {message.role}", *filter(None, [message.text]), *lines])
