# SPDX-License-Identifier: Apache-2.0
"""What every bench is made of: rows, samples from interleaved rounds, a table, and the results file.

    results/NAME.json   [{"metric", "value", "unit", "against", "ratio", "n", "note"}, ...]

A value is the median over rounds of each round's figure, and the note gives the lowest and highest round.
`ratio` compares with the same measure of what `against` names, taken in the same run: where both have a figure
for each round it is the median of the rounds' ratios, so a round that was disturbed counts once and not
twice; 0 where there is nothing to compare with. It starts no process and knows no subject.
"""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table. `n` counts single measurements behind `value`."""

    metric: str
    value: float
    unit: str
    against: str = ""
    ratio: float = 0.0
    n: int = 0
    note: str = ""


@dataclass(slots=True)
class Rounds:
    """One figure for each round, and how many measurements they rest on."""

    figures: list[float] = field(default_factory=list[float])
    n: int = 0

    def add(self, figure: float, n: int = 1) -> None:
        """One more round."""
        self.figures.append(figure)
        self.n += n

    @property
    def value(self) -> float:
        """The median round."""
        return statistics.median(self.figures)

    def over(self, base: "Rounds") -> float:
        """How many times `base` this is, round by round where the rounds are pairs."""
        if len(self.figures) != len(base.figures):
            return self.value / base.value
        return statistics.median(a / b for a, b in zip(self.figures, base.figures, strict=True))

    @property
    def spread(self) -> str:
        """Lowest to highest round."""
        return f"{shown(min(self.figures))}..{shown(max(self.figures))}"


def quantile(sorted_values: Sequence[float], q: float) -> float:
    """The value below which the share `q` lies; `sorted_values` must not be empty."""
    return sorted_values[min(len(sorted_values) - 1, int(q * len(sorted_values)))]


def row(
    metric: str,
    rounds: Rounds,
    unit: str,
    *,
    against: str = "",
    base: Rounds | None = None,
    note: str = "",
) -> Row:
    """The row of a measure, compared with `base` where one is given."""
    ratio = rounds.over(base) if base else 0.0
    parts = [f"rounds {rounds.spread}", note]
    return Row(
        metric=metric,
        value=sig(rounds.value),
        unit=unit,
        against=against,
        ratio=sig(ratio),
        n=rounds.n,
        note="; ".join(part for part in parts if part),
    )


def target(row: Row, limit: float, *, of: str, at_most: bool = True) -> Row:
    """The same row, its note saying whether it meets a target; `of` is "value" or "ratio"."""
    found = row.ratio if of == "ratio" else row.value
    held = found <= limit if at_most else found >= limit
    words = f"target: {of} {'<=' if at_most else '>='} {limit:g}, {'met' if held else 'NOT met'}"
    return Row(**{**asdict(row), "note": f"{words}; {row.note}".strip("; ")})


def sig(value: float) -> float:
    """Four significant digits: the rest is noise."""
    return float(f"{value:.4g}")


def shown(value: float) -> str:
    """A figure for people."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def save(name: str, rows: Iterable[Row], folder: Path = RESULTS) -> Path:
    """Write the results file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    return file


def show(name: str, rows: Iterable[Row], console: Console) -> None:
    """Print the table."""
    table = Table(title=name, title_justify="left")
    for column in ("metric", "value", "unit", "against", "ratio", "n", "note"):
        table.add_column(column, justify="right" if column in ("value", "ratio", "n") else "left")
    for found in rows:
        ratio = f"{found.ratio:.3g}" if found.ratio else ""
        figures = (shown(found.value), found.unit, found.against, ratio, f"{found.n:,}")
        table.add_row(found.metric, *figures, found.note)
    console.print(table)


def by_name(names: Iterable[str]) -> dict[str, Rounds]:
    """Empty rounds for each name."""
    return {name: Rounds() for name in names}


def medians(rounds: Mapping[str, Rounds]) -> dict[str, float]:
    """Name to value, for progress lines."""
    return {name: sig(found.value) for name, found in rounds.items() if found.figures}
