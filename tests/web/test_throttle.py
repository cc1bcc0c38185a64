# SPDX-License-Identifier: Apache-2.0
"""Leaky buckets for tries to sign in: counted before they are checked, bounded, not to be flushed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gyges.web.throttle import BUCKETS, SlowDown, Throttle, network

NOW = 1_700_000_000_000


def tries(throttle: Throttle, name: str, count: int, now: int = NOW) -> int:
    """How many of `count` tries pass."""
    passed = 0
    for _ in range(count):
        try:
            throttle.take(name, now)
        except SlowDown:
            continue
        passed += 1
    return passed


def test_a_burst_passes_and_then_one_at_a_time() -> None:
    """The refusal says when to come back, and then there is room for one."""
    throttle = Throttle(3, 10_000)
    assert tries(throttle, "alice", 9) == 3
    with pytest.raises(SlowDown) as refused:
        throttle.take("alice", NOW)
    assert refused.value.headers == ((b"retry-after", b"10"),)
    assert tries(throttle, "alice", 9, NOW + 9_999) == 0
    assert tries(throttle, "alice", 9, NOW + 10_000) == 1
    assert tries(throttle, "alice", 9, NOW + 10_000_000) == 3


def test_refused_tries_do_not_make_it_worse() -> None:
    """Somebody who keeps trying is let through as soon as somebody who waits."""
    throttle = Throttle(1, 10_000)
    for second in range(10):
        tries(throttle, "alice", 5, NOW + second * 1000)
    assert tries(throttle, "alice", 1, NOW + 10_000) == 1


def test_a_right_try_does_not_count() -> None:
    """Signing in and out all day is no attack."""
    throttle = Throttle(2, 10_000)
    for _ in range(20):
        throttle.take("alice", NOW)
        throttle.give_back("alice")
    assert tries(throttle, "alice", 5) == 2


def test_a_clock_that_goes_back_opens_nothing() -> None:
    """Time that was counted once is not counted again."""
    throttle = Throttle(2, 10_000)
    assert tries(throttle, "alice", 5) == 2
    assert tries(throttle, "alice", 5, NOW - 3_600_000) == 0
    assert tries(throttle, "alice", 5, NOW) == 0


def test_a_flood_of_other_names_does_not_set_one_free() -> None:
    """Nothing is forgotten to make room: memory is fixed, and so is what is remembered."""
    throttle = Throttle(2, 10_000)
    assert tries(throttle, "alice", 5) == 2
    for number in range(3 * BUCKETS):
        tries(throttle, f"name-{number}", 1)
    assert tries(throttle, "alice", 1) == 0


@given(st.lists(st.integers(0, 4000), max_size=60))
def test_never_more_than_burst_and_rate(pauses: list[int]) -> None:
    """However tries are spread, no more pass than the bucket holds and loses in that time."""
    throttle = Throttle(3, 1000)
    passed, at = 0, NOW
    for pause in pauses:
        at += pause
        passed += tries(throttle, "alice", 1, at)
    assert passed <= 3 + (at - NOW) // 1000 + 1


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_addresses_are_counted_by_who_owns_them(address: str, counted: str) -> None:
    """A subscriber has one IPv4 address, or a whole IPv6 network of them."""
    assert network(address) == counted
