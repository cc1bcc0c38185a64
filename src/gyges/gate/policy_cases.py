# SPDX-License-Identifier: Apache-2.0
"""Examples that a policy must answer as written: what `gyges policy test` runs.

    [[case]]
    name = "paying needs two of finance"
    tool = "pay"
    arguments = { to = "ACME", amount = 4800 }
    expect = "ask"
    requirement = { finance = 2 }

What a case leaves out is not compared. It reads no file: the document comes in as TOML or JSON gave it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

import msgspec

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Effect, Facts, Ruling
from gyges.errors import Malformed
from gyges.ports import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One action, the facts it comes with, and the expected ruling."""

    name: str
    tool: str
    expect: Effect
    arguments: dict[str, Json] = field(default_factory=dict[str, Json])
    agent: str = "agent"
    groups: tuple[str, ...] = ()
    server: str = ""
    tool_schema: str = ""
    approvals: dict[str, int] = field(default_factory=dict[str, int])
    signed: dict[str, int] = field(
        default_factory=dict[str, int]
    )  # those among them with a passkey
    alarm: bool = False
    requirement: dict[str, int] | None = None
    assurance: str | None = None  # "passkey", or "" for none
    rules: tuple[str, ...] | None = None  # in any order
    reason: str = ""  # must occur in the ruling's


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one example came out; `problems` is empty where it held."""

    name: str
    held: bool
    problems: tuple[str, ...]
    ruling: Ruling


def read_examples(document: object) -> tuple[Example, ...]:
    """Examples from a parsed file; raise `Malformed` naming the case and what is wrong with it."""
    whole = canon.clean(document)
    entries = whole.get("case") if isinstance(whole, dict) and set(whole) == {"case"} else None
    if not isinstance(entries, list) or not entries:
        raise Malformed('a test file holds cases, [[case]] in TOML or {"case": [...]} in JSON')
    return tuple(_example(entry, place) for place, entry in enumerate(entries, 1))


def run_examples(policy: Policy, examples: tuple[Example, ...]) -> Iterator[Outcome]:
    """What `policy` makes of each."""
    for example in examples:
        action = Action(
            agent=example.agent,
            tool=example.tool,
            arguments=example.arguments,
            server=example.server,
            tool_schema=example.tool_schema,
        )
        facts = Facts(
            approvals={**example.signed, **example.approvals},
            signed=example.signed,
            groups=example.groups,
            risk=policy.risk(example.tool),
            alarm=example.alarm,
        )
        ruling = policy.rule(action, facts)
        problems = tuple(_problems(example, ruling))
        yield Outcome(name=example.name, held=not problems, problems=problems, ruling=ruling)


def _example(entry: Json, place: int) -> Example:
    at = f"case {place}"
    if not isinstance(entry, dict):
        raise Malformed(f"{at} is not a table")
    known = {f.name for f in fields(Example)}
    if strange := sorted(set(entry) - known):
        raise Malformed(
            f'{at}: there is no field "{strange[0]}"; known are {", ".join(sorted(known))}'
        )
    try:
        return msgspec.convert({"name": at, **entry}, Example)
    except msgspec.ValidationError as error:
        raise Malformed(f"{at}: {error}") from None


def _problems(example: Example, ruling: Ruling) -> Iterator[str]:
    if ruling.effect is not example.expect:
        yield f"expected {example.expect.value}, got {ruling.effect.value} ({ruling.reason})"
    wanted, got = example.requirement, ruling.requirement.groups
    if wanted is not None and wanted != got:
        yield f"expected approvals {_people(wanted)}, got {_people(got)}"
    sure = ruling.requirement.assurance
    if example.assurance is not None and example.assurance != sure:
        yield f'expected assurance "{example.assurance}", got "{sure}"'
    if example.rules is not None and set(example.rules) != set(ruling.rules):
        yield f"expected rules {_names(example.rules)}, got {_names(ruling.rules)}"
    if example.reason not in ruling.reason:
        yield f'expected "{example.reason}" in the reason, got "{ruling.reason}"'


def _people(groups: Mapping[str, int]) -> str:
    return ", ".join(f"{n} of {name}" for name, n in sorted(groups.items())) or "of nobody"


def _names(rules: tuple[str, ...]) -> str:
    return ", ".join(sorted(rules)) or "none"
