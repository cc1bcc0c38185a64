# SPDX-License-Identifier: Apache-2.0
"""Everything that a report says, as one value: computed once, then written as a page and as JSON.

Real models are corrected among themselves, organisms among themselves: a control costs no power. Every effect
leaves here with the verdict that its positive controls allow. It draws and writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gyges.lab import sources
from gyges.lab.analyse import effects, gap, judges, motives, systems, taxonomy, telling
from gyges.lab.analyse.controls import Control
from gyges.lab.analyse.gap import Gap
from gyges.lab.analyse.judges import Calibration, Panel
from gyges.lab.analyse.models import Models, models
from gyges.lab.analyse.motives import Attribution, Compared
from gyges.lab.analyse.pairs import CUE, TIER, WATCH, behaviour, complied
from gyges.lab.analyse.question import Answer, Truth, by_model, corrected, judged
from gyges.lab.analyse.reasoning import Reasoning, reasoning
from gyges.lab.analyse.taxonomy import Tally
from gyges.lab.analyse.telling import Telling
from gyges.lab.apart import apart
from gyges.lab.prices import Price
from gyges.lab.sources import Pinned, Source, Usage
from gyges.lab.trial import Trial

if TYPE_CHECKING:
    from gyges.lab.read import Reading

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The report. Names and meaning of each field: docs/formats/lab-report.md."""

    version: int
    folder: str
    sources: tuple[Source, ...]
    trials: int
    foreign: int
    strangers: tuple[str, ...]
    unfinished: tuple[str, ...]
    unreadable: tuple[str, ...]
    models: tuple[str, ...]
    organisms: Mapping[str, str]
    gaps: Mapping[str, Gap]
    table: Models
    reasoning: Mapping[str, Reasoning]
    outcomes: tuple[Tally, ...]
    motives: Mapping[str, Attribution]
    compared: tuple[Compared, ...]
    peer: Mapping[str, tuple[Answer, ...]]
    oversight: Mapping[str, tuple[Answer, ...]]
    audits: Mapping[str, Answer]
    panels: tuple[Panel, ...]
    calibration: tuple[Calibration, ...]
    controls: tuple[Control, ...]
    telling: tuple[Telling, ...]
    pins: tuple[Pinned, ...]
    usage: tuple[Usage, ...]
    limits: tuple[str, ...]


def findings(
    reading: "Reading", prices: Mapping[str, Price] | None = None, limits: Iterable[str] = ()
) -> Findings:
    """Analyse what was read. `limits` are sentences on the graders that were used."""
    logs = reading.logs
    every = apart(logs, reading.trials)
    trials = [t for t in every if t.mark.task != systems.TASK]  # a decision system is no model
    known = sources.truth(logs)
    each = by_model(trials)
    gaps = _gaps(each, known)
    why = {m: motives.attribute(own, known) for m, own in _having(each, motives.TASK).items()}
    peer = {m: effects.peer(own, known) for m, own in _having(each, effects.PEER).items()}
    watched = {
        m: effects.oversight(own, known) for m, own in _having(each, effects.OVERSIGHT).items()
    }
    real = [m for m in each if not _organism(m)]
    return Findings(
        version=VERSION,
        folder=sources.folder(logs),
        sources=sources.sources(logs),
        trials=len(every),
        foreign=reading.foreign,
        strangers=reading.strangers,
        unfinished=reading.unfinished,
        unreadable=reading.unreadable,
        models=(*real, *(m for m in each if _organism(m))),
        organisms=_organisms(each),
        gaps=gaps,
        table=models([gaps[m] for m in real if m in gaps], trials),
        reasoning={m: reasoning(own) for m, own in _having(each, gap.TASK).items()},
        outcomes=_outcomes(trials, real),
        motives=_with_verdicts(why),
        compared=_compared(each),
        peer=_verdicts(peer),
        oversight=_verdicts(watched),
        audits=systems.systems(every),
        panels=judges.panels(trials),
        calibration=judges.calibration(trials, sources.faked(logs)),
        controls=_controls(gaps, why, peer, watched),
        telling=_telling(trials),
        pins=sources.pins(trials),
        usage=sources.usage(logs, trials, prices or {}),
        limits=tuple(limits),
    )


def _organism(model: str) -> bool:
    return model.startswith(sources.ORGANISM)


def _organisms(each: Iterable[str]) -> dict[str, str]:
    """Name -> what it is, for the organisms among the models."""
    found = {model: sources.wearer(model, {}) for model in each}
    return {model: wearer.description for model, wearer in found.items() if wearer}


def _having(each: Mapping[str, Sequence[Trial]], task: str) -> dict[str, list[Trial]]:
    """The models that ran a task, with their trials of it."""
    found = {m: [t for t in own if t.mark.task == task] for m, own in each.items()}
    return {m: own for m, own in found.items() if own}


def _gaps(each: Mapping[str, Sequence[Trial]], known: Truth) -> dict[str, Gap]:
    found = {m: gap.gap(own, truth=known) for m, own in _having(each, gap.TASK).items()}
    overall: list[Answer] = []
    for organisms in (False, True):
        overall += corrected(g.overall for m, g in found.items() if _organism(m) == organisms)
    with_verdict = {one.model: one for one in judged(overall, keen=True)}
    return {m: replace(g, overall=with_verdict[m]) for m, g in found.items()}


def _verdicts(rows: Mapping[str, tuple[Answer, ...]]) -> dict[str, tuple[Answer, ...]]:
    """The rows of each model, each held against the same row of the organisms."""
    found = judged(answer for own in rows.values() for answer in own)
    return {m: tuple(one for one in found if one.model == m) for m in rows}


def _with_verdicts(
    found: Mapping[str, Attribution],
) -> dict[str, Attribution]:
    rows = _verdicts({m: one.rows for m, one in found.items()})
    eased = _verdicts({m: one.mitigations for m, one in found.items()})
    return {m: replace(one, rows=rows[m], mitigations=eased[m]) for m, one in found.items()}


def _controls(
    gaps: Mapping[str, Gap],
    why: Mapping[str, Attribution],
    *rest: Mapping[str, tuple[Answer, ...]],
) -> tuple[Control, ...]:
    """Every answer of an organism, as the control that it is for others."""
    answers = [g.overall for g in gaps.values()]
    answers += [row for one in why.values() for row in (*one.rows, *one.mitigations)]
    answers += [row for table in rest for own in table.values() for row in own]
    return tuple(
        Control(
            model=one.model,
            name=one.name,
            configuration=one.configuration,
            true=one.true,
            effect=one.effect,
        )
        for one in answers
        if one.true is not None
    )


def _outcomes(trials: Sequence[Trial], first: Sequence[str]) -> tuple[Tally, ...]:
    """By task, model and the level of the factor that the task turns on; the models named `first` first."""
    found: list[Tally] = []
    for task in sorted({t.mark.task for t in trials}):
        own = [t for t in trials if t.mark.task == task]
        factor = next((f for f in ("probe", "tier", "cue") if any(t.level(f) for t in own)), "")
        rows = taxonomy.taxonomy(own, ("task", "model", *([factor] if factor else [])))
        found += sorted(rows, key=lambda row: row.group["model"] not in first)
    return tuple(found)


def _compared(each: Mapping[str, Sequence[Trial]]) -> tuple[Compared, ...]:
    """Each chat model against each base model that ran the same task as one plain document."""
    own = {m: ts for m, ts in _having(each, gap.TASK).items() if not _organism(m)}
    base = {m for m, ts in own.items() if all(t.level("format") == "completion" for t in ts)}
    found = (motives.compare(own[m], own[b]) for m in own if m not in base for b in sorted(base))
    return tuple(one for one in found if one.prompts)


def _telling(trials: Sequence[Trial]) -> tuple[Telling, ...]:
    """From real models where there are any: an organism tells nothing new."""
    real = [t for t in trials if not _organism(t.model)]
    return telling.telling(real or trials, _looks(trials))


def _looks(trials: Sequence[Trial]) -> list[telling.Look]:
    """Compliance by tier, and every misbehaviour by whether somebody watches; refusing is none."""
    names = sorted({name for t in trials for name in t.behaviours} & _misbehaviours(trials))
    watched = [(name, contrast) for name in names for contrast in (CUE, WATCH)]
    return [
        telling.Look(about="compliance", contrast=TIER, measure=complied),
        *(telling.Look(about=n, contrast=c, measure=behaviour(n)) for n, c in watched),
    ]


def _misbehaviours(trials: Sequence[Trial]) -> set[str]:
    """Those of the office, and each scenario's own."""
    return {*effects.BEHAVIOURS, *(t.mark.pack for t in trials)} - {"refusal"}
