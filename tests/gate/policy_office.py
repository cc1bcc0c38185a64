# SPDX-License-Identifier: Apache-2.0
"""The office that policy tests speak of: its tools, its groups, and short ways to ask about an action.

It holds no rules: each test brings its own, or takes the starter policy.
"""

from collections.abc import Mapping
from typing import Any

from gyges.action import Action
from gyges.canon import Json
from gyges.decision import Facts, Ruling
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.policy_folder import starter_text
from gyges.gate.schema import ToolDefinition, read_tools

TEXT: dict[str, Json] = {"type": "string"}
GROUPS = {"reviewers": 0, "finance": 0}


def schema(*optional: str, **properties: Json) -> dict[str, Json]:
    """An inputSchema in which all properties but `optional` are required."""
    required: list[Json] = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


OFFICE: dict[str, Json] = {
    "office": {
        "tools": [
            {"name": "read_file", "risk": "read", "inputSchema": schema(path=TEXT)},
            {"name": "list_files", "risk": "read", "inputSchema": schema()},
            {
                "name": "send_mail",
                "risk": "send",
                "inputSchema": schema("subject", to=TEXT, subject=TEXT, body=TEXT),
            },
            {
                "name": "pay",
                "risk": "pay",
                "amount": "/amount",
                "inputSchema": schema("note", to=TEXT, amount={"type": "number"}, note=TEXT),
            },
            {"name": "set_audit_log", "risk": "oversee", "inputSchema": schema(on=TEXT)},
            {"name": "disable_audit_log", "risk": "oversee", "inputSchema": schema()},
            {"name": "odd", "inputSchema": schema(n={"type": "integer"})},
        ]
    }
}


def office() -> list[ToolDefinition]:
    """The demo office's tools, and `odd`, which nobody has classed."""
    return read_tools(OFFICE)


def policy(
    rules: str,
    tools: list[ToolDefinition] | None = None,
    groups: Mapping[str, int] = GROUPS,
) -> CedarPolicy:
    """A loaded policy of one file, rules.cedar."""
    return load({"rules.cedar": rules}, office() if tools is None else tools, groups)


def starter() -> CedarPolicy:
    """The starter policy over the office."""
    return policy(starter_text())


def act(tool: str, /, agent: str = "mona", server: str = "office", **arguments: Json) -> Action:
    """An action on the office server."""
    return Action(agent=agent, tool=tool, server=server, arguments=arguments)


def facts(alarm: bool = False, groups: tuple[str, ...] = (), **approvals: int) -> Facts:
    """Facts with these approvals."""
    return Facts(approvals=approvals, groups=groups, alarm=alarm)


def rule(found: CedarPolicy, tool: str, /, given: Facts | None = None, **arguments: Any) -> Ruling:
    """The ruling on one call by mona."""
    return found.rule(act(tool, **arguments), given or facts())
