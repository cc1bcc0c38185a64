# SPDX-License-Identifier: Apache-2.0
"""The clock that tests turn by hand."""

import pytest

from gyges.testing import FakeClock


def test_it_stands_still_until_it_is_turned() -> None:
    """Two looks give one time; advancing adds milliseconds and seconds."""
    clock = FakeClock(1000)
    assert (clock.now(), clock.now()) == (1000, 1000)
    assert clock.advance(5, seconds=1.5) == 2505
    assert clock.now() == 2505


def test_it_does_not_run_backwards() -> None:
    """A negative step is refused."""
    with pytest.raises(ValueError, match="backwards"):
        FakeClock().advance(-1)
