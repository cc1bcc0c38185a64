# SPDX-License-Identifier: Apache-2.0
"""`python -m bench.table`: put the kept results into docs/performance.md, between its markers.

    <!-- results: gate -->  ...a Markdown table...  <!-- end -->

A test holds the page to the files, so no figure there is typed by hand. It measures nothing.
"""

import json
import re
from pathlib import Path

from bench.measure import RESULTS, shown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
_PLACE = re.compile(r"<!-- results: ([a-z]+) -->\n.*?<!-- end -->", re.DOTALL)


def table(name: str) -> str:
    """The Markdown table of one results file."""
    rows = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
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


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
