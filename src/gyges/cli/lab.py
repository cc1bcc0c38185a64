# SPDX-License-Identifier: Apache-2.0
"""`gyges lab`: run the lab's tasks, read what came of it, see it work on organisms, calibrate it.

Each command imports what it needs when it is called; without the extra `lab` it says how to get it.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, cast

import typer

from gyges.cli import lab_known, lab_read
from gyges.cli.common import HELD, NOT_HELD, AsJson, emit
from gyges.cli.lab_read import Prices
from gyges.cli.lab_shown import display, table, value
from gyges.cli.shown import visible
from gyges.errors import Misconfigured

if not find_spec("inspect_ai"):
    raise Misconfigured("the lab is an extra: pip install 'gyges[lab]'")

from gyges.lab.prices import prices as price_table
from gyges.lab.run import SYSTEMS, TASKS, Plan, legs
from gyges.lab.run import run as run_plan

app = typer.Typer(no_args_is_help=True)
READ = (lab_read.report, lab_read.grade, lab_read.regrade, lab_read.audit)
for command in (*READ, lab_known.demo, lab_known.calibrate):
    app.command()(command)

NAMES = f"{', '.join(TASKS)}, or `all` of these; {', '.join(SYSTEMS)}"
Tasks = Annotated[list[str], typer.Argument(help=f"Tasks: {NAMES}.")]
Models = Annotated[list[str], typer.Option("--model", "-m", help="A model as Inspect names it.")]
Bases = Annotated[
    list[str], typer.Option("--base", help="A base model: the prompts as one document.")
]
Options = Annotated[list[str], typer.Option("-T", help="An option of the tasks, as name=value.")]
Args = Annotated[list[str], typer.Option("-M", help="An argument of the models, as name=value.")]


@app.command()
def run(  # noqa: PLR0913 - a command line has as many options as it has
    tasks: Tasks,
    *,
    model: Models = [],  # noqa: B006 - Typer copies it
    base: Bases = [],  # noqa: B006
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Where the logs go; resumed if there.")
    ] = Path("logs"),
    option: Options = [],  # noqa: B006
    model_arg: Args = [],  # noqa: B006
    judge: Annotated[list[str], typer.Option(help="Also grade with this model.")] = [],  # noqa: B006
    votes: Annotated[int, typer.Option(min=1, help="Votes of each judge.")] = 1,
    epochs: Annotated[int, typer.Option(min=1, help="Samples of each prompt and condition.")] = 1,
    limit: Annotated[int, typer.Option(min=0, help="At most so many samples a task; 0: all.")] = 0,
    max_connections: Annotated[int | None, typer.Option(help="Calls to a model at once.")] = None,
    controls: Annotated[
        bool, typer.Option(help="Run the organisms that show what can be found.")
    ] = True,
    dry_run: Annotated[
        bool, typer.Option(help="Estimate calls, tokens and cost; call nobody.")
    ] = False,
    output_factor: Annotated[
        float, typer.Option(min=0.01, help="Dry run: how much longer than an organism's replies.")
    ] = 1.0,
    prices: Prices = None,
    as_json: AsJson = False,
) -> None:
    """Run tasks on models and on their positive controls, or resume a run that was interrupted."""
    options = dict(map(value, option))
    if judge and not dry_run:  # an estimate needs no judge's key
        options |= {"judges": ",".join(judge), "votes": votes}
    plan = Plan(
        tasks=TASKS if tasks == ["all"] else tasks,
        models=model,
        base=base,
        controls=controls,
        options=options,
        model_args=dict(map(value, model_arg)),
        epochs=epochs,
        limit=limit,
        max_connections=max_connections,
    )
    if dry_run:
        _estimate(plan, prices, judge, votes, output_factor, as_json)
        return
    held, logs = run_plan(plan, out, "none" if as_json else display())
    found = [{"log": log.location, "model": log.eval.model, "status": log.status} for log in logs]
    if as_json:
        emit(found)
    else:
        table(found)
        print(f"\nread them with: gyges lab report {visible(str(out))}")
    raise typer.Exit(HELD if held else NOT_HELD)


def _estimate(
    plan: Plan, prices: Path | None, judges: list[str], votes: int, factor: float, as_json: bool
) -> None:
    from gyges.lab.estimate import estimate

    rows = estimate(plan, price_table(prices), judges=judges, votes=votes, output_factor=factor)
    if as_json:
        emit(rows)
        return
    table([cast("dict[str, object]", _told(row)) for row in rows])
    played = sum(len(leg.controls) for leg in legs(plan))
    print(f"\nand {played} runs of organisms, which cost nothing")
    print(
        "estimated from an organism's own replies; a model that reasons aloud writes more: --output-factor"
    )


def _told(row: object) -> object:
    import msgspec

    return msgspec.to_builtins(row)


@app.command()
def texts(as_json: AsJson = False) -> None:
    """Check every prompt and rubric against its pinned digest."""
    from gyges.lab.pins import changed, pinned

    names = changed()
    if as_json:
        emit({"pinned": pinned(), "changed": names})
    else:
        for name in names:
            print(f"changed: {name}")
        print(f"{len(pinned())} texts are pinned, {len(names)} differ")
    raise typer.Exit(NOT_HELD if names else HELD)
