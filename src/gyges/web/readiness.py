# SPDX-License-Identifier: Apache-2.0
"""Whether the gate could decide now: it finds out by really writing, at most once a second.

The write is a notice that the same change takes back: it goes through the whole way to the disk, and leaves
neither row nor log entry. A gate that cannot write denies everything, so it had better say so beforehand.
"""

from typing import TYPE_CHECKING

from gyges.errors import GygesError
from gyges.ports import Change, Notice

if TYPE_CHECKING:
    from gyges.wiring import Gate

FRESH_MS = 1_000


class Readiness:
    """Remembers the last attempt, so that asking often costs nothing."""

    def __init__(self) -> None:
        """Nothing was tried yet."""
        self._tried = -FRESH_MS
        self._problem = ""

    async def problem(self, gate: "Gate", now: int) -> str:
        """The code of what is wrong, "" for nothing."""
        if not 0 <= now - self._tried < FRESH_MS:
            self._tried = now
            self._problem = await _try(gate, now)
        return self._problem


async def _try(gate: "Gate", now: int) -> str:
    notice = Notice(id="n-ready", at=now, kind="ready", case="", groups=())
    try:
        await gate.corridor.parts.recorder.record(
            Change(events=(), notices=(notice,), told=(notice.id,))
        )
        await gate.store.next_due()
    except GygesError as error:
        return error.code
    return ""
