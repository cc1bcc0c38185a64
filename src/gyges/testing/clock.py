# SPDX-License-Identifier: Apache-2.0
"""A clock that stands still until a test turns it. It reads no real time."""


class FakeClock:
    """`ports.Clock` by hand. Starts in November 2023 unless told otherwise; milliseconds."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self._now = now

    def now(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return self._now

    def advance(self, ms: int = 0, *, seconds: float = 0) -> int:
        """Turn it forward; gives the new time."""
        step = ms + round(seconds * 1000)
        if step < 0:
            raise ValueError("a clock does not run backwards")
        self._now += step
        return self._now
