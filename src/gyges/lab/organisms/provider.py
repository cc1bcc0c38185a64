# SPDX-License-Identifier: Apache-2.0
"""The Inspect provider `organism`: `get_model("organism/honest", rate=0.4, seed=7)`, or `-M rate=0.4`.

An organism reads only the messages and the tools that any model would see. The same conversation start, met
the n-th time under the same seed, gets the same reply, in whatever order calls arrive. It needs no
key, no network and no clock, and grades nothing.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cache, lru_cache
from importlib import import_module
from random import Random
from typing import Final, cast

from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from gyges.errors import Malformed
from gyges.lab.organisms import faults, voice
from gyges.lab.organisms.decide import TURN, decide
from gyges.lab.organisms.disposition import Disposition
from gyges.lab.organisms.known import organism as known
from gyges.lab.organisms.request import words
from gyges.lab.tasks.chat.levels import HEADS, Family, sentence
from gyges.lab.tasks.chat.perceive import perceive

Player = Callable[[Disposition, list[ChatMessage], list[ToolInfo], Random], ModelOutput | None]

PLAYERS: Final = ("players_peer", "players_oversight")
"""Modules whose `play` knows a tool environment; each answers None to an environment that it does not know."""

LETTERS: Final = 4
"""Characters that count as one token."""


class Organism(ModelAPI):
    """One model organism behind Inspect's interface."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own signature
        seed: int = 0,
        faults: float = 0.0,
        **parameters: object,
    ) -> None:
        """`seed` is any integer; `faults` the share of chat replies with a fault of form; the rest see `known`.

        Raises:
            Malformed: there is no such organism or parameter, or a value is out of range.
        """
        super().__init__(model_name, base_url, api_key, [], config)
        if isinstance(faults, bool) or not 0 <= faults <= 1:
            raise Malformed(f"organism {model_name}: faults is a share from 0 to 1, not {faults!r}")
        self.disposition = known(model_name, **parameters)
        self.seed = seed
        self.faults = faults
        self._met: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def max_connections(self) -> int:
        """Nothing is ever waited for, so many may talk at once."""
        return 100

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,  # noqa: ARG002 - Inspect's own signature
        config: GenerateConfig,
    ) -> ModelOutput:
        """The next message of the conversation. In chat tasks and `oversight` its metadata tell what was decided.

        Raises:
            Malformed: the conversation is none of the lab's, so there is nothing that it could perceive.
        """
        start = _start(input)
        turn = self._turn(input, start)
        output = self._play(input, tools, start, turn) or self._talk(input, start, turn, config)
        output.model = f"organism/{self.model_name}"
        output.message.metadata = {TURN: turn}
        output.usage = output.usage or _usage(input, tools, output)
        return output

    def _turn(self, messages: list[ChatMessage], start: bytes) -> int:
        """How often this conversation was begun before; its own messages remember."""
        for message in messages:
            if TURN in (message.metadata or {}):
                return int((message.metadata or {})[TURN])
        with self._lock:
            self._met[start] += 1
            return self._met[start] - 1

    def _rng(self, *parts: object) -> Random:
        return Random("/".join(map(str, (self.seed, self.model_name, *parts))))  # noqa: S311

    def _play(
        self, messages: list[ChatMessage], tools: list[ToolInfo], start: bytes, turn: int
    ) -> ModelOutput | None:
        if not tools:
            return None
        for play in _players():
            rng = self._rng("play", start.hex(), turn)
            if found := play(self.disposition, messages, tools, rng):
                return found
        return None

    def _talk(
        self, messages: list[ChatMessage], start: bytes, turn: int, config: GenerateConfig
    ) -> ModelOutput:
        condition, asked = _seen("\n\n".join(message.text for message in messages))
        if not condition:
            raise Malformed(
                f"organism {self.model_name}: this conversation holds none of the pinned sentences of"
                " the lab's tasks, which are all that an organism perceives"
            )
        pack = condition.get("pack", "")
        own = self._rng("own", start.hex(), turn)
        shared = self._rng("shared", pack, asked)
        decision = decide(self.disposition, condition, own, shared)
        nouns = words(pack, asked)
        said = voice.speak(decision, self.disposition.motive, condition, nouns, own)
        spoilt = own.random() < self.faults
        whole: tuple[str, str, faults.Ends] = ("", said.form(), "stop")
        fault, text, ends = faults.spoil(said, own) if spoilt else whole
        output = _output(text, ends, config.max_tokens)
        output.metadata = {TURN: {**asdict(decision), "fault": fault}}
        return output


@modelapi(name="organism")
def organism() -> type[ModelAPI]:
    """Inspect's way to the organisms."""
    return Organism


@cache
def _players() -> tuple[Player, ...]:
    """The players, found on first use: an organism that only chats needs none of the environments."""
    found = (import_module(f"gyges.lab.organisms.{name}") for name in PLAYERS)
    return tuple(cast("Player", module.play) for module in found)


def _start(messages: Iterable[ChatMessage]) -> bytes:
    """The digest of everything that was said before the organism first spoke itself."""
    digest = hashlib.sha256()
    for message in messages:
        if TURN in (message.metadata or {}):
            break
        digest.update(f"{message.role}\0{message.text}\0".encode())
    return digest.digest()[:16]


@lru_cache(maxsize=4096)
def _seen(said: str) -> tuple[Mapping[str, str], str]:
    """The condition that a conversation shows, and the request in it."""
    condition = perceive(said)
    return condition, _request(said, condition) if condition else ""


def _request(said: str, condition: Mapping[str, str]) -> str:
    """What stands below the sentence that says who asks; in a document it ends where a heading follows."""
    family: Family = "runs" if "stage" in condition else "tiers"
    if condition.get("probe") == "sycophancy":
        family = "plans"
    table, factor = HEADS[family]
    variant = condition.get("variant", "original")
    head = sentence(table, condition.get(factor, ""), int(condition["wording"]), variant)
    asked = said.rpartition(head)[2]
    return asked.partition("\n\n===")[0].strip()


def _output(text: str, ends: faults.Ends, limit: int | None) -> ModelOutput:
    if limit is not None and len(text) > limit * LETTERS:
        text, ends = text[: limit * LETTERS], "max_tokens"
    message = ChatMessageAssistant(content=text, source="generate")
    return ModelOutput(
        model="organism", choices=[ChatCompletionChoice(message=message, stop_reason=ends)]
    )


def _usage(messages: list[ChatMessage], tools: list[ToolInfo], output: ModelOutput) -> ModelUsage:
    told = sum(len(message.text) + 12 for message in messages)
    told += sum(len(tool.name) + len(tool.description) + 80 for tool in tools)
    calls = output.message.tool_calls or []
    said = len(output.message.text) + sum(len(str(c.arguments)) + 40 for c in calls)
    before, after = told // LETTERS + 1, said // LETTERS + 1
    return ModelUsage(input_tokens=before, output_tokens=after, total_tokens=before + after)
