# SPDX-License-Identifier: Apache-2.0
"""The demo of drift from the empty folder to the last session: a gate in a process of its own, five agents beside it.

The agents work side by side, each through its sessions one after the other, so that the log has every agent's
sessions in their order. It asks drift nothing and judges nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gyges import canon
from gyges.adapters.claims import Claims
from gyges.adapters.client import Gate
from gyges.adapters.executor import Executor
from gyges.cli.office.stage import Cast, serving, spoken
from gyges.cli.rota import house
from gyges.cli.rota.grader import NAME
from gyges.cli.rota.harness import Post, Truth
from gyges.cli.rota.roster import AGENTS, Agent, shifts

Tell = Callable[[str, int, int], None]
"""tell(what is going on, sessions done, sessions in all)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What was played: where the gate is, who has which key, and what each organism had decided, in order."""

    folder: Path
    gate: str
    secrets: Mapping[str, str]
    agents: tuple[Agent, ...]
    sessions: int
    truth: Mapping[str, Sequence[Truth]]


@contextlib.asynccontextmanager
async def played(
    folder: Path, *, sessions: int, seed: int, tell: Tell, agents: tuple[Agent, ...] = AGENTS
) -> AsyncGenerator[Played]:
    """Play `sessions` in all, shared out evenly; the gate goes on serving until the block is left."""
    each = sessions // len(agents)
    async with contextlib.AsyncExitStack() as stack:
        tell("a house with a gate", 0, each * len(agents))
        data = folder / "gate"
        await asyncio.to_thread(house.furnish, data, seed)
        secrets = await house.enrol(data)
        gate = await Cast(stack, folder).start("gate", spoken("main", *serving(folder)), {})
        work = _Work(folder=folder, gate=gate, secrets=secrets, each=each, seed=seed)
        truth = await work.all(agents, tell)
        yield Played(
            folder=folder, gate=gate, secrets=secrets, agents=agents,
            sessions=each * len(agents), truth=truth,
        )  # fmt: skip


@dataclass(slots=True, kw_only=True)
class _Work:
    folder: Path
    gate: str
    secrets: Mapping[str, str]
    each: int
    seed: int
    done: int = 0

    async def all(self, agents: Sequence[Agent], tell: Tell) -> dict[str, list[Truth]]:
        """Every agent's sessions."""
        tools = house.definitions()
        fingerprint = canon.digest([house.document(tool) for tool in tools])[7:23]
        async with Gate(self.gate, "") as gate, asyncio.TaskGroup() as group:
            tasks = dict[str, asyncio.Task[list[Truth]]]()
            for agent in agents:
                executor = self._executor(gate, agent)
                post = Post(
                    agent=agent, seed=self.seed, folder=self.folder, tools=tools,
                    gate=gate.speaking_for(self.secrets[agent.name]), executor=executor,
                    grader=gate.speaking_for(self.secrets[NAME]), fingerprint=fingerprint,
                )  # fmt: skip
                tasks[agent.name] = group.create_task(self._one(post, len(agents), tell))
            return {name: await task for name, task in tasks.items()}

    async def _one(self, post: Post, agents: int, tell: Tell) -> list[Truth]:
        found: list[Truth] = []
        async with post.executor:
            for turn in shifts(post.agent, self.each, self.seed):
                found.append(await post.play(turn))
                self.done += 1
                tell("sessions", self.done, self.each * agents)
        return found

    def _executor(self, gate: Gate, agent: Agent) -> Executor:
        claims = Claims(self.folder / "claims" / f"{agent.name}.db")
        speaking = gate.speaking_for(self.secrets[house.WORKSHOP])
        return Executor(speaking, name=house.WORKSHOP, claims=claims)
