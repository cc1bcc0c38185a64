# SPDX-License-Identifier: Apache-2.0
"""The door: what it refuses before anybody is asked, and what every answer carries."""

import json
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope

from gyges.web.routing import Table
from tests.web.conftest import MAIL, House, open_house

SAFE = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@pytest.mark.parametrize("path", ["/healthz", "/v1/actions", "/nowhere", "/log/checkpoint"])
async def test_every_answer_carries_the_security_headers(house: House, path: str) -> None:
    """Good answers, problems and unknown paths alike; and none opens the door to other origins."""
    answer = await house.client.get(path, headers={"origin": "https://evil.example"})
    assert {name: answer.headers.get(name) for name in SAFE} == SAFE
    assert answer.headers["x-request-id"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_request_ids_differ_and_name_the_problem(house: House) -> None:
    """The id in the header is the one in the problem, and no two requests share one."""
    answers = [await house.client.get("/v1/actions") for _ in range(3)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3
    assert [answer.json()["request"] for answer in answers] == ids


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "", "[::2]", "localhost.evil"],
)
async def test_a_rebound_name_is_refused_on_loopback(house: House, host: str) -> None:
    """A page whose name was rebound to 127.0.0.1 sends its own name: 421 before any key is looked at."""
    answer = await house.call("root", "GET", "/v1/keys", host=host)
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8420", "[::1]", "[::1]:8420"]
)
async def test_loopback_names_are_answered(house: House, host: str) -> None:
    """Every way to write loopback is good, whatever the port."""
    assert (await house.call("", "GET", "/healthz", host=host)).status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
     "application/jsonp", "application/problem+json"],
)  # fmt: skip
async def test_a_body_that_is_not_declared_as_json_is_refused(house: House, kind: str) -> None:
    """What a browser's form can send without asking is not taken, so no page can act for anybody."""
    headers = {"authorization": f"Bearer {house.secrets['bot']}", "content-type": kind}
    answer = await house.client.post("/v1/actions", content=json.dumps(MAIL), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong-type")


async def post(house: House, body: bytes, kind: str = "application/json") -> httpx.Response:
    """`body` as the agent's proposal."""
    headers = {"authorization": f"Bearer {house.secrets['bot']}", "content-type": kind}
    return await house.client.post("/v1/actions", content=body, headers=headers)


async def test_json_may_name_its_charset(house: House) -> None:
    """Parameters and case of the content type make no difference."""
    answer = await post(house, json.dumps(MAIL).encode(), "Application/JSON; charset=utf-8")
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"tool": "send_mail", "tool": "pay", "arguments": {}}',
        b'{"tool": "send_mail", "arguments": {"to": "a", "to": "b"}}',
        b'{"tool": "send_mail", "arguments": {"n": NaN}}',
        b'{"tool": "send_mail", "arguments": {"n": 9007199254740993}}',
        b'{"tool": "send_mail", "arguments": {"t": "\\ud800"}}',
        b'{"tool": "send_mail", "arguments": {"t": "\xff"}}',
        b'{"tool": "send_mail", "arguments": {}, "unknown": 1}',
        b'{"tool": "send_mail", "arguments": {}, "context": [{"text": "", "source": "x", "y": 1}]}',
        b'{"tool": "", "arguments": {}}',
        b'{"tool": "x"}',
        b'{"tool": 1, "arguments": {}}',
        b'{"tool": "x", "arguments": []}',
        b'{"tool": "x", "arguments": {}, "tool_schema": "sha256:zz"}',
        b'{"tool": "x", "arguments": ' + b'{"a":' * 100 + b"1" + b"}" * 101,
        b"[" * 100_000,
    ],
)
async def test_a_body_that_could_be_read_two_ways_is_refused(house: House, body: bytes) -> None:
    """Doubled keys, inexact numbers, broken text, unknown members, wrong shapes, deep nests: 400, no case."""
    answer = await post(house, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert (await house.call("bot", "GET", "/v1/actions")).json()["items"] == []


async def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    """413 by its declared length as by its real one."""
    async with open_house(tmp_path / "small", body_limit=1000) as house:
        small = json.dumps({**MAIL, "purpose": "x" * 500}).encode()
        assert (await post(house, small)).status_code == 202
        big = json.dumps({**MAIL, "purpose": "x" * 1500}).encode()
        answer = await post(house, big)
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    """An endless body without a length is read no further than the limit."""
    async with open_house(tmp_path / "small", body_limit=10_000) as house:
        taken = 0

        async def endless() -> Message:
            nonlocal taken
            taken += 1
            return {"type": "http.request", "body": b" " * 1000, "more_body": True}

        sent = await raw(house, endless)
        assert sent[0]["status"] == 413
        assert taken <= 12


async def test_a_client_that_leaves_while_sending_gets_nothing(house: House) -> None:
    """Half a proposal is none: no answer, no case."""
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"tool": "send_mail",', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def leaving() -> Message:
        return messages.pop(0)

    assert await raw(house, leaving) == []
    assert (await house.call("bot", "GET", "/v1/actions")).json()["items"] == []


async def raw(house: House, receive: Receive) -> list[Message]:
    """What the application sends for a proposal whose body comes from `receive`."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [
        (b"host", b"127.0.0.1"),
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer " + house.secrets["bot"].encode()),
    ]
    scope: Scope = {
        "type": "http", "method": "POST", "path": "/v1/actions", "raw_path": b"/v1/actions",
        "query_string": b"", "headers": headers, "client": ("127.0.0.1", 1),
    }  # fmt: skip
    await house.app(scope, receive, send)
    return sent


async def test_another_method_is_told_which_there_are(house: House) -> None:
    """405 with Allow, as HTTP has it."""
    answer = await house.call("root", "PATCH", "/v1/stops/all")
    assert (answer.status_code, answer.json()["code"]) == (405, "no-method")
    assert answer.headers["allow"] == "DELETE, PUT"


async def test_head_is_get_without_the_body(house: House) -> None:
    """The length is told, the body is not sent, and a stream does not start."""
    answer = await house.client.head("/healthz")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0
    case = await house.propose(MAIL)
    headers = {"authorization": f"Bearer {house.secrets['bot']}"}
    stream = await house.client.head(f"/v1/actions/{case['id']}/stream", headers=headers)
    assert (stream.status_code, stream.content) == (200, b"")


async def test_what_nobody_expected_is_a_500_without_insides(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect of ours tells the caller an id, and the log the rest."""

    class Burning(Table):
        def find(self, method: str, raw_path: bytes) -> None:
            raise RuntimeError("the secret insides")

    house.app.user_middleware[0].kwargs["table"] = Burning([])
    house.app.middleware_stack = None
    answer = await house.client.get("/healthz")
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert "secret insides" not in answer.text
    assert answer.json()["request"] in caplog.text
    assert "the secret insides" in caplog.text


async def test_a_websocket_finds_nobody(house: House) -> None:
    """There is no websocket here: the handshake is closed."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "websocket", "path": "/v1/actions", "headers": [], "query_string": b""}
    await house.app(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
