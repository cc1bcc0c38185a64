# SPDX-License-Identifier: Apache-2.0
"""Other arguments in place of the agent's: by pointer and value, or in the person's own editor.

An edit is a new action; this only makes its arguments. The gate judges them as it would the agent's.
"""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

from gyges import canon
from gyges.canon import Json
from gyges.errors import Malformed, Misconfigured, Unprocessable
from gyges.pointer import MISSING, Missing, find, parts


def with_values(arguments: dict[str, Json], changes: Iterable[str]) -> dict[str, Json]:
    """`arguments` after each "POINTER=VALUE"; raise `Unprocessable` for a place that is not there.

    Where there is text, the value is taken as text; elsewhere it is JSON, or text where it is no JSON.
    """
    found = deepcopy(arguments)
    for change in changes:
        pointer, equals, value = change.partition("=")
        if not equals:
            raise Malformed(f"{change!r} is not POINTER=VALUE")
        _put(found, pointer, _typed(find(found, pointer), value))
    return found


def in_editor(arguments: dict[str, Json]) -> dict[str, Json]:
    """`arguments` as the person leaves them in $VISUAL or $EDITOR; raise `Misconfigured` if that fails."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="gyges-edit-") as folder:
        file = Path(folder) / "arguments.json"
        # ASCII only: what does not show in an editor is an escape there as well.
        file.write_text(json.dumps(arguments, indent=2) + "\n", encoding="ascii")
        try:
            done = subprocess.run([*shlex.split(editor), str(file)], check=False)
        except (OSError, ValueError) as error:
            raise Misconfigured(f"the editor {editor!r} does not start: {error}") from None
        if done.returncode:
            raise Misconfigured(
                f"the editor ended with status {done.returncode}; nothing is changed"
            )
        return canon.parse_object(file.read_bytes())


def _typed(present: Json | Missing, value: str) -> Json:
    if isinstance(present, str):
        return value
    try:
        return canon.parse(value)
    except Malformed:
        if not isinstance(present, Missing):
            raise Malformed(f"{value!r} is not JSON, and what it replaces is not text") from None
        return value


def _put(root: dict[str, Json], pointer: str, value: Json) -> None:
    *way, last = parts(pointer) or [""]
    inner: Json | Missing = find(root, pointer.rpartition("/")[0]) if way else root
    if isinstance(inner, dict) and pointer:
        inner[last] = value
    elif isinstance(inner, list) and find(root, pointer) is not MISSING:
        inner[int(last)] = value
    else:
        raise Unprocessable(f"the arguments have no place {pointer!r}")
