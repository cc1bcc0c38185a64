# SPDX-License-Identifier: Apache-2.0
"""Webhooks against a real server: signatures that a receiver can check, TLS by name, what each answer means."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gyges.adapters.notify.channel import Later, Never
from gyges.adapters.notify.webhook import WebhookChannel, envelope
from tests.adapters.notify.office import SECRET, a_message, a_telling
from tests.adapters.notify.receiver import Receiver, certified, receiving
from tests.patience import free_port

pytestmark = pytest.mark.anyio
KEYS = tuple("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
LOOPBACK = (ip_network("127.0.0.0/8"),)


def now() -> int:
    """The real time, which the receiver's library compares."""
    return int(datetime.now(UTC).timestamp() * 1000)


def to(receiver: Receiver, secrets: Sequence[str] = KEYS[:1], **more: Any) -> WebhookChannel:
    """A channel to a server on loopback, in the clear."""
    values: dict[str, Any] = {"source": "gate.example/log", "allowed": LOOPBACK}
    url = f"http://127.0.0.1:{receiver.port}/hook"
    return WebhookChannel(url, secrets, **(values | more))


async def test_a_receiver_can_check_what_it_got() -> None:
    """The library that receivers use accepts it; a changed body, another secret and an old time are refused."""
    with receiving() as receiver:
        await to(receiver).send(a_message(), now())
    (got,) = receiver.got
    event = Webhook(KEYS[0]).verify(got.body, dict(got.headers))
    assert event == envelope(a_telling(), "m-1", "gate.example/log")
    assert got.headers["webhook-id"] == "m-1"
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    for body, secret in ((got.body + b" ", KEYS[0]), (got.body, KEYS[1])):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, dict(got.headers))
    old = datetime.now(UTC) - timedelta(minutes=10)
    stale = {**got.headers, "webhook-timestamp": str(int(old.timestamp()))}
    with pytest.raises(WebhookVerificationError):
        Webhook(KEYS[0]).verify(got.body, stale)


async def test_a_secret_can_be_changed_without_a_gap() -> None:
    """With two secrets in the file a receiver that knows either accepts it."""
    with receiving() as receiver:
        await to(receiver, KEYS).send(a_message(), now())
    (got,) = receiver.got
    assert [Webhook(key).verify(got.body, dict(got.headers))["id"] for key in KEYS] == ["m-1"] * 2


def test_the_envelope_is_a_cloud_event() -> None:
    """The attributes that CloudEvents 1.0 requires, and data that point and hold no argument."""
    event: Any = envelope(a_telling(), "m-1", "gate.example/log")
    assert {event[name] for name in ("specversion", "id", "source", "type")} == {
        "1.0", "m-1", "gate.example/log", "gyges.case.waiting"
    }  # fmt: skip
    assert datetime.fromisoformat(event["time"]).utcoffset() == timedelta(0)
    assert set(event["data"]) == {
        "case", "state", "agent", "tool", "risk", "level", "groups", "digest", "deadline", "url"
    }  # fmt: skip
    assert SECRET not in json.dumps(event)


@pytest.mark.parametrize(
    ("status", "headers", "error", "after"),
    [
        (500, {}, Later, 0),
        (404, {}, Later, 0),
        (429, {"retry-after": "120"}, Later, 120),
        (503, {"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"}, Later, 0),
        (302, {"location": "http://169.254.169.254/"}, Later, 0),
        (410, {}, Never, 0),
    ],
)
async def test_what_an_answer_means(
    status: int, headers: dict[str, str], error: type[Exception], after: int
) -> None:
    """Anything but success is tried again, as late as asked; a redirect is not followed; 410 ends it."""
    refusing = Receiver(answers=[(status, headers, b"no")])
    with receiving(refusing) as receiver, pytest.raises(error, match=str(status)) as told:
        await to(receiver).send(a_message(), now())
    assert len(receiver.got) == 1
    assert getattr(told.value, "after_s", 0) == after


async def test_a_long_answer_is_not_read() -> None:
    """A receiver that answers with megabytes costs nothing: nobody listens to its end."""
    with receiving(Receiver(answers=[(200, {}, b"x" * 50_000_000)])) as receiver:
        await to(receiver).send(a_message(), now())
    assert (len(receiver.got), receiver.whole) == (1, 0)


async def test_nobody_there_is_tried_again() -> None:
    """A port where nobody listens is a failure of the moment."""
    channel = to(Receiver(port=free_port()))
    with pytest.raises(Later):
        await channel.send(a_message(), now())


async def test_loopback_is_refused_unless_it_is_allowed() -> None:
    """Nothing is sent to an address of our own that nobody allowed."""
    with receiving() as receiver, pytest.raises(Never, match="no public address"):
        await to(receiver, allowed=()).send(a_message(), now())
    assert receiver.got == []


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect where the guard did not look."""
    with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await to(receiver).send(a_message(), now())
    assert (len(proxy.got), len(receiver.got)) == (0, 1)


async def loopback(host: str, port: int) -> Sequence[str]:
    """Every name is here."""
    return ["127.0.0.1"]


async def test_tls_proves_the_name_though_the_address_is_called(tmp_path: Path) -> None:
    """The certificate must be for the name in the URL, from an authority that is trusted."""
    tls, ca_file = certified(tmp_path, "hook.example")
    with receiving(tls=tls) as receiver:

        def channel(host: str, ca: str) -> WebhookChannel:
            url = f"https://{host}:{receiver.port}/hook"
            return WebhookChannel(
                url, KEYS[:1], source="g", allowed=LOOPBACK, ca_file=ca, resolve=loopback
            )

        await channel("hook.example", str(ca_file)).send(a_message(), now())
        assert receiver.got[0].headers["host"] == f"hook.example:{receiver.port}"
        for host, ca in (("other.example", str(ca_file)), ("hook.example", "")):
            with pytest.raises(Later, match=r"(?i)certificate.verify.failed"):
                await channel(host, ca).send(a_message(), now())
    assert len(receiver.got) == 1
