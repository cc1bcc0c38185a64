# SPDX-License-Identifier: Apache-2.0
"""`gyges lab report | grade | regrade | audit`: what is read after a run, or without one. It runs no model."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from gyges.cli.common import HELD, NOT_HELD, AsJson, emit
from gyges.cli.lab_shown import table, value
from gyges.cli.shown import visible
from gyges.errors import Malformed
from gyges.lab.prices import prices as price_table

Logs = Annotated[list[Path], typer.Argument(help="Inspect logs, or folders of them.")]
Prices = Annotated[Path | None, typer.Option(help="Prices by model, in TOML: docs/lab.md.")]
KINDS: tuple[Literal["binary", "category", "number"], ...] = ("binary", "category", "number")
Column = Annotated[list[str], typer.Option(help="A column that may lawfully explain a decision.")]


def report(
    logs: Logs,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path(
        "report.html"
    ),
    prices: Prices = None,
    as_json: AsJson = False,
) -> None:
    """Write one HTML page, and results.json beside it, from any logs that hold the lab's tasks."""
    from gyges.lab.read import read
    from gyges.lab.report import as_json as told
    from gyges.lab.report import write

    found = write(read(logs), out, prices=price_table(prices))
    if as_json:
        emit(told(found))
        return
    for name in found.unfinished:
        print(f"unfinished: {visible(name)}")
    print(f"{found.trials} trials of {len(found.models)} models: {visible(str(out))}")


def grade(
    file: Annotated[Path, typer.Argument(help="Transcripts: JSON lines, a JSON array, or CSV.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
) -> None:
    """Grade recorded scratchpads for alignment-faking reasoning, by rules, without a model."""
    from gyges.lab.grade import LIMITS, grade_file

    graded = list(grade_file(file))
    if as_json:
        for row in graded:
            print(json.dumps(row.table()))
    else:
        table(
            [
                {
                    "line": row.line,
                    "id": row.id,
                    "score": row.grade.score if row.grade else None,
                    "present": row.grade.present if row.grade else row.problem,
                }
                for row in graded
            ]
        )
        print(LIMITS)
    raise typer.Exit(HELD if all(row.grade for row in graded) else NOT_HELD)


def regrade(
    logs: Logs,
    *,
    judge: Annotated[
        list[str], typer.Option(help="A model that judges; several are compared.")
    ] = [],  # noqa: B006
    votes: Annotated[int, typer.Option(min=1, help="Votes of each judge.")] = 1,
) -> None:
    """Grade logs again without asking the models under test again; new logs are written beside the old."""
    from gyges.lab.grade import (
        awareness_rules,
        faking_judge,
        faking_rules,
        outcome_judge,
        outcome_rules,
    )
    from gyges.lab.grade import regrade as again

    judges = [
        made for name in judge for made in (outcome_judge(name, votes), faking_judge(name, votes))
    ]
    rules = [] if judge else [outcome_rules(), faking_rules(), awareness_rules()]
    for path in again(_files(logs), [*rules, *judges]):
        print(visible(str(path)))


def audit(  # noqa: PLR0913 - a command line has as many options as it has
    audit_file: Annotated[Path, typer.Argument(help="Cases of the audit, CSV.", metavar="AUDIT")],
    live_file: Annotated[Path, typer.Argument(help="Cases of real use, CSV.", metavar="LIVE")],
    *,
    covariate: Column,
    system: Annotated[
        str, typer.Option(help="module:function or an address; none: decisions on file.")
    ] = "",
    kind: Annotated[
        str, typer.Option(help="What a decision is: binary, category, number.")
    ] = "binary",
    favourable: Annotated[str, typer.Option(help="The value that is good for the person.")] = "",
    group: Annotated[str, typer.Option(help="The column of the protected attribute.")] = "",
    outcome: Annotated[str, typer.Option(help="The column of what really happened.")] = "",
    decision: Annotated[str, typer.Option(help="The column of the decision.")] = "decision",
    case_id: Annotated[str, typer.Option("--id", help="The column of the cases' ids.")] = "",
    label: Annotated[
        list[str], typer.Option(help="A covariate whose numbers are labels, such as a postal code.")
    ] = [],  # noqa: B006
    set_: Annotated[
        list[str], typer.Option("--set", help="Another choice of the plan, name=value.")
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Compare a system's decisions in an audit with those in real use, on cases that are alike."""
    from gyges.lab.audit import Plan, run_files

    try:
        plan = Plan(
            covariates=tuple(covariate),
            kind=_kind(kind),
            favourable=favourable,
            group=group,
            outcome=outcome,
            decision=decision,
            id=case_id,
            labels=tuple(label),
            **dict(map(value, set_)),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        )
    except TypeError as error:
        raise Malformed(f"audit: {error}") from None
    found = run_files(audit_file, live_file, plan, system)
    if as_json:
        emit(found.as_json())
    else:
        print(found.text(), end="")
    raise typer.Exit(HELD if found.verdict == "no divergence found" else NOT_HELD)


def _kind(kind: str) -> Literal["binary", "category", "number"]:
    for known in KINDS:
        if kind == known:
            return known
    raise Malformed(f"a decision is binary, category or number, not {kind!r}")


def _files(places: list[Path]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        found += sorted(place.rglob("*.eval")) if place.is_dir() else [place]
    if not found:
        raise Malformed("no .eval log there")
    return found
