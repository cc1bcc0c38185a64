# SPDX-License-Identifier: Apache-2.0
"""The rows of one sample, and where each of them stands, so that whatever is wrong with one can be found.

A table comes from a CSV file or from rows in memory. It knows nothing of what its columns mean.
"""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gyges.errors import Malformed
from gyges.lab.audit.plan import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name` is the file's path or the context; `lines` are the rows' line numbers, empty for rows in memory."""

    name: str
    rows: Sequence[Row]
    lines: Sequence[int] = ()

    def at(self, index: int, column: str) -> str:
        """Where a value stands, in words; rows in memory count from 0."""
        place = f"line {self.lines[index]}" if self.lines else f"row {index}"
        return f"{self.name}, {place}, column {column!r}"

    def head(self) -> str:
        """Where the columns' names stand, in words."""
        return f"{self.name}, line 1" if self.lines else self.name

    def column(self, name: str) -> Iterator[tuple[int, object]]:
        """(index, value) of each row that has a value there."""
        for index, row in enumerate(self.rows):
            value = row.get(name)
            if value is not None and value != "":
                yield index, value


def read_csv(path: str | Path) -> Table:
    """The rows of a CSV file (UTF-8, RFC 4180) with a header line, values as text; blank lines are none.

    Raises:
        Malformed: it cannot be read, has no rows, a column without a name or with another's, or a row has
            another number of fields. The message names the file and the line.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            try:
                names, *found = [(reader.line_num, fields) for fields in reader if fields] or [
                    (1, list[str]())
                ]
            except csv.Error as error:
                raise Malformed(f"{path}, line {reader.line_num}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"{path}: {error}") from None
    header = _header(path, names[1])
    rows = [_row(path, line, header, fields) for line, fields in found]
    if not rows:
        raise Malformed(f"{path}, line 2: no rows below the header")
    return Table(name=str(path), rows=rows, lines=[line for line, _ in found])


def _header(path: str | Path, names: list[str]) -> list[str]:
    if not names:
        raise Malformed(f"{path}, line 1: the file is empty; a header with the columns is needed")
    for place, name in enumerate(names, 1):
        if not name.strip():
            raise Malformed(f"{path}, line 1: column {place} has no name")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise Malformed(f"{path}, line 1, column {twice[0]!r}: two columns have this name")
    return names


def _row(path: str | Path, line: int, header: list[str], fields: list[str]) -> dict[str, object]:
    if len(fields) != len(header):
        told = f"{len(fields)} fields where the header has {len(header)}"
        raise Malformed(f"{path}, line {line}: {told}")
    return dict(zip(header, fields, strict=True))
