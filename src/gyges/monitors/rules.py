# SPDX-License-Identifier: Apache-2.0
"""A monitor of declared rules: conditions on the fields of an action and on what the agent did before.

    [[rule]]
    id = "planted-recipient"
    tools = ["send_*", "pay"]
    suspicion = 0.7
    reason = "the recipient comes from a document that the agent read"
    when = [{ pointer = "/arguments/to", test = "from_untrusted" }]

A rule fires for its tools when all its conditions hold; the verdict is the highest suspicion of the rules
that fired, with each one's reason and where in the action it held. Rules know what is declared and no
more: they catch neither paraphrase nor intent. `rule_file.py` reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gyges.action import Action
from gyges.episode import Episode
from gyges.monitors.checked import REASONS, SPANS, TEXT
from gyges.monitors.conditions import ON_EPISODE, Condition, holds, named
from gyges.monitors.scene import Scene, TooLarge
from gyges.verdict import Span, Verdict

MEMORY = 1000  # names of tools whose rules are remembered
TRUSTED = frozenset({"user", "system"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`tools`: names, `*` standing for any characters. All of `when` must hold; it is never empty."""

    id: str
    tools: tuple[str, ...]
    suspicion: float  # (0, 1]
    reason: str
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired, and where; `unsure` when the action was too large to be looked through."""

    rule: Rule
    spans: tuple[Span, ...] = ()
    unsure: bool = False

    @property
    def reason(self) -> str:
        """One line: the rule's id and reason."""
        note = " (too large to be looked through)" if self.unsure else ""
        return f"{self.rule.id}: {self.rule.reason}{note}"


class RulesMonitor:
    """Pure and bounded (see `scene.WORK`), so it runs in place."""

    name = "rules"
    instant = True

    def __init__(self, rules: Sequence[Rule], trusted: frozenset[str] = TRUSTED) -> None:
        """`trusted`: sources of text that speak for the user."""
        self.rules = tuple(rules)
        self.trusted = trusted
        self._of_tool: dict[str, tuple[Rule, ...]] = {}

    async def look(self, action: Action, episode: Episode) -> Verdict:
        """The verdict of all rules together; suspicion 0 when none fired."""
        scene = Scene(action, episode, self.trusted)
        fired = [found for rule in self._mine(action.tool) if (found := fire(rule, scene))]
        fired.sort(key=lambda found: -found.rule.suspicion)
        spans = tuple(
            dict.fromkeys(s for found in fired for s in found.spans if len(s.pointer) <= TEXT)
        )
        return Verdict(
            monitor=self.name,
            suspicion=max((found.rule.suspicion for found in fired), default=0.0),
            reasons=tuple(found.reason[:TEXT] for found in fired)[:REASONS],
            spans=spans[:SPANS],
        )

    def reads_past(self, tool: str) -> bool:
        """Whether a rule for `tool` looks at what the episode saw before."""
        return any(when.test in ON_EPISODE for rule in self._mine(tool) for when in rule.when)

    def _mine(self, tool: str) -> tuple[Rule, ...]:
        found = self._of_tool.get(tool)
        if found is None:
            if len(self._of_tool) >= MEMORY:  # agents choose the names of tools
                self._of_tool.clear()
            found = tuple(rule for rule in self.rules if named(tool, rule.tools))
            self._of_tool[tool] = found
        return found


def fire(rule: Rule, scene: Scene) -> Fired | None:
    """The rule with the places where it held, or None. What cannot be looked through is not called clean."""
    spans: list[Span] = []
    try:
        for condition in rule.when:
            found = holds(condition, scene)
            if found is None:
                return None
            spans.extend(found)
    except TooLarge:
        return Fired(rule, tuple(spans), unsure=True)
    return Fired(rule, tuple(spans))
