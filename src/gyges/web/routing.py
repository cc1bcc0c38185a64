# SPDX-License-Identifier: Apache-2.0
"""Finds the route for a path: literal parts first, then `{name}` for one part, `{name*}` for the rest.

It knows no route of its own and asks nobody's permission. A path is split before it is unquoted, so an
encoded slash stays inside its part.
"""

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from string import printable
from typing import Any
from urllib.parse import quote, unquote

from gyges.errors import Fault
from gyges.web.call import Route
from gyges.web.problems import NoMethod


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict[str, "_Node"])
    one: "_Node | None" = None
    rest: "_Node | None" = None
    methods: dict[str, Route] = field(default_factory=dict[str, Route])


class Table:
    """All routes there are. What is not in it does not exist."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Refuse an entry that nobody may use, and two entries for one method and path."""
        self.routes = tuple(routes)
        self._root = _Node()
        self._exact: dict[str, dict[str, Route]] = {}
        for route in self.routes:
            if route.scopes is not None and not route.scopes:
                raise Fault(f"{route.method} {route.path} names no scope")
            node = self._node(route.path)
            if route.method in node.methods:
                raise Fault(f"{route.method} {route.path} stands twice in the table")
            node.methods[route.method] = route
            if "{" not in route.path:
                self._exact[route.path] = node.methods

    def find(self, method: str, raw_path: bytes) -> tuple[Route, tuple[str, ...]] | None:
        """The route and the variable parts of the path; None for an unknown path; raise `NoMethod`."""
        path = raw_path.decode("latin-1")
        params: tuple[str, ...] = ()
        methods = self._exact.get(path)
        if methods is None:
            methods, params = self._walk(path)
        if not methods:
            return None
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise NoMethod(method, ", ".join(sorted(methods)))
        return route, params

    def _walk(self, path: str) -> tuple[dict[str, Route], tuple[str, ...]]:
        node = self._root
        params: list[str] = []
        parts = path.split("/")[1:]
        for at, part in enumerate(parts):
            following = node.literal.get(part)
            if following is None and node.rest is not None:
                return node.rest.methods, (*params, _plain("/".join(parts[at:])))
            if following is None:
                following = node.one
                params.append(_plain(part))
            if following is None or not part:
                return {}, ()
            node = following
        return node.methods, tuple(params)

    def _node(self, path: str) -> _Node:
        node = self._root
        for part in path.split("/")[1:]:
            if part.endswith("*}"):
                node.rest = node = node.rest or _Node()
            elif part.startswith("{"):
                node.one = node = node.one or _Node()
            else:
                node = node.literal.setdefault(part, _Node())
        return node


def raw_path(scope: MutableMapping[str, Any]) -> bytes:
    """The path of an ASGI scope before it was unquoted; not every server keeps it."""
    found: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return found


def quoted_path(scope: MutableMapping[str, Any]) -> str:
    """The same in ASCII: bytes that should have been quoted are."""
    return quote(raw_path(scope), safe=printable)


def _plain(part: str) -> str:
    return unquote(part, errors="replace") if "%" in part else part
