# SPDX-License-Identifier: Apache-2.0
"""The world that is measured: tools, policy sets of a given size, a data folder with keys, proposals.

A policy set has, as in most offices, four permits to each forbid, each with a group of agents, a tool and two or
three conditions on arguments; exactly one permit fits the proposals made here, and one tool asks a reviewer.
It serves and times nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.procs import post
from gyges.canon import Json
from gyges.principal import Scope
from gyges.settings import Settings
from gyges.wiring import SystemClock, found, open_gate

ASKING = "send_mail"
REGIONS = ("eu-north", "eu-south", "us-east", "us-west", "apac")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A data folder that a gate can serve, and the secrets of those who call it."""

    folder: Path
    secrets: dict[str, str]


def tool(name: str) -> dict[str, Json]:
    """A definition as `tools.json` has it; every argument is required."""
    kinds: dict[str, Json] = {
        "path": {"type": "string", "maxLength": 200},
        "amount": {"type": "integer", "minimum": 0},
        "region": {"type": "string", "enum": list(REGIONS)},
        "note": {"type": "string"},
        "dry_run": {"type": "boolean"},
    }
    schema: dict[str, Json] = {"type": "object", "properties": kinds, "required": list(kinds)}
    return {"name": name, "risk": "read", "description": f"The tool {name}.", "inputSchema": schema}


def rule(number: int, about: str) -> str:
    """One rule about one tool; rule 0 is the one that fits the proposals."""
    effect = "forbid" if number % 5 == 4 else "permit"
    limit, region = 100 * (number + 1), REGIONS[number % len(REGIONS)]
    never = "" if number == 0 else f' && context.input.path like "/secret/{number}/*"'
    return (
        f'@id("rule-{number}") {effect} (principal in Group::"team-{number % 3 and number}", '
        f'action == Action::"{about}", resource) when {{ context.input.amount < {limit} && '
        f'context.input.region == "{region}"{never} }};'
    )


def rules(count: int, tools: Sequence[str]) -> str:
    """`count` rules over `tools` in turn, one of which asks a reviewer for `ASKING`."""
    asking = (
        f'@id("ask") permit (principal, action == Action::"{ASKING}", resource) '
        "when { context.approvals.reviewers >= 1 };"
    )
    told = [rule(number, tools[number % len(tools)]) for number in range(count - 1)]
    return "\n".join([*told, asking])


def make(folder: Path, cedar: str, tools: Sequence[str], *, monitors: str = "") -> Office:
    """A new data folder with these rules, and keys of an agent, an executor and an approver."""
    found(folder, now=SystemClock().now())
    policy = folder / "policy"
    (policy / "bench.cedar").write_text(cedar)
    known = {"office": {"tools": [tool(name) for name in (*tools, ASKING)]}}
    (policy / "tools.json").write_text(json.dumps(known))
    (policy / "groups.json").write_text('{"reviewers": {}}')
    if monitors:
        (policy / "monitors.toml").write_text(monitors)
    return Office(folder=folder, secrets=asyncio.run(_enrol(folder)))


async def _enrol(folder: Path) -> dict[str, str]:
    gate = await open_gate(Settings(data=str(folder)))
    try:
        agent = await gate.enrol(
            name="bot", scope=Scope.AGENT, by="bench", groups=("team-0",), owner="olga",
            executor="office",
        )  # fmt: skip
        office = await gate.enrol(name="office", scope=Scope.EXECUTOR, by="bench")
        rita = await gate.enrol(
            name="rita", scope=Scope.APPROVER, by="bench", groups=("reviewers",)
        )
    finally:
        await gate.close()
    return {"bot": agent[1], "office": office[1], "rita": rita[1]}


def proposal(number: int, about: str) -> dict[str, Json]:
    """A proposal that rule 0 allows; about 500 bytes of JSON, as a tool call with a purpose has."""
    return {
        "tool": about,
        "server": "office",
        "episode": f"run-{number % 64}",
        "purpose": "Compare the figures of the last quarter with those that the customer sent.",
        "resource": f"office:/reports/{number}",
        "arguments": {
            "path": f"/reports/2026/q3/summary-{number}.md",
            "amount": number % 100,
            "region": REGIONS[0],
            "note": "Mind the gap - zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
            "dry_run": False,
        },
    }


def proposals(secret: str, about: str, count: int = 256) -> list[bytes]:
    """Whole HTTP requests, all different."""
    headers = {"authorization": f"Bearer {secret}"}
    bodies = (json.dumps(proposal(n, about), ensure_ascii=False).encode() for n in range(count))
    return [post("/v1/actions", body, headers) for body in bodies]
