# SPDX-License-Identifier: Apache-2.0
"""Small JSON requests to one server over kept connections: HTTP/1.1 with httptools, on asyncio.

A general client spends most of a millisecond on each request, and one guarded call makes three. This one
knows what they are: no redirects, cookies, proxies, encodings or streaming, a bounded body, TLS with the
system's roots. Nothing is sent twice: whether to try again is for the caller, who alone knows what it means.
"""

import asyncio
import ssl
from collections import deque
from typing import Protocol, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httptools

from gyges import __version__
from gyges.errors import Misconfigured, Unreachable

CONNECT_S = 10.0
IDLE_S = 30.0  # servers keep idle connections longer than this
LARGEST = 64 << 20  # bytes of one answer


class Parser(Protocol):
    """What is used of `httptools.HttpResponseParser`, which has no types of its own."""

    def feed_data(self, data: bytes) -> None: ...  # noqa: D102

    def get_status_code(self) -> int: ...  # noqa: D102

    def should_keep_alive(self) -> bool: ...  # noqa: D102


class _Connection(asyncio.Protocol):
    """One connection; carries one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiter: asyncio.Future[tuple[int, bytes]] | None = None
        self.idle_since = 0.0
        self.keep = False
        self._body = bytearray()
        self._parser: Parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's have no such base

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(f"the answer is not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.keep = False
        self._fail(exc or ConnectionResetError("the connection was closed"))

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > LARGEST:
            self._fail(ConnectionError(f"the answer is over {LARGEST} bytes"))

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self.waiter is None:
            return self._fail(ConnectionError(f"an answer with status {status} was not asked for"))
        self.keep = self._parser.should_keep_alive()
        waiter, self.waiter = self.waiter, None
        if not waiter.done():
            waiter.set_result((status, bytes(self._body)))
        self._body.clear()
        self._parser = httptools.HttpResponseParser(self)
        return None

    def send(self, data: bytes) -> "asyncio.Future[tuple[int, bytes]]":
        assert self.transport is not None
        self.waiter = asyncio.get_running_loop().create_future()
        self.keep = False
        self.transport.write(data)
        return self.waiter

    def close(self) -> None:
        self.keep = False
        if self.transport is not None:
            self.transport.abort()

    def _fail(self, error: Exception) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
        self.close()


class Wire:
    """A server, and the connections to it that are kept: each event loop has its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise Misconfigured(f"{url!r} is no URL: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise Misconfigured(f"{url!r} is not http://HOST[:PORT] or https://HOST[:PORT]")
        if parts.username or parts.password:
            raise Misconfigured("a gate's URL holds no user: keys go in the environment")
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname, port or (443 if parts.scheme == "https" else 80)
        self._path = parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._head = f" HTTP/1.1\r\nhost: {parts.netloc}\r\nuser-agent: gyges/{__version__}\r\n"
        self._idle: WeakKeyDictionary[asyncio.AbstractEventLoop, deque[_Connection]] = (
            WeakKeyDictionary()
        )

    async def request(
        self, method: str, path: str, headers: str, body: bytes | None, patience: float
    ) -> tuple[int, bytes]:
        """Status and body of the answer. `headers` are whole lines, each with its CRLF.

        Raises `Unreachable` when there is none within `patience` seconds; its `extra["sent"]` is 0 when
        the server cannot have heard.
        """
        length = f"content-length: {len(body)}\r\n" if body is not None else ""
        text = f"{method} {self._path}{path}{self._head}{headers}{length}\r\n"
        connection = self._kept() or await self._open()
        try:
            async with asyncio.timeout(patience):
                answer = await connection.send(text.encode("latin-1") + (body or b""))
        except (OSError, TimeoutError) as error:
            raise self._gone(error, sent=True) from None
        finally:
            self._done(connection)
        return answer

    def close(self) -> None:
        """Close the idle connections of this event loop."""
        for connection in self._idle.pop(asyncio.get_running_loop(), ()):
            connection.close()

    def _kept(self) -> _Connection | None:
        loop = asyncio.get_running_loop()
        idle = self._idle.get(loop)
        while idle:
            connection = idle.pop()
            if connection.keep and loop.time() - connection.idle_since < IDLE_S:
                return connection
            connection.close()
        return None

    async def _open(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, connection = await loop.create_connection(
                    _Connection, self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            raise self._gone(error, sent=False) from None
        return connection

    def _done(self, connection: _Connection) -> None:
        if not connection.keep:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.setdefault(loop, deque()).append(connection)

    def _gone(self, error: Exception, *, sent: bool) -> Unreachable:
        what = str(error) or type(error).__name__
        return Unreachable(f"the gate at {self.url} gave no answer: {what}", sent=sent)
