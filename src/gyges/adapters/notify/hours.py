# SPDX-License-Identifier: Apache-2.0
"""Quiet hours: spans of the local day, and whole days, in which only the urgent is told. Pure.

    quiet = ["22:00-07:00"]    every night; a span may cross midnight, its end is no longer quiet
    quiet_days = ["sat"]       all of Saturday

It knows no channel. Times come in and go out as ms since the epoch, UTC.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gyges.errors import Misconfigured

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60  # minutes
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When it is quiet: spans in minutes of the local day, and days, 0 for Monday."""

    spans: tuple[tuple[int, int], ...] = ()
    days: frozenset[int] = frozenset()
    zone: tzinfo = UTC

    def quiet(self, at: int) -> bool:
        """Whether it is quiet at `at`."""
        local = datetime.fromtimestamp(at / 1000, self.zone)
        minute = local.hour * 60 + local.minute
        return local.weekday() in self.days or any(_within(minute, span) for span in self.spans)

    def over(self, at: int) -> int:
        """The first moment from `at` on when it is not quiet; `at` itself where it is not."""
        while self.quiet(at):
            at = self._next_edge(at)
        return at

    def _next_edge(self, at: int) -> int:
        """The next moment after `at` when a span or a day ends."""
        local = datetime.fromtimestamp(at / 1000, self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        ends = sorted({end for _, end in self.spans} | {DAY})
        edges = (_moment(midnight, minute) for minute in ends)
        return next((edge for edge in edges if edge > at), _moment(midnight, DAY + ends[0]))


def read_hours(spans: Iterable[str], days: Iterable[str], zone: tzinfo) -> Hours:
    """Quiet hours as they are written; raise `Misconfigured` on what has no meaning."""
    found = Hours(
        spans=tuple(_span(text) for text in spans),
        days=frozenset(_day(name) for name in days),
        zone=zone,
    )
    minutes = (m for m in range(DAY) if not any(_within(m, span) for span in found.spans))
    if len(found.days) == len(DAYS) or next(minutes, None) is None:
        raise Misconfigured("the quiet hours leave no time to tell anything")
    return found


def read_zone(name: str) -> tzinfo:
    """The time zone of that name; raise `Misconfigured` if this system knows none."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured(f"there is no time zone {name!r} on this system") from None


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Misconfigured(f'{text!r} is no span such as "22:00-07:00"')
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start == end:
        raise Misconfigured(f"the span {text!r} begins where it ends")
    return start, end


def _day(name: str) -> int:
    if name not in DAYS:
        raise Misconfigured(f"{name!r} is no day; days are {', '.join(DAYS)}")
    return DAYS.index(name)


def _within(minute: int, span: tuple[int, int]) -> bool:
    start, end = span
    return start <= minute < end if start < end else minute >= start or minute < end


def _moment(midnight: datetime, minute: int) -> int:
    """Ms of a minute of the local day that began at `midnight`; the day after from `DAY` on."""
    day = midnight + timedelta(days=minute // DAY)  # on the wall clock, whatever summer time does
    local = day.replace(hour=minute % DAY // 60, minute=minute % 60)
    return int(local.timestamp() * 1000)
