# SPDX-License-Identifier: Apache-2.0
"""`gyges stop | lift | stops`: the kill switches. A stop holds from the next request on, for permits too.

An approver or an administrator may stop; only an administrator may lift.
"""

import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.shown import ago, visible
from gyges.errors import Misconfigured
from gyges.principal import Scope

What = Annotated[str, typer.Argument(help='"all", "agent:NAME" or "tool:NAME".')]


def stop(
    scope: What,
    reason: Annotated[str, typer.Option(help="Why; everyone who is stopped is told.")] = "",
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Stop an agent, a tool or everything, now."""
    path = f"/v1/stops/{quote(scope, safe='')}"
    made: Any = request(url, _key(key_file), "PUT", path, {"reason": reason})
    if as_json:
        emit(made)
    else:
        print(f"stopped: {visible(scope)}")


def lift(
    scope: What, url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False
) -> None:
    """Take a stop off."""
    path = f"/v1/stops/{quote(scope, safe='')}"
    request(url, read_key(Scope.ADMIN, key_file), "DELETE", path)
    if as_json:
        emit({"lifted": scope})
    else:
        print(f"lifted: {visible(scope)}")


def stops(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List the stops that are on."""
    found: Any = request(url, _key(key_file), "GET", "/v1/stops")
    if as_json:
        emit(found)
        return
    now = time.time_ns() // 1_000_000
    table = Table("scope", "by", "since", "reason")
    for item in found["items"]:
        table.add_row(
            visible(item["scope"]),
            visible(item["by"]),
            ago(item["at"], now),
            visible(item["reason"]),
        )
    Console().print(table if found["items"] else "No stop is on.")


def _key(key_file: Path | None) -> str:
    """An administrator's key, else an approver's."""
    try:
        return read_key(Scope.ADMIN, key_file)
    except Misconfigured:
        return read_key(Scope.APPROVER, key_file)
