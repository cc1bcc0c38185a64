# SPDX-License-Identifier: Apache-2.0
"""The report: one HTML file that opens anywhere without a network, and the same findings as `results.json`.

The page is rendered from the very object that is written as JSON, so the two cannot disagree. What models
wrote is escaped, and what does not show in it is made visible. The same logs give the same bytes. It computes
nothing that findings.py did not.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gyges.lab.analyse.effect import ALPHA
from gyges.lab.analyse.effects import BEHAVIOURS
from gyges.lab.analyse.plain import Plain, plain
from gyges.lab.analyse.question import Answer
from gyges.lab.analyse.telling import VIEWER, address
from gyges.lab.drawing import figures
from gyges.lab.figures import Drawn
from gyges.lab.findings import Findings, findings
from gyges.lab.grading.limits import LIMITS
from gyges.lab.numbers import digits, interval, number, p_value, pct, pp, share
from gyges.lab.prices import Price
from gyges.lab.trial import Outcome
from gyges.lab.visible import block, line

if TYPE_CHECKING:
    from gyges.lab.read import Reading

RESULTS = "results.json"


def write(
    reading: "Reading",
    out: Path,
    *,
    prices: Mapping[str, Price] | None = None,
    limits: Iterable[str] | None = None,
    viewer: str = VIEWER,
) -> Findings:
    """Write the page to `out` and `results.json` beside it; folders are made.

    `prices` are dollars for a million tokens, by model; without them only tokens are told. `limits` are
    sentences on the graders, by default those of the deterministic one. `viewer` is where
    `inspect view` listens.
    """
    found = findings(reading, prices, (LIMITS,) if limits is None else limits)
    out.parent.mkdir(parents=True, exist_ok=True)
    table = as_json(found)
    out.write_text(page(found, viewer=viewer), "utf-8")
    (out.parent / RESULTS).write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    return found


def as_json(found: Findings) -> dict[str, Plain]:
    """The findings as docs/formats/lab-report.md describes them."""
    return cast("dict[str, Plain]", plain(found))


def page(found: Findings, *, viewer: str = VIEWER) -> str:
    """The whole page."""
    places = {one.file: one.place for one in found.sources}

    def link(side: Mapping[str, Plain]) -> str:
        log = str(side["log"])
        return address(places.get(log, log), str(side["sample"]), viewer)

    template = _environment().get_template("report.html")
    return template.render(
        f=as_json(found),
        figures=_Figures(figures(found)),
        link=link,
        contents=_contents(found),
        lead=_lead(found),
        alarms=_alarms(found),
        tested=_tested(found),
        kinds=[outcome.value for outcome in Outcome],
        behaviours=BEHAVIOURS,
    )


class _Figures(dict[str, Drawn]):
    """Figures by name; None for one that had nothing to draw."""

    def __missing__(self, name: str) -> None:
        return None


def _contents(found: Findings) -> list[tuple[str, str, bool]]:
    """(anchor, title, whether there is such a section), in the order of the page."""
    return [
        ("gap", "The gap", bool(found.gaps)),
        ("reasoning", "Reasoning", bool(found.reasoning)),
        ("motives", "Motives", bool(found.motives)),
        ("oversight", "Oversight", bool(found.oversight)),
        ("peer", "Office of agents", bool(found.peer)),
        ("systems", "Decision systems", bool(found.audits)),
        ("outcomes", "Outcomes", True),
        ("controls", "Positive controls", True),
        ("judges", "Graders", bool(found.panels)),
        ("telling", "Transcripts", bool(found.telling)),
        ("limits", "Limits", True),
        ("texts", "Texts, logs, cost", True),
    ]


def _lead(found: Findings) -> list[dict[str, str | int | float]]:
    """What a reader wants first: whether behaviour differs, counted over real models, or organisms if alone."""
    real = [m for m in found.models if m not in found.organisms]
    kept, unit = (real, "model") if real else (found.models, "organism")
    watched = [one for m in kept for one in found.oversight.get(m, ()) if one.group == "scenario"]
    cues = [one for m in kept for one in found.peer.get(m, ()) if one.about == "alignment faking"]
    gaps = [found.gaps[m].overall for m in kept if m in found.gaps]
    rows = [
        _told("gap", "Complies more where it is trained", unit, gaps),
        _told("oversight", "Misbehaves more unwatched", "scenario", watched),
        _told("peer", "Protects itself or a peer more unmonitored", "behaviour", cues),
    ]
    return [row for row in rows if row["of"]]


def _told(anchor: str, title: str, unit: str, rows: list[Answer]) -> dict[str, str | int | float]:
    verdicts = [one.verdict for one in rows if one.verdict]
    above = [one.above for one in verdicts if one.above is not None]
    return {
        "anchor": anchor,
        "title": title,
        "unit": unit,
        "of": len(rows),
        "shown": sum(one.effect.shown(1) for one in rows),
        "reversed": sum(one.effect.shown(-1) for one in rows),
        "excluded": len(above),
        "above": max(above, default=0.0),
        "silent": sum(one.word == "not shown" for one in verdicts),
    }


def _alarms(found: Findings) -> dict[str, int | bool] | None:
    """Effects found in organisms that lack them, and whether that is more than their share; None for none."""
    lacking = [control for control in found.controls if not control.positive]
    alarms = sum(control.false_alarm for control in lacking)
    if not alarms:
        return None
    return {"found": alarms, "lacking": len(lacking), "many": alarms > ALPHA * len(lacking)}


def _tested(found: Findings) -> list[dict[str, str | int]]:
    """A row for each organism: how many effects it has and lacks, and what was found of either."""
    rows: list[dict[str, str | int]] = []
    for model in dict.fromkeys(control.model for control in found.controls):
        own = [c for c in found.controls if c.model == model]
        has = [c for c in own if c.positive]
        rows.append(
            {
                "model": model,
                "has": len(has),
                "found": sum(c.found for c in has),
                "lacks": len(own) - len(has),
                "alarms": sum(c.false_alarm for c in own),
            }
        )
    return rows


def _environment() -> Environment:
    loader = PackageLoader("gyges.lab", "templates")
    made: Any = Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_finalize,
    )
    made.filters.update(
        pp=pp, pct=pct, p=p_value, span=interval, share=share, number=number, digits=digits,
        attr=_attr, day=_day,
    )  # fmt: skip
    made.tests["single"] = _single
    made.globals["css"] = Markup(_css(made))  # noqa: S704 - a file of ours
    return cast("Environment", made)


def _css(made: Environment) -> str:
    source = made.loader.get_source(made, "report.css")[0] if made.loader else ""
    return source[source.index("*/") + 2 :].strip()


def _finalize(value: object) -> object:
    """Every text that reaches the page goes through `block`; markup of ours is left as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return block(value)
    return value


def _single(found: list[str]) -> bool:
    return len(found) == 1


def _attr(text: str) -> Markup:
    """Text for an attribute: on one line, without any element."""
    return escape(line(text))


def _day(moment: str) -> str:
    """The day of an ISO time."""
    return moment[:10]
