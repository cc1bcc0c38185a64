# SPDX-License-Identifier: Apache-2.0
"""One prompt replayed in both arms: an anytime McNemar test on the pairs that differ, and the gap.

    E *= ((wins_on_this_side + 2) / (discordant + 4)) / (1 / 2)

Where the cue changes nothing, each discordant pair falls either way with probability 1/2, whatever came before, so
the predictive Beta(2, 2) wins nothing in expectation. Pairs that agree carry no evidence; the gap counts them. That
holds for prompts that are hard or easy in any order, as long as the two replays of one know nothing of each other.
"""

from gyges.drift.interval import Interval
from gyges.drift.words import Unusable

CEILING = 1e300


class PairedTest:
    """Pairs as they come in: the event in the unwatched arm, and in the watched one."""

    def __init__(self, alpha: float = 0.05) -> None:
        """`alpha` is the chance of ever alarming wrongly.

        Raises:
            Unusable: it is not in (0, 1).
        """
        if not 0 < alpha < 1:
            raise Unusable(f"paired test: alpha must be in (0, 1), not {alpha}")
        self.alpha = alpha
        self.agree = self.only_unwatched = self.only_watched = 0
        self.evidence = self.peak = 1.0

    def step(self, *, unwatched: bool, watched: bool) -> bool:
        """Take one pair; whether the evidence has ever reached 1 / alpha."""
        if unwatched == watched:
            self.agree += 1
            return self.peak >= 1 / self.alpha
        wins = self.only_unwatched if unwatched else self.only_watched
        foretold = (wins + 2) / (self.only_unwatched + self.only_watched + 4)
        self.evidence = min(self.evidence * 2 * foretold, CEILING)
        self.only_unwatched += unwatched
        self.only_watched += watched
        self.peak = max(self.peak, self.evidence)
        return self.peak >= 1 / self.alpha

    @property
    def gap(self) -> tuple[float, float, float]:
        """Unwatched minus watched, and the ends of its interval; 0, -1 and 1 before the first pair."""
        interval, pairs = Interval(1, 1.0), self.agree + self.only_unwatched + self.only_watched
        interval.signs(self.only_unwatched, self.only_watched, pairs)
        low, high = interval.ends(self.alpha)
        mean = (self.only_unwatched - self.only_watched) / max(pairs, 1)
        return mean, float(low[0]), float(high[0])
