# SPDX-License-Identifier: Apache-2.0
"""The user's own CSV file of requests, read at run time: no harmful text is part of Gyges.

    HarmBench      Behavior, ..., ContextString, BehaviorID      context, if any, stands before the request
    StrongREJECT   category, source, forbidden_prompt            its id is made of the text's digest

Also understood: `prompt`, `goal` or `request` for the text, `context`, `id`; capitals and other columns do not
matter. It judges no request and keeps none.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from gyges.errors import Malformed
from gyges.lab.pins import outside
from gyges.lab.tasks.chat.packs import Pack, Prompt

TEXTS: Final = ("behavior", "forbidden_prompt", "prompt", "goal", "request")
CONTEXTS: Final = ("contextstring", "context")
IDS: Final = ("behaviorid", "id")

_STRANGE: Final = re.compile(r"[^a-z0-9_.]+")


def supplied(pack: Pack, path: Path) -> Pack:
    """A pack that takes its prompts from a file, with those of this file; the file's digest joins its pins.

    Raises:
        Malformed: the file cannot be read or is no such CSV; the message names file, line and column.
    """
    source = outside(path, f"requests/{path.name}")
    prompts = read(source.content, path.name)
    return replace(pack, prompts=prompts, pins={**pack.pins, source.name: source.sha256})


def read(content: str, name: str) -> tuple[Prompt, ...]:
    """The requests of a CSV file with this content; `name` is what messages call it.

    Raises:
        Malformed: no known column, an empty cell, an id or a text that came before, broken quoting.
    """
    rows = _rows(content.removeprefix("\ufeff"), name)
    columns = _Columns.of(next(rows, (1, list[str]()))[1], name)
    seen: dict[str, int] = {}
    found: list[Prompt] = []
    for line, row in rows:
        where = f"{name}, line {line}"
        prompt = columns.prompt(row, where)
        _once(seen, prompt.text, line, columns.named(where, columns.text))
        _once(seen, f"id {prompt.id}", line, columns.named(where, columns.key))
        found.append(prompt)
    if not found:
        raise Malformed(f"{name}: no request below the header")
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where in a row text, context and id stand; -1 for a column that there is not."""

    header: tuple[str, ...]
    text: int
    context: int
    key: int

    @classmethod
    def of(cls, header: Sequence[str], name: str) -> "_Columns":
        plain = [cell.strip().lower() for cell in header]
        text, context, key = (
            next((plain.index(one) for one in known if one in plain), -1)
            for known in (TEXTS, CONTEXTS, IDS)
        )
        if text < 0:
            raise Malformed(
                f"{name}, line 1: no column of requests; one of {', '.join(TEXTS)} is wanted, "
                f"found {', '.join(header) or 'nothing'}"
            )
        return cls(header=tuple(header), text=text, context=context, key=key)

    def prompt(self, row: Sequence[str], where: str) -> Prompt:
        asked = self._cell(row, self.text, where)
        before = row[self.context].strip() if 0 <= self.context < len(row) else ""
        whole = f"{before}\n\n{asked}" if before else asked
        given = self._cell(row, self.key, where) if self.key >= 0 else ""
        return Prompt(id=_plain(given) or f"r{sha256(whole.encode()).hexdigest()[:12]}", text=whole)

    def named(self, where: str, column: int) -> str:
        return f"{where}, column {self.header[self.text if column < 0 else column].strip()}"

    def _cell(self, row: Sequence[str], column: int, where: str) -> str:
        said = row[column].strip() if column < len(row) else ""
        if not said:
            raise Malformed(f"{self.named(where, column)}: empty")
        return said


def _rows(content: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold anything, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise Malformed(f"{name}, line {max(line, reader.line_num)}: {error}") from None


def _plain(given: str) -> str:
    """An id as results may call it: small letters, digits, dots and underscores."""
    return _STRANGE.sub("_", given.lower()).strip("_.")


def _once(seen: dict[str, int], what: str, line: int, where: str) -> None:
    if what in seen:
        raise Malformed(f"{where}: it stands in line {seen[what]} already")
    seen[what] = line
