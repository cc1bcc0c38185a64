# SPDX-License-Identifier: Apache-2.0
"""What the commands share: which gate, whose key, how to speak to it, how to answer a program.

Exit codes of every command: 0 held, 1 did not hold, 2 could not run. It knows no command.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer

from gyges.adapters.client import Gate
from gyges.canon import Json
from gyges.errors import Misconfigured
from gyges.principal import Scope

HELD, NOT_HELD, COULD_NOT = 0, 1, 2
DEFAULT_URL = "http://127.0.0.1:8420"

Url = Annotated[str, typer.Option(envvar="GYGES_URL", help="Where the gate listens.")]
KeyFile = Annotated[
    Path | None, typer.Option(help="File that holds the key; else it is read from the environment.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]

_T = TypeVar("_T")


def read_key(scope: Scope, key_file: Path | None) -> str:
    """The key from `key_file`, else from GYGES_<SCOPE>_KEY; raise `Misconfigured` when there is none."""
    name = f"GYGES_{scope.value.upper()}_KEY"
    if key_file is None:
        found = os.environ.get(name, "")
        if not found.strip():
            raise Misconfigured(f"no {scope.value}'s key: set {name} or give --key-file")
    else:
        try:
            found = key_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{key_file}: no key can be read: {error}") from None
    return _one_word(found, name if key_file is None else str(key_file))


def any_key(key_file: Path | None, *scopes: Scope) -> str:
    """The key of the first of these scopes that there is one for; raise `Misconfigured` naming them all."""
    for scope in scopes:
        try:
            return read_key(scope, key_file)
        except Misconfigured:
            if key_file is not None:
                raise
    names = " or ".join(f"GYGES_{scope.value.upper()}_KEY" for scope in scopes)
    raise Misconfigured(f"no key: set {names}, or give --key-file")


def speak(url: str, key: str, work: Callable[[Gate], Awaitable[_T]]) -> _T:
    """Do `work` with a connection to the gate, and close it."""

    async def run() -> _T:
        async with Gate(url, key) as gate:
            return await work(gate)

    return asyncio.run(run())


def request(url: str, key: str, method: str, path: str, body: Json = None) -> Json:
    """One request; the answer's JSON, None for an empty one."""
    answer = speak(url, key, lambda gate: gate.request(method, path, body))
    found: Json = msgspec.json.decode(answer) if answer else None
    return found


def emit(value: object) -> None:
    """`value` as JSON on standard output, for a program to read."""
    print(json.dumps(msgspec.to_builtins(value), indent=2))


def needs_numpy() -> None:
    """Raise `Misconfigured` where the extra `drift` is not installed."""
    if not find_spec("numpy"):
        raise Misconfigured("drift is an extra: pip install 'gyges[drift]'")


def write_secret(file: Path, secret: str) -> None:
    """A new file with one line that only its owner can read; raise `Misconfigured` if it exists."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Misconfigured(f"{file}: cannot be made: {error.strerror or error}") from None
    with os.fdopen(handle, "w") as out:
        out.write(secret + "\n")


def _one_word(text: str, where: str) -> str:
    words = text.split()
    if len(words) != 1 or not words[0].isascii():
        raise Misconfigured(f"{where} does not hold one key")
    return words[0]
