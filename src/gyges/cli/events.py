# SPDX-License-Identifier: Apache-2.0
"""`gyges events`: what happened, as the running gate's log has it, newest last. It verifies nothing."""

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.history import clock, moment
from gyges.cli.shown import literal, visible
from gyges.principal import Scope


def events(  # noqa: PLR0913, PLR0917 - each is an option of the command
    kind: Annotated[str, typer.Option(help="One or more kinds, with commas between.")] = "",
    about: Annotated[str, typer.Option(help='A case, a key, "gate".')] = "",
    agent: Annotated[str, typer.Option(help="Only of this agent's cases.")] = "",
    since: Annotated[str, typer.Option(help="From this day or moment (ISO 8601, UTC).")] = "",
    first: Annotated[int, typer.Option(min=0, help="From this entry on.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """List events of a running gate's log; with an auditor's key."""
    query = {
        "kind": kind, "subject": about, "agent": agent, "since": moment(since), "first": first,
        "limit": limit,
    }  # fmt: skip
    asked = urlencode({name: value for name, value in query.items() if value})
    key = read_key(Scope.AUDITOR, key_file)
    found: Any = request(url, key, "GET", f"/v1/log/events?{asked}")
    if as_json:
        emit(found)
        return
    for item in found["items"]:
        event = item["event"]
        said = "redacted" if item["redacted"] else event["body"].get("reason", "")
        words = f"{event['kind']:16} {visible(event['subject'])}  {literal(said) if said else ''}"
        print(f"{clock(event['at'])}  {item['index']:>7}  {words}".rstrip())
    if found["next"]:
        print(f"go on with --first {found['next']}")
