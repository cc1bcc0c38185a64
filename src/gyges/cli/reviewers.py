# SPDX-License-Identifier: Apache-2.0
"""`gyges reviewers`: how reviewers looked and answered, computed by the gate from its log.

With an approver's key it shows the holder's own record, with an auditor's or admin's everybody's. Intervals
are of 95 %: few answers say little, and the interval says how little.
"""

from typing import Annotated
from urllib.parse import quote

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.shown import ago, visible
from gyges.errors import Malformed, Misconfigured
from gyges.gate.intervals import Middle, Share
from gyges.gate.reviewers import Record
from gyges.principal import Scope

NOTHING = "-"


def reviewers(
    name: Annotated[str, typer.Argument(help="One reviewer; without it all you may see.")] = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back to look.")] = 30,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """How reviewers looked and answered, by the log."""
    where = f"/v1/reviewers/{quote(name, safe='')}" if name else "/v1/reviewers"
    found = request(url, _key(key_file), "GET", f"{where}?days={days}")
    if as_json:
        emit(found)
        return
    items = found.get("items", [found]) if isinstance(found, dict) else []
    try:
        records = msgspec.convert(items, list[Record])
    except msgspec.ValidationError as error:
        raise Malformed(f"the gate's answer holds no records: {error}") from None
    console = Console()
    for record in records:
        console.print(table(record))
    if not records:
        console.print(f"Nobody has answered within {days} days.")


def table(record: Record) -> Table:
    """One record, a line a measure."""
    made = Table("", "", "95 %", box=None, pad_edge=False, show_header=False)
    made.title, made.title_style, made.title_justify = visible(record.name), "bold", "left"
    made.add_row("answers", Text(str(record.answers)), Text(_span(record)))
    made.add_row("approved", *_share(record.approved))
    for level, found in record.by_level.items():
        made.add_row(f"  of {level} risk", *_share(found))
    made.add_row("looked for", *_middle(record.dwell))
    made.add_row("  before approving", *_middle(record.dwell_approved))
    made.add_row("unfolded something", *_share(record.expanded))
    made.add_row("answered after", *_middle(record.latency))
    made.add_row("agreed with others", *_share(record.agreed))
    most = f" of {record.load.most}" if record.load.most else ""
    made.add_row("approvals this hour", Text(f"{record.load.approvals}{most}"), Text(""))
    made.add_row("refused as too early or too many", Text(str(record.early)), Text(""))
    return made


def _span(record: Record) -> str:
    if not record.answers:
        return ""
    return f"{ago(record.first, record.until)} to {ago(record.last, record.until)}"


def _share(found: Share) -> tuple[Text, Text]:
    if found.value is None:
        return Text(NOTHING), Text("")
    return (
        Text(f"{found.value:.0%}  ({found.count} of {found.of})"),
        Text(f"{found.low:.0%} - {found.high:.0%}"),
    )


def _middle(found: Middle) -> tuple[Text, Text]:
    if found.median is None:
        return Text(NOTHING), Text("")
    if found.low is None or found.high is None:
        return Text(_seconds(found.median)), Text("too few to say")
    return Text(_seconds(found.median)), Text(f"{_seconds(found.low)} - {_seconds(found.high)}")


def _seconds(ms: float) -> str:
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms / 60_000:.0f} min" if ms < 7_200_000 else f"{ms / 3_600_000:.0f} h"


def _key(key_file: KeyFile) -> str:
    """An auditor's key, else an admin's, else an approver's."""
    for scope in (Scope.AUDITOR, Scope.ADMIN):
        try:
            return read_key(scope, key_file)
        except Misconfigured:
            continue
    return read_key(Scope.APPROVER, key_file)
