# SPDX-License-Identifier: Apache-2.0
"""Times as people read them: an instant in UTC, how long ago, how long still. It reads no clock."""

from datetime import UTC, datetime

STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def iso(ms: int) -> str:
    """An instant, to the second: "2026-11-21T09:30:00Z"."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(ms: int) -> str:
    """A length of time by its two largest parts: "1 h 5 min", "40 s"; "0 s" for less than that."""
    left = max(0, ms) // 1000
    parts: list[str] = []
    for size, unit in STEPS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts)) or "0 s"


def ago(ms: int, now: int) -> str:
    """How long before `now` an instant was."""
    return f"{span(now - ms)} ago" if now - ms >= 1000 else "just now"
