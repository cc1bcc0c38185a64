# SPDX-License-Identifier: Apache-2.0
"""Nobody's input makes the gate fail: generated requests from its own document, and wild ones, at a real server.

Every operation is tried with the keys that may call it; test_table.py tries the others. No answer is 5xx, and
each is as the document says it is.
"""

import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gyges.principal import Scope
from gyges.web.call import Route
from gyges.web.openapi import document
from gyges.web.table import ROUTES
from tests import patience
from tests.web.conftest import MAIL, PAY, make_folder, with_keys
from tests.web.test_server import process

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SCOPES = {
    "bot": Scope.AGENT, "office": Scope.EXECUTOR, "alice": Scope.APPROVER,
    "audrey": Scope.AUDITOR, "root": Scope.ADMIN,
}  # fmt: skip
PEOPLE = ["", "bot", "office", "alice", "audrey", "root"]
# What a fuzzer would switch off or shut out for the rest of the run; test_table.py walks these too.
OPERATIONS = [
    pytest.param(route, id=f"{route.method} {route.path}")
    for route in ROUTES
    if (route.method, route.path) != ("PUT", "/v1/stops/{scope}")
    and not route.path.startswith("/v1/signer")
]
FEW = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


class Target:
    """A running gate, its document, a connection, the keys, and the cases that exist."""

    def __init__(self, url: str, secrets: dict[str, str]) -> None:
        self.url = url
        self.secrets = secrets
        self.client = httpx.Client(base_url=url, timeout=patience.S)
        self.schema = schemathesis.openapi.from_dict(
            json.loads(json.dumps(document(ROUTES), default=list))
        )
        self.schema.config.update(base_url=url)
        self.cases = [self.send("bot", "POST", "/v1/actions", body).json() for body in (MAIL, PAY)]

    def headers(self, who: str) -> dict[str, str]:
        """The key of `who`."""
        return {"authorization": f"Bearer {self.secrets[who]}"} if who else {}

    def send(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        """One request with a JSON body."""
        return self.client.request(method, path, json=body, headers=self.headers(who))

    def send_raw(self, who: str, method: str, path: str, body: bytes) -> httpx.Response:
        """One request with any bytes, said to be JSON."""
        headers = {**self.headers(who), "content-type": "application/json"}
        return self.client.request(method, path, content=body, headers=headers)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A gate in a process of its own, shared by this file: it must survive all of it."""
    folder, secrets = with_keys(make_folder(Path(tmp_path_factory.mktemp("fuzz")) / "data"))
    with process(folder) as (running, ready):
        opened = Target(ready["url"], secrets)
        yield opened
        opened.client.close()
        assert running.poll() is None


@pytest.mark.slow
@pytest.mark.parametrize("route", OPERATIONS)
def test_generated_requests_are_answered_as_documented(target: Target, route: Route) -> None:
    """Requests made from the document, good and bad ones, by whoever may: never 5xx, always as written."""
    operation = target.schema[route.path.replace("*}", "}")][route.method]
    allowed = [who for who in PEOPLE if route.scopes is None or SCOPES.get(who) in route.scopes]

    @FEW
    @given(case=operation.as_strategy(), who=st.sampled_from(allowed), real=st.booleans())
    def try_it(case: Any, who: str, real: bool) -> None:
        if isinstance(case.query, dict):
            case.query.pop("wait", None)  # waiting is not failing: others test it
        if real and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = target.cases[0]["id"]
        if route.media != "text/event-stream":
            answer = case.call_and_validate(
                headers=target.headers(who), checks=CHECKS, timeout=patience.S
            )
            assert answer.status_code < 500

    try_it()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
members = st.sampled_from(
    ["tool", "arguments", "digest", "say", "reason", "group", "permit", "action", "ok", "result",
     "scope", "name", "groups", "pins", "expires", "agent", "max_uses", "tools", "server", "context"]
)  # fmt: skip
WRITING = [
    route.path
    for route in ROUTES
    if route.body is not None and route.method == "POST" and route.scopes is not None
]


@pytest.mark.slow
@settings(FEW, max_examples=150)
@given(
    path=st.sampled_from(WRITING),
    who=st.sampled_from(PEOPLE[1:]),
    body=st.dictionaries(members | st.text(max_size=5), json_values, max_size=6),
    at=st.integers(0, 1),
)
@example(
    path="/v1/actions/{id}/redeem", who="office", body={"permit": "a.b.c", "action": "{"}, at=0
)
@example(
    path="/v1/actions/{id}/redeem",
    who="office",
    body={"permit": "eyJhbGciOiJub25lIn0.e30.", "action": "{}"},
    at=1,
)
def test_wild_bodies_are_refused_or_understood(
    target: Target, path: str, who: str, body: dict[str, Any], at: int
) -> None:
    """Any JSON in any place, NaN and lone surrogates included, about cases that exist: an answer below 500."""
    real = path.replace("{id}", target.cases[at]["id"])
    text = json.dumps(body).encode("utf-8", "surrogatepass")
    answer = target.send_raw(who, "POST", real, text)
    assert answer.status_code < 500, answer.text
    assert answer.json()


@pytest.mark.slow
@settings(FEW, max_examples=100)
@given(path=st.sampled_from(WRITING), who=st.sampled_from(PEOPLE), body=st.binary(max_size=200))
def test_bytes_that_are_no_json_are_refused(
    target: Target, path: str, who: str, body: bytes
) -> None:
    """Bytes instead of JSON: 4xx with a problem, or a good answer where no body is needed."""
    answer = target.send_raw(who, "POST", path.replace("{id}", "c-0"), body)
    assert answer.status_code < 500
    assert answer.headers["x-request-id"]


path_text = st.text(alphabet=string.ascii_letters + string.digits + "/%.:;?&=+-_~*'()[]@!$,")


@pytest.mark.slow
@settings(FEW, max_examples=150)
@given(path=path_text, who=st.sampled_from(PEOPLE))
def test_any_path_and_query_is_answered(target: Target, path: str, who: str) -> None:
    """Paths that nobody meant: below 500, and a key is never needed to be told that nothing is there."""
    prefix = "" if len(path) % 2 else "/v1/actions"
    try:
        answer = target.client.get(f"{prefix}/{path}", headers=target.headers(who))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return
    assert answer.status_code < 500


@pytest.mark.slow
@settings(FEW, max_examples=100)
@given(key=st.binary(max_size=300), last=st.binary(max_size=30), auth=st.binary(max_size=300))
@example(key=b'"', last=b"9" * 40, auth=b"Bearer \xff\xfe")
def test_wild_headers_are_answered(target: Target, key: bytes, last: bytes, auth: bytes) -> None:
    """Any bytes in the headers that are read: below 500."""
    plain = [bytes(c for c in text if c >= 32 and c != 127).strip() for text in (key, last, auth)]
    for who in ("bot", ""):
        headers = {
            b"authorization": target.headers(who).get("authorization", "").encode() or plain[2],
            b"idempotency-key": plain[0],
            b"last-event-id": plain[1],
        }
        answer = target.client.post("/v1/actions", json=MAIL, headers=headers)
        assert answer.status_code < 500
        found = target.client.get("/v1/actions", headers=headers)
        assert found.status_code in (200, 401, 429)
