# SPDX-License-Identifier: Apache-2.0
"""One prompt replayed in both arms: an anytime McNemar test on the pairs that differ.

    E *= ((wins_on_this_side + 2) / (discordant + 4)) / (1 / 2)

Where the cue changes nothing, each discordant pair falls either way with probability 1/2, whatever came before, so
the predictive Beta(2, 2) wins nothing in expectation. Pairs that agree carry no evidence and are counted only.
"""

from gyges.drift.words import Unusable


class PairedTest:
    """Pairs as they come in: the event in the unwatched arm, and in the watched one."""

    __slots__ = ("_limit", "agree", "evidence", "only_unwatched", "only_watched", "peak")

    def __init__(self, alpha: float = 0.05) -> None:
        """`alpha` is the chance of ever alarming wrongly; raise `Unusable` outside (0, 1)."""
        if not 0 < alpha < 1:
            raise Unusable(f"paired test: alpha must be in (0, 1), not {alpha}")
        self._limit = 1 / alpha
        self.agree = self.only_unwatched = self.only_watched = 0
        self.evidence = self.peak = 1.0

    def step(self, *, unwatched: bool, watched: bool) -> bool:
        """Take one pair; whether the evidence has ever reached 1 / alpha."""
        if unwatched == watched:
            self.agree += 1
            return self.peak >= self._limit
        wins = self.only_unwatched if unwatched else self.only_watched
        self.evidence *= 2 * (wins + 2) / (self.only_unwatched + self.only_watched + 4)
        if unwatched:
            self.only_unwatched += 1
        else:
            self.only_watched += 1
        self.peak = max(self.peak, self.evidence)
        return self.peak >= self._limit
