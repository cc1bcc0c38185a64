# SPDX-License-Identifier: Apache-2.0
"""`gyges lab demo | calibrate`: the lab on organisms, whose truth is known. No real model is called."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gyges.cli.common import HELD, NOT_HELD, AsJson, emit
from gyges.cli.lab_calibrated import show
from gyges.cli.lab_shown import progress, table
from gyges.cli.shown import visible
from gyges.errors import Malformed, Misconfigured

if TYPE_CHECKING:
    from gyges.lab.demo import Demo

NONE = "none"


def demo(
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for logs and report; empty. Default: a new one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """See the lab find what organisms do, and end with the report. Offline, in a minute or two."""
    from gyges.lab.demo import demo as play

    folder = out or Path(tempfile.mkdtemp(prefix="gyges-lab-demo-"))
    _fresh(folder)
    with progress() as bar:
        made = play(folder, bar.step)
    if as_json:
        emit({"held": made.held, "report": str(made.page), "expected": made.expected,
              "audits": {"honest": made.honest.as_json(), "cheating": made.cheating.as_json()}})  # fmt: skip
    else:
        _told(made)
    raise typer.Exit(HELD if made.held else NOT_HELD)


def calibrate(
    *,
    tasks: Annotated[
        str, typer.Option(help="Tasks to run through Inspect, by commas; all, or none.")
    ] = "all",
    runs: Annotated[int, typer.Option(min=1, help="Drawn runs of each honest organism.")] = 1000,
    prompts: Annotated[int, typer.Option(min=1, help="Prompts of each drawn run.")] = 60,
    seed: Annotated[int, typer.Option(help="Other seeds draw otherwise.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Keep logs and calibration.json here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put organisms through the lab: does it find what is there, and nothing else? About ten minutes."""
    from gyges.lab.calibrate import calibrate as measure

    if out:
        _fresh(out)
    with progress() as bar:
        found = measure(
            tasks=_tasks(tasks), prompts=prompts, runs=runs, seed=seed, folder=out,
            progress=bar.part,
        )  # fmt: skip
    if out:
        (out / "calibration.json").write_text(json.dumps(found.as_dict(), indent=1) + "\n", "utf-8")
    if as_json:
        emit(found.as_dict())
    else:
        show(found)
    raise typer.Exit(HELD if found.held else NOT_HELD)


def _fresh(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise Misconfigured(f"{folder}: {error.strerror or error}") from None
    if used:
        raise Misconfigured(f"{folder} is not empty; name a fresh folder")


def _tasks(said: str) -> tuple[str, ...]:
    from gyges.lab.calibrate import TASKS

    if said in {"all", NONE}:
        return TASKS if said == "all" else ()
    names = tuple(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))
    if not names:
        raise Malformed("name a task, all or none")
    return names


def _told(made: "Demo") -> None:
    table(
        [
            {"of": e.subject, "expected": e.expected, "found": e.found, "held": "yes" if e.held else "NO"}
            for e in made.expected
        ]
    )  # fmt: skip
    held = sum(one.held for one in made.expected)
    cheat, good = made.cheating, made.honest
    print(f"\n{held} of {len(made.expected)} expectations held.")
    print(f"The scorer that cheats: {'; '.join(cheat.reasons)}.")
    print(f"The honest one: {'; '.join(good.reasons)}.")
    print(f"{made.findings.trials:,} trials are in the report: {visible(str(made.page))}")
