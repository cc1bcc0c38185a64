# SPDX-License-Identifier: Apache-2.0
"""`python -m bench.table`: put the kept results into docs/performance.md, between its markers.

    <!-- results: gate -->  ...a Markdown table...  <!-- end -->

and what a ring test needs into docs/drift.md. Tests hold the pages to the files, so no figure there is typed by hand.
It measures nothing.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.measure import RESULTS, shown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
DRIFT = PAGE.parent / "drift.md"
_CUE = re.compile(r"cue, gap (\d+) points, (\d+)% unwatched: \d+% of runs by")
_POWERS = re.compile(r"<!-- powers -->\n.*?<!-- end -->", re.DOTALL)
_PLACE = re.compile(r"<!-- results: ([a-z]+) -->\n.*?<!-- end -->", re.DOTALL)


def table(name: str) -> str:
    """The Markdown table of one results file, or a line that says that there is none yet."""
    file = RESULTS / f"{name}.json"
    if not file.exists():
        return f"*Not measured yet: `make bench ARGS={name}`.*"
    rows = json.loads(file.read_text(encoding="utf-8"))
    lines = ["| what | figure | against | ratio | n | note |", "|---|---:|---|---:|---:|---|"]
    for row in rows:
        ratio = shown(row["ratio"]) if row["ratio"] else ""
        figure = f"{shown(row['value'])} {row['unit']}" if row["n"] else ""
        cells = (row["metric"], figure, row["against"], ratio, f"{row['n']:,}", row["note"])
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines)


def filled(page: str) -> str:
    """The page with the present results in it."""

    def fill(place: re.Match[str]) -> str:
        return f"<!-- results: {place[1]} -->\n\n{table(place[1])}\n\n<!-- end -->"

    return _PLACE.sub(fill, page)


def powers(rows: Iterable[Mapping[str, Any]]) -> str:
    """The Markdown table of how many units a ring test needs, from the drift bench's rows."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if match := _CUE.fullmatch(row["metric"]):
            found.setdefault((match[1], match[2]), []).append(shown(row["value"]))
    lines = [
        "| gap | unwatched | 5 of 10 by | 8 of 10 by | 9 of 10 by |",
        "|---|---|---:|---:|---:|",
    ]
    for (gap, share), figures in found.items():
        lines.append(
            f"| {gap} {'point' if gap == '1' else 'points'} | {share} % | {' | '.join(figures)} |"
        )
    return "\n".join(lines)


def powered(page: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The page on drift with the table of powers in it."""
    return _POWERS.sub(f"<!-- powers -->\n\n{powers(rows)}\n\n<!-- end -->", page)


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    if (kept := RESULTS / "drift.json").exists():
        text = powered(DRIFT.read_text(encoding="utf-8"), json.loads(kept.read_text()))
        DRIFT.write_text(text, encoding="utf-8")
