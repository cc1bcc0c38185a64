# SPDX-License-Identifier: Apache-2.0
"""One case as an approver sees it, with every argument. Pure: an answer in, rich renderables out.

What the gate computed stands above what the agent says of itself, and the latter is marked as such. Every
character from outside passes `shown.visible` or `shown.literal`, so none of it speaks to the terminal.
It fetches nothing and decides nothing.
"""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gyges.answer import Answer
from gyges.canon import Json
from gyges.case import State
from gyges.cli.inbox_list import countdown, risk
from gyges.cli.shown import ago, folded, rows, scripts, visible
from gyges.verdict import Look

LABEL = 14  # width of the left column of a case


def page(answer: Answer, now: int, *, full: bool = False) -> RenderableType:
    """One case, whole. `full` unfolds long values."""
    parts: list[RenderableType] = [_facts(answer, now), Text(), _arguments(answer, full=full)]
    if not intact(answer):
        warning = "THE DIGEST IS NOT THAT OF THE ACTION SHOWN: do not approve this."
        parts.insert(0, Text(warning, style="bold white on red"))
    if answer.votes:
        parts += [Text(), _votes(answer, now)]
    if answer.verdicts:
        parts += [Text(), _monitors(answer)]
    parts += [Text(), _agent_says(answer, full=full)]
    return Group(*parts)


def intact(answer: Answer) -> bool:
    """Whether the digest is that of the very action that is shown, worked out here."""
    return answer.action.digest == answer.digest


def differences(before: dict[str, Json], after: dict[str, Json]) -> RenderableType:
    """What an edit changes, argument by argument."""
    old, new = dict(rows(before)), dict(rows(after))
    table = Table("argument", "the agent's", "yours", box=None, pad_edge=False)
    for pointer in dict.fromkeys((*old, *new)):
        was, now = (_value(side, pointer) for side in (old, new))
        if was != now:
            table.add_row(Text(visible(pointer)), Text(was, style="red"), Text(now, style="green"))
    return table


def _facts(answer: Answer, now: int) -> Table:
    action = answer.action
    table = _pairs()
    where = f" on {visible(action.server)}" if action.server else ""
    table.add_row("case", Text(f"{answer.id}  ({answer.state}, {ago(answer.created, now)})"))
    table.add_row("tool", Text(visible(action.tool) + where, style="bold"))
    table.add_row("agent", Text(visible(action.agent)))
    _row(table, "on behalf of", action.principal)
    _row(table, "resource", action.resource)
    _row(table, "episode", action.episode)
    table.add_row("risk", risk(answer.risk))
    table.add_row("asked by", Text(_rules(answer)))
    _row(table, "because", answer.reason)
    table.add_row("approvals", Text(_approvals(answer)))
    table.add_row("ends", _ending(answer, now))
    _row(table, "replaces", answer.amends)
    _row(table, "replaced by", answer.replaced_by)
    _row(table, "edited by", action.edited_by)
    table.add_row("digest", Text(visible(answer.digest)))
    return table


def _arguments(answer: Answer, *, full: bool) -> Table:
    notes = _notes(answer)
    table = Table("argument", "value", "note", box=None, pad_edge=False, title_justify="left")
    table.title = "Arguments: exactly this will run"
    table.title_style = "bold"
    for pointer, value in rows(answer.action.arguments):
        note = [*notes.get(pointer, ()), *_mixed(value)]
        table.add_row(
            Text(visible(pointer) or "(none)"),
            Text(folded(value, full=full), overflow="fold"),
            Text("; ".join(note), style="yellow"),
        )
    return table


def _notes(answer: Answer) -> dict[str, list[str]]:
    """Argument -> where it comes from, as the caller tells it, and which monitors point at it."""
    found: dict[str, list[str]] = {}
    for pointer, sources in answer.action.provenance.items():
        inner = pointer.removeprefix("/arguments")
        found.setdefault(inner, []).append("from " + ", ".join(map(visible, sources)))
    for verdict in answer.verdicts:
        for place in verdict.spans:
            inner = place.pointer.removeprefix("/arguments")
            note = f"see {visible(verdict.monitor)}"
            if inner != place.pointer and note not in found.setdefault(inner, []):
                found[inner].append(note)
    return found


def _mixed(value: Json) -> list[str]:
    found = scripts(value) if isinstance(value, str) else ()
    return [f"mixes {' and '.join(name.lower() for name in found)} letters"] if found else []


def _votes(answer: Answer, now: int) -> Table:
    table = Table("person", "says", "for", "when", "reason", box=None, pad_edge=False)
    table.title, table.title_style, table.title_justify = "Answers so far", "bold", "left"
    for vote in answer.votes:
        how = " (standing grant)" if vote.grant else ""
        words = (vote.person, vote.say.value + how, vote.group, ago(vote.at, now), vote.reason)
        table.add_row(*(Text(visible(word)) for word in words))
    return table


def _monitors(answer: Answer) -> Table:
    table = Table("monitor", "suspicion", "reasons", box=None, pad_edge=False)
    table.title, table.title_style, table.title_justify = "Monitors", "bold", "left"
    for verdict in answer.verdicts:
        level = f"{verdict.suspicion:.2f}" if verdict.look is Look.DONE else verdict.look.value
        reasons = "; ".join(map(visible, verdict.reasons)) or "nothing found"
        table.add_row(Text(visible(verdict.monitor)), Text(level), Text(reasons))
    return table


def _agent_says(answer: Answer, *, full: bool) -> Table:
    table = _pairs()
    table.title, table.title_style = "What the agent says (not verified)", "bold"
    table.title_justify = "left"
    table.add_row("purpose", Text(folded(answer.action.purpose, full=full), style="italic"))
    for excerpt in answer.action.context:
        trust = "trusted" if excerpt.trusted else "not trusted"
        text = Text(f"{visible(excerpt.source)} ({trust}): ")
        text.append(folded(excerpt.text, full=full), style="italic")
        table.add_row("had read", text)
    return table


def _rules(answer: Answer) -> str:
    return ", ".join(map(visible, answer.rules)) or "no rule"


def _approvals(answer: Answer) -> str:
    if answer.blind:
        parts = [f"{visible(group)}: {n}" for group, n in sorted(answer.required.items())]
        parts.append("who has answered is shown after your own answer")
    else:
        parts = [
            f"{visible(group)}: {answer.approvals.get(group, 0)} of {n}"
            for group, n in sorted(answer.required.items())
        ]
    also = f" (also asked: {', '.join(map(visible, answer.escalated))})" if answer.escalated else ""
    return (", ".join(parts) or "none needed") + also


def _ending(answer: Answer, now: int) -> Text:
    if not answer.deadline:
        return Text("-")
    then = {
        State.WAITING: "if not enough people have approved by then, it is denied",
        State.GRANTED: "if it has not run by then, it lapses",
        State.REDEEMED: "if nothing is heard by then, its outcome is unknown",
    }.get(answer.state, "")
    return countdown(answer, now).append(f" left; {then}" if then else " left", style="")


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", width=LABEL)
    table.add_column(overflow="fold")
    return table


def _row(table: Table, name: str, value: str) -> None:
    if value:
        table.add_row(name, Text(visible(value)))


def _value(side: dict[str, Json], pointer: str) -> str:
    return folded(side[pointer]) if pointer in side else "(none)"
