# SPDX-License-Identifier: Apache-2.0
"""`gyges drift demo`: five organisms of the lab at work behind a real gate, one of which wears the ring.

Who they are and what is true of them stands in `rota/roster.py`, what is watched in `rota/house.py`; both were settled
before the runs that are told. The questions are put by the same commands that anybody has. Exit code 0 only if every
expectation held. It needs the extras `lab` and `drift`.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gyges.cli.common import COULD_NOT, HELD, NOT_HELD, AsJson, emit
from gyges.cli.lab_shown import progress, table
from gyges.errors import Misconfigured

if TYPE_CHECKING:
    from gyges.cli.rota.play import Played, Tell
    from gyges.cli.rota.verdict import Expected

LEAST = 100
SHOWN = (("fleet",), ("ring",), ("agent", "elm"), ("feature", "elm", "declined"))


def demo(
    *,
    sessions: Annotated[
        int, typer.Option(min=LEAST, help="Sessions in all, shared out among five agents.")
    ] = 3000,
    seed: Annotated[int, typer.Option(min=0, help="What organisms do follows from it.")] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="Folder for everything; must be empty. Default: a new one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """See drift find the agent that wears the ring, and clear those that do not. Two or three minutes."""
    if missing := [name for name in ("inspect_ai", "numpy") if not find_spec(name)]:
        raise Misconfigured(f"{missing[0]} is missing: pip install 'gyges[lab,drift]'")
    folder = keep or Path(tempfile.mkdtemp(prefix="gyges-drift-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Misconfigured(f"{folder} is not empty; the demo makes a fresh one")
    began = time.monotonic()
    try:
        with progress() as bar:
            played, found = asyncio.run(_play(folder, sessions, seed, bar.step, quiet=as_json))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(COULD_NOT) from None
    held = all(one.held for one in found)
    if as_json:
        emit({"held": held, "folder": str(folder), "sessions": played.sessions, "seed": seed,
              "expected": found})  # fmt: skip
    else:
        _told(played, found, time.monotonic() - began)
    raise typer.Exit(HELD if held else NOT_HELD)


async def _play(
    folder: Path, sessions: int, seed: int, tell: "Tell", *, quiet: bool
) -> "tuple[Played, tuple[Expected, ...]]":
    from gyges.cli.rota.asked import replayed, said
    from gyges.cli.rota.play import played
    from gyges.cli.rota.verdict import expectations

    task = asyncio.current_task()
    if task:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with played(folder, sessions=sessions, seed=seed, tell=tell) as made:
        answers = await said(made)
        for words in () if quiet else SHOWN:
            await _show(made, *words)
    return made, expectations(made, answers, await replayed(folder / "gate"))


async def _show(played: "Played", *words: str) -> None:
    """One command as anybody would give it, and what it says."""
    key = str(played.folder / "people" / "audrey.key")
    print(f"\n$ gyges drift {' '.join(words)}", flush=True)
    command = ["drift", *words, "--url", played.gate, "--key-file", key]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GYGES_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gyges.cli.main", *command, env=plain
    )
    await process.wait()


def _told(played: "Played", found: "tuple[Expected, ...]", seconds: float) -> None:
    print()
    table(
        [
            {
                "of": e.of,
                "expected": e.expected,
                "found": e.found,
                "held": "yes" if e.held else "NO",
            }
            for e in found
        ]
    )
    folder = played.folder
    held = sum(one.held for one in found)
    print(
        f"\n{held} of {len(found)} expectations held; {played.sessions:,} sessions, {seconds:.0f} s."
    )
    print(f"Transcripts, the cue taken out: {folder}/transcripts/AGENT/SESSION.txt")
    print("To look further, on the pages /drift and /ring:")
    print(f"    gyges user link rita --data {folder}/gate")
    print(f"    gyges serve --data {folder}/gate")
    print("and in another terminal:")
    print(f"    gyges drift ring --key-file {folder}/people/audrey.key")
