# SPDX-License-Identifier: Apache-2.0
"""`gyges tools`: approve what an MCP server says of its tools.

    gyges tools pin --upstream "python my_server.py" --name office --risk pay=pay --risk read_file=read

`pin` asks the server for its definitions and writes them to policy/tools.json, showing what differs from
what was approved before. A tool that is not pinned, or changed since, is unknown to policy and refused.
A risk class is yours to give: without one a tool stays "unknown". It starts no gate and changes no rule.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gyges import canon
from gyges.canon import Json
from gyges.cli.common import DEFAULT_URL, AsJson, Url, emit, read_key, request
from gyges.cli.mcp import Config, Env, Header, Mode, Name, Prefix, Upstreams, find_targets
from gyges.cli.shown_tools import difference, lines_of
from gyges.errors import Malformed, Misconfigured, Unprocessable
from gyges.principal import Scope

if TYPE_CHECKING:
    from gyges.adapters.mcp_upstream import Target

app = typer.Typer(help="Approve the definitions of an MCP server's tools.", no_args_is_help=True)

Data = Annotated[Path, typer.Option(envvar="GYGES_DATA", help="The data folder of the gate.")]
Policy = Annotated[Path | None, typer.Option(help="A policy folder; else the data folder's.")]
UNKNOWN = "unknown"


@app.command()
def pin(  # noqa: PLR0913 - each is one option of the command
    *,
    upstream: Upstreams = None,
    name: Name = "",
    config: Config = None,
    env: Env = None,
    header: Header = None,
    prefix: Prefix = "",
    mode: Mode = "auto",
    risk: Annotated[
        list[str] | None, typer.Option(help="TOOL=CLASS: read, write, send, pay, ...")
    ] = None,
    amount: Annotated[
        list[str] | None, typer.Option(help="TOOL=/POINTER: the argument that is money.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if something differs.")
    ] = False,
    reload: Annotated[
        bool, typer.Option("--reload", help="Have the running gate take it up (admin's key).")
    ] = False,
    gate: Url = DEFAULT_URL,
    data: Data = Path("gyges-data"),
    policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Write a server's tool definitions to tools.json, as approved by you."""
    file = (policy or data / "policy") / "tools.json"
    before = read_file(file)
    after = dict(before)
    extra = {"risk": pairs(risk), "amount": pairs(amount)}
    for target in find_targets(upstream, name, config, env, header, prefix, mode):
        documents = asyncio.run(_definitions(target))
        after[target.name] = pinned(before.get(target.name), documents, extra)
    changes = difference(before, after)
    if as_json:
        emit({"file": str(file), "changes": changes})
    else:
        print("\n".join(lines_of(changes)) or "nothing differs")
    if check:
        raise typer.Exit(1 if changes else 0)
    if changes:
        write_file(file, after)
        if not as_json:
            print(f"Written to {file}.")
    if reload:
        request(gate, read_key(Scope.ADMIN, None), "POST", "/v1/policy/reload")


@app.command("list")
def show(data: Data = Path("gyges-data"), policy: Policy = None, as_json: AsJson = False) -> None:
    """List the approved tools with their risk classes."""
    found = read_file((policy or data / "policy") / "tools.json")
    rows = [
        {"server": server, "name": str(tool["name"]), "risk": str(tool.get("risk", UNKNOWN))}
        for server, entry in found.items()
        for tool in entry
    ]
    if as_json:
        emit(rows)
    else:
        print("\n".join(f"{r['server']:20} {r['name']:30} {r['risk']}" for r in rows))


Tools = list[dict[str, Json]]


def pinned(before: Tools | None, documents: Tools, extra: Mapping[str, Mapping[str, str]]) -> Tools:
    """The server's tools as approved now: classes given before stay, unless they are given anew.

    Raise `Unprocessable` when `extra` names a tool that the server does not have.
    """
    names = {str(document["name"]) for document in documents}
    for words in extra.values():
        if strange := sorted(set(words) - names):
            raise Unprocessable(f"the server has no tool {strange[0]!r}")
    old = {str(tool["name"]): tool for tool in before or []}
    found: Tools = []
    for document in sorted(documents, key=lambda d: str(d["name"])):
        tool, known = str(document["name"]), old.get(str(document["name"]), {})
        risk = extra["risk"].get(tool) or known.get("risk") or UNKNOWN
        money = extra["amount"].get(tool) or known.get("amount")
        given: dict[str, Json] = {"name": tool, "risk": risk}
        found.append(given | ({"amount": money} if money else {}) | document)
    return found


def pairs(texts: list[str] | None) -> dict[str, str]:
    """NAME=VALUE words as a mapping; raise `Misconfigured` for others."""
    found = [text.partition("=") for text in texts or []]
    for name, _, value in found:
        if not name or not value:
            raise Misconfigured(f"{name!r}: expected TOOL=VALUE")
    return {name: value for name, _, value in found}


def read_file(file: Path) -> dict[str, Tools]:
    """The tools of `tools.json` by server; nothing where there is no file."""
    try:
        document = canon.parse_object(file.read_bytes()) if file.exists() else {}
    except (OSError, Malformed) as error:
        raise Misconfigured(f"{file}: {error}") from None
    found: dict[str, Tools] = {}
    for server, entry in document.items():
        tools = entry.get("tools") if isinstance(entry, dict) else None
        if not isinstance(tools, list):
            raise Misconfigured(f'{file}: server "{server}" is not {{"tools": [...]}}')
        found[server] = [tool for tool in tools if isinstance(tool, dict) and "name" in tool]
    return found


def write_file(file: Path, servers: Mapping[str, Tools]) -> None:
    """Replace `tools.json` as a whole, or leave it as it was."""
    document = {server: {"tools": tools} for server, tools in servers.items()}
    beside = file.with_name(f".{file.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as out:
            out.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
    except OSError as error:
        raise Misconfigured(f"{file}: cannot be written: {error.strerror or error}") from None


async def _definitions(target: "Target") -> Tools:
    from gyges.adapters.mcp_upstream import Upstream

    upstream = Upstream(target)
    try:
        return [tool.document() for tool in (await upstream.tools(fresh=True)).values()]
    finally:
        await upstream.close()
