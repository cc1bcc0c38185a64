# SPDX-License-Identifier: Apache-2.0
"""`gyges drift assign`: the sealed coin of a ring test, for harnesses without a gate. It keeps no session.

A session that is asked again has the same answer, so nothing need be written down. Agents must not see this.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gyges.cli.common import AsJson, emit
from gyges.drift.coin import Design, commitment, unwatched
from gyges.drift.words import Unusable
from gyges.errors import Malformed
from gyges.watch.ring import make_key, read_key

STDIN = "-"


def assign(
    sessions: Annotated[
        list[str], typer.Argument(help="Ids of sessions; - reads them from standard input.")
    ] = [],  # noqa: B006 - Typer copies it
    *,
    design: Annotated[str, typer.Option(help="The ring test's name.")],
    key: Annotated[Path, typer.Option(help="File with the coin's key, as a gate's ring.key.")],
    share: Annotated[
        float, typer.Option(help="Share of sessions that are told, 0.02 to 0.98.")
    ] = 0.5,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Draw a key into the file first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Which sessions are told that nobody watches: the same answer for a session, whenever it is asked."""
    try:
        test = Design(id=design, share=share)
        if new_key:
            make_key(key)
        held = read_key(key)
        arms = {session: unwatched(held, test, session) for session in _all(sessions)}
    except Unusable as error:
        raise Malformed(str(error)) from None
    promised = commitment(held)
    if as_json:
        cues = [
            {"session": s, "cue": {"design": design, "unwatched": arm, "share": share}}
            for s, arm in arms.items()
        ]
        emit({"design": design, "share": share, "commitment": promised, "sessions": cues})
        return
    if new_key or not arms:
        typer.echo(f"commitment {promised}", err=bool(arms))
    for session, arm in arms.items():
        typer.echo(f"{session}\t{'unwatched' if arm else 'watched'}")


def _all(sessions: list[str]) -> list[str]:
    """The ids that were given, and where one is "-" the lines of standard input in its place."""
    found: list[str] = []
    for name in sessions:
        found += sys.stdin.read().splitlines() if name == STDIN else [name]
    return found
