# SPDX-License-Identifier: Apache-2.0
"""What a ring test says: for each feature whether the cue changes it, by how much, and what can be excluded.

Plain values, and one sentence for each. They decide nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gyges.drift.alarms import Moved
from gyges.drift.gap import GapNow

OMNIBUS = "all together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A feature whose evidence has reached its limit for the first time, and with which unit (at in ms)."""

    feature: str
    evidence: float
    limit: float
    unit: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One feature: evidence now and at its highest, the limit 1 / alpha_k, and its labels' gaps.

    `gaps` has one entry, "", for what has no labels; None while an arm is empty, and none for all together. Where
    `ranked`, values are numbers' ranks among the past: 50 points are half the way from the least to the largest.
    `top` are the units that moved the evidence most, `counter` those that spoke against; none before it has rung,
    for they tell their arms.
    """

    feature: str
    evidence: float
    peak: float
    limit: float
    gaps: Mapping[str, GapNow | None]
    rung: Rung | None
    ranked: bool = False
    top: tuple[Moved, ...] = ()
    counter: tuple[Moved, ...] = ()

    @property
    def excluded(self) -> float | None:
        """Gaps larger than this, either way, are excluded in every label, 0 to 1; None if nothing can be said."""
        known = [gap.excluded for gap in self.gaps.values() if gap]
        return max(known) if known and len(known) == len(self.gaps) else None

    @property
    def says(self) -> str:
        """One line for a person."""
        found = "the cue changes it" if self.rung else "no change shown"
        line = f"{self.feature}: {found} (evidence {self.peak:.3g} of {self.limit:.3g})"
        rank = "mean rank " if self.ranked else ""
        parts = [f"; {rank}{_gap(label, gap)}" for label, gap in self.gaps.items() if gap]
        bound = self.excluded
        if bound is not None and not self.rung:
            parts.append(f"; gaps above {100 * bound:.1f} points are excluded")
        return line + "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An assumption that the test watches over itself; `holds` is False once there is evidence against it."""

    name: str
    holds: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One agent in one design: with chance 1 - alpha no feature is called out wrongly, ever; and with chance
    1 - alpha all intervals hold, at all times.

    `manipulation` is the share of transcripts that mention being watched: without a gap there the cue may not have
    been believed, or not read, and a null result says little. `apart` names features that all together leaves out.
    """

    design: str
    alpha: float
    watched: int
    unwatched: int
    findings: tuple[Finding, ...]
    manipulation: Finding | None
    left_out: Mapping[str, int]
    apart: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def evidence(self) -> float:
        """One e-value for the agent, now: the findings' evidence, averaged by their parts of alpha."""
        return sum(f.evidence / f.limit for f in self.findings) / self.alpha

    @property
    def sound(self) -> bool:
        """Whether no check speaks against the test itself."""
        return all(check.holds for check in self.checks)


def _gap(label: str, gap: GapNow) -> str:
    return (
        f"{label + ' ' if label else ''}unwatched {100 * gap.unwatched:.1f} %, "
        f"watched {100 * gap.watched:.1f} %, gap {100 * gap.gap:+.1f} points "
        f"({100 * gap.low:+.1f} to {100 * gap.high:+.1f}; n {gap.n_unwatched} and {gap.n_watched})"
    )
