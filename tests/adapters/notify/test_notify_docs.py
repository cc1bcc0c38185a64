# SPDX-License-Identifier: Apache-2.0
"""The page about notification: its example loads, its tables are complete, its receiver receives."""

import base64
import json
import re
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from gyges.adapters.notify.config import (
    KINDS,
    USUAL,
    Apprise,
    Common,
    Mail,
    Slack,
    Webhook,
    parse_config,
)
from gyges.adapters.notify.opening import open_legs
from gyges.adapters.notify.plan import BACKOFF_S
from gyges.adapters.notify.webhook import WebhookChannel, envelope
from tests.adapters.notify.office import a_message, a_telling
from tests.adapters.notify.receiver import receiving
from tests.docs.pages import page

pytestmark = [
    pytest.mark.anyio,
    # Apprise looks for a module that Python 3.13 has no more.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]
PAGE = page("docs/formats/notify.md")
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
LINES = {
    "slack.token": "xoxb-1",
    "smtp.password": "hush",
    "pager.secret": SECRET,
    "phone.url": "ntfy://x",
}


def test_the_example_loads(tmp_path: Path) -> None:
    """As it stands, with a secret in each file that it names."""
    (block,) = PAGE.blocks("toml")
    (tmp_path / "keys").mkdir()
    for name, line in LINES.items():
        file = tmp_path / "keys" / name
        file.write_text(line)
        file.chmod(0o600)
    (tmp_path / "notify.toml").write_text(block.text)
    legs = open_legs(tmp_path, "gate.example.org/log")
    assert [type(leg.plan) for leg in legs.values()] == [Slack, Mail, Webhook, Apprise]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("What every channel can say", Common),
        ("Webhook", Webhook),
        ("Mail", Mail),
        ("Slack", Slack),
    ],
)
def test_every_name_is_documented(heading: str, kind: type[Common]) -> None:
    """Each table names what its kind of channel can say, all of it, with the default."""
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", PAGE.section(heading), re.MULTILINE)
    told = {name: default for names, default in rows for name in re.findall(r"`(\w+)`", names)}
    common = {field.encode_name for field in msgspec.structs.fields(Common)}
    mine = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    if kind is Common:
        assert set(told) == {*mine, "kind"}
    else:
        assert set(told) == {name for name in mine if name not in common and name != "api"}
    for name, default in told.items():
        field = mine.get(name)
        if field is not None and not field.required and name != "port":
            value = field.default if field.default is not msgspec.NODEFAULT else {}
            assert json.loads(default.strip("`")) == json.loads(msgspec.json.encode(value)), name


def test_every_event_is_named() -> None:
    """The kinds of notices that can be asked for are those of the page."""
    section = PAGE.section("What every channel can say")
    (row,) = re.findall(r"^\| `events` \|.*$", section, re.MULTILINE)
    assert set(KINDS) <= set(re.findall(r"[a-z]+", row))
    assert set(USUAL) <= set(KINDS)


def test_the_schedule_is_as_told() -> None:
    """Ten attempts, from five seconds to eight hours, some sixteen hours in all."""
    text = PAGE.section("What is promised")
    assert "ten times" in text
    assert (len(BACKOFF_S) + 1, BACKOFF_S[0], BACKOFF_S[-1]) == (10, 5, 8 * 3600)
    assert "16 hours" in text
    assert 15.5 * 3600 <= sum(BACKOFF_S) <= 16.5 * 3600


async def test_the_receiver_receives() -> None:
    """The document is the one that is sent, and the code takes it once and nothing that is forged."""
    (document,), (code,) = PAGE.blocks("json"), PAGE.blocks("python")
    told = json.loads(document.text)
    assert told == envelope(a_telling(), told["id"], "gate.example.org/log")
    names: dict[str, Any] = {}
    exec(compile(code.text, "notify.md", "exec"), names)
    with receiving() as receiver:
        channel = WebhookChannel(
            f"http://127.0.0.1:{receiver.port}/", [SECRET], source="gate.example.org/log",
            allowed=[ip_network("127.0.0.0/8")],
        )  # fmt: skip
        await channel.send(a_message(), int(datetime.now(UTC).timestamp() * 1000))
    (got,) = receiver.got
    seen: set[str] = set()
    headers = dict(got.headers)
    assert names["receive"](SECRET, headers, got.body, seen) == a_telling().url
    assert names["receive"](SECRET, headers, got.body, seen) == "seen"
    with pytest.raises(WebhookVerificationError):
        names["receive"](SECRET, headers, got.body + b" ", seen)


def test_the_extra_is_one_there_is() -> None:
    """What the page tells to install is declared, with what these channels import."""
    text = (PAGE.path.parents[2] / "pyproject.toml").read_text()
    (extra,) = re.findall(r"^notify = (\[.*?\])", text, re.MULTILINE | re.DOTALL)
    assert {"apprise", "slack-sdk", "standardwebhooks", "tzdata"} <= set(
        re.findall(r'"([\w-]+)', extra)
    )
    assert parse_config("").channel == ()
