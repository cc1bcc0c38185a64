# SPDX-License-Identifier: Apache-2.0
"""`gyges health`: how the gate stands; exit code 1 when it could not decide now.

It repairs nothing, and starts nothing.
"""

from typing import Any

import typer

from gyges.cli.common import (
    DEFAULT_URL,
    NOT_HELD,
    AsJson,
    KeyFile,
    Url,
    any_key,
    emit,
    request,
)
from gyges.cli.history import clock
from gyges.cli.shown import span, visible
from gyges.principal import Scope


def health(url: Url = DEFAULT_URL, key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """How the gate stands: ready or not, open, owed, stopped."""
    key = any_key(key_file, Scope.ADMIN, Scope.AUDITOR, Scope.APPROVER)
    found: Any = request(url, key, "GET", "/v1/health")
    if as_json:
        emit(found)
    else:
        for name, value in _lines(found):
            print(f"{name:14}{visible(value)}")
    if not found["ready"]:
        raise typer.Exit(NOT_HELD)


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    log = found["log"]
    lines = [
        ("ready" if found["ready"] else "NOT READY", found["wrong"]),
        ("open", ", ".join(f"{n} {state}" for state, n in found["open"].items())),
        ("timers", f"{span(found['late'])} behind" if found["late"] > 5000 else "on time"),
        ("messages", f"{found['notices']} not taken up, {found['deliveries']} on their way"),
        ("log", f"{log['origin']}, {log['size']} entries, root {log['root']}"),
        ("log key", log["key"]),
        ("database", f"{found['file_bytes']:,} bytes, {found['free_bytes']:,} free on its disk"),
        ("policy", found["policy"]),
        ("monitors", ", ".join(found["monitors"]) or "none"),
        ("drift", found["drift"]),
        ("version", f"{found['version']}, started {clock(found['started'])}"),
    ]
    lines += [
        (
            "waiting for",
            f"{q['group']}: {q['waiting']} cases, {q['free']} of {q['people']} people free to answer",
        )
        for q in found["queues"]
    ]
    return lines + [
        ("stopped", f"{stop['scope']} by {stop['by']} {stop['reason']}") for stop in found["stops"]
    ]
