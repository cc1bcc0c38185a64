# SPDX-License-Identifier: Apache-2.0
"""Quiet hours: when it is quiet, when that is over, through midnights, weekends and summer time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gyges.adapters.notify.hours import DAYS, Hours, read_hours, read_zone
from gyges.errors import Misconfigured

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = 60_000
NIGHT = read_hours(("22:00-07:00",), (), BERLIN)


def ms(text: str, zone: ZoneInfo | None = None) -> int:
    """A local time, "2026-11-21 22:30", as ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone or UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("at", "over"),
    [
        ("2026-11-20 21:59", "2026-11-20 21:59"),
        ("2026-11-20 22:00", "2026-11-21 07:00"),
        ("2026-11-21 03:30", "2026-11-21 07:00"),
        ("2026-11-21 07:00", "2026-11-21 07:00"),
        # The night in which clocks go forward is an hour shorter, the other one longer; seven is seven.
        ("2026-03-28 23:00", "2026-03-29 07:00"),
        ("2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_a_night_ends_in_the_morning(at: str, over: str) -> None:
    """What comes at night waits until seven by the clock on the wall."""
    assert NIGHT.over(ms(at, BERLIN)) == ms(over, BERLIN)


def test_a_weekend_joins_its_nights() -> None:
    """Friday night, Saturday, Sunday and Sunday night are one silence."""
    hours = read_hours(("22:00-07:00",), ("sat", "sun"), BERLIN)
    friday, monday = ms("2026-11-20 23:15", BERLIN), ms("2026-11-23 07:00", BERLIN)
    assert hours.over(friday) == monday


def test_no_hours_are_never_quiet() -> None:
    """Without spans and days everything is told at once."""
    assert Hours().over(ms("2026-11-21 03:00")) == ms("2026-11-21 03:00")


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    """Any quiet hours that leave some time."""
    clock = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
    spans = draw(st.lists(st.builds("{}-{}".format, clock, clock), max_size=3))
    days = draw(st.sets(st.sampled_from(DAYS), max_size=6))
    zone = draw(st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"]))
    try:
        return read_hours(spans, days, read_zone(zone))
    except Misconfigured:
        assume(False)
        raise


@given(hours(), st.integers(ms("2026-01-01 00:00"), ms("2027-01-01 00:00")))
def test_it_is_over_when_it_is_not_quiet_and_not_a_moment_before(found: Hours, at: int) -> None:
    """The answer is not quiet, not earlier than asked, and every moment looked at before it is quiet."""
    over = found.over(at)
    assert over >= at
    assert not found.quiet(over)
    step = max(MINUTE, (over - at) // 200)
    assert all(found.quiet(moment) for moment in range(at, over, step))
    assert over == at or found.quiet(over - 1)


@pytest.mark.parametrize(
    ("spans", "days"),
    [
        (("22:00",), ()),
        (("24:00-07:00",), ()),
        (("7:00-8:00",), ()),
        (("07:00-07:00",), ()),
        (("00:00-12:00", "12:00-00:00"), ()),
        ((), ("saturday",)),
        ((), DAYS),
    ],
)
def test_what_has_no_meaning_is_refused(spans: tuple[str, ...], days: tuple[str, ...]) -> None:
    """No span, no day, or hours that would never end."""
    with pytest.raises(Misconfigured):
        read_hours(spans, days, UTC)


def test_a_zone_that_nobody_knows_is_refused() -> None:
    """Also one that would be a path."""
    for name in ("Europe/Atlantis", "../../etc/passwd", ""):
        with pytest.raises(Misconfigured):
            read_zone(name)
