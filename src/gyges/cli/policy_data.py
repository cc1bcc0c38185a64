# SPDX-License-Identifier: Apache-2.0
"""What the policy commands read: a file of the user's, a gate's data folder, or a gate over HTTP.

It opens a database for reading only, beside the gate that may be running, and takes no lock.
"""

import sqlite3
import tomllib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from urllib.parse import quote

import msgspec

from gyges import canon
from gyges.action import Action
from gyges.canon import Json
from gyges.cli.common import request
from gyges.decision import Facts
from gyges.episode import Recorded
from gyges.errors import Malformed, Misconfigured, NotFound
from gyges.gate.explain import Explanation
from gyges.gate.replay import KINDS
from gyges.ledger import reads, schema
from gyges.ports import EventQuery

PAGE = 2000


def case_of(data: Path, id: str) -> tuple[Action, Facts]:
    """The action of a case and the facts as they stand now; raise `NotFound`."""
    with _open(data) as connection:
        case = reads.case(connection, id)
    if case is None:
        raise NotFound(f"there is no case {id} in {data}")
    return case.action, Facts(
        approvals=case.approvals(), signed=case.signed(), groups=case.agent_groups
    )


def rulings(data: Path) -> Iterator[Recorded]:
    """Proposals, decisions and answers, oldest first."""
    first = 0
    with _open(data) as connection:
        while True:
            query = EventQuery(kinds=tuple(KINDS), first=first, limit=PAGE)
            page = reads.events(connection, query)
            yield from page
            if len(page) < PAGE:
                return
            first = page[-1].index + 1


def explained_at(url: str, key: str, id: str) -> Explanation:
    """What the gate at `url` says of its case `id` under the policy in force there."""
    answer = _object(request(url, key, "GET", f"/v1/actions/{quote(id, safe='')}"))
    action = _object(answer.get("action"))
    names = ("agent", "tool", "arguments", "server", "tool_schema")
    body: dict[str, Json] = {name: action[name] for name in names if action.get(name)}
    body |= {"arguments": action.get("arguments"), "approvals": answer.get("approvals")}
    told = request(url, key, "POST", "/v1/policy/explain", body)
    try:
        return msgspec.convert(told, Explanation)
    except msgspec.ValidationError as error:
        raise Malformed(f"{url}: not an explanation: {error}") from None


@contextmanager
def _open(data: Path) -> Generator[sqlite3.Connection]:
    file = data / "gyges.db"
    if not file.is_file():
        raise Misconfigured(f"{data} is no data folder: it has no gyges.db")
    try:
        connection = schema.connect(file, write=False, wait_ms=2000)
    except sqlite3.Error as error:
        raise schema.down(file, error) from None
    try:
        yield connection
    except sqlite3.Error as error:
        raise schema.down(file, error) from None
    finally:
        connection.close()


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Malformed("the gate did not answer with an object")
    return value


def document_in(file: Path) -> object:
    """What a TOML file, or else a JSON file, holds; raise `Malformed` naming it."""
    try:
        text = file.read_text(encoding="utf-8")
        return tomllib.loads(text) if file.suffix == ".toml" else canon.parse(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, Malformed) as error:
        raise Malformed(f"{file}: {error}") from None


def action_in(document: object) -> Action:
    """An action as `GET /v1/actions` or the log shows it, or as an agent would propose it."""
    whole = canon.clean(document)
    if not isinstance(whole, dict):
        raise Malformed("the file does not hold an action")
    told: dict[str, Json] = {"agent": "agent", "arguments": {}, **whole}
    told.pop("v", None)
    if strange := sorted(set(told) - {f.name for f in fields(Action)}):
        raise Malformed(f'an action has no field "{strange[0]}"')
    try:
        return msgspec.convert(told, Action)
    except msgspec.ValidationError as error:
        raise Malformed(f"the file does not hold an action: {error}") from None


def numbers_in(texts: list[str]) -> dict[str, int]:
    """Approvals from "GROUP=NUMBER"."""
    found: dict[str, int] = {}
    for text in texts:
        name, _, number = text.partition("=")
        if not name or not number.isascii() or not number.isdigit():
            raise Malformed(f"--approve {text}: expected GROUP=NUMBER")
        found[name] = int(number)
    return found
