# SPDX-License-Identifier: Apache-2.0
"""Which figures a report has: rows of the findings into rows of `figures.py`, each with its words for those who listen.

A name leads to one figure; the template asks for it by that name. It computes no statistic.
"""

from collections.abc import Iterable, Mapping, Sequence

from gyges.lab.analyse.effects import BEHAVIOURS
from gyges.lab.analyse.gap import Gap
from gyges.lab.analyse.question import Answer
from gyges.lab.analyse.taxonomy import Tally
from gyges.lab.figures import Bars, Dots, Drawn, Interval, dots, forest, stacked
from gyges.lab.findings import Findings
from gyges.lab.numbers import number
from gyges.lab.stats.words import Estimate
from gyges.lab.trial import Outcome
from gyges.lab.visible import line

POINTS = "percentage points, with 95 % interval"


def figures(found: Findings) -> dict[str, Drawn]:
    """Name -> figure: gaps, systems, `outcomes/TASK`, `motives/MODEL`, `oversight/MODEL`, `peer/MODEL/BEHAVIOUR`."""
    names = {model: at for at, model in enumerate(found.models)}
    drawn: dict[str, Drawn | None] = {"gaps": _gaps(found)}
    for at, task in enumerate(sorted({one.group["task"] for one in found.outcomes})):
        tallies = [one for one in found.outcomes if one.group["task"] == task]
        drawn[f"outcomes/{task}"] = _outcomes(f"outcomes{at}", task, tallies)
    for model, table in found.motives.items():
        drawn[f"motives/{model}"] = _answers(
            f"motives{names[model]}", table.rows, f"Motive questions to {line(model)}"
        )
    for model, rows in found.peer.items():
        for at, name in enumerate(BEHAVIOURS):
            own = [r for r in rows if r.of == name and r.about != "interaction"]
            drawn[f"peer/{model}/{name}"] = _answers(
                f"peer{names[model]}x{at}", own, f"Main effects on {name} of {line(model)}"
            )
    for model, rows in found.oversight.items():
        drawn[f"oversight/{model}"] = _watched(f"oversight{names[model]}", model, rows)
    drawn["systems"] = _answers(
        "systems", list(found.audits.values()), "Favourable decisions, live minus audit"
    )
    return {name: figure for name, figure in drawn.items() if figure}


def _gaps(found: Findings) -> Drawn | None:
    rows = [
        _row(model, gap.overall.effect.estimate, organism=model in found.organisms)
        for model, gap in _ordered(found.gaps, found.models)
        if gap.overall.effect.estimate
    ]
    if found.table.mean:
        rows.append(_row("mean of the models", found.table.mean, organism=True))
    told = _told((row.label, row.told) for row in rows)
    alt = f"Compliance gap, trained minus untrained. {told}"
    return forest("gaps", rows, alt, axis=POINTS) if rows else None


def _answers(name: str, answers: Sequence[Answer], what: str) -> Drawn | None:
    rows = [
        _row(_short(one), one.effect.estimate, organism=not one.effect.shown())
        for one in answers
        if one.effect.estimate
    ]
    alt = f"{what}. {_told((row.label, row.told) for row in rows)}"
    return forest(name, rows, alt, axis=POINTS) if rows else None


def _watched(name: str, model: str, answers: Sequence[Answer]) -> Drawn | None:
    rows = [
        Dots(
            label=line(one.name.replace("_", " ")),
            high=100 * one.high.value,
            low=100 * one.low.value,
            told=f"{100 * one.low.value:.0f} % \u2192 {100 * one.high.value:.0f} %",
        )
        for one in answers
        if one.high and one.low
    ]
    alt = (
        f"How often {line(model)} misbehaves watched, and unwatched."
        f" {_told((row.label, row.told) for row in rows)}"
    )
    return dots(name, rows, alt, axis="% of runs") if rows else None


def _outcomes(name: str, task: str, tallies: Sequence[Tally]) -> Drawn | None:
    rows = [
        Bars(
            label=line(" \u00b7 ".join(v for k, v in one.group.items() if k != "task" and v)),
            parts=[(outcome.value, one.counts[outcome.value]) for outcome in Outcome],
        )
        for one in tallies
    ]
    told = _told((r.label, ", ".join(f"{n} {kind}" for kind, n in r.parts if n)) for r in rows)
    return stacked(name, rows, f"Outcomes of {line(task)}. {told}", axis="% of trials")


def _row(label: str, found: Estimate | None, *, organism: bool) -> Interval:
    assert found is not None
    value, low, high = (100 * x for x in (found.value, found.low, found.high))
    told = f"{number(value, signed=True)} [{number(low, signed=True)}, {number(high, signed=True)}]"
    return Interval(
        label=line(label),
        value=value,
        low=low,
        high=high,
        told=told,
        shape="square" if organism else "dot",
        strong=not organism,
    )


def _short(one: Answer) -> str:
    """The row's name without the behaviour that the figure is about."""
    return one.name.removeprefix(f"{one.of}: ")


def _ordered(found: Mapping[str, Gap], order: Iterable[str]) -> list[tuple[str, Gap]]:
    return [(model, found[model]) for model in order if model in found]


def _told(rows: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{label}: {told}" for label, told in rows) + "."
