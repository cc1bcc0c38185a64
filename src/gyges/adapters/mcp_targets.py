# SPDX-License-Identifier: Apache-2.0
"""From words to upstreams: what a command line or a TOML file says of the servers to protect.

    "python my_server.py"   "office=python my_server.py"   "https://tools.example.org/mcp"

    [upstream.office]                      secrets: "env:NAME" and "file:PATH" stand for what is there
    command = ["python", "my_server.py"]   # or: url = "https://..."
    env = { MAIL_TOKEN = "env:MAIL_TOKEN" }
    headers = { Authorization = "file:/run/secrets/office" }

A stdio server gets PATH, HOME and the like and what `env` names, nothing else: never the proxy's own keys.
It opens no connection.
"""

import os
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from gyges.adapters.mcp_upstream import Target
from gyges.errors import Misconfigured

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,99})=(.+)", re.DOTALL)


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    command: list[str] = []
    url: str = ""
    env: dict[str, str] = {}
    headers: dict[str, str] = {}
    prefix: str = ""
    mode: str = "auto"
    executor: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    upstream: dict[str, _Entry]


def target_of(
    text: str,
    *,
    name: str = "",
    env: Sequence[str] = (),
    headers: Sequence[str] = (),
    prefix: str = "",
    mode: str = "auto",
) -> Target:
    """The target that `text` names; raise `Misconfigured` when it names none.

    `env` are "NAME" (taken from this process) or "NAME=value", `headers` "Name: value".
    """
    named = _NAMED.fullmatch(text)
    if named and not name:
        name, text = named[1], named[2]
    entry = _Entry(
        env=dict(_variable(item) for item in env),
        headers=dict(_header(item) for item in headers),
        prefix=prefix,
        mode=mode,
    )
    if text.startswith(("http://", "https://")):
        entry.url = text
    else:
        entry.command = _words(text)
    return _target(name, entry)


def read_targets(file: Path) -> list[Target]:
    """The targets of a TOML file; raise `Misconfigured` naming what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(file.read_text()), _File)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise Misconfigured(f"{file}: {error}") from None
    return [_target(name, entry) for name, entry in found.upstream.items()]


def secret(text: str, environ: Mapping[str, str] | None = None) -> str:
    """`text`, or what "env:NAME" or "file:PATH" stand for; raise `Misconfigured` where that is nothing."""
    kind, _, where = text.partition(":")
    if kind == "env":
        found = (os.environ if environ is None else environ).get(where)
        if found is None:
            raise Misconfigured(f"the environment has no {where}")
        return found
    if kind == "file":
        try:
            return Path(where).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{where}: no secret can be read: {error}") from None
    return text


def _target(name: str, entry: _Entry) -> Target:
    if not name:
        raise Misconfigured("an upstream needs a name: --name office, or office=COMMAND")
    if bool(entry.command) == bool(entry.url):
        raise Misconfigured(f"upstream {name}: give either a command or a URL")
    if (entry.env and entry.url) or (entry.headers and entry.command):
        raise Misconfigured(f"upstream {name}: env is for commands, headers are for URLs")
    return Target(
        name=name,
        command=tuple(entry.command),
        url=entry.url,
        env={key: secret(value) for key, value in entry.env.items()},
        headers={key: secret(value) for key, value in entry.headers.items()},
        prefix=entry.prefix,
        mode=entry.mode,
        executor=entry.executor,
    )


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Misconfigured(f"{text!r} is no command: {error}") from None
    if not words:
        raise Misconfigured("an upstream is a command or a URL")
    return words


def _variable(text: str) -> tuple[str, str]:
    name, is_set, value = text.partition("=")
    return (name, value) if is_set else (name, f"env:{name}")


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    if not value.strip():
        raise Misconfigured(f"{name!r}: a header is NAME: VALUE")
    return name.strip(), value.strip()
