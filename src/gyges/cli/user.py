# SPDX-License-Identifier: Apache-2.0
"""`gyges user add | list | set | disable | enable | link | sessions`: people with accounts, for administrators.

At a running gate with an administrator's key, or with `--data` on the folder of a gate that is stopped. It
never sees a password: a person is let in by a one-time link and sets their own in the browser.
"""

import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from gyges.canon import Json
from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.shown import ago, visible
from gyges.person import Role
from gyges.principal import Scope

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the account.")]
Data = Annotated[
    Path | None, typer.Option(help="Data folder of a gate that is stopped, instead of a key.")
]
Roles = Annotated[
    list[Role] | None, typer.Option("--role", help="What the person may do; repeat for more.")
]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="What they may approve for; repeat for more.")
]
Display = Annotated[str | None, typer.Option(help="Name to show.")]
Email = Annotated[str | None, typer.Option(help="E-mail address.")]
Oidc = Annotated[
    str | None, typer.Option(help='"ISSUER SUBJECT" at the OpenID provider; "" takes it off.')
]


@app.command("add")
def add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    name: Name,
    role: Roles = None,
    group: Groups = None,
    display: Display = None,
    email: Email = None,
    oidc: Oidc = None,
    link: Annotated[bool, typer.Option(help="Make a one-time link as well.")] = True,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a person, and make the one-time link that lets them in."""
    facts = _facts(role, group, display, email, oidc)
    made: Any = _ask(data, url, key_file, "POST", "/v1/people", {"name": name, **facts})
    if link:
        made["link"] = _ask(data, url, key_file, "POST", f"{_path(name)}/link")
    if as_json:
        emit(made)
        return
    print(f"{visible(made['name'])} is added")
    if link:
        _show_link(made["link"])


@app.command("list")
def list_people(
    url: Url = DEFAULT_URL, key_file: KeyFile = None, data: Data = None, as_json: AsJson = False
) -> None:
    """List all accounts, disabled ones too."""
    found: Any = _ask(data, url, key_file, "GET", "/v1/people")
    if as_json:
        emit(found)
        return
    now = time.time_ns() // 1_000_000
    table = Table(Column("name", no_wrap=True), "roles", "groups", "signs in by", "added", "state")
    for person in found["items"]:
        words = (person["name"], ", ".join(person["roles"]), ", ".join(person["groups"]))
        state = f"disabled {ago(person['disabled'], now)}" if person["disabled"] else "live"
        table.add_row(*map(visible, words), _ways(person), ago(person["created"], now), state)
    Console().print(table)


@app.command("set")
def change(  # noqa: PLR0913, PLR0917 - each is an option of the command
    name: Name,
    role: Roles = None,
    group: Groups = None,
    no_role: Annotated[bool, typer.Option(help="Take all roles away.")] = False,
    no_group: Annotated[bool, typer.Option(help="Take all groups away.")] = False,
    display: Display = None,
    email: Email = None,
    oidc: Oidc = None,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a person's roles, groups or facts; what is not named stays."""
    facts = _facts(
        [] if no_role else role, [] if no_group else group, display, email, oidc
    )  # fmt: skip
    _said(_ask(data, url, key_file, "PATCH", _path(name), facts), "is changed", as_json)


@app.command("disable")
def disable(
    name: Name, url: Url = DEFAULT_URL, key_file: KeyFile = None, data: Data = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Lock somebody out everywhere, from the next request on."""
    found = _ask(data, url, key_file, "POST", f"{_path(name)}/disable")
    _said(found, "is disabled", as_json)


@app.command("enable")
def enable(
    name: Name, url: Url = DEFAULT_URL, key_file: KeyFile = None, data: Data = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let somebody in again."""
    _said(_ask(data, url, key_file, "POST", f"{_path(name)}/enable"), "is enabled", as_json)


@app.command("link")
def link(
    name: Name, url: Url = DEFAULT_URL, key_file: KeyFile = None, data: Data = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Make a one-time link to sign in with."""
    made: Any = _ask(data, url, key_file, "POST", f"{_path(name)}/link")
    if as_json:
        emit(made)
    else:
        _show_link(made)


@app.command("sessions")
def sessions(
    name: Name,
    end: Annotated[bool, typer.Option("--end", help="Sign them out everywhere.")] = False,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show where somebody is signed in, or sign them out everywhere."""
    if end:
        ended: Any = _ask(data, url, key_file, "POST", f"{_path(name)}/sessions/end")
        if as_json:
            emit(ended)
        else:
            print(f"{visible(ended['person'])}: {ended['ended']} sessions ended")
        return
    found: Any = _ask(data, url, key_file, "GET", f"{_path(name)}/sessions")
    if as_json:
        emit(found)
        return
    now = time.time_ns() // 1_000_000
    table = Table("id", "by", "since", "browser")
    for item in found["items"]:
        browser = visible(item["agent"])
        table.add_row(item["id"], item["method"], ago(item["created"], now), browser)
    Console().print(table)


def _ask(
    data: Path | None, url: str, key_file: Path | None, method: str, path: str, body: Json = None
) -> Json:
    if data is None:
        return request(url, read_key(Scope.ADMIN, key_file), method, path, body)
    from gyges.cli.local import ask

    return ask(data, method, path, body)


def _facts(
    roles: list[Role] | None, groups: list[str] | None, display: str | None, email: str | None,
    oidc: str | None,
) -> dict[str, Json]:  # fmt: skip
    named: dict[str, Json] = {"display": display, "email": email, "oidc": oidc}
    named["roles"] = None if roles is None else [role.value for role in roles]
    named["groups"] = None if groups is None else list[Json](groups)
    return {name: value for name, value in named.items() if value is not None}


def _said(found: Any, what: str, as_json: bool) -> None:
    if as_json:
        emit(found)
    else:
        print(f"{visible(found['name'])} {what}")


def _show_link(made: dict[str, Any]) -> None:
    print(f"{visible(made['person'])} signs in once with this link, which is shown this once:\n")
    print(f"    {made['url']}\n")


def _path(name: str) -> str:
    return f"/v1/people/{quote(name, safe='')}"


def _ways(person: dict[str, Any]) -> str:
    keys = len(person["passkeys"])
    ways = {"password": person["password"], "provider": person["oidc"], f"{keys} passkeys": keys}
    return ", ".join(way for way, there in ways.items() if there) or "link only"
