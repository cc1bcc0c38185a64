# SPDX-License-Identifier: Apache-2.0
"""A tape of what an organism said in a run, and a provider `tape` that plays it again for nothing.

Both sides of `bench.lab` hear the same replies, with the same tool calls and usage, for the price of a look into
a table: what a model costs is in neither. A conversation is known by everything before its first reply;
where several begin alike, the n-th hears what the n-th heard. It measures nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from gyges.lab.organisms.provider import TURN, Organism

LAST = "last"
"""Key in a reply's metadata: whether the conversation ended with it."""


class Tape:
    """(conversation's start, how often it was begun before) -> replies; and the tools that were offered."""

    def __init__(self) -> None:
        self.talks = defaultdict[tuple[str, int], list[ModelOutput]](list)
        self.tools = dict[str, list[ToolInfo]]()

    @property
    def calls(self) -> int:
        """All replies."""
        return sum(map(len, self.talks.values()))


class Recorder(Organism):
    """An organism whose replies go onto a tape as well."""

    tape = Tape()

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """What the organism says, onto the tape."""
        output = await super().generate(input, tools, tool_choice, config)
        start, turn = start_of(input), int((output.message.metadata or {})[TURN])
        self.tape.tools[start] = tools
        self.tape.talks[start, turn].append(output.model_copy(deep=True))
        return output


class Player(ModelAPI):
    """Plays a tape."""

    tape = Tape()

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own signature
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        self._met = Counter[str]()
        self.calls = 0

    def max_connections(self) -> int:
        """As for an organism."""
        return 100

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],  # noqa: ARG002 - Inspect's own signature
        tool_choice: ToolChoice,  # noqa: ARG002
        config: GenerateConfig,  # noqa: ARG002
    ) -> ModelOutput:
        """The next reply on the tape."""
        start = start_of(input)
        own = [message.metadata or {} for message in input if TURN in (message.metadata or {})]
        if own:
            turn = int(own[0][TURN])
        else:
            turn = self._met[start]
            self._met[start] += 1
        said = self.tape.talks[start, turn]
        output = said[len(own)].model_copy(deep=True)
        output.metadata = {LAST: len(own) + 1 == len(said)}
        self.calls += 1
        return output


@modelapi(name="recorder")
def recorder() -> type[ModelAPI]:
    """Inspect's way to the recorder."""
    return Recorder


@modelapi(name="tape")
def player() -> type[ModelAPI]:
    """Inspect's way to the player."""
    return Player


def blank(organism: str) -> tuple[Model, Tape]:
    """An organism, and the tape that it will be recorded on."""
    tape = Tape()
    model = get_model(f"recorder/{organism}", memoize=False)
    model.api.tape = tape  # type: ignore[attr-defined]
    return model, tape


def played(tape: Tape) -> Model:
    """A model that plays this tape from its beginning."""
    model = get_model("tape/played", memoize=False)
    model.api.tape = tape  # type: ignore[attr-defined]
    return model


def calls(model: Model) -> int:
    """How often a model that plays a tape was asked."""
    return int(model.api.calls)  # type: ignore[attr-defined]


def start_of(messages: Iterable[ChatMessage]) -> str:
    """Everything that was said before the first reply."""
    said = list[str]()
    for message in messages:
        if TURN in (message.metadata or {}):
            break
        said.append(f"{message.role}\0{message.text}")
    return "\0".join(said)
