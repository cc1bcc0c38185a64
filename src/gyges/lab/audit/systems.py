# SPDX-License-Identifier: Apache-2.0
"""The decision system under audit: a Python function, an HTTP endpoint, or decisions already on file.

    function   module:name, called with a batch of rows (and the batch's headers, if it takes two arguments);
               returns one decision for each row
    endpoint   POST {"rows": [...]} -> {"decisions": [...]}, plain http only to this machine
    file       the plan's decision column

A batch that fails is so many failed cases, and the next batch is tried all the same. It retries nothing: a
second try is another question.
"""

import importlib
import inspect
import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

import httpx

from gyges.errors import Malformed
from gyges.lab.audit.cases import Failed
from gyges.lab.audit.plan import Plan, Row

System = Callable[[Sequence[Row], Mapping[str, str]], object]
"""(rows of one batch, its headers) -> decisions, one for each row."""


def system_of(name: str, plan: Plan) -> System | None:
    """The system that a user names: `module:function`, an http(s) address, or empty for none.

    Raises:
        Malformed: there is no such function, or the address may not be used.
    """
    if not name:
        return None
    if name.startswith(("http://", "https://")):
        return endpoint(name, plan.timeout)
    return function(name)


def function(name: str) -> System:
    """A function by `module:name`; it runs in this process, with all its rights.

    Raises:
        Malformed: it cannot be imported or called.
    """
    module, _, attribute = name.partition(":")
    try:
        found: object = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise Malformed(f"system {name!r}: {error}") from None
    if not callable(found):
        raise Malformed(f"system {name!r} cannot be called")
    return adapt(found)


def adapt(found: Callable[..., object]) -> System:
    """Let a function of rows alone, or of rows and headers, be a system."""
    needed = [
        p
        for p in inspect.signature(found).parameters.values()
        if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL}
    ]
    both = len(needed) > 1 or any(p.kind is p.VAR_POSITIONAL for p in needed)

    def call(rows: Sequence[Row], headers: Mapping[str, str]) -> object:
        return found(rows, headers) if both else found(rows)

    return call


def endpoint(address: str, timeout: float) -> System:
    """A system behind HTTP, without redirects and without the environment's proxies.

    Raises:
        Malformed: plain http to another machine.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not _here(parts.hostname or ""):
        raise Malformed(f"system {address}: personal data go by https, or to this machine only")

    def call(rows: Sequence[Row], headers: Mapping[str, str]) -> object:
        with httpx.Client(timeout=timeout, trust_env=False) as client:
            answer = client.post(
                address, json={"rows": [dict(row) for row in rows]}, headers=dict(headers)
            )
        if answer.status_code != 200:
            raise Malformed(f"the endpoint answered {answer.status_code}")
        found: object = answer.json()
        return cast("dict[str, object]", found)["decisions"]

    return call


def decide(
    system: System | None, rows: Sequence[Row], context: str, plan: Plan
) -> Iterator[object]:
    """One decision, or one `Failed`, for each row, in order."""
    if system is None:
        yield from (row.get(plan.decision) for row in rows)
        return
    for start in range(0, len(rows), plan.batch):
        part = rows[start : start + plan.batch]
        yield from one_batch(system, part, context, plan)


def one_batch(system: System, rows: Sequence[Row], context: str, plan: Plan) -> Sequence[object]:
    """Call the system once."""
    shown = [plan.sent(row) for row in rows]
    try:
        answer = system(shown, plan.headers.get(context, {}))
    except httpx.TimeoutException:
        return [Failed("the call timed out")] * len(rows)
    except Exception as error:  # noqa: BLE001 - whatever a foreign system raises is a failed call
        return [Failed(f"the call failed: {type(error).__name__}")] * len(rows)
    if isinstance(answer, str | bytes | Mapping) or not hasattr(answer, "__len__"):
        return [Failed("the answer is no list")] * len(rows)
    found = list(cast("Sequence[object]", answer))
    if len(found) != len(rows):
        return [Failed("the answer has another length")] * len(rows)
    return found


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
