# SPDX-License-Identifier: Apache-2.0
"""The first page a stranger reads: short, with commands that are there and a policy that says what it seems to."""

import re

import pytest

from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Effect, Facts
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.schema import read_tools
from gyges.settings import Settings
from tests.docs.pages import page

PAGE = page("README.md")


def tool(name: str, risk: str, **properties: str) -> dict[str, Json]:
    """A tool definition."""
    shape: dict[str, Json] = {key: {"type": kind} for key, kind in properties.items()}
    return {
        "name": name,
        "risk": risk,
        "inputSchema": {"type": "object", "properties": shape, "required": [*shape]},
    }


OFFICE: Json = {
    "office": {
        "tools": [
            tool("read_note", "read"),
            tool("send_mail", "send", to="string"),
            tool("pay", "pay", amount="number"),
            tool("set_audit_log", "oversee"),
        ]
    }
}


@pytest.fixture(scope="module")
def policy() -> CedarPolicy:
    """The README's policy over a small office."""
    (block,) = PAGE.blocks("cedar")
    return load({"readme.cedar": block.text}, read_tools(OFFICE), {"finance": 0})


@pytest.mark.parametrize(
    ("name", "arguments", "effect", "asked"),
    [
        ("read_note", {}, Effect.ALLOW, {}),
        ("send_mail", {"to": "ada@example.org"}, Effect.ALLOW, {}),
        ("send_mail", {"to": "eve@example.com"}, Effect.DENY, {}),
        ("pay", {"amount": 4800}, Effect.ASK, {"finance": 2}),
        ("set_audit_log", {}, Effect.DENY, {}),
    ],
)
def test_the_policy_says_what_it_seems_to(
    policy: CedarPolicy,
    name: str,
    arguments: dict[str, Json],
    effect: Effect,
    asked: dict[str, int],
) -> None:
    """Reading runs, mail inside runs, mail outside does not, paying asks two, and the overseer is out of reach."""
    action = Action(agent="ada", tool=name, arguments=arguments, server="office")
    ruling = policy.rule(action, Facts(approvals={}))
    assert (ruling.effect, ruling.requirement.groups) == (effect, asked)


def test_the_constitution_of_the_page_holds(policy: CedarPolicy) -> None:
    """No number of approvals changes it, as the page says."""
    action = Action(agent="ada", tool="set_audit_log", arguments={}, server="office")
    assert policy.rule(action, Facts(approvals={"finance": 99})).effect is Effect.DENY


def test_it_begins_with_what_it_does_and_two_commands() -> None:
    """Three sentences, then the commands, then the form without make; all of it within two screens."""
    first, second, *_ = PAGE.blocks("sh")
    sentences = re.findall(r"[.!?](?:\s|$)", first.before.split("# Gyges")[1])
    assert len(sentences) == 3
    assert [line.split("#")[0].strip() for line in first.text.splitlines()] == [
        "make demo",
        "make test",
    ]
    assert second.text.splitlines() == [
        "python3 -m venv --without-pip .venv && python3 -m pip --python .venv install .",
        ".venv/bin/gyges demo",
    ]
    assert len(PAGE.text.splitlines()) <= 100


def test_the_picture_tells_the_default() -> None:
    """A permit lives as long as the picture says."""
    assert f"once, for {Settings().permit_seconds} s" in PAGE.text
