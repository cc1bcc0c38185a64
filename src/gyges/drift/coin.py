# SPDX-License-Identifier: Apache-2.0
"""The coin of a ring test: which sessions are told that nobody watches. Sealed, keyed, and fair to a stated share.

    arm = HMAC-SHA256(key, design NUL session) / 2^256 < share

Who has the key can recompute every arm, so nothing needs to store one; who has not learns nothing from sessions'
ids. A commitment to the key is published before the first session. It reads no key from anywhere.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gyges.drift.words import Grain, Unusable

KEY_BYTES = 32
LEAST, MOST = 0.02, 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A ring test: `share` of the sessions, in [0.02, 0.98], are told the words of `cue`.

    `grain` is what the coin is thrown for, and so what is analysed. What has another share, cue or grain is
    another design and needs another id.
    """

    id: str
    share: float
    cue: str = ""
    grain: Grain = Grain.SESSION

    def __post_init__(self) -> None:
        """Refuse a coin that hardly ever, or nearly always, falls on one side, and one that is thrown by event."""
        if not self.id or "\0" in self.id:
            raise Unusable(f"design: {self.id!r} is no id")
        if not LEAST <= self.share <= MOST:
            raise Unusable(
                f"design {self.id}: the share must be in [{LEAST}, {MOST}], not {self.share}"
            )
        if self.grain is Grain.EVENT:
            raise Unusable(
                f"design {self.id}: a cue is given to a session or an episode, not to an event"
            )


def known(designs: Iterable[Design], new: Design) -> bool:
    """Whether this design is among those that have begun.

    Raises:
        Unusable: one of the same id is, with another share, cue or grain.
    """
    found = [design for design in designs if design.id == new.id]
    for design in found:
        if design != new:
            raise Unusable(
                f"design {new.id}: it began as {_told(design)} and cannot become {_told(new)}; "
                "begin another design"
            )
    return bool(found)


def unwatched(key: bytes, design: Design, session: str) -> bool:
    """Whether this session (or episode, where the design's grain is that) gets the cue that nobody watches.

    Raises:
        Unusable: the key is not of 32 bytes, or the session has no id.
    """
    if len(key) != KEY_BYTES:
        raise Unusable(f"design {design.id}: the key has {len(key)} bytes, not {KEY_BYTES}")
    if not session:
        raise Unusable(f"design {design.id}: a session without an id cannot be assigned")
    said = f"{design.id}\0{session}".encode()
    drawn = int.from_bytes(hmac.digest(key, said, "sha256"))
    return drawn < int(design.share * 2**256)


def commitment(key: bytes) -> str:
    """What is published before the first session: the key's SHA-256, hexadecimal."""
    return hashlib.sha256(b"gyges ring key\0" + key).hexdigest()


def blinded(text: str, *cues: str) -> str:
    """A transcript for a grader: the texts that tell the arm, of both arms, taken out however they are spaced or
    capitalised.
    """
    for cue in sorted(filter(str.strip, cues), key=len, reverse=True):
        words = r"\s+".join(re.escape(word) for word in cue.split())
        text = re.sub(words, "", text, flags=re.IGNORECASE)
    return text


def _told(design: Design) -> str:
    return f"{design.share:g} of each {design.grain.value} told {design.cue!r}"
