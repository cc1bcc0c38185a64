# SPDX-License-Identifier: Apache-2.0
"""Who is shown what an episode saw before: whoever does not say that it looks elsewhere."""

from gyges.action import Action
from gyges.episode import Episode
from gyges.monitors import panel
from gyges.monitors.rule_file import parse_rules, starter_rules
from gyges.ports import Monitor
from gyges.verdict import Verdict

FIELDS_ONLY = """
[[rule]]
id = "far"
tools = ["pay"]
suspicion = 0.5
reason = "abroad"
when = [{ pointer = "/arguments/to", test = "contains", value = "abroad" }]
"""
EPISODE = """
[[rule]]
id = "again"
tools = ["send_*"]
suspicion = 0.5
reason = "again and again"
when = [{ test = "more_than", value = 3 }]
"""


class Plain:
    """A monitor that says nothing about the past."""

    name = "plain"

    async def look(self, action: Action, episode: Episode) -> Verdict:
        """Nothing suspicious."""
        return Verdict(monitor=self.name)


class Confused(Plain):
    """A monitor that fails when asked."""

    def reads_past(self, tool: str) -> bool:
        """No answer."""
        raise RuntimeError(tool)


def wanted(tool: str, *monitors: Monitor) -> bool:
    """Whether the past is read for `tool`."""
    return panel.reads_past(monitors, tool)


def test_nobody_reads_without_monitors() -> None:
    """An empty panel asks for no past."""
    assert not wanted("pay")


def test_a_monitor_that_does_not_say_is_shown_everything() -> None:
    """Silence and failure count as wanting it."""
    assert wanted("pay", Plain())
    assert wanted("pay", Confused())


def test_rules_read_the_past_for_the_tools_whose_rules_do() -> None:
    """Rules on fields alone need none; one rule on the episode is enough, for its tools."""
    fields, episode = parse_rules(FIELDS_ONLY, "a"), parse_rules(FIELDS_ONLY + EPISODE, "b")
    assert not wanted("pay", fields)
    assert not wanted("pay", episode)
    assert wanted("send_mail", episode)
    assert wanted("send_mail", fields, episode)
    assert wanted("pay", fields, Plain())


def test_the_shipped_rules_count_what_was_proposed_before() -> None:
    """The starter's rule on repetition holds for every tool, so its past is read."""
    assert wanted("pay", parse_rules(starter_rules(), "starter"))
