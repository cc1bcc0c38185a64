# SPDX-License-Identifier: Apache-2.0
"""The documentation of the policy format, held to what the program does."""

import json
import re
import tomllib
from pathlib import Path

from gyges.action import Action
from gyges.decision import Facts, Requirement
from gyges.gate.policy_cases import read_examples, run_examples
from gyges.gate.policy_folder import read_policy
from gyges.gate.policy_types import DECIMAL_LIMIT
from gyges.gate.schema import RISKS

PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "policy.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_example_does_what_the_page_says(tmp_path: Path) -> None:
    """Copied word for word into a folder, it loads, and its cases hold."""
    (rules, _), (tools, groups), (cases,) = blocks("cedar"), blocks("json"), blocks("toml")
    (tmp_path / "office.cedar").write_text(rules)
    (tmp_path / "tools.json").write_text(tools)
    (tmp_path / "groups.json").write_text(groups)
    outcomes = list(run_examples(read_policy(tmp_path), read_examples(tomllib.loads(cases))))
    assert [outcome.problems for outcome in outcomes] == [()] * 5
    assert set(json.loads(groups)) == {"reviewers", "finance"}


def test_the_signed_example_asks_for_signatures(tmp_path: Path) -> None:
    """The rule with the annotation, in place of the office's, asks two of finance for their passkeys."""
    (_, rules), (tools, groups) = blocks("cedar"), blocks("json")
    (tmp_path / "signed.cedar").write_text(rules)
    (tmp_path / "tools.json").write_text(tools)
    (tmp_path / "groups.json").write_text(groups)
    action = Action(agent="a", tool="pay", server="office", arguments={"to": "ACME", "amount": 1})
    ruling = read_policy(tmp_path).rule(action, Facts(approvals={"finance": 2}))
    assert ruling.requirement == Requirement(groups={"finance": 2}, assurance="passkey")


def test_the_classes_stand_in_their_order() -> None:
    """The page lists every risk class, from least to most."""
    assert ", ".join(f"`{risk}`" for risk in RISKS) in PAGE


def test_the_limit_of_decimals_is_the_real_one() -> None:
    """The page gives the magnitude at which a number is refused."""
    assert f"{DECIMAL_LIMIT:,}" in PAGE
