# SPDX-License-Identifier: Apache-2.0
"""Times as pages say them."""

import pytest

from gyges.web.times import ago, iso, span

NOW = 1_700_000_000_000


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (-5, "0 s"),
        (40_000, "40 s"),
        (60_000, "1 min"),
        (65_000, "1 min 5 s"),
        (3_600_000, "1 h"),
        (3_605_000, "1 h"),
        (5_400_000, "1 h 30 min"),
        (90_000_000, "1 d 1 h"),
    ],
)
def test_a_span_is_told_by_its_two_largest_parts(ms: int, words: str) -> None:
    """Whole units, nothing finer than somebody would say."""
    assert span(ms) == words


def test_an_instant_is_in_utc() -> None:
    """As HTML's `datetime` wants it."""
    assert iso(NOW) == "2023-11-14T22:13:20Z"


def test_how_long_ago() -> None:
    """A moment is a moment."""
    assert ago(NOW, NOW) == "just now"
    assert ago(NOW - 61_000, NOW) == "1 min 1 s ago"
