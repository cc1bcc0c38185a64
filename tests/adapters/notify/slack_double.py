# SPDX-License-Identifier: Apache-2.0
"""A local double of Slack: the three methods of its Web API that are used, with its rules, and a hand that
presses buttons and sends dialogues, each request signed as Slack signs (v0), by code of its own.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.adapters.notify.receiver import Receiver, Request, receiving

TOKEN = "xoxb-of-the-app"
SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
TEXT = 3000  # letters of one text
BLOCKS = {"message": 50, "modal": 100}


@dataclass
class SlackDouble(Receiver):
    """Messages by (channel, ts), dialogues that are open, and rules that answer as Slack does."""

    messages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    views: list[dict[str, Any]] = field(default_factory=list)
    broken: list[tuple[int, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}/api/"

    def next(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        """Answer one call."""
        method = request.path.rsplit("/", 1)[-1]
        self.asked.append(method)
        if self.broken:
            status, headers, answer = self.broken.pop(0)
        elif request.headers.get("authorization") != f"Bearer {TOKEN}":
            status, headers, answer = 200, {}, {"ok": False, "error": "invalid_auth"}
        else:
            status, headers, answer = 200, {}, self._called(method, json.loads(request.body))
        return status, {"content-type": "application/json", **headers}, json.dumps(answer).encode()

    def _called(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        if method == "chat.postMessage":
            return self._post(given)
        if method == "chat.update":
            return self._update(given)
        if method == "views.open":
            return self._open(given)
        return {"ok": False, "error": "unknown_method"}

    def _post(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["channel"] not in ("C01", "#oversight"):
            return {"ok": False, "error": "channel_not_found"}
        if fault := _fault(given["blocks"], "message"):
            return {"ok": False, "error": fault}
        ts = f"1700000000.{len(self.messages):06}"
        self.messages["C01", ts] = given
        return {"ok": True, "channel": "C01", "ts": ts}

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        place = (given["channel"], given["ts"])
        if place not in self.messages:
            return {"ok": False, "error": "message_not_found"}
        self.messages[place] = {**self.messages[place], **given}
        return {"ok": True, "channel": place[0], "ts": place[1]}

    def _open(self, given: dict[str, Any]) -> dict[str, Any]:
        view = given["view"]
        if given["trigger_id"] != "trigger-1":
            return {"ok": False, "error": "expired_trigger_id"}
        if fault := _fault(view["blocks"], "modal"):
            return {"ok": False, "error": fault}
        self.views.append(view)
        return {"ok": True, "view": {**view, "id": "V01"}}

    # --- what people in Slack see and do ---

    @property
    def last(self) -> dict[str, Any]:
        """The newest message."""
        return list(self.messages.values())[-1]

    def button(self) -> str:
        """The secret of the newest message's button; "" where it has none."""
        for block in self.last["blocks"]:
            for element in block.get("elements", []):
                if element["type"] == "button":
                    return str(element["value"])
        return ""

    def pressed(self, user: str, secret: str) -> dict[str, Any]:
        """What Slack sends when `user` presses a button."""
        action = {"action_id": "gyges_review", "type": "button", "value": secret}
        return {
            "type": "block_actions", "user": {"id": user, "team_id": "T01"}, "team": {"id": "T01"},
            "trigger_id": "trigger-1", "actions": [action], "container": {"type": "message"},
        }  # fmt: skip

    def submitted(self, user: str, say: str, reason: str = "") -> dict[str, Any]:
        """What Slack sends when `user` sends the dialogue that was opened last."""
        view = self.views[-1]
        values = {
            "say": {"say": {"type": "radio_buttons", "selected_option": {"value": say}}},
            "reason": {"reason": {"type": "plain_text_input", "value": reason or None}},
        }
        kept = {name: view.get(name, "") for name in ("callback_id", "private_metadata")}
        return {
            "type": "view_submission", "user": {"id": user}, "team": {"id": "T01"},
            "view": {**kept, "id": "V01", "type": "modal", "state": {"values": values}},
        }  # fmt: skip


def _fault(blocks: list[dict[str, Any]], surface: str) -> str:
    """Slack's rules for blocks, as far as they are used."""
    texts = [block["text"] for block in blocks if "text" in block]
    texts += [e["text"] for block in blocks for e in block.get("elements", []) if "value" in e]
    long = any(len(text["text"]) > TEXT or not text["text"] for text in texts)
    return "invalid_blocks" if long or len(blocks) > BLOCKS[surface] else ""


def signed(payload: dict[str, Any], *, secret: str = SIGNING, at: float | None = None) -> Any:
    """(body, headers) of an interaction as Slack sends it."""
    return signed_text(json.dumps(payload), secret=secret, at=at)


def signed_text(text: str, *, secret: str = SIGNING, at: float | None = None) -> Any:
    """The same for any payload."""
    body = urlencode({"payload": text})
    when = str(int(time.time() if at is None else at))
    base = f"v0:{when}:{body}".encode()
    proof = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return body, {
        "content-type": "application/x-www-form-urlencoded", "x-slack-signature": proof,
        "x-slack-request-timestamp": when,
    }  # fmt: skip


@contextmanager
def slack() -> Iterator[SlackDouble]:
    """Slack on loopback until the end of the block."""
    double = SlackDouble()
    with receiving(double):
        yield double
