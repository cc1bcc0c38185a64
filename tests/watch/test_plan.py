# SPDX-License-Identifier: Apache-2.0
"""What `drift.toml` may say, what it means when it says nothing, and how it is refused."""

import tomllib
from pathlib import Path

import pytest

from gyges import canon
from gyges.drift.words import Direction, Kind
from gyges.errors import Misconfigured
from gyges.watch.features import SORTS
from gyges.watch.plan import (
    Plan,
    Watched,
    parse_drift,
    plan_from,
    read_drift,
    same,
    starter_drift,
)

TOOLS = ("read_file", "pay")


def test_without_a_file_the_usual_features_are_watched(tmp_path: Path) -> None:
    """All that the gate measures, within a task, one false alarm in 10,000 sessions, told to the reviewers."""
    plan = read_drift(tmp_path / "drift.toml", tools=TOOLS)
    assert {f.name: f.kind for f in plan.features} == dict(SORTS)
    assert (plan.alarms, plan.sessions, plan.baseline) == (1, 10_000, "none")
    assert (plan.strata, plan.tell, plan.wait_ms) == (("task",), ("reviewers",), 0)
    tools = next(f for f in plan.features if f.name == "tools")
    assert tools.categories == ("pay", "read_file")


def test_the_file_that_init_makes_changes_nothing() -> None:
    """It parses as it is, and says what holds without it; what it shows in comments parses too."""
    assert parse_drift(starter_drift(), "x", tools=TOOLS) == parse_drift("", "x", tools=TOOLS)
    shown = [
        line.removeprefix("# ")
        for line in starter_drift().splitlines()
        if line.startswith("# ") and (line[2] == "[" or " = " in line)
    ]
    plan = parse_drift("\n".join(shown), "x", tools=TOOLS)
    told = {f.name: f for f in plan.features}
    assert told["denied"].tolerance == (0, 0.05)
    assert told["denied"].direction is Direction.UP
    assert "suspicion" not in told
    assert told["polite"] == Watched(name="polite", kind=Kind.BINARY, grader="tone")
    assert plan.wait_ms == 3_600_000
    assert tomllib.loads("\n".join(shown))["reference"] == Plan(features=()).reference


def test_a_plan_comes_back_from_the_log() -> None:
    """Its document is JSON, and says all of it."""
    plan = parse_drift('tell = ["x"]\n[feature.denied]\ntolerance = [0.0, 0.25]', "x", tools=TOOLS)
    document = canon.parse(canon.encode(plan.document()))
    assert plan_from(document) == plan
    assert same(plan, document)
    assert not same(parse_drift("", "x"), document)


def test_pairs_of_tools_are_counted_where_they_are_few() -> None:
    """With many tools, or none, the order is left out unless the file names those that matter."""
    many = [f"t{n}" for n in range(9)]
    assert "tool-order" not in {f.name for f in parse_drift("", "x", tools=many).features}
    assert "tool-order" not in {f.name for f in parse_drift("", "x").features}
    named = parse_drift('[feature.tool-order]\ncategories = ["t1"]', "x", tools=many)
    assert "tool-order" in {f.name for f in named.features}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("budgets = 1", "budgets"),
        ("[budget]\nalarms = 0", "budget"),
        ("[budget]\nalarms = 9\nsessions = 3", "budget"),
        ('baseline = "moving"', "baseline"),
        ("reference = 3", "reference"),
        ("idle_minutes = -1", "idle_minutes"),
        ('strata = ["user"]', "strata"),
        ("[feature.denied]\nweigth = 2", "feature.denied.*weigth"),
        ('[feature.denied]\nkind = "binary"', "feature.denied.*the gate measures it"),
        ('[feature.polite]\nkind = "binary"', "feature.polite.*grader"),
        ('[feature.polite]\ngrader = "tone"', "feature.polite.*kind"),
        ('[feature.polite]\ngrader = "g"\nkind = "vector"', "feature.polite.*vector"),
        ('[feature.polite]\ngrain = "event"', "feature.polite.*event"),
        ('[ring]\nmanipulation = "denied"', "ring.manipulation"),
        ("[ring]\nalpha = 0.9", "ring.alpha"),
        ("not toml", "x.toml"),
    ],
)
def test_a_slip_is_refused_by_file_and_key(text: str, said: str) -> None:
    """Whatever is misspelt or makes no sense names the file and what is wrong there."""
    with pytest.raises(Misconfigured, match=f"x.toml: .*{said}" if said != "x.toml" else said):
        parse_drift(text, "x.toml", tools=TOOLS)


def test_watching_nothing_is_refused() -> None:
    """A file that turns every feature off is a slip."""
    text = "\n".join(f"[feature.{name}]\noff = true" for name in SORTS)
    with pytest.raises(Misconfigured, match="every feature is off"):
        parse_drift(text, "x.toml")
