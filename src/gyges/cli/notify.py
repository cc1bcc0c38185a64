# SPDX-License-Identifier: Apache-2.0
"""`gyges notify check | test | outbox | secret`: see that people are told, and what they are owed.

All work on a data folder, beside a gate that runs as well: nothing is written there. They decide nothing.
"""

import asyncio
import base64
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from gyges.cli.common import HELD, NOT_HELD, AsJson, emit, write_secret
from gyges.cli.shown import ago, visible
from gyges.errors import NotFound
from gyges.ports import Delivery, DeliveryQuery
from gyges.settings import Settings, read_settings

if TYPE_CHECKING:
    from gyges.adapters.notify.courier import Leg

app = typer.Typer(no_args_is_help=True)
Data = Annotated[
    Path, typer.Option(envvar="GYGES_DATA", help="The data folder that `gyges init` made.")
]
FOLDER = Path("gyges-data")


@app.command("check")
def check(data: Data = FOLDER, as_json: AsJson = False) -> None:
    """See whether notify.toml and its secrets load, and whom each channel tells what."""
    legs = _legs(data)
    plans = [leg.plan for leg in legs.values()]
    if as_json:
        emit({"items": plans})
        return
    table = Table("channel", "kind", "groups", "events", "after", "quiet")
    for plan in plans:
        kind = type(plan).__name__.lower()
        after = ", ".join(f"{seconds} s" for seconds in plan.after_seconds)
        quiet = ", ".join((*plan.quiet, *plan.quiet_days))
        groups = ", ".join(plan.groups) or "all"
        table.add_row(plan.name, kind, groups, ", ".join(plan.events), after, quiet)
    Console().print(table if plans else f"{data / 'notify.toml'} is not there: nobody is told.")


@app.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="The channel's name in notify.toml.")],
    to: Annotated[str, typer.Option(help="Of mail: the address, not those in the file.")] = "",
    data: Data = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Send a message that says it is a test; exit with 1 if it did not arrive."""
    from gyges.adapters.notify.channel import Later, Never
    from gyges.adapters.notify.courier import send_test
    from gyges.wiring import base_of

    leg = _legs(data).get(channel)
    if leg is None:
        raise NotFound(f"{data / 'notify.toml'} has no channel {channel!r}")
    base, why, told = base_of(_settings(data)), "", 0
    try:
        told = asyncio.run(send_test(leg, base=base, now=_now(), to=to))
    except (Later, Never) as error:
        why = str(error)
    if as_json:
        emit({"channel": channel, "told": told, "error": why})
    elif why:
        print(f"{channel}: {visible(why)}")
    else:
        print(
            f"{channel}: {told} told" if told else f"{channel} has no fixed addressee to test with"
        )
    raise typer.Exit(NOT_HELD if why else HELD)


@app.command("outbox")
def outbox(
    everything: Annotated[
        bool, typer.Option("--all", help="Show what arrived as well, of the last month.")
    ] = False,
    data: Data = FOLDER,
    as_json: AsJson = False,
) -> None:
    """List the messages that are still owed, and those that were given up."""
    rows = [row for row in asyncio.run(_rows(data)) if everything or not row.ok]
    if as_json:
        emit({"items": rows})
        return
    now = _now()
    table = Table("channel", "case", "about", "to", "since", "tries", "state")
    for row in rows:
        words = (row.channel, row.case, row.kind, row.target)
        table.add_row(*map(visible, words), ago(row.at, now), str(row.attempts), _state(row, now))
    Console().print(table if rows else "Nothing is owed to anybody.")


@app.command("secret")
def secret(
    out: Annotated[Path | None, typer.Option(help="Write it here, not to the screen.")] = None,
) -> None:
    """Make a secret for a webhook, to be given to the receiver as well."""
    made = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    if out:
        write_secret(out, made)
    print(f"the secret stands in {out}" if out else made)


def _state(row: Delivery, now: int) -> str:
    if row.due:
        when = ago(row.due, now)
        return visible(f"due {when}: {row.said}" if row.said else f"due {when}")
    return "told" if row.ok else visible(f"not told: {row.said}")


def _legs(data: Path) -> "Mapping[str, Leg]":
    from gyges.adapters.notify.opening import open_legs

    return open_legs(data, _settings(data).origin)


async def _rows(data: Path) -> Sequence[Delivery]:
    from gyges.ledger.sqlite_reader import SqliteReader

    store = await SqliteReader.look_at(data / "gyges.db")
    try:
        return await store.deliveries(DeliveryQuery(limit=1000))
    finally:
        await store.close()


def _settings(data: Path) -> Settings:
    return read_settings(data / "gyges.toml", data=str(data))


def _now() -> int:
    return time.time_ns() // 1_000_000
