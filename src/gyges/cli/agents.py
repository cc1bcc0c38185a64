# SPDX-License-Identifier: Apache-2.0
"""`gyges agents [NAME]`: who asks this gate for leave, what each may do and what became of it.

`gyges stop agent:NAME` stops one. What an agent may do is by the scopes of the rules in force alone.
"""

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, any_key, emit, request
from gyges.cli.history import table as cases_table
from gyges.cli.shown import ago, visible
from gyges.principal import Scope


def agents(
    name: Annotated[str, typer.Argument(help="One agent; without it all of them.")] = "",
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """See the agents: what each may do, and what it did."""
    key = any_key(key_file, Scope.AUDITOR, Scope.ADMIN, Scope.APPROVER)
    path = f"/v1/agents/{quote(name, safe='')}" if name else "/v1/agents"
    found: Any = request(url, key, "GET", path)
    now = time.time_ns() // 1_000_000
    if as_json:
        emit(found)
    elif name:
        _one(found, now)
    else:
        console = Console(markup=False, emoji=False, highlight=False)
        console.print(_all(found["items"], now) if found["items"] else "There is no agent.")


def _all(items: list[dict[str, Any]], now: int) -> Table:
    made = Table("name", "answered for by", "key", "stopped", "last", "cases", "of the newest")
    for item in items:
        made.add_row(
            visible(item["name"]),
            visible(", ".join(item["owners"])),
            "live" if item["live"] else "none",
            f"by {visible(item['stop']['by'])}" if item["stop"] else "",
            ago(item["last"], now) if item["last"] else "never",
            str(item["total"]),
            _counts(item["states"]),
        )
    return made


def _one(found: dict[str, Any], now: int) -> None:
    console, agent = Console(markup=False, emoji=False, highlight=False), found["agent"]
    console.print(_all([agent], now))
    for stop in found["stops"]:
        reason = f": {visible(stop['reason'])}" if stop["reason"] else ""
        console.print(f"{visible(stop['scope'])} is stopped by {visible(stop['by'])}{reason}")
    made = Table("tool", "risk class", "server", "policy", "it did")
    for tool in found["tools"]:
        may = "could be allowed" if tool["may"] else "never"
        words = (tool["tool"], tool["risk"], tool["server"] or "any", may, _counts(tool["states"]))
        made.add_row(*map(visible, words))
    console.print(made)
    if found["cases"]:
        console.print(cases_table(found["cases"]))


def _counts(states: dict[str, int]) -> str:
    return ", ".join(f"{n} {state}" for state, n in states.items())
