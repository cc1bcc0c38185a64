# SPDX-License-Identifier: Apache-2.0
"""What a rule may look at: one action as a tree of values, what the agent had read, what it proposed before. Pure.

Work is metered: when an action is too large to be looked through, `Scene.spend` raises `TooLarge`. It
tests nothing (`conditions.py` does).
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from gyges.action import Action
from gyges.canon import Json
from gyges.episode import Episode, Event, Kind
from gyges.pointer import Missing, find

WORK = 4_000_000  # steps one look may cost, a fraction of a second at worst


class TooLarge(Exception):
    """The action is larger than one look may cost."""


class Leaf(NamedTuple):
    """A value that holds no others, or the key that stands before it."""

    pointer: str
    value: Json
    key: bool = False


class Scene:
    """One action and its episode, with what several conditions need worked out once."""

    def __init__(self, action: Action, episode: Episode, trusted: frozenset[str]) -> None:
        """`trusted` are the sources (as in `Action.provenance`) that speak for the user."""
        self.action = action
        self.episode = episode
        self.trusted = trusted
        self._left = WORK
        self._leaves: dict[str, tuple[Leaf, ...]] = {}

    def spend(self, steps: int) -> None:
        """Count `steps`; raise `TooLarge` when there are none left."""
        self._left -= steps
        if self._left < 0:
            raise TooLarge

    def at(self, pointer: str) -> Json | Missing:
        """The value at `pointer` in the action."""
        return find(self._root, pointer)

    def leaves(self, pointer: str) -> tuple[Leaf, ...]:
        """All leaves at or below `pointer`, none where it finds nothing."""
        found = self._leaves.get(pointer)
        if found is None:
            value = self.at(pointer)
            found = () if isinstance(value, Missing) else tuple(leaves(value, pointer))
            self._leaves[pointer] = found
        return found

    @cached_property
    def read(self) -> str:
        """All that the agent read from sources that are not trusted."""
        return "\n\n".join(plain(e.text) for e in self.action.context if not e.trusted)

    @cached_property
    def told(self) -> str:
        """All that the agent was told by trusted sources."""
        return "\n\n".join(plain(e.text) for e in self.action.context if e.trusted)

    @cached_property
    def tools(self) -> tuple[str, ...]:
        """The tools that the agent proposed before in this episode, oldest first."""
        proposals = [found for event in self.episode.events if (found := _proposal(event))]
        if proposals and proposals[-1] == (self.action.tool, self.action.arguments):
            proposals.pop()  # the gate writes a proposal down before it lets anybody look at it
        return tuple(tool for tool, _ in proposals)

    @cached_property
    def _root(self) -> Json:
        a = self.action
        context: list[Json] = [{"text": e.text, "source": e.source} for e in a.context]
        return {
            "arguments": a.arguments, "purpose": a.purpose, "resource": a.resource,
            "server": a.server, "principal": a.principal, "context": context,
        }  # fmt: skip


def leaves(value: Json, pointer: str) -> Iterator[Leaf]:
    """All leaves at or below `value`, which stands at `pointer`, in document order."""
    if isinstance(value, dict):
        for key, item in value.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield Leaf(place, key, key=True)
            yield from leaves(item, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{pointer}/{index}")
    else:
        yield Leaf(pointer, value)


def plain(text: str) -> str:
    """Without regard to case and spacing, which a model changes as it copies."""
    return " ".join(text.casefold().split())


def _proposal(event: Event) -> tuple[str, Json] | None:
    """Tool and arguments of a proposal; None for any other event and for a redacted one."""
    action = event.body.get("action") if event.kind is Kind.PROPOSED else None
    tool = action.get("tool") if isinstance(action, dict) else None
    if not isinstance(action, dict) or not isinstance(tool, str):
        return None
    return tool, action.get("arguments")
