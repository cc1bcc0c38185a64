# SPDX-License-Identifier: Apache-2.0
"""`gyges timeline CASE`: one case from its proposal to its end, as the log has it.

It proves nothing: `gyges log export --case CASE` writes the evidence, `gyges log verify --bundle` checks it.
"""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from gyges.cli.common import DEFAULT_URL, AsJson, KeyFile, Url, any_key, emit, request
from gyges.cli.history import clock
from gyges.cli.shown import visible
from gyges.principal import Scope


def timeline(
    case: Annotated[str, typer.Argument(help="The case's id (c-...).")],
    *,
    full: Annotated[bool, typer.Option("--full", help="Also what the log holds of each.")] = False,
    url: Url = DEFAULT_URL,
    key_file: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """One case from first to last, as the log has it."""
    key = any_key(key_file, Scope.AUDITOR, Scope.APPROVER)
    found: Any = request(url, key, "GET", f"/v1/actions/{quote(case, safe='')}/timeline")
    if as_json:
        emit(found)
        return
    print(f"{visible(found['tool'])} by {visible(found['agent'])}: {found['state']}")
    print(visible(found["digest"]))
    for step in found["steps"]:
        print(f"{clock(step['at'])}  {step['index']:>7}  {visible(step['text'])}")
        for line in step["payload"].split("\n") if full and step["payload"] else ():
            print(f"{'':30} {line}")
    if found["more"]:
        print("and more: `gyges log export` writes all of it")
    if found["hidden"]:
        print("Votes of others show once you have answered, or the case is closed.")
    print(f"in the log {visible(found['log']['origin'])}, {found['log']['size']} entries")
