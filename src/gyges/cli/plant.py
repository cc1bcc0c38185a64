# SPDX-License-Identifier: Apache-2.0
"""`gyges plant`: put a request among the others that must be denied, to see who notices. It can never run.

Only an administrator plants, and only while the gate's `checks_per_day` is above 0.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, emit, read_key, request
from gyges.cli.policy_data import document_in
from gyges.cli.shown import visible
from gyges.errors import Malformed
from gyges.principal import Scope


def plant(
    file: Annotated[Path, typer.Argument(help="An action in JSON: tool, arguments, purpose ...")],
    agent: Annotated[str, typer.Option(help="The agent in whose name it waits.")],
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Plant a request that must be denied, to see who notices."""
    body = document_in(file)
    if not isinstance(body, dict):
        raise Malformed(f"{file}: expected a JSON object")
    made: Any = request(
        url, read_key(Scope.ADMIN, key_file), "POST", "/v1/planted", {**body, "agent": agent}
    )
    if as_json:
        emit(made)
        return
    asked = ", ".join(f"{n} of {group}" for group, n in sorted(made["required"].items()))
    print(f"{made['id']} waits for {visible(asked)}; the first answer ends it")
