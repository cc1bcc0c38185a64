# SPDX-License-Identifier: Apache-2.0
"""Reading rules: the starter file loads, and every mistake is named with its file and rule."""

from pathlib import Path

import pytest

from gyges.errors import Misconfigured
from gyges.monitors.rule_file import parse_rules, read_rules, starter_rules

GOOD = """
[[rule]]
id = "big"
tools = ["pay"]
suspicion = 0.6
reason = "large"
when = [{ pointer = "/arguments/amount", test = "at_least", value = 10000 }]
"""


def test_the_starter_rules_load() -> None:
    """What Gyges ships is a valid file, and none of its rules denies alone."""
    rules = parse_rules(starter_rules(), "starter.toml").rules
    assert len(rules) >= 5
    assert all(rule.suspicion < 0.95 for rule in rules)


def test_a_file_is_read(tmp_path: Path) -> None:
    """A rule's values arrive as they stand."""
    file = tmp_path / "monitors.toml"
    file.write_text(GOOD)
    (rule,) = read_rules(file).rules
    assert (rule.id, rule.tools, rule.suspicion) == ("big", ("pay",), 0.6)
    assert rule.when[0].value == 10000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"at_least"', '"at_lest"', "at_lest"),
        ("pointer =", "pointr =", "pointr"),
        ('"/arguments/amount"', '"arguments/amount"', "not a JSON pointer"),
        ('"/arguments/amount"', '"/argument/amount"', "does not start with"),
        ('"/arguments/amount"', '""', "does not start with"),
        ("10000", '"10000"', "cannot be asked"),
        ("10000", "true", "cannot be asked"),
        ("0.6", "0", "suspicion"),
        ("0.6", "nan", "suspicion"),
        ("0.6", "1.5", "suspicion"),
        ('["pay"]', "[]", "no tool"),
        ('["pay"]', '["pay[1]"]', "match nothing"),
        ('"large"', '" "', "reason"),
        ('"at_least", value = 10000', '"regex", value = "(a+)+"', "no bound"),
        ('"at_least", value = 10000', '"one_of", value = []', "cannot be asked"),
        ('"at_least", value = 10000', '"equals"', "cannot be asked"),
        ('"at_least", value = 10000', '"more_than", value = 1', "takes no pointer"),
        ('"at_least", value = 10000', '"equals", value = 2026-01-01', "not a JSON type"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, said: str) -> None:
    """File, rule and fault stand in one line."""
    assert old in GOOD
    with pytest.raises(Misconfigured) as caught:
        parse_rules(GOOD.replace(old, new), "policy/monitors.toml")
    message = str(caught.value)
    assert message.startswith("policy/monitors.toml: rule 'big': ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "[[rule",
        "rule = 3",
        "",
        GOOD + "extra = 1",
        GOOD + GOOD,
        GOOD.split("when", maxsplit=1)[0] + "when = []",
    ],
)
def test_a_file_that_is_no_rule_file_does_not_load(text: str) -> None:
    """Broken TOML, unknown names, no rules at all, the same rule twice, a rule without conditions."""
    with pytest.raises(Misconfigured, match=r"^monitors\.toml: "):
        parse_rules(text, "monitors.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """There is no silent empty panel."""
    with pytest.raises(Misconfigured, match=r"gone\.toml: cannot be read"):
        read_rules(tmp_path / "gone.toml")
