# SPDX-License-Identifier: Apache-2.0
"""`gyges`: one table of commands, each in a file of its own that is imported only when it is called.

An error that Gyges raises on purpose becomes one line on standard error and exit code 2; anything else
is a bug and shows its traceback. It does no work itself.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated

import typer

from gyges import __version__
from gyges.errors import GygesError


@dataclass(frozen=True, slots=True)
class Noun:
    """One command: its module below `gyges.cli`, the name there, and one line of help."""

    module: str
    name: str
    help: str


NOUNS = {
    "demo": Noun("demo", "demo", "See the whole thing work, with a small office to protect."),
    "init": Noun("init", "init", "Make a data folder: settings, keys, a starter policy."),
    "serve": Noun("serve", "serve", "Run the gate of a data folder."),
    "mcp": Noun("mcp", "mcp", "Put an MCP server behind the gate."),
    "tools": Noun("tools", "app", "Approve the definitions of an MCP server's tools."),
    "inbox": Noun("inbox", "app", "See what waits for people; approve, deny, edit."),
    "policy": Noun("policy", "app", "Check, test, explain, replay and reload policies."),
    "log": Noun("log", "app", "Verify the log, export evidence, keep and redact payloads."),
    "history": Noun("history", "history", "Search all cases by what was said, newest first."),
    "timeline": Noun("timeline", "timeline", "One case from first to last, as the log has it."),
    "events": Noun("events", "events", "List what happened, as the log of a running gate has it."),
    "agents": Noun("agents", "agents", "See the agents: what each may do, and what it did."),
    "health": Noun("health", "health", "How the gate stands: ready or not, open, owed, stopped."),
    "lab": Noun("lab", "app", "Find out whether a model acts differently when nobody watches."),
    "drift": Noun("drift", "app", "See behaviour change, over time or where nobody watches."),
    "keys": Noun("keys", "app", "Make, list and revoke API keys."),
    "user": Noun("user", "app", "Add people, change what they may do, sign them out."),
    "notify": Noun("notify", "app", "See that people are told, and which messages are owed."),
    "grants": Noun("grants", "app", "Make, list and revoke standing grants."),
    "reviewers": Noun("reviewers", "reviewers", "How reviewers looked and answered, by the log."),
    "plant": Noun("plant", "plant", "Plant a request that must be denied, to see who notices."),
    "stop": Noun("stops", "stop", "Stop an agent, a tool or everything, now."),
    "lift": Noun("stops", "lift", "Take a stop off."),
    "stops": Noun("stops", "stops", "List the stops that are on."),
    "rotate": Noun("rotate", "rotate", "Sign permits with a new key from now on."),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in args if not word.startswith("-")), "")
    everything = "_GYGES_COMPLETE" in os.environ
    try:
        app = build(None if everything else chosen)
        app(args, prog_name="gyges")
    except GygesError as error:
        from gyges.cli.shown import visible

        print(f"gyges {chosen}: {visible(str(error))}", file=sys.stderr)
        return 2
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    return 0


def build(chosen: str | None) -> typer.Typer:
    """The application with the command `chosen` in it and the others by their help only; None: all."""
    app = typer.Typer(
        name="gyges",
        help="External oversight for AI agents: a gate between an agent and the world.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    for word, noun in NOUNS.items():
        if not find_spec(f"gyges.cli.{noun.module}"):
            continue
        if chosen in (None, word):
            _mount(app, word, noun)
        else:
            app.command(word, help=noun.help)(_elsewhere)
    return app


def _mount(app: typer.Typer, word: str, noun: Noun) -> None:
    found: object = getattr(importlib.import_module(f"gyges.cli.{noun.module}"), noun.name)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=word, help=noun.help)
    elif callable(found):
        app.command(word, help=noun.help)(found)


def _elsewhere() -> None:
    """Stands in the help for a command that was not called."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gyges {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """External oversight for AI agents."""


if __name__ == "__main__":
    sys.exit(main())
