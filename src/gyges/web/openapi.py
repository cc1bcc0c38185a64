# SPDX-License-Identifier: Apache-2.0
"""Writes the OpenAPI 3.1 document from the routes: same table, same structs, same bounds as the door checks.

    document(ROUTES)["paths"]["/v1/actions"]["post"]["x-gyges-scopes"] == ["agent"]

Summaries are the first sentences of the handlers' docstrings. It describes; nothing is enforced from it.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from gyges import __version__
from gyges.web.call import Nothing, Route
from gyges.web.views import Problem

REF = "#/components/schemas/{name}"
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key gy_...; it has one scope, and no scope implies another.",
}
TITLE = {
    "title": "Gyges",
    "version": __version__,
    "summary": "External oversight for AI agents: propose, decide, redeem, prove.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document."""
    routes = tuple(routes)
    types = {kind for route in routes for kind in (route.body, route.answer) if kind is not None}
    ordered = sorted(types | {Problem}, key=lambda kind: str(kind.__name__))
    _, schemas = msgspec.json.schema_components(ordered, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = route.path.replace("*}", "}")
        paths.setdefault(path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": TITLE,
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": BEARER}},
    }


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "tags": [route.handler.__module__.rsplit(".", 1)[-1]],
        "summary": _summary(route),
        "parameters": [*_in_path(route), *_in_query(route), *_in_headers(route)],
        "responses": _responses(route),
        "security": [] if route.scopes is None else [{"key": []}],
    }
    if route.scopes is not None:
        found["x-gyges-scopes"] = sorted(route.scopes)
    if route.body is not None:
        content = {"application/json": {"schema": _schema(route.body)}}
        found["requestBody"] = {"required": not route.body_optional, "content": content}
    return found


def _responses(route: Route) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": _schema(Problem)}}
    good: dict[str, Any] = {"description": "Done"}
    if route.status != 204:
        schema = {"type": "string"} if route.answer is None else _schema(route.answer)
        good["content"] = {route.media: {"schema": schema}}
    found = {str(status): good for status in (route.status, *route.also)}
    return found | {"default": {"description": "A problem (RFC 9457)", "content": problem}}


def _in_path(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)\*?}", route.path)
    return [
        {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
    ]


def _in_query(route: Route) -> list[dict[str, Any]]:
    if route.query is Nothing:
        return []
    _, found = msgspec.json.schema_components([route.query], ref_template=REF)
    whole = found[route.query.__name__]
    required = whole.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in whole["properties"].items()
    ]


def _in_headers(route: Route) -> list[dict[str, Any]]:
    return [{"name": n, "in": "header", "schema": {"type": "string"}} for n in route.headers]


def _schema(kind: Any) -> dict[str, Any]:
    return {"type": "object"} if kind is dict else {"$ref": REF.format(name=kind.__name__)}


def _summary(route: Route) -> str:
    text = " ".join((route.handler.__doc__ or "").split())
    return re.split(r"(?<=[.])\s", text, maxsplit=1)[0]
