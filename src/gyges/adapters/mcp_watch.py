# SPDX-License-Identifier: Apache-2.0
"""A client transport that tells when its other end is gone, so that no call is sent into the void.

It passes everything through and changes nothing.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

import anyio


class _Reading:
    """A read stream that sets `gone` at its end."""

    def __init__(self, inner: Any, gone: asyncio.Event) -> None:
        self._inner = inner
        self._gone = gone

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Any:
        try:
            return await self._inner.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._gone.set()
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()

    def close(self) -> None:
        self._inner.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._inner.__anext__()
        except (StopAsyncIteration, anyio.ClosedResourceError):
            self._gone.set()
            raise

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> bool | None:
        ended: bool | None = await self._inner.__aexit__(kind, error, at)
        return ended


class Watched:
    """Wraps a transport of the `mcp` package: an async context manager that gives two streams."""

    def __init__(
        self, transport: AbstractAsyncContextManager[tuple[Any, Any]], gone: asyncio.Event
    ) -> None:
        self._transport = transport
        self._gone = gone

    async def __aenter__(self) -> tuple[Any, Any]:
        """The two streams, the first of them watched."""
        reading, writing = await self._transport.__aenter__()
        return _Reading(reading, self._gone), writing

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> bool | None:
        """Leave the transport."""
        return await self._transport.__aexit__(kind, error, at)
