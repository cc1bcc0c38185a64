# SPDX-License-Identifier: Apache-2.0
"""Arms of ring tests, computed anew from the key for the analysis alone. It stores none and tells nobody."""

from collections.abc import Mapping
from pathlib import Path

from gyges.canon import Json
from gyges.drift.coin import Design, commitment, unwatched
from gyges.drift.words import Cue, Unusable
from gyges.errors import Misconfigured
from gyges.watch.ring import KEY, read_key


class Arms:
    """The key, where there is one, and the designs that were begun with it."""

    def __init__(self, key: bytes | None) -> None:
        """`key` None: no arm can be known."""
        self._key = key

    def design(self, body: Mapping[str, Json]) -> Design | None:
        """The design that the log declares; None where the key at hand is not the one it was begun with."""
        if self._key is None or body.get("commitment") != commitment(self._key):
            return None
        name, share, cue = body.get("design"), body.get("share"), body.get("cue")
        if not isinstance(name, str) or not isinstance(share, float | int):
            raise Misconfigured(f"ring design {name!r} in the log cannot be read")
        return Design(id=name, share=float(share), cue=str(cue or ""))

    def cue(self, design: Design, room: str) -> Cue:
        """Which arm the session `room` has; raise `Unusable` without a key."""
        if self._key is None:
            raise Unusable(f"design {design.id}: there is no key")
        return Cue(design=design.id, unwatched=unwatched(self._key, design, room))


def open_arms(folder: Path) -> Arms:
    """The arms of a data folder's ring tests; raise `Misconfigured` for a key that cannot be read."""
    file = folder / "keys" / KEY
    return Arms(read_key(file) if file.exists() else None)
