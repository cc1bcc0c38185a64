# SPDX-License-Identifier: Apache-2.0
"""The inbox as a list: what waits, by risk and then by time left. Pure: answers in, rich renderables out.

It fetches nothing, and shows no more of a case than fits a line: `inbox_page.py` shows all of it.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from gyges.answer import Answer
from gyges.cli.shown import folded, rows, span, visible

_WIDTHS = {  # least and most characters; in this order, so that what a narrow screen cuts off matters least
    "  case": (30, 30), "risk": (9, 9), "ends": (4, 4), "tool": (8, 16),
    "asks": (9, 20), "agent": (5, 12),
}  # fmt: skip
BRIEF = 48  # characters of the arguments in the list


def by_risk(answers: Iterable[Answer]) -> list[Answer]:
    """The most risky first, then whose time ends first."""
    return sorted(answers, key=lambda a: (-a.risk, a.deadline or 1 << 62, a.id))


def listing(
    answers: Sequence[Answer], now: int, selected: int = -1, mine: AbstractSet[str] = frozenset()
) -> RenderableType:
    """The cases that wait, as they come; `mine` are ids of those that the reader has already answered."""
    if not answers:
        return Text("Nothing waits for you.", style="dim")
    table = Table(box=None, pad_edge=False, expand=True)
    for name, (least, most) in _WIDTHS.items():
        table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=least, max_width=most)
    table.add_column("arguments", no_wrap=True, overflow="ellipsis", ratio=1)
    for index, answer in enumerate(answers):
        table.add_row(
            Text(("> " if index == selected else "  ") + answer.id),
            risk(answer.risk),
            countdown(answer, now, brief=True),
            Text(visible(answer.action.tool), style="bold"),
            Text(("not you: " if answer.id in mine else "") + asked(answer)),
            Text(visible(answer.action.agent)),
            Text(brief(answer)),
            style="reverse" if index == selected else "",
        )
    return table


def risk(level: int) -> Text:
    """The risk in number and word; colour only repeats it."""
    for least, word, style in ((80, "high", "bold red"), (50, "medium", "yellow"), (0, "low", "")):
        if level >= least:
            return Text(f"{level} {word}", style=style)
    return Text(str(level))


def countdown(answer: Answer, now: int, *, brief: bool = False) -> Text:
    """Time left to answer; `brief` in at most five characters."""
    if not answer.deadline:
        return Text("-")
    left = answer.deadline - now
    style = "bold red" if left < 60_000 else "yellow" if left < 300_000 else ""
    words = (span(left).split()[0] + span(left).split()[1][0]) if brief else span(left)
    return Text(words if left > 0 else "over", style=style)


def asked(answer: Answer) -> str:
    """Who must still approve."""
    return ", ".join(f"{n} {visible(group)}" for group, n in sorted(answer.missing.items())) or "-"


def brief(answer: Answer) -> str:
    """The first few arguments, for the list."""
    words = [f"{visible(p.lstrip('/'))}={folded(v)}" for p, v in rows(answer.action.arguments)]
    text = "  ".join(words)
    return text if len(text) <= BRIEF else text[: BRIEF - 3] + "..."
