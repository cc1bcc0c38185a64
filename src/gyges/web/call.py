# SPDX-License-Identifier: Apache-2.0
"""The words of this room: a `Route` of the API, the `Call` a handler gets, the `Reply` it gives.

They hold no behaviour beyond making themselves; `table.py` lists the routes, `door.py` serves them.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import msgspec

from gyges.errors import Fault
from gyges.principal import Key, Scope

if TYPE_CHECKING:
    from gyges.web.metrics import Metrics
    from gyges.web.readiness import Readiness
    from gyges.wiring import Gate

Header: TypeAlias = tuple[bytes, bytes]
Message: TypeAlias = MutableMapping[str, Any]  # as ASGI has it
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

B = TypeVar("B")
Q = TypeVar("Q")
_encode = msgspec.json.Encoder().encode


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No members."""


class Gone(Exception):
    """The client went away: there is nobody to answer."""


@dataclass(slots=True, kw_only=True)
class Reply:
    """What goes back: a whole `body`, or `chunks` of one that is still being made."""

    body: bytes = b""
    status: int = 200
    type: bytes = b"application/json"
    headers: tuple[Header, ...] = ()
    chunks: AsyncGenerator[bytes, None] | None = None
    cache: bytes = b"no-store"


def reply(value: object, status: int = 200, headers: tuple[Header, ...] = ()) -> Reply:
    """`value` as JSON."""
    return Reply(body=_encode(value), status=status, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every handler works with. `closing` is set when the server wants to end: nobody waits on."""

    gate: "Gate"
    metrics: "Metrics"
    readiness: "Readiness"
    closing: asyncio.Event
    document: bytes = b""  # the OpenAPI document


@dataclass(slots=True, kw_only=True)
class Call(Generic[B, Q]):
    """One request, known to be allowed its route, with body and query already in their types."""

    desk: Desk
    caller: Key | None  # None on public routes only
    now: int  # ms, when the request came
    params: tuple[str, ...]  # the variable parts of the path, in order
    query: Q
    body: B
    headers: Mapping[bytes, bytes]  # names in lower case
    receive: Receive

    @property
    def gate(self) -> "Gate":
        """The gate that is asked."""
        return self.desk.gate

    @property
    def key(self) -> Key:
        """Whose call it is; a fault on a public route, where nobody is known."""
        if self.caller is None:
            raise Fault("a public route has no caller")
        return self.caller


Handler: TypeAlias = Callable[[Any], Awaitable[Reply]]  # a Call of the route's own body and query


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of the API's table. `scopes` None means public; an empty set is refused when the table is built."""

    method: str
    path: str  # "/v1/actions/{id}/decision"; a last part "{name*}" takes the rest
    scopes: frozenset[Scope] | None
    handler: Handler
    body: type[Any] | None = None
    query: type[Any] = Nothing
    answer: Any = None  # the type of the JSON that comes back; None: not JSON
    media: str = "application/json"
    status: int = 200
    also: tuple[int, ...] = ()  # other good statuses
    body_optional: bool = False
    headers: tuple[str, ...] = ()  # request headers it reads, for the document
    summary: str = field(default="")

    @property
    def decides(self) -> bool:
        """Whether somebody changes what holds for an agent by it: no agent may ever call it."""
        return self.scopes is not None and self.method != "GET" and Scope.AGENT not in self.scopes
