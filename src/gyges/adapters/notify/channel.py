# SPDX-License-Identifier: Apache-2.0
"""What every channel is: it sends one message, and says how that went. The sending is in a file each."""

from dataclasses import dataclass
from typing import Protocol

from gyges.adapters.notify.telling import Telling


class Later(Exception):
    """It did not arrive, or nobody knows; `after_s` is how long the other side asks to be left alone."""

    def __init__(self, why: str, after_s: int = 0) -> None:
        super().__init__(why)
        self.after_s = after_s


class Never(Exception):
    """The other side will not take it, however often it is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes to one addressee in one piece. `id` is the same at every attempt."""

    id: str
    target: str  # a mail address; "" for channels with one addressee
    tellings: tuple[Telling, ...]  # several only for a channel that collects
    ref: str = ""  # the message to rewrite, as the channel called it when it was sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """It arrived, as far as can be known."""

    ref: str = ""  # what the channel calls it
    token: str = ""  # digest of the secret its button carries


class Channel(Protocol):
    """One way to people. `send` may be called again with the same message: at least once, never at most."""

    collects: bool  # takes several tellings in one message
    amends: bool  # can rewrite a message that was sent

    async def send(self, message: Message, now: int) -> Sent:
        """Deliver, or raise `Later` or `Never`; anything else that is raised counts as `Later`."""
        ...
