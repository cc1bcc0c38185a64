# SPDX-License-Identifier: Apache-2.0
"""notify.toml: what it means, and that what it cannot mean is refused with the channel's name."""

from pathlib import Path

import pytest

from gyges.adapters.notify.config import (
    NOTHING,
    Mail,
    Slack,
    Webhook,
    parse_config,
    read_config,
    read_secret,
)
from gyges.adapters.notify.opening import open_legs
from gyges.errors import Misconfigured

# Apprise looks for a module that Python 3.13 has no more.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
MAIL = """
[[channel]]
kind = "mail"
name = "finance"
host = "smtp.example.org"
from = "gyges@example.org"
to = ["ops@example.org"]
"""
HOOK = """
[[channel]]
kind = "webhook"
name = "hook"
url = "https://example.org/hook"
secret_file = "keys/hook.secret"
"""
SLACK = """
[[channel]]
kind = "slack"
name = "chat"
channel = "C01"
token_file = "keys/slack.token"
"""


def test_no_file_is_no_channel(tmp_path: Path) -> None:
    """A data folder without notify.toml tells nobody, and that is no fault."""
    assert read_config(tmp_path) is NOTHING
    assert open_legs(tmp_path, "test") == {}


def test_a_file_is_read_as_it_is_written() -> None:
    """Kinds are told apart, and what is not said has its default."""
    mail, hook, chat = parse_config(MAIL + HOOK + SLACK).channel
    assert isinstance(mail, Mail)
    assert (mail.sender, mail.tls, mail.port) == ("gyges@example.org", "starttls", 587)
    assert isinstance(hook, Webhook)
    assert (hook.groups, hook.after_seconds, hook.urgent) == ((), (0,), "high")
    assert isinstance(chat, Slack)
    assert chat.review == "none"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAIL + 'colour = "red"', "colour"),
        (MAIL.replace('"mail"', '"pigeon"'), "pigeon"),
        (MAIL + MAIL, "one name"),
        (MAIL.replace("finance", "Finance!"), "a name has"),
        (MAIL + 'tls = "perhaps"', "tls is"),
        (MAIL + 'tls = "none"\nuser = "u"\npassword_file = "p"', "never sent without tls"),
        (MAIL + 'user = "u"', "belong together"),
        (MAIL.replace('to = ["ops@example.org"]', ""), "needs somebody"),
        (MAIL.replace("ops@example.org", "ops"), "one @"),
        (MAIL.replace("gyges@example.org", "a@b\\nBcc: c@d"), "one @"),
        (MAIL + 'events = ["sneezed"]', "events are"),
        (MAIL + "events = []", "events are"),
        (MAIL + 'min_risk = "huge"', "min_risk"),
        (MAIL + 'urgent = "always"', "urgent"),
        (MAIL + "after_seconds = [60, 0]", "steps that grow"),
        (MAIL + "after_seconds = []", "steps that grow"),
        (MAIL + "digest_seconds = -1", "digest_seconds"),
        (MAIL + 'quiet = ["late"]', "span"),
        (MAIL + 'quiet_days = ["someday"]', "day"),
        ('timezone = "Mars/Olympus"\n' + MAIL, "time zone"),
        (HOOK + "digest_seconds = 60", "collects nothing"),
        (HOOK + 'allow = ["everywhere"]', "allow"),
        (SLACK + 'review = "high"', "review is"),
        (SLACK + 'review = "low"', "review needs"),
        (SLACK + 'api = "http://example.org/"', "https"),
        ("channel = 7", "channel"),
        ("not toml", "Expected"),
    ],
)
def test_what_it_cannot_mean_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """The error names the file and what is wrong; nothing is guessed at."""
    (tmp_path / "notify.toml").write_text(text)
    with pytest.raises(Misconfigured, match=said) as told:
        read_config(tmp_path)
    assert str(tmp_path / "notify.toml") in str(told.value)
    assert "\n" not in str(told.value)


def test_a_secret_is_read_only_where_nobody_else_can(tmp_path: Path) -> None:
    """A file that others can read, an empty one and none at all are refused; blank lines do not count."""
    file = tmp_path / "secret"
    with pytest.raises(Misconfigured, match="no secret can be read"):
        read_secret(tmp_path, "secret")
    file.write_text("\n")
    file.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        read_secret(tmp_path, "secret")
    file.chmod(0o600)
    with pytest.raises(Misconfigured, match="no secret in it"):
        read_secret(tmp_path, "secret")
    file.write_text("one\n\n two \n")
    assert read_secret(tmp_path, "secret") == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "secret", "said"),
    [
        (HOOK, "whsec_c2hvcnQ=", "24 random bytes"),
        (HOOK, "a" * 64, "whsec_"),
        (HOOK, "", "no secret"),
        (MAIL + 'ca_file = "none.pem"', "x", "none.pem|No such file"),
        (
            '[[channel]]\nkind = "apprise"\nname = "any"\nurl_file = "keys/hook.secret"',
            "x://y",
            "1",
        ),
    ],
)
def test_a_channel_that_cannot_work_stops_the_start(
    tmp_path: Path, text: str, secret: str, said: str
) -> None:
    """A wrong secret is found when the gate opens, not when the first case waits; it is not repeated."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "hook.secret").write_text(secret)
    (tmp_path / "keys" / "hook.secret").chmod(0o600)
    (tmp_path / "notify.toml").write_text(text)
    with pytest.raises(Misconfigured, match=said) as told:
        open_legs(tmp_path, "test")
    assert "channel" in str(told.value)
    assert not secret or secret not in str(told.value) or secret == "x"
