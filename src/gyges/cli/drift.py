# SPDX-License-Identifier: Apache-2.0
"""`gyges drift`: whether behaviour changes over time, or where an agent is told that nobody watches.

`selftest` shows that the promises hold, `read` takes episodes from a file. Both need the extra `drift`, and say so
where it is missing. The others ask a gate: see `drift_gate.py`.
"""

from pathlib import Path
from typing import Annotated

import typer

from gyges.cli import drift_assign, drift_demo, drift_gate, drift_replay
from gyges.cli.common import HELD, NOT_HELD, AsJson, emit, needs_numpy
from gyges.cli.lab_shown import progress
from gyges.errors import Misconfigured

app = typer.Typer(no_args_is_help=True)
drift_gate.mount(app)
drift_replay.mount(app)
app.command("assign")(drift_assign.assign)
app.command("demo")(drift_demo.demo)


@app.command()
def selftest(
    *,
    quick: Annotated[
        bool, typer.Option(help="A tenth of the runs: only shows that it works.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Where all random numbers come from.")] = 1,
    only: Annotated[str, typer.Option(help="Only suites whose names begin so.")] = "",
    as_json: AsJson = False,
) -> None:
    """Simulate behaviour that does not change, count the alarms, and hold them against the promises."""
    needs_numpy()
    from gyges.cli.drift_shown import suites_told
    from gyges.drift.selftest import selftest as tried
    from gyges.drift.suites import suites

    chosen = [suite for suite in suites() if suite.name.startswith(only)]
    if not chosen:
        raise Misconfigured(f"no suite's name begins with {only!r}")
    with progress() as bar:
        found = list(tried(chosen, seed, small=10 if quick else 1, tell=bar.step))
    if as_json:
        emit(found)
    else:
        suites_told(found)
    raise typer.Exit(HELD if all(outcome.good for outcome in found) else NOT_HELD)


@app.command()
def read(  # noqa: PLR0913 - each is an option of the command
    file: Annotated[Path, typer.Argument(help="Episodes, a JSON object a line, oldest first.")],
    *,
    budget: Annotated[
        str, typer.Option(help="False alarms for so many sessions of an agent: B/N.")
    ] = "1/10000",
    baseline: Annotated[
        str, typer.Option(help="none: rank among the past. frozen: the first units are normal.")
    ] = "none",
    reference: Annotated[
        int, typer.Option(min=30, help="Units of the reference that never moves.")
    ] = 500,
    feature: Annotated[
        list[str], typer.Option("--feature", help="NAME=KIND or NAME=KIND:up, :down; else all.")
    ] = [],  # noqa: B006 - Typer copies it
    manipulation: Annotated[
        str, typer.Option(help="The binary feature that says: it mentions being watched.")
    ] = "",
    alpha: Annotated[float, typer.Option(help="The ring test's chance of a false finding.")] = 0.05,
    tests: Annotated[
        Path | None, typer.Option(help="Episodes of the agents' tests, to compare with.")
    ] = None,
    tests_agent: Annotated[str, typer.Option(help="The agent's name there; else its own.")] = "",
    as_json: AsJson = False,
) -> None:
    """Watch the episodes of a file: alarms with their transcripts, and the ring test where it holds cues."""
    needs_numpy()
    from gyges.cli import drift_read, drift_shown

    asked = drift_read.Asked(
        budget=drift_read.budget_of(budget), baseline=baseline, reference=reference,
        features=tuple(feature), manipulation=manipulation, alpha=alpha, tests=tests,
        tested_as=tests_agent,
    )  # fmt: skip
    with progress() as bar:
        found = drift_read.read(file, asked, bar.step)
    if as_json:
        emit(drift_shown.plain(found))
    else:
        drift_shown.told(found)
    raise typer.Exit(NOT_HELD if found.rang else HELD)
