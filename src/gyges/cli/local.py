# SPDX-License-Identifier: Apache-2.0
"""One request to the API of a gate that is stopped: its folder is opened, asked and closed again.

Whoever can write in the data folder can do everything anyway, so no key is asked for; the log names the
command. A gate that runs holds its folder, and then this is refused.
"""

import asyncio
from pathlib import Path

import msgspec

from gyges.canon import Json
from gyges.errors import Malformed, NotFound
from gyges.principal import Key, Scope
from gyges.settings import Settings, read_settings

WHO = Key(id="local", name="gyges user", scope=Scope.ADMIN, hash="", created=0)


def ask(data: Path, method: str, path: str, body: Json) -> Json:
    """The answer's JSON; errors as `gyges.errors`."""
    return asyncio.run(_ask(read_settings(data / "gyges.toml", data=str(data)), method, path, body))


async def _ask(settings: Settings, method: str, path: str, body: Json) -> Json:
    from gyges.web.app import desk_of
    from gyges.web.call import Call
    from gyges.web.table import TABLE
    from gyges.wiring import open_gate

    found = TABLE.find(method, path.encode())
    if found is None:
        raise NotFound(f"there is nothing at {path}")
    route, params = found
    gate = await open_gate(settings)
    try:
        call = Call(
            desk=desk_of(gate), caller=WHO, now=gate.clock.now(), params=params,
            query=msgspec.convert({}, route.query), body=_read(body, route.body),
            headers={b"host": f"{settings.host}:{settings.port}".encode()}, receive=_nothing,
        )  # fmt: skip
        answer = await route.handler(call)
    finally:
        await gate.close()
    read: Json = msgspec.json.decode(answer.body) if answer.body else None
    return read


def _read(body: Json, into: type[object] | None) -> object:
    """The body in its type; the commands make only bodies that fit, apart from their bounds."""
    try:
        return None if into is None else msgspec.convert(body or {}, into)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


async def _nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}
