# SPDX-License-Identifier: Apache-2.0
"""Apprise against a real server: a URL of its own kind is told the same words as a mail."""

import json

import pytest

from gyges.adapters.notify.anywhere import AppriseChannel
from gyges.adapters.notify.channel import Later
from gyges.adapters.notify.telling import body, subject
from gyges.errors import Misconfigured
from tests.adapters.notify.office import NOON, a_message, a_telling
from tests.adapters.notify.receiver import Receiver, receiving

pytestmark = [
    pytest.mark.anyio,
    # Apprise looks for a module that Python 3.13 has no more.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]


@pytest.mark.slow
async def test_every_url_is_told() -> None:
    """Two services, one message, as plain text."""
    with receiving() as receiver:
        urls = [f"json://127.0.0.1:{receiver.port}/{name}" for name in ("one", "two")]
        await AppriseChannel(urls).send(a_message(a_telling(), a_telling(case="c-2")), NOON)
    told = [json.loads(request.body) for request in receiver.got]
    assert sorted(request.path for request in receiver.got) == ["/one", "/two"]
    tellings = (a_telling(), a_telling(case="c-2"))
    for one in told:
        assert one["title"] == subject(tellings)
        assert one["message"].strip() == body(tellings).strip()


async def test_a_service_that_fails_is_tried_again() -> None:
    """Apprise says only that it did not work, so it counts as a failure of the moment."""
    with receiving(Receiver(answers=[(500, {}, b"")])) as receiver:
        channel = AppriseChannel([f"json://127.0.0.1:{receiver.port}/"])
        with pytest.raises(Later):
            await channel.send(a_message(), NOON)


def test_a_url_that_nobody_knows_is_not_repeated() -> None:
    """It may hold a password; the line's number is enough."""
    with pytest.raises(Misconfigured, match="line 2") as told:
        AppriseChannel(["json://127.0.0.1/", "nobody://user:hush@127.0.0.1/"])
    assert "hush" not in str(told.value)
