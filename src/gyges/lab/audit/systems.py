# SPDX-License-Identifier: Apache-2.0
"""The decision system under audit: a Python function, an HTTP endpoint, or decisions already on file.

    function   module:name, called with a batch of rows (and the batch's headers, if it takes two arguments);
               returns one decision for each row
    endpoint   POST {"rows": [...]} -> {"decisions": [...]}, plain http only to this machine; the whole call,
               however slowly it drips, ends with the plan's timeout
    file       the plan's decision column

A batch that fails is so many failed cases, and the next batch is tried all the same. It retries nothing: a
second try is another question.
"""

import importlib
import inspect
import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

import anyio
import httpx
from anyio.from_thread import start_blocking_portal

from gyges.errors import Malformed
from gyges.lab.audit.cases import Failed
from gyges.lab.audit.plan import Plan, Row

MOST = 16 * 1024 * 1024
"""Bytes of one answer; a larger one is a failed call."""

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
    """Let a function of rows alone, or of rows and headers, be a system.

    It gets the headers if it must be given a second argument, takes any number, or calls the second `headers`.
    """
    with_headers = _wants_headers(found)

    def call(rows: Sequence[Row], headers: Mapping[str, str]) -> object:
        return found(rows, headers) if with_headers else found(rows)

    return call


def _wants_headers(found: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return False
    placed = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    second = placed[1:2]
    return any(p.kind is p.VAR_POSITIONAL for p in parameters) or any(
        p.default is p.empty or p.name == "headers" for p in second
    )


def endpoint(address: str, timeout: float) -> System:
    """A system behind HTTP, without redirects and without the environment's proxies.

    Raises:
        Malformed: plain http to another machine.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and not _here(parts.hostname or ""):
        raise Malformed(f"system {address}: personal data go by https, or to this machine only")

    def call(rows: Sequence[Row], headers: Mapping[str, str]) -> object:
        # A portal, since the caller may stand in a running loop (a notebook) as well as in none.
        with start_blocking_portal() as portal:
            return portal.call(_posted, address, timeout, rows, headers)

    return call


async def _posted(
    address: str, seconds: float, rows: Sequence[Row], headers: Mapping[str, str]
) -> object:
    asked = {"rows": [dict(row) for row in rows]}
    raw = bytearray()
    # httpx's own timeout begins anew with each byte; this one does not.
    with anyio.fail_after(seconds):
        async with (
            httpx.AsyncClient(timeout=seconds, trust_env=False) as client,
            client.stream("POST", address, json=asked, headers=dict(headers)) as answer,
        ):
            if answer.status_code != 200:
                raise Malformed(f"the endpoint answered {answer.status_code}")
            async for part in answer.aiter_bytes():
                raw += part
                if len(raw) > MOST:
                    raise Malformed(f"the answer is longer than {MOST} bytes")
    return _decisions(bytes(raw))


def _decisions(raw: bytes) -> object:
    try:
        found: object = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("the answer is no JSON") from None
    if not isinstance(found, dict) or "decisions" not in found:
        raise Malformed("the answer has no decisions")
    return cast("dict[str, object]", found)["decisions"]


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
    except (httpx.TimeoutException, TimeoutError):
        return [Failed("the call timed out")] * len(rows)
    except Malformed as error:
        return [Failed(str(error))] * len(rows)
    except Exception as error:  # noqa: BLE001 - whatever a foreign system raises is a failed call
        return [Failed(f"the call failed: {type(error).__name__}")] * len(rows)
    # Arrays and series bring numbers of kinds of their own; as a list they are plain ones.
    as_list: Callable[[], object] | None = getattr(answer, "tolist", None)
    answer = as_list() if as_list else answer
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
