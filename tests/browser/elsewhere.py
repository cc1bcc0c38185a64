# SPDX-License-Identifier: Apache-2.0
"""Somebody else's web server on this machine: serves what a test gives it and remembers nothing.

The same server has two names. From "127.0.0.1" it is another origin but the same *site* as the gate, so that
SameSite cookies go along; from "localhost" it is another site altogether.
"""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Elsewhere:
    """A server of strangers. `pages`: path -> HTML."""

    port: int
    pages: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def neighbour(self) -> str:
        """Its origin on the gate's site."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stranger(self) -> str:
        """Its origin on another site."""
        return f"http://localhost:{self.port}"

    def show(self, body: str, path: str = "/") -> None:
        """Serve a page with this body."""
        self.pages[path] = f"<!doctype html><title>Win a prize</title><body>{body}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, str], *rest: object) -> None:
        self._pages = pages
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = self._pages.get(self.path.partition("?")[0], "").encode()
        self.send_response(200 if body else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Elsewhere]:
    """Such a server, in a thread, ended with the context."""
    pages: dict[str, str] = {}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, pages)) as s:  # pyright: ignore[reportArgumentType]
        thread = threading.Thread(target=functools.partial(s.serve_forever, 0.05))
        thread.start()
        try:
            yield Elsewhere(s.server_port, pages)
        finally:
            s.shutdown()
            thread.join()
