# SPDX-License-Identifier: Apache-2.0
"""Small JSON requests to one gate over kept connections, by aiohttp.

It knows what they are: no redirects, cookies, proxies or streaming, a bounded body, TLS with the system's
roots. Nothing is sent twice: whether to try again is for the caller, who alone knows what it means.
"""

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp

from gyges import __version__
from gyges.errors import Misconfigured, Unreachable

CONNECT_S = 10.0
IDLE_S = 30.0  # servers keep idle connections longer than this
LARGEST = 64 << 20  # bytes of one answer
_AGENT = {"user-agent": f"gyges/{__version__}"}


class Wire:
    """A server, and the connections to it that are kept: each event loop has its own."""

    def __init__(self, url: str) -> None:
        _check(url)
        self.url = url.rstrip("/")
        self._closed = False
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
            WeakKeyDictionary()
        )

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        patience: float,
    ) -> tuple[int, bytes]:
        """Status and body of the answer.

        Raises `Unreachable` when there is none within `patience` seconds; its `extra["sent"]` is 0 when
        the server cannot have heard.
        """
        timeout = aiohttp.ClientTimeout(total=patience, connect=CONNECT_S)
        try:
            async with self._session().request(
                method, self.url + path, data=body, headers=headers, timeout=timeout,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                return answer.status, await _bounded(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise self._gone(error, sent=False) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._gone(error, sent=True) from None

    async def close(self) -> None:
        """Close all connections, also those of other event loops that still run; none is made after."""
        self._closed = True
        here = asyncio.get_running_loop()
        for loop, session in list(self._sessions.items()):
            del self._sessions[loop]
            if loop is here:
                await session.close()
            elif loop.is_running():
                there = asyncio.run_coroutine_threadsafe(session.close(), loop)
                await asyncio.wrap_future(there)

    def _session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Unreachable(f"the connection to {self.url} was closed here", sent=False)
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_S)
            session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=_AGENT,
                trust_env=False, auto_decompress=False,
            )  # fmt: skip
            self._sessions[loop] = session
        return session

    def _gone(self, error: Exception, *, sent: bool) -> Unreachable:
        what = str(error) or type(error).__name__
        return Unreachable(f"the gate at {self.url} gave no answer: {what}", sent=sent)


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise aiohttp.ClientPayloadError(f"the answer is over {LARGEST} bytes")
    return bytes(body)


def _check(url: str) -> None:
    """Raise `Misconfigured` unless `url` is plain http://HOST[:PORT] or https://HOST[:PORT]."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Misconfigured(f"{url!r} is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise Misconfigured(f"{url!r} is not http://HOST[:PORT] or https://HOST[:PORT]")
    if parts.username or parts.password:
        raise Misconfigured("a gate's URL holds no user: keys go in the environment")
