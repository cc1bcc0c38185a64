# SPDX-License-Identifier: Apache-2.0
"""`gyges grants add | list | revoke`: an approval given ahead, for one agent and tool, pinned and counted.

    gyges grants add --agent my-agent --tool pay --group finance \\
        --pin /to=ACME --at-most /amount=50 --uses 10 --days 7 --sum /amount=300 --reason "weekly supplies"

A standing grant is its maker's one approval, no more: where two people are asked, another must still answer.
"""

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from gyges import canon
from gyges.canon import Json
from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.shown import ago, literal, visible
from gyges.errors import Malformed
from gyges.principal import Scope
from gyges.standing import Match

app = typer.Typer(no_args_is_help=True)
DAY_MS = 86_400_000
Pins = Annotated[list[str] | None, typer.Option(help="POINTER=VALUE: the argument must equal it.")]


@app.command("add")
def add(  # noqa: PLR0913 - each is an option of the command
    *,
    agent: Annotated[str, typer.Option(help="The agent it is for.")],
    tool: Annotated[str, typer.Option(help="The tool it is for.")],
    group: Annotated[str, typer.Option(help="The group you approve for.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    pin: Pins = None,
    prefix: Annotated[
        list[str] | None, typer.Option(help="POINTER=TEXT it must begin with.")
    ] = None,
    at_most: Annotated[list[str] | None, typer.Option(help="POINTER=NUMBER at most.")] = None,
    uses: Annotated[int, typer.Option(min=1, max=1000, help="How often.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=30, help="For how long.")] = 1,
    total: Annotated[
        str, typer.Option("--sum", help="POINTER=NUMBER: bounds the total of that argument.")
    ] = "",
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give one approval ahead, within narrow bounds."""
    pins = [_pin(text, Match.EQUALS) for text in pin or []]
    pins += [_pin(text, Match.PREFIX) for text in prefix or []]
    pins += [_pin(text, Match.AT_MOST) for text in at_most or []]
    body: dict[str, Any] = {
        "agent": agent, "tool": tool, "group": group, "reason": reason, "pins": pins,
        "max_uses": uses, "expires": time.time_ns() // 1_000_000 + days * DAY_MS,
    }  # fmt: skip
    if total:
        body["sum_pointer"], body["sum_limit"] = _split(total)
    made: Any = request(url, read_key(Scope.APPROVER, key_file), "POST", "/v1/grants", body)
    if as_json:
        emit(made)
    else:
        print(f"{made['id']}: {made['max_uses']} uses, {days} days")


@app.command("list")
def list_grants(
    agent: Annotated[str, typer.Option(help="Only for this agent.")] = "",
    tool: Annotated[str, typer.Option(help="Only for this tool.")] = "",
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """List standing grants, those that ended too."""
    query = f"/v1/grants?agent={quote(agent, safe='')}&tool={quote(tool, safe='')}"
    found: Any = request(url, read_key(Scope.APPROVER, key_file), "GET", query)
    if as_json:
        emit(found)
        return
    now = time.time_ns() // 1_000_000
    table = Table(
        Column("id", no_wrap=True), "by", "agent", "tool", "pins", "used", "ends", "state"
    )
    for grant in found["items"]:
        pins = "; ".join(f"{p['pointer']} {p['test']} {literal(p['value'])}" for p in grant["pins"])
        words = (
            grant["id"],
            f"{grant['person']} ({grant['group']})",
            grant["agent"],
            grant["tool"],
        )
        used = f"{grant['uses']} of {grant['max_uses']}"
        table.add_row(
            *map(visible, words),
            visible(pins),
            used,
            ago(grant["expires"], now),
            _state(grant, now),
        )
    Console().print(table if found["items"] else "There is no standing grant.")


@app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(help="The grant's id (g-...).")],
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """End a standing grant, from the next request on."""
    path = f"/v1/grants/{quote(id, safe='')}/revoke"
    ended: Any = request(url, read_key(Scope.APPROVER, key_file), "POST", path)
    if as_json:
        emit(ended)
    else:
        print(f"{ended['id']} is revoked")


def _pin(text: str, test: Match) -> dict[str, Json]:
    pointer, value = _split(text)
    return {"pointer": pointer, "test": test.value, "value": value}


def _split(text: str) -> tuple[str, Json]:
    """POINTER=VALUE; the value is JSON, or text where it is no JSON."""
    pointer, equals, value = text.partition("=")
    if not equals:
        raise Malformed(f"{text!r} is not POINTER=VALUE")
    try:
        return pointer, canon.parse(value)
    except Malformed:
        return pointer, value


def _state(grant: dict[str, Any], now: int) -> str:
    if grant["revoked"]:
        return f"revoked by {visible(grant['revoked_by'])}"
    if grant["expires"] <= now:
        return "ended"
    return "used up" if grant["uses"] >= grant["max_uses"] else "live"
