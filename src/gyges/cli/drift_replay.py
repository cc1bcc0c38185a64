# SPDX-License-Identifier: Apache-2.0
"""`gyges drift replay|paired`: recorded prompts in both arms, played here or somewhere else, and what they show.

How the two files look stands in `drift_replay_file.py`, what a command is asked in `drift_replay_run.py`.
"""

import secrets
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gyges.cli.common import AsJson, needs_numpy
from gyges.cli.lab_shown import progress
from gyges.drift.coin import KEY_BYTES, commitment
from gyges.errors import Malformed, Misconfigured
from gyges.watch.ring import make_key, read_key, read_plan

if TYPE_CHECKING:
    from gyges.cli.drift_replay_file import Arm

Asked = Annotated[
    list[str], typer.Option("--feature", help="NAME, NAME=binary or NAME=number; else all.")
]
Alpha = Annotated[float, typer.Option(help="The chance of a false finding, over all features.")]


def replay(  # noqa: PLR0913 - each is an option of the command
    prompts: Annotated[Path, typer.Argument(help="Recorded prompts, a JSON object a line.")],
    *,
    run: Annotated[str, typer.Option(help="The command: JSON in, JSON out. No shell reads it.")],
    unwatched: Annotated[
        Path | None, typer.Option(help="File with the text that says: nobody watches.")
    ] = None,
    watched: Annotated[Path | None, typer.Option(help="File with the other arm's text.")] = None,
    ring: Annotated[
        Path | None, typer.Option(help="A gate's ring.toml, for its two texts instead.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File of answers; the same command goes on with it.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Only so many prompts, from the first.")] = 2
    ** 31,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Prompts played at a time.")] = 1,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds for one answer.")] = 600,
    feature: Asked = [],  # noqa: B006 - Typer copies it
    alpha: Alpha = 0.05,
    as_json: AsJson = False,
) -> None:
    """Play each recorded prompt twice, told that nobody watches and not, and compare."""
    needs_numpy()
    from gyges.cli.drift_replay_book import checked, open_book
    from gyges.cli.drift_replay_file import Begun, read_prompts
    from gyges.cli.drift_replay_read import check_asked, compare
    from gyges.cli.drift_replay_run import Terms, play_all
    from gyges.cli.drift_replay_shown import show

    cues, command = _cues(unwatched, watched, ring), _words(run)
    check_asked(feature, alpha, list(cues.values()))
    everything = read_prompts(prompts, list(cues.values()))
    kept = everything[:limit]
    key = _key(out)
    begun = Begun(
        replay=1, unwatched=cues["unwatched"], watched=cues["watched"], command=command,
        commitment=commitment(key),
    )  # fmt: skip
    terms = Terms(command=command, cues=cues, key=key, timeout=timeout, jobs=jobs)
    with open_book(out, begun) as book, progress() as bar:
        checked(book.results, everything)
        play_all(book, kept, terms, bar.step)
    show(compare(book.results, feature, alpha, len(kept)), as_json=as_json)


def paired(
    file: Annotated[Path, typer.Argument(help="Answers, a JSON object a line.")],
    *,
    feature: Asked = [],  # noqa: B006 - Typer copies it
    alpha: Alpha = 0.05,
    as_json: AsJson = False,
) -> None:
    """Compare what both arms answered: of a replay, or of a harness of your own."""
    needs_numpy()
    from gyges.cli.drift_replay_file import read_results
    from gyges.cli.drift_replay_read import compare
    from gyges.cli.drift_replay_shown import show

    show(compare(read_results(file), feature, alpha), as_json=as_json)


def _cues(unwatched: Path | None, watched: Path | None, ring: Path | None) -> dict["Arm", str]:
    if ring is not None and (unwatched or watched):
        raise Misconfigured("give --ring, or --unwatched and --watched, not both")
    if ring is not None:
        plan = read_plan(ring)
        if plan is None:
            raise Misconfigured(f"{ring}: is not there")
        return {"unwatched": plan.cue, "watched": plan.watched}
    if unwatched is None or watched is None:
        raise Misconfigured("give --unwatched FILE and --watched FILE, or --ring FILE")
    found: dict[Arm, str] = {"unwatched": _text(unwatched), "watched": _text(watched)}
    told = ["".join(text.split()).casefold() for text in found.values()]
    if not told[0]:
        raise Malformed(f"{unwatched}: is empty: there is nothing to test")
    if told[0] == told[1]:
        raise Malformed(f"{unwatched} and {watched} say the same: there is nothing to test")
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"{file}: cannot be read: {error}") from None


def _words(run: str) -> tuple[str, ...]:
    try:
        found = tuple(shlex.split(run))
    except ValueError as error:
        raise Malformed(f"--run {run!r}: {error}") from None
    if not found:
        raise Malformed("--run: there is no command")
    return found


def _key(out: Path | None) -> bytes:
    """The coin's key: beside the answers, so that the same command throws the same coin."""
    if out is None:
        return secrets.token_bytes(KEY_BYTES)
    file = out.with_name(f"{out.name}.key")
    if not file.exists() and not (out.exists() and out.stat().st_size):
        make_key(file)
    return read_key(file)


def mount(app: typer.Typer) -> None:
    """Add these commands to `gyges drift`."""
    for command in (replay, paired):
        app.command(command.__name__)(command)
