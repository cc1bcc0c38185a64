# SPDX-License-Identifier: Apache-2.0
"""`gyges keys add | list | revoke`: API keys, made by an administrator at a running gate.

A secret is shown once, or written to a file that only its owner can read. It decides no case.
"""

import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from gyges.cli.common import (
    DEFAULT_URL,
    AsJson,
    KeyFile,
    Url,
    emit,
    read_key,
    request,
    write_secret,
)
from gyges.cli.shown import ago, visible
from gyges.principal import Scope

app = typer.Typer(no_args_is_help=True)
DAY_MS = 86_400_000


@app.command("add")
def add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    name: Annotated[str, typer.Argument(help="Whose key it is; a name has one scope.")],
    scope: Annotated[Scope, typer.Option(help="What the key is for.")],
    group: Annotated[
        list[str] | None, typer.Option(help="Group of an approver or agent; repeat for more.")
    ] = None,
    owner: Annotated[str, typer.Option(help="Of an agent: who answers for it.")] = "",
    executor: Annotated[str, typer.Option(help="Of an agent: who alone may run its actions.")] = "",
    days: Annotated[int, typer.Option(min=0, help="Ends after so many days; 0 never.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Write the secret here, not to the screen.")
    ] = None,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is shown this once."""
    body: dict[str, Any] = {"name": name, "scope": scope.value, "groups": group or []}
    body |= {field: value for field, value in (("owner", owner), ("executor", executor)) if value}
    if days:
        body["expires"] = time.time_ns() // 1_000_000 + days * DAY_MS
    made: Any = request(url, read_key(Scope.ADMIN, key_file), "POST", "/v1/keys", body)
    if out:
        write_secret(out, made["secret"])
        made["secret"] = ""
    if as_json:
        emit(made)
    elif out:
        print(f"{made['key']['id']}: the key of {name!r} stands in {out}")
    else:
        print(
            f"{made['key']['id']}: the key of {name!r} is shown this once:\n\n    {made['secret']}\n"
        )


@app.command("list")
def list_keys(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """List all keys, revoked ones too."""
    found: Any = request(url, read_key(Scope.ADMIN, key_file), "GET", "/v1/keys")
    if as_json:
        emit(found)
        return
    now = time.time_ns() // 1_000_000
    table = Table(Column("id", no_wrap=True), "name", "scope", "groups", "owner", "made", "state")
    for key in found["items"]:
        words = (key["id"], key["name"], key["scope"], ", ".join(key["groups"]), key["owner"])
        table.add_row(*map(visible, words), ago(key["created"], now), _state(key, now))
    Console().print(table)


@app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="The key's id (k-...).")],
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """End a key, from the next request on."""
    path = f"/v1/keys/{quote(id, safe='')}/revoke"
    ended: Any = request(url, read_key(Scope.ADMIN, key_file), "POST", path)
    if as_json:
        emit(ended)
    else:
        print(f"{ended['id']}: the key of {visible(ended['name'])} is revoked")


def _state(key: dict[str, Any], now: int) -> str:
    if key["revoked"]:
        return "revoked"
    if not key["expires"]:
        return "live"
    return "expired" if key["expires"] <= now else f"ends {ago(key['expires'], now)}"
