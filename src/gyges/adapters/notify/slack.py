# SPDX-License-Identifier: Apache-2.0
"""Tells a Slack channel by Slack's Web API, and rewrites the message once the case has ended.

    chat.postMessage   a case waits: what is known of it, a link, and with leave a button to review it
    chat.update        it ended: the same message says so and has no button any more
    views.open         somebody pressed the button: what they may see and answer, in a dialogue of theirs

Names go out as plain_text, which Slack does not interpret; in the one line of mrkdwn there is only our own
link. It runs in a thread, as the client waits; retries are the courier's.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.signature import Clock, SignatureVerifier

from gyges.adapters.notify.channel import Later, Message, Never, Sent
from gyges.adapters.notify.config import LEVELS, Slack
from gyges.adapters.notify.telling import RULE, Telling, headline, moment
from gyges.canon import Json, digest_bytes

TIMEOUT_S = 15
REVIEW = "gyges_review"
Block: TypeAlias = dict[str, Json]
# Slack's own words for what no attempt will change.
HOPELESS = frozenset({
    "channel_not_found", "is_archived", "message_not_found", "cant_update_message",
    "edit_window_closed", "not_in_channel", "restricted_action",
})  # fmt: skip


class SlackChannel:
    """A `Channel` that posts as one Slack app."""

    collects = False
    amends = True

    def __init__(self, plan: Slack, token: str, signing: str = "") -> None:
        """`token` is the app's bot token, xoxb-...; `signing` the secret with which Slack signs requests."""
        self._plan, self._signing = plan, signing
        client = WebClient(token, base_url=plan.api, timeout=TIMEOUT_S, retry_handlers=[])
        self._client = cast("_Client", client)

    async def send(self, message: Message, now: int) -> Sent:  # noqa: ARG002 - a channel's
        """See `channel.Channel`. `ref` is the channel's id and the message's timestamp."""
        (telling,) = message.tellings
        secret = secrets.token_urlsafe(24) if self.reviews(telling) else ""
        blocks = blocks_of(telling, secret)
        text = escaped(headline(telling))
        if message.ref:
            channel, _, at = message.ref.partition("/")
            answer = await self._call(
                lambda: self._client.chat_update(channel=channel, ts=at, text=text, blocks=blocks)
            )
        else:
            answer = await self._call(
                lambda: self._client.chat_postMessage(
                    channel=self._plan.channel, text=text, blocks=blocks, unfurl_links=False,
                    unfurl_media=False,
                )
            )  # fmt: skip
        token = digest_bytes(secret.encode()) if secret else ""
        return Sent(ref=f"{answer.get('channel', '')}/{answer.get('ts', '')}", token=token)

    async def open(self, trigger: str, view: Block) -> None:
        """Show a dialogue to whoever pressed a button a moment ago; raise `Later` if Slack does not."""
        await self._call(lambda: self._client.views_open(trigger_id=trigger, view=view))

    def genuine(self, body: bytes, headers: Mapping[str, str], now: int) -> bool:
        """Whether Slack signed this request (v0, HMAC-SHA256) within five minutes of `now`, ms."""
        try:
            verifier = SignatureVerifier(self._signing, _Clock(now))
            return verifier.is_valid_request(body, dict(headers))
        except (
            ValueError
        ):  # a time that is no number, bytes that are no text, no secret to check with
            return False

    def reviews(self, telling: Telling) -> bool:
        """Whether the message carries a button: while the case waits, up to the level that is set."""
        return telling.state == "waiting" and within(self._plan, telling.level)

    async def _call(self, ask: Callable[[], object]) -> Mapping[str, object]:
        try:
            answer = await asyncio.to_thread(ask)
        except SlackApiError as error:
            raise _fault(error) from None
        except (SlackClientError, OSError, ValueError) as error:
            raise Later(f"Slack: {error}") from None
        found: object = getattr(answer, "data", None)
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}


class _Client(Protocol):
    """What is used of Slack's client, whose own types are not complete."""

    def chat_postMessage(  # noqa: N802 - Slack's own name
        self, *, channel: str, text: str, blocks: Sequence[Block], unfurl_links: bool,
        unfurl_media: bool,
    ) -> object: ...  # fmt: skip

    def chat_update(
        self, *, channel: str, ts: str, text: str, blocks: Sequence[Block]
    ) -> object: ...

    def views_open(self, *, trigger_id: str, view: Block) -> object: ...


class _Response(Protocol):
    """What is used of Slack's answer, whose own types are not complete."""

    data: Mapping[str, object]
    headers: Mapping[str, str]


class _Clock(Clock):
    """A moment, for a library that asks a clock."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> float:
        return self._now / 1000


def within(plan: Slack, level: str) -> bool:
    """Whether actions of this level may be decided in Slack."""
    return plan.review != "none" and LEVELS.index(level) <= LEVELS.index(plan.review)


def blocks_of(telling: Telling, secret: str) -> Sequence[Block]:
    """The message. A button carries an opaque secret and no name; without one there is only the link."""
    lines = [f"{headline(telling)}."]
    if telling.case:
        lines.append(f"Risk: {telling.level}. Digest: {telling.digest}")
    if telling.state == "waiting" and telling.deadline:
        lines.append(f"Without an answer it is denied at {moment(telling.deadline)}.")
    blocks = [_section("\n".join(lines)), _link(telling.url)]
    if secret:
        button: Block = {
            "type": "button",
            "action_id": REVIEW,
            "value": secret,
            "text": plain("Review here"),
        }
        blocks.append({"type": "actions", "elements": [button]})
    return [*blocks, {"type": "context", "elements": [plain(RULE)]}]


def plain(text: str) -> Block:
    """Text that Slack shows as it stands."""
    return {"type": "plain_text", "text": text, "emoji": False}


def escaped(text: str) -> str:
    """Mrkdwn that shows `text` and names nobody: Slack's three special characters as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> Block:
    return {"type": "section", "text": plain(text)}


def _link(url: str) -> Block:
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": f"<{escaped(url)}|Open in Gyges>"},
    }


def _fault(error: SlackApiError) -> Later | Never:
    response = cast("_Response", error.response)
    said = str(response.data.get("error") or "no reason")
    if said in HOPELESS:
        return Never(f"Slack: {said}")
    after = str(response.headers.get("Retry-After", ""))
    return Later(f"Slack: {said}", int(after) if after.isdigit() else 0)
