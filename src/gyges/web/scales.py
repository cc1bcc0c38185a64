# SPDX-License-Identifier: Apache-2.0
"""Round places along an axis: dates of sessions, and lengths of time. Pure; the axes are matplotlib's."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from gyges.web.drawing import Axes

DAY_MS = 86_400_000
STEPS = tuple(
    1000 * s for s in (1, 2, 5, 15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 18_000, 43_200, 86_400,
                       172_800, 604_800)
)  # fmt: skip
"""Round lengths of time, ms."""


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
        axes.set_yticks([step for step in STEPS[::2] if low <= step <= high] or [low, high])
        return
    step = next((step for step in STEPS if (high - low) / step <= 4), (high - low) / 4)
    axes.set_yticks([step * at for at in range(math.ceil(low / step), int(high / step) + 1)])
