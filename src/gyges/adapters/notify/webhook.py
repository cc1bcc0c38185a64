# SPDX-License-Identifier: Apache-2.0
"""Tells a URL, by Standard Webhooks 1.0.0: signed with HMAC-SHA256 over id, time and body.

    POST  webhook-id: m-...  webhook-timestamp: seconds  webhook-signature: v1,... [v1,...]
    body  a CloudEvents 1.0 envelope in structured mode, as canonical JSON

The same id comes with every attempt, so a receiver that keeps ids sees each once. Several secrets sign
side by side while one takes the place of another. What the receiver answers is not read.
"""

import base64
import binascii
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook as Signer

from gyges import canon
from gyges.adapters.notify.channel import Later, Message, Never, Sent
from gyges.adapters.notify.config import Network
from gyges.adapters.notify.guard import Resolve, look_up, pin
from gyges.adapters.notify.telling import Telling
from gyges.canon import Json
from gyges.errors import Misconfigured

TIMEOUT_S = 10
GONE = 410  # by Standard Webhooks: send no more
LEAST_SECRET = 24  # bytes, as Standard Webhooks asks
TYPE = "application/cloudevents+json; charset=utf-8"


class WebhookChannel:
    """A `Channel` that posts to one URL."""

    collects = False
    amends = False

    def __init__(
        self, url: str, secrets: Sequence[str], *, source: str, allowed: Sequence[Network] = (),
        ca_file: str = "", resolve: Resolve = look_up,
    ) -> None:  # fmt: skip
        """`source` names this gate in the envelope; raise `Misconfigured` for a secret that is none."""
        self._url, self._allowed, self._resolve, self._source = url, allowed, resolve, source
        self._signers = [signer_of(secret) for secret in secrets]
        self._tls = ssl.create_default_context(cafile=ca_file or None)

    async def send(self, message: Message, now: int) -> Sent:
        """See `channel.Channel`."""
        body = canon.encode(envelope(message.tellings[0], message.id, self._source))
        pinned = await pin(self._url, self._allowed, self._resolve)
        headers = {"host": pinned.host, "content-type": TYPE, "user-agent": "gyges"}
        headers |= self._signature(message.id, now, body)
        try:
            async with self._client() as client:
                request = client.build_request(
                    "POST", pinned.url, content=body, headers=headers,
                    extensions={"sni_hostname": pinned.name},
                )  # fmt: skip
                answer = await client.send(request, stream=True)
                await answer.aclose()
        except httpx.HTTPError as error:
            raise Later(f"{pinned.name}: {str(error) or type(error).__name__}") from None
        return _judged(answer)

    def _client(self) -> httpx.AsyncClient:
        """One connection for one message, by nobody's proxy: the address was checked."""
        return httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=TIMEOUT_S
        )

    def _signature(self, id: str, now: int, body: bytes) -> dict[str, str]:
        at = datetime.fromtimestamp(now // 1000, UTC)
        signed = [signer.sign(id, at, body.decode()) for signer in self._signers]
        return {
            "webhook-id": id,
            "webhook-timestamp": str(now // 1000),
            "webhook-signature": " ".join(signed),
        }


def signer_of(secret: str) -> Signer:
    """Sign with "whsec_" and base64 of at least 24 bytes; raise `Misconfigured` for anything else."""
    try:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith("whsec_") or len(raw) < LEAST_SECRET:
        raise Misconfigured("a webhook's secret is whsec_ and base64 of at least 24 random bytes")
    return Signer(raw)


def envelope(telling: Telling, id: str, source: str) -> Json:
    """The CloudEvents document of one notice."""
    at = datetime.fromtimestamp(telling.at / 1000, UTC).isoformat(timespec="milliseconds")
    data: dict[str, Json] = {
        "case": telling.case, "state": telling.state, "agent": telling.agent, "tool": telling.tool,
        "risk": telling.risk, "level": telling.level, "groups": list(telling.groups),
        "digest": telling.digest, "deadline": telling.deadline, "url": telling.url,
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": id, "source": source, "type": f"gyges.case.{telling.kind}",
        "time": at, "subject": telling.case, "datacontenttype": "application/json", "data": data,
    }  # fmt: skip


def _judged(answer: httpx.Response) -> Sent:
    if answer.is_success:
        return Sent()
    if answer.status_code == GONE:
        raise Never("the receiver answered 410: it wants no more")
    after = answer.headers.get("retry-after", "")
    raise Later(f"the receiver answered {answer.status_code}", int(after) if after.isdigit() else 0)
