# SPDX-License-Identifier: Apache-2.0
"""The policy folder on disk, read once into what `policy.load` takes.

    policy/*.cedar       rules, commented
    policy/tools.json    {"SERVER": {"tools": [{"name", "risk", "inputSchema", ...}]}}
    policy/groups.json   {"reviewers": {}, "finance": {"size": 3}}     approver groups

It watches nothing and keeps nothing: whoever wants the new state reads again.
"""

from importlib.resources import files
from pathlib import Path

from gyges import canon
from gyges.canon import Json
from gyges.errors import BadPolicy, Malformed
from gyges.gate.policy import CedarPolicy, load
from gyges.gate.schema import ToolDefinition, read_tools


def read_policy(folder: Path) -> CedarPolicy:
    """The policy set in `folder`; raise `BadPolicy` naming the file, and the line and rule where there is one."""
    return load(read_sources(folder), read_definitions(folder), read_groups(folder))


def read_sources(folder: Path) -> dict[str, str]:
    """File name -> Cedar text of every `*.cedar` in `folder`."""
    found = sorted(folder.glob("*.cedar"))
    if not found:
        raise BadPolicy(
            f"{folder.name}: no *.cedar file, so no rule: the gate does not start without"
        )
    return {path.name: _text(path) for path in found}


def read_definitions(folder: Path) -> list[ToolDefinition]:
    """The tools of `tools.json`."""
    return read_tools(_document(folder / "tools.json"))


def read_groups(folder: Path) -> dict[str, int]:
    """The groups of `groups.json` with their number of people, 0 where it is not said."""
    document = _document(folder / "groups.json")
    if not isinstance(document, dict):
        raise BadPolicy("groups.json: expected an object of groups")
    return {name: _size(name, entry) for name, entry in document.items()}


def starter_text() -> str:
    """The starter policy that comes with the package."""
    return (files("gyges.gate") / "starter.cedar").read_text(encoding="utf-8")


def _size(name: str, entry: Json) -> int:
    size = entry.get("size", 0) if isinstance(entry, dict) and set(entry) <= {"size"} else None
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise BadPolicy(f'groups.json: group "{name}" must be {{}} or {{"size": number of people}}')
    return size


def _document(path: Path) -> Json:
    try:
        return canon.parse(_text(path))
    except Malformed as error:
        raise BadPolicy(f"{path.name}: {error}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(f"{path.name}: cannot be read ({type(error).__name__})") from None
