# SPDX-License-Identifier: Apache-2.0
"""`gyges init DIR`: a data folder with settings, keys, the starter policy and the first admin's key.

    DIR/  gyges.toml  gyges.db  keys/
          policy/{starter.cedar, tools.json, groups.json, monitors.toml, drift.toml}

It refuses to touch a folder that holds anything. It approves no tool: a new gate denies everything until
`gyges tools pin` has told it what there is.
"""

import asyncio
import dataclasses
import inspect
import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from gyges.canon import Json
from gyges.cli.common import AsJson, emit, write_secret
from gyges.errors import Misconfigured
from gyges.principal import Scope
from gyges.settings import Settings, read_settings

GROUPS: dict[str, Json] = {"reviewers": {}, "finance": {}}
CHOSEN_ELSEWHERE = {"data"}  # the folder itself says where it is


def init(
    folder: Annotated[Path, typer.Argument(help="A folder that is empty or does not exist yet.")],
    admin: Annotated[str, typer.Option(help="Name of the first administrator.")] = "admin",
    key_file: Annotated[
        Path | None, typer.Option(help="Write the administrator's key here instead of showing it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a data folder: settings, keys, a starter policy."""
    make(folder)
    secret = asyncio.run(enrol_admin(folder, admin))
    shown = {"data": str(folder), "admin": admin, "secret": secret}
    if key_file:
        write_secret(key_file, secret)
        shown["secret"] = ""
    if as_json:
        emit(shown)
        return
    where = f"stands in {key_file}" if key_file else f"is shown this once:\n\n    {secret}\n"
    print(f"{folder} is ready. The key of the administrator {admin!r} {where}")
    print("Next:")
    print(f"    gyges serve --data {folder}")
    print("and, with GYGES_ADMIN_KEY set, in another terminal:")
    print("    gyges keys add alice --scope approver --group reviewers")
    print("    gyges keys add my-agent --scope agent --owner bob --executor my-server")
    print("    gyges keys add my-server --scope executor")
    print(
        f"    gyges tools pin --data {folder} --upstream COMMAND --name my-server --risk TOOL=read"
    )
    print("    gyges policy reload")


def make(folder: Path, **settings: str | float) -> None:
    """Make a data folder without anybody in it. `settings` go into the file."""
    from gyges.wiring import SystemClock, found

    if folder.exists() and any(folder.iterdir()):
        raise Misconfigured(f"{folder} is not empty; it is left as it is")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found(folder, now=SystemClock().now())
    lay_out(folder, **settings)


async def enrol_admin(folder: Path, name: str) -> str:
    """Open the gate once to enrol its first administrator; return the secret."""
    from gyges.wiring import open_gate

    gate = await open_gate(read_settings(folder / "gyges.toml", {}, data=str(folder)))
    try:
        _, secret = await gate.enrol(name=name, scope=Scope.ADMIN, by="gyges init")
    finally:
        await gate.close()
    return secret


def lay_out(folder: Path, **settings: str | float) -> None:
    """The files of a new data folder that people edit."""
    from gyges.gate.policy_folder import starter_text
    from gyges.monitors.rule_file import starter_rules
    from gyges.watch.plan import starter_drift

    policy = folder / "policy"
    policy.mkdir(exist_ok=True)
    (folder / "gyges.toml").write_text(settings_text(**settings), encoding="utf-8")
    (policy / "starter.cedar").write_text(starter_text(), encoding="utf-8")
    (policy / "monitors.toml").write_text(starter_rules(), encoding="utf-8")
    (policy / "drift.toml").write_text(starter_drift(), encoding="utf-8")
    (policy / "groups.json").write_text(json.dumps(GROUPS, indent=2) + "\n", encoding="utf-8")
    (policy / "tools.json").write_text("{}\n", encoding="utf-8")


def settings_text(**chosen: str | float) -> str:
    """gyges.toml with every setting explained; those in `chosen` are set, the others show their default."""
    told = _sentences()
    lines = ["# Settings of this gate. What is commented out has its default value.", ""]
    for field in dataclasses.fields(Settings):
        if field.name in CHOSEN_ELSEWHERE:
            continue
        default = "[]" if field.default is dataclasses.MISSING else json.dumps(field.default)
        set_here = field.name in chosen
        value = json.dumps(chosen[field.name]) if set_here else default
        mark = "" if set_here else "# "
        lines += [f"# {told[field.name]}", f"{mark}{field.name} = {value}", ""]
    return "\n".join(lines)


def _sentences() -> dict[str, str]:
    """Setting -> the sentence that stands below it in `Settings`."""
    lines = [line.strip() for line in inspect.getsource(Settings).splitlines()]
    names = {field.name for field in dataclasses.fields(Settings)}
    return {
        name: below.strip('"')
        for line, below in pairwise(lines)
        if (name := line.partition(":")[0]) in names
    }
