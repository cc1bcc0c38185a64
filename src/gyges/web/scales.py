# SPDX-License-Identifier: Apache-2.0
"""Round places along an axis: dates of sessions, and lengths of time. Pure; the axes are matplotlib's."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from gyges.web.drawing import Axes

DAY_MS = 86_400_000
S, MIN, H = 1_000, 60_000, 3_600_000
STEPS = (S, 2 * S, 5 * S, 10 * S, 20 * S, 30 * S, MIN, 2 * MIN, 5 * MIN, 10 * MIN, 20 * MIN,
         30 * MIN, H, 2 * H, 4 * H, 8 * H, DAY_MS, 2 * DAY_MS, 7 * DAY_MS)  # fmt: skip
MAGNITUDES = (S, 10 * S, MIN, 10 * MIN, H, 8 * H, 2 * DAY_MS, 14 * DAY_MS)
"""Round lengths of time, ms; each several times the one before it."""


def dates(axes: Axes, at: Sequence[int], most: int) -> None:
    """Name `most` sessions, equally far apart, by when they were (ms, UTC): to the minute where all is recent."""
    count = min(most, len(at))
    places = [int((i + 0.5) * len(at) / count) for i in range(count)]
    days = (at[-1] - at[0]) / DAY_MS
    form = "%-d %b %H:%M" if days < most else "%-d %b" if days < 300 else "%b %Y"
    axes.set_xticks(places, [f"{datetime.fromtimestamp(at[i] / 1000, UTC):{form}}" for i in places])


def lengths(axes: Axes) -> None:
    """Put the ticks of an axis in ms at round lengths of time, on either scale."""
    low, high = axes.get_ylim()
    if axes.get_yscale() == "log":
        axes.set_yticks([step for step in MAGNITUDES if low <= step <= high] or [low, high])
        return
    step = next((step for step in STEPS if (high - low) / step <= 5), (high - low) / 4)
    axes.set_yticks([step * at for at in range(math.ceil(low / step), int(high / step) + 1)])
