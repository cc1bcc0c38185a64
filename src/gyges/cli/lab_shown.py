# SPDX-License-Identifier: Apache-2.0
"""How `gyges lab` reads options, shows tables and tells how far it is. It runs nothing."""

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from gyges.cli.shown import visible
from gyges.errors import Malformed


def value(text: str) -> tuple[str, str | int | float | bool]:
    """`name=value` apart; numbers, true and false are read as such.

    Raises:
        Malformed: there is no `=`, or nothing before it.
    """
    name, sign, rest = text.partition("=")
    if not sign or not name:
        raise Malformed(f"expected name=value, found {text!r}")
    try:
        found: object = json.loads(rest)
    except ValueError:
        return name, rest
    return name, found if isinstance(found, bool | int | float) else rest


def display() -> Literal["rich", "plain"]:
    """How Inspect should show progress: bars for a person, lines for a file."""
    return "rich" if sys.stderr.isatty() else "plain"


def table(rows: Sequence[Mapping[str, object]]) -> None:
    """Rows with the same keys as a table; hostile text made visible."""
    if not rows:
        print("nothing")
        return
    shown = Table(box=None, pad_edge=False)
    for name in rows[0]:
        shown.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(cell) for cell in row.values()))
    Console(width=None if sys.stdout.isatty() else 160).print(shown, markup=False)


def _cell(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.3g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return (
        f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else visible(str(cell))
    )


class Bar:
    """What is being done, on standard error: bars for a person, a line for each thing for a file."""

    def __init__(self, shown: Progress) -> None:
        """`shown` is live already."""
        self._shown = shown
        self._known: dict[str, TaskID] = {}
        self._said = ""

    def step(self, what: str, done: int, of: int) -> None:
        """One bar for everything, which says what is done now."""
        self._move("", what, done, of)

    def part(self, what: str, done: int, of: int) -> None:
        """A bar for each thing."""
        self._move(what, what, done, of)

    def _move(self, name: str, what: str, done: int, of: int) -> None:
        if name not in self._known:
            self._known[name] = self._shown.add_task(what, total=of)
        self._shown.update(self._known[name], description=what, completed=done, total=of)
        if not self._shown.console.is_terminal and what != self._said:
            self._said = what
            print(f"{what} ...", file=sys.stderr, flush=True)


@contextmanager
def progress() -> Generator[Bar]:
    """A bar that lives as long as the block."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        yield Bar(shown)
