# SPDX-License-Identifier: Apache-2.0
"""How two states of tools.json differ, for a person who is about to approve the second. It changes neither."""

from collections.abc import Mapping, Sequence
from difflib import unified_diff
from json import dumps

from gyges.canon import Json

Change = dict[str, Json]
Servers = Mapping[str, Sequence[Mapping[str, Json]]]


def difference(before: Servers, after: Servers) -> list[Change]:
    """One entry for each tool that is new, gone or changed; both whole definitions with it."""
    found: list[Change] = []
    for server in sorted({*before, *after}):
        old = {str(tool["name"]): dict(tool) for tool in before.get(server, [])}
        new = {str(tool["name"]): dict(tool) for tool in after.get(server, [])}
        for name in sorted({*old, *new}):
            was, now = old.get(name), new.get(name)
            if was != now:
                kind = "new" if was is None else "gone" if now is None else "changed"
                found.append(
                    {"server": server, "tool": name, "change": kind, "before": was, "after": now}
                )
    return found


def lines_of(changes: Sequence[Change]) -> list[str]:
    """The differences as text: a line for a new tool, every line that differs for a changed one."""
    lines: list[str] = []
    for change in changes:
        now = change["after"]
        head = f"{change['change']}: {change['tool']} on {change['server']}"
        lines.append(f"{head}, {_brief(now)}" if isinstance(now, dict) else head)
        if change["change"] == "changed":
            diff = list(unified_diff(_text(change["before"]), _text(now), lineterm="", n=1))[2:]
            lines += [f"    {line}" for line in diff if not line.startswith("@@")]
    return lines


def _brief(tool: Mapping[str, Json]) -> str:
    schema = tool.get("inputSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    names = ", ".join(properties) if isinstance(properties, dict) else ""
    words = " ".join(str(tool.get("description", "")).split())
    return f"risk {tool.get('risk', 'unknown')}: ({names}) {words[:100]}".rstrip()


def _text(document: Json) -> list[str]:
    if document is None:
        return []
    return dumps(document, indent=2, ensure_ascii=False, sort_keys=True).splitlines()
