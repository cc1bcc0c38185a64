# SPDX-License-Identifier: Apache-2.0
"""`gyges history`: all cases, newest first, searched by words, state, agent, tool, answerer and time.

    gyges history acme invoice --state denied --since 2026-11-01

Every word must have been said: in arguments, reasons, names or digests. Times are UTC.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Column, Table

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, any_key, emit, request
from gyges.cli.shown import visible
from gyges.errors import Malformed
from gyges.principal import Scope


def history(  # noqa: PLR0913 - each is an option of the command
    words: Annotated[list[str] | None, typer.Argument(help="Words that were said.")] = None,
    *,
    state: Annotated[str, typer.Option(help="One or more states, with commas between.")] = "",
    agent: Annotated[str, typer.Option(help="Only this agent's.")] = "",
    tool: Annotated[str, typer.Option(help="Only this tool's.")] = "",
    episode: Annotated[str, typer.Option(help="Only of this episode.")] = "",
    by: Annotated[str, typer.Option(help="Only those that this person answered.")] = "",
    since: Annotated[str, typer.Option(help="From this day or moment (ISO 8601).")] = "",
    until: Annotated[str, typer.Option(help="Up to this day or moment, not included.")] = "",
    after: Annotated[str, typer.Option(help="Go on where an earlier page ended.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 20,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Search all cases by what was said, newest first."""
    query = {
        "q": " ".join(words or ()), "state": state, "agent": agent, "tool": tool,
        "episode": episode, "by": by, "since": moment(since), "until": moment(until),
        "after": after, "limit": limit,
    }  # fmt: skip
    asked = urlencode({name: value for name, value in query.items() if value})
    key = any_key(key_file, Scope.AUDITOR, Scope.APPROVER)
    found: Any = request(url, key, "GET", f"/v1/history?{asked}")
    if as_json:
        emit(found)
        return
    console = Console(markup=False, emoji=False, highlight=False)
    console.print(table(found["items"]) if found["items"] else "No case was found.")
    if found["next"]:
        back = clock(found["reached"])
        console.print(f"Looked back to {back}; go on with --after {found['next']}", soft_wrap=True)


def table(items: list[dict[str, Any]]) -> Table:
    """Cases, a line each."""
    made = Table(
        Column("id", no_wrap=True), "created", "state", "agent", "tool", "says", "answered by"
    )
    for item in items:
        people = [f"+{name}" for name in item["approved"]] + [f"-{name}" for name in item["denied"]]
        words = (item["id"], clock(item["created"]), item["state"], item["agent"], item["tool"])
        made.add_row(*map(visible, (*words, item["brief"], " ".join(people))))
    return made


def clock(ms: int) -> str:
    """A moment in UTC, to the second."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def moment(text: str) -> int:
    """Milliseconds of an ISO 8601 day or time, UTC unless it says otherwise; 0 for none."""
    if not text:
        return 0
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{text!r} is not a date or time in ISO 8601") from None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return max(0, round(aware.timestamp() * 1000))
