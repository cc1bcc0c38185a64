# SPDX-License-Identifier: Apache-2.0
"""A real gate with a Slack channel, the double of Slack behind it, and people who press its buttons."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from gyges.person import Person, Role
from gyges.ports import Change
from gyges.settings import Settings
from gyges.testing import FakeClock
from gyges.web.app import make_app
from gyges.wiring import open_gate
from tests.adapters.notify.slack_double import (
    SIGNING,
    TOKEN,
    SlackDouble,
    signed,
    slack,
)
from tests.web.conftest import MAIL, House, enrol_all, make_folder, speaking

NOTIFY = """
[[channel]]
kind = "slack"
name = "chat"
channel = "C01"
token_file = "keys/slack.token"
signing_secret_file = "keys/slack.signing"
api = "{api}"
review = "medium"
people = {{ U1 = "Rita", U2 = "gone", U3 = "nobody", U4 = "audrey", U5 = "fred" }}
"""
PEOPLE = (
    Person(name="rita", created=1, roles=(Role.APPROVER,), groups=("reviewers",)),
    Person(name="gone", created=1, roles=(Role.APPROVER,), groups=("reviewers",), disabled=1),
    Person(name="audrey", created=1, roles=(Role.AUDITOR,)),
    Person(name="fred", created=1, roles=(Role.APPROVER,), groups=("finance",)),
)


@dataclass
class Office(House):
    """A house with a Slack channel, and the double behind it."""

    slack: SlackDouble | None = None
    clock: FakeClock | None = None

    @property
    def double(self) -> SlackDouble:
        """Slack."""
        assert self.slack is not None
        return self.slack

    async def carry(self) -> None:
        """Tell all notices and send what is due."""
        for notice in await self.gate.store.notices(100):
            await self.gate.courier.tell(notice)
        await self.gate.courier.carry("chat")

    async def asked(self, body: object = MAIL) -> dict[str, Any]:
        """A case that waits and was told in Slack."""
        case = await self.propose(body)
        await self.carry()
        return case

    async def sends(self, payload: dict[str, Any], **more: Any) -> httpx.Response:
        """Slack calls the gate."""
        assert self.clock is not None
        content, headers = signed(payload, at=self.clock.now() / 1000, **more)
        return await self.client.post("/hooks/slack/chat", content=content, headers=headers)

    async def press(self, user: str = "U1", secret: str = "") -> str:
        """Somebody presses the newest button; what the dialogue that opens says."""
        answer = await self.sends(self.double.pressed(user, secret or self.double.button()))
        assert answer.status_code == 200, answer.text
        return "\n".join(b["text"]["text"] for b in self.double.views[-1]["blocks"] if "text" in b)

    async def answers(self, say: str, reason: str = "", user: str = "U1") -> str:
        """Somebody sends the dialogue; "" if it was taken, otherwise why not."""
        answer = await self.sends(self.double.submitted(user, say, reason))
        assert answer.status_code == 200, answer.text
        found = answer.json()
        if found == {"response_action": "clear"}:
            return ""
        assert found["response_action"] == "errors"
        return str(found["errors"]["reason"])

    async def seen(self, case: dict[str, Any]) -> dict[str, Any]:
        """The case now, as an auditor sees it."""
        found: dict[str, Any] = (
            await self.call("audrey", "GET", f"/v1/actions/{case['id']}")
        ).json()
        return found


@asynccontextmanager
async def opened(folder: Path, **changes: Any) -> AsyncIterator[Office]:
    """A gate with a Slack channel."""
    clock = FakeClock()
    with slack() as double:
        make_folder(folder)
        for name, secret in (("token", TOKEN), ("signing", SIGNING)):
            file = folder / "keys" / f"slack.{name}"
            file.write_text(secret)
            file.chmod(0o600)
        (folder / "notify.toml").write_text(NOTIFY.format(api=double.api))
        settings = replace(Settings(data=str(folder), dwell_seconds=0), **changes)
        gate = await open_gate(settings, clock=clock)
        try:
            app = make_app(gate)
            await gate.store.record(Change(events=(), people=PEOPLE))
            async with speaking(app) as client:
                yield Office(gate, app, client, await enrol_all(gate), double, clock)
        finally:
            await gate.close()
