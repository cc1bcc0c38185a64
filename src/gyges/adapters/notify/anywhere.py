# SPDX-License-Identifier: Apache-2.0
"""Tells by whatever Apprise can reach: its URLs name some 170 services. An extra: `gyges[notify]`.

Text only, no attachment, nothing interpreted. Apprise connects where its URLs say, unguarded: they are the
operator's own.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol, cast

from gyges.adapters.notify.channel import Later, Message, Sent
from gyges.adapters.notify.telling import body, subject
from gyges.errors import Misconfigured

TIMEOUT_S = 30


class _Apprise(Protocol):
    """What is used of Apprise, whose own types are not complete."""

    def add(self, services: str) -> bool: ...

    def notify(self, body: str, title: str, *, body_format: str, timeout: int) -> object: ...


class AppriseChannel:
    """A `Channel` over one or more Apprise URLs, all told the same."""

    collects = True
    amends = False

    def __init__(self, urls: Sequence[str]) -> None:
        """Raise `Misconfigured` for a URL that Apprise does not know, without repeating it: it is a secret."""
        import apprise

        self._apprise = cast("_Apprise", apprise.Apprise())
        for number, url in enumerate(urls, 1):
            if not self._apprise.add(url):
                raise Misconfigured(f"line {number} of url_file is no URL that Apprise knows")

    async def send(self, message: Message, now: int) -> Sent:  # noqa: ARG002 - a channel's
        """See `channel.Channel`. Where one of several URLs fails, all are told again."""
        told = await asyncio.to_thread(
            self._apprise.notify, body(message.tellings), subject(message.tellings),
            body_format="text", timeout=TIMEOUT_S,
        )  # fmt: skip
        if not told:
            raise Later("Apprise could not deliver it")
        return Sent()
