# SPDX-License-Identifier: Apache-2.0
"""`gyges reviewers`: how reviewers looked and answered, computed by the gate from its log.

With an approver's key it shows the holder's own record, with an auditor's or admin's everybody's. Intervals
are of 95 %: few answers say little, and the interval says how little.
"""

from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.shown import visible
from gyges.errors import Malformed, Misconfigured
from gyges.gate.measures import lines_of
from gyges.gate.reviewers import Record
from gyges.principal import Scope


def reviewers(
    name: Annotated[str, typer.Argument(help="One reviewer; without it all you may see.")] = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="How far back to look.")] = 30,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """How reviewers looked and answered, by the log."""
    where = f"/v1/reviewers/{quote(name, safe='')}" if name else "/v1/reviewers"
    found: Any = request(url, _key(key_file), "GET", f"{where}?days={days}")
    if as_json:
        emit(found)
        return
    try:
        records = msgspec.convert([found] if name else found["items"], list[Record])
    except (msgspec.ValidationError, KeyError, TypeError) as error:
        raise Malformed(f"the gate's answer holds no records: {error}") from None
    console = Console()
    for record in records:
        console.print(table(record))
    if not records:
        console.print(f"Nobody has answered within {days} days.")


def table(record: Record) -> Table:
    """One record, a line a measure."""
    made = Table("", "", "95 %", "", box=None, pad_edge=False, show_header=False)
    made.title, made.title_style, made.title_justify = visible(record.name), "bold", "left"
    for line in lines_of(record):
        name = f"  {line.name}" if line.part else line.name
        made.add_row(*(Text(word) for word in (name, line.value, line.interval, line.says)))
    return made


def _key(key_file: KeyFile) -> str:
    """An auditor's key, else an admin's, else an approver's."""
    for scope in (Scope.AUDITOR, Scope.ADMIN):
        try:
            return read_key(scope, key_file)
        except Misconfigured:
            continue
    return read_key(Scope.APPROVER, key_file)
