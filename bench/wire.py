# SPDX-License-Identifier: Apache-2.0
"""A blocking HTTP client on one kept connection, and whatever a bench says with it one step at a time.

It costs some 20 us a request, so what is timed through it is the server. It reads no more of HTTP than the
servers here write, follows nothing and retries nothing.
"""

import select
from typing import Any, Self

import msgspec

from bench.load import answer, connect


class Wire:
    """One connection that speaks with one key."""

    def __init__(self, url: str, key: str) -> None:
        self._port = int(url.rsplit(":", 1)[1].partition("/")[0])
        self._sock = connect(self._port)
        self._head = f"host: 127.0.0.1\r\nauthorization: Bearer {key}\r\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def post(self, path: str, body: object) -> bytes:
        """The answer's body; raise `RuntimeError` unless its status is 2xx."""
        raw = msgspec.json.encode(body)
        told = f"content-type: application/json\r\ncontent-length: {len(raw)}\r\n"
        return self._ask(f"POST {path} HTTP/1.1\r\n{self._head}{told}\r\n".encode() + raw)

    def get(self, path: str) -> bytes:
        """The answer's body; raise `RuntimeError` unless its status is 2xx."""
        return self._ask(f"GET {path} HTTP/1.1\r\n{self._head}\r\n".encode())

    def _ask(self, request: bytes) -> bytes:
        if select.select([self._sock], [], [], 0)[0]:  # closed while nobody asked anything
            self._sock.close()
            self._sock = connect(self._port)
        self._sock.sendall(request)
        data = answer(self._sock)
        if data[9:10] != b"2":
            raise RuntimeError(f"{request[:60]!r} was answered with {data[:600]!r}")
        return data.partition(b"\r\n\r\n")[2]


def fields(body: bytes) -> dict[str, Any]:
    """A JSON object, unchecked."""
    found: dict[str, Any] = msgspec.json.decode(body)
    return found
