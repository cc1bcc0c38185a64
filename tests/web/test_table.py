# SPDX-License-Identifier: Apache-2.0
"""Who may call what: every line of the table is walked with a key of every scope, and with none."""

import re
from typing import Any

import pytest

from gyges.errors import Fault
from gyges.principal import Scope
from gyges.web.call import Route
from gyges.web.routing import Table
from gyges.web.table import ROUTES
from tests.web.conftest import House

BY_SCOPE = {
    Scope.AGENT: "bot",
    Scope.EXECUTOR: "office",
    Scope.APPROVER: "alice",
    Scope.AUDITOR: "audrey",
    Scope.ADMIN: "root",
}
LINES = [pytest.param(route, id=f"{route.method} {route.path}") for route in ROUTES]
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/.well-known/jwks.json",
    "/log/checkpoint",
    "/log/tile/{path*}",
    "/v1/log/proof/{index}",
    "/v1/log/consistency",
}


def path_of(route: Route, part: str = "c-00000000000000000000000000") -> str:
    """The path with something in its variable parts."""
    return re.sub(r"{\w+\*?}", part, route.path)


def body_of(route: Route) -> dict[str, Any] | None:
    """The smallest body, which no handler accepts where it asks for more."""
    return None if route.body is None else {}


@pytest.mark.slow
@pytest.mark.parametrize("route", LINES)
async def test_every_scope_meets_the_table(house: House, route: Route) -> None:
    """A scope that the line does not name gets 403, one that it names never does, nobody gets 401."""
    nobody = await house.call("", route.method, path_of(route), body_of(route))
    assert (nobody.status_code == 401) is (route.scopes is not None)
    for scope, who in BY_SCOPE.items():
        answer = await house.call(who, route.method, path_of(route), body_of(route))
        allowed = route.scopes is None or scope in route.scopes
        assert (answer.status_code == 403) is not allowed, (scope, answer.text)
        if not allowed:
            assert answer.json()["code"] == "forbidden"


async def test_no_agent_reaches_what_decides(house: House) -> None:
    """With an agent's key every deciding endpoint answers 403 for a real case of its own, which stays as it is."""
    case = await house.propose()
    before = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    deciding = [route for route in ROUTES if route.decides]
    assert {"decision", "edit", "redeem", "outcome", "grants", "keys", "reload"} <= {
        route.path.rsplit("/", 1)[-1] for route in deciding
    }
    body = {"say": "approve", "digest": case["digest"], "arguments": {}, "permit": "", "action": ""}
    for route in deciding:
        answer = await house.call("bot", route.method, path_of(route, case["id"]), body)
        assert answer.status_code == 403, route.path
    after = (await house.call("bot", "GET", f"/v1/actions/{case['id']}")).json()
    assert after == before


def test_what_an_agent_may_call_is_this_and_no_more() -> None:
    """The lines that name the agent are written down a second time here, so that a slip is seen."""
    found = {
        (route.method, route.path) for route in ROUTES if route.scopes and "agent" in route.scopes
    }
    assert found == {
        ("POST", "/v1/actions"),
        ("GET", "/v1/actions"),
        ("GET", "/v1/actions/{id}"),
        ("GET", "/v1/actions/{id}/stream"),
        ("POST", "/v1/actions/{id}/withdraw"),
        ("POST", "/v1/tools/visible"),
        ("POST", "/v1/episodes"),
        ("POST", "/v1/episodes/{id}/close"),
    }


def test_what_is_public_is_this_and_no_more() -> None:
    """Public lines are written down a second time here; all of them only read."""
    public = [route for route in ROUTES if route.scopes is None]
    assert {route.path for route in public} == OPEN_TO_ALL
    assert {route.method for route in public} == {"GET"}


async def test_a_refused_scope_learns_nothing_of_what_exists(house: House) -> None:
    """403 reads the same for a case that is there and for one that is not."""
    case = await house.propose()
    texts = []
    for name in (case["id"], "c-" + "0" * 26):
        answer = await house.call("audrey", "POST", f"/v1/actions/{name}/decision", {})
        texts.append(answer.json()["detail"])
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/admin", "/v1/actions/", "/v1//actions", "/V1/actions"]
)
async def test_what_is_not_in_the_table_does_not_exist(house: House, path: str) -> None:
    """An unknown path is 404 even for an admin."""
    answer = await house.call("root", "GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_line_that_nobody_may_use_is_refused() -> None:
    """A table with an empty set of scopes cannot be built: public has to be said aloud."""
    line = ROUTES[0]
    with pytest.raises(Fault, match="names no scope"):
        Table([Route(method="GET", path="/x", scopes=frozenset(), handler=line.handler)])


def test_a_line_that_stands_twice_is_refused() -> None:
    """Two lines for one method and path would hide one of them."""
    with pytest.raises(Fault, match="stands twice"):
        Table([ROUTES[0], ROUTES[0]])
