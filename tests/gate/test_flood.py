# SPDX-License-Identifier: Apache-2.0
"""A minute's count of what one agent puts to people."""

from hypothesis import given
from hypothesis import strategies as st

from gyges.gate.flood import WINDOW_MS, Flood


def test_an_agent_is_over_after_so_many_asks_and_no_longer_when_they_are_a_minute_old() -> None:
    """The window moves; another agent has its own."""
    flood = Flood()
    for now in (0, 10, 20):
        assert not flood.over("bot", now, 3)
        flood.note("bot", now)
    assert flood.over("bot", 20, 3)
    assert not flood.over("other", 20, 3)
    assert flood.over("bot", WINDOW_MS - 1, 3)
    assert not flood.over("bot", WINDOW_MS, 3)


def test_without_a_limit_nobody_is_over() -> None:
    """0 is any number."""
    flood = Flood()
    for _ in range(1_000):
        flood.note("bot", 0)
    assert not flood.over("bot", 0, 0)


def test_people_are_told_once_a_minute() -> None:
    """A flood of notices would be another flood."""
    flood = Flood()
    assert flood.news("bot", 5)
    assert not flood.news("bot", 5 + WINDOW_MS - 1)
    assert flood.news("other", 6)
    assert flood.news("bot", 5 + WINDOW_MS)


@given(steps=st.lists(st.integers(0, 30_000), max_size=60), most=st.integers(1, 5))
def test_no_minute_ever_holds_more_than_so_many_asks(steps: list[int], most: int) -> None:
    """Asking only while not over, at whatever times."""
    flood, now, asked = Flood(), 0, list[int]()
    for step in steps:
        now += step
        if not flood.over("bot", now, most):
            flood.note("bot", now)
            asked.append(now)
    for at in asked:
        assert sum(at - WINDOW_MS < other <= at for other in asked) <= most
