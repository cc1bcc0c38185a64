# SPDX-License-Identifier: Apache-2.0
"""What came of a delivery: the row after an attempt, and the event that the log keeps of it. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from gyges.adapters.notify import plan
from gyges.adapters.notify.channel import Later, Sent
from gyges.episode import Event, Kind
from gyges.ports import Delivery

SAID = 200  # letters of an error that are kept


def message_id(rows: Sequence[Delivery]) -> str:
    """One opaque name for what goes out in one piece; the same at every attempt."""
    names = "\n".join(sorted(row.id for row in rows))
    return "m-" + hashlib.sha256(names.encode()).hexdigest()[:32]


def arrived(row: Delivery, now: int, sent: Sent) -> Delivery:
    """The row of a message that went out."""
    return replace(
        row, due=0, done=now, ok=True, attempts=row.attempts + 1, ref=sent.ref, token=sent.token,
        said="",
    )  # fmt: skip


def finished(row: Delivery, now: int, why: str, *, tried: bool = False) -> Delivery:
    """The row of a message that will not go out any more."""
    return replace(row, due=0, done=now, attempts=row.attempts + tried, said=_line(why))


def failed(row: Delivery, now: int, error: Exception) -> Delivery:
    """The row after a failure: to be tried again later, or given up after so many."""
    tried = replace(row, attempts=row.attempts + 1, said=_line(str(error) or type(error).__name__))
    asked = error.after_s if isinstance(error, Later) else 0
    wait = plan.wait_ms(tried, asked_s=asked)
    if wait is None:
        return replace(tried, due=0, done=now)
    return replace(tried, due=now + wait)


def event_of(row: Delivery) -> Event:
    """What the log keeps of a finished delivery: which channel and which account, never an address.

    It carries no agent and no episode: monitors look at what agents do.
    """
    person = row.target.removeprefix(plan.PERSON) if row.target.startswith(plan.PERSON) else ""
    return Event(
        kind=Kind.TOLD, at=row.done, subject=row.case or "gate",
        body={
            "notice": row.notice, "kind": row.kind, "channel": row.channel, "person": person,
            "ok": row.ok, "attempts": row.attempts, "said": "" if row.ok else row.said,
        },
    )  # fmt: skip


def _line(text: str) -> str:
    """The first line, short and printable."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    return "".join(letter if letter.isprintable() else "?" for letter in first)[:SAID]
