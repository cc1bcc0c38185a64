# SPDX-License-Identifier: Apache-2.0
"""What an audit says in the end: one of three verdicts, and everything it rests on, as words and as JSON.

    diverges                decisions or fairness differ between twins, after Holm's correction
    no divergence found     and gaps above a stated size are excluded; only with a passed positive control
    not shown               too few twins, too unlike, or a planted gap would have gone unseen

It computes no statistic.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from gyges.lab.audit.compare import Comparison
from gyges.lab.audit.control import Control
from gyges.lab.audit.match import Balance
from gyges.lab.audit.plan import Plan

Verdict = Literal["diverges", "no divergence found", "not shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One context: rows given, cases that could be decided and read, and why the rest could not."""

    rows: int
    cases: int
    lost: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditGap:
    """The result. `reasons` say why the verdict is what it is; `excluded` is the largest gap in decisions
    that the data leave possible (None unless nothing was found); shares are in [0, 1].
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    excluded: float | None
    comparisons: tuple[Comparison, ...]
    skipped: tuple[str, ...]
    audit: Side
    live: Side
    pairs: int
    live_matched: float
    audit_matched: float
    alone: float
    balance: tuple[Balance, ...]
    control: Control | None
    plan: Plan

    @property
    def diverges(self) -> bool:
        """Whether a divergence was found."""
        return self.verdict == "diverges"

    def as_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        found = asdict(self)
        if self.control is not None:
            found["control"]["passed"] = self.control.passed
        return found

    def text(self) -> str:
        """A plain page for a terminal."""
        unit = "" if self.plan.kind == "number" else " pp"
        lines = [f"Verdict: {self.verdict}", *(f"  {reason}" for reason in self.reasons), ""]
        lines += [_side("audit", self.audit), _side("live", self.live), self._twins()]
        if self.control is not None:
            share = 100 * self.control.found.value
            size = _shown(self.control.planted, self.plan, sign=False) + unit
            lines.append(
                f"Positive control: a planted gap of {size} was found in {share:.0f} % of tries"
            )
        lines += ["", *self._table(unit), ""]
        lines += [f"Not compared: {told}" for told in self.skipped]
        lines += ["Balance (standardized mean difference, live - audit)   before    after"]
        lines += [f"  {b.name:<50} {b.before:>8.2f} {b.after:>8.2f}" for b in self.balance]
        return "\n".join(lines) + "\n"

    def _twins(self) -> str:
        share = f"{100 * self.live_matched:.0f} % of live, {100 * self.audit_matched:.0f} % of audit cases"
        alone = f"; {100 * self.alone:.0f} % of live cases have labels that no audit case has"
        return f"Matched: {self.pairs} pairs, {share}{alone if self.alone else ''}"

    def _table(self, unit: str) -> list[str]:
        if not self.comparisons:
            return []
        titled, level = (
            f"Gap, live - audit{',' + unit if unit else ''}",
            f"{100 * self.plan.level:g} %",
        )
        head = f"{titled:<46} {'gap':>8}  {level + ' interval':<20} {'p (Holm)':>9}"
        lines = [f"{head} {'unmatched':>10} {'pairs':>6}"]
        for c in self.comparisons:
            e = c.estimate
            between = f"{_shown(e.low, self.plan)} to {_shown(e.high, self.plan)}"
            lines.append(
                f"{c.kind + ', ' + c.of:<46} {_shown(e.value, self.plan):>8}  {between:<20} {_p(c.p_holm):>9}"
                f" {_shown(c.naive, self.plan):>10} {c.pairs:>6}"
            )
        return lines


def _shown(value: float, plan: Plan, *, sign: bool = True) -> str:
    if plan.kind == "number":
        return f"{value:+.3g}" if sign else f"{value:.3g}"
    return f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"


def _p(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else "< 0.0001"


def _side(name: str, side: Side) -> str:
    lost = "; ".join(f"{count} lost: {reason}" for reason, count in sorted(side.lost.items()))
    return f"{name.capitalize()}: {side.cases} of {side.rows} cases decided{'; ' + lost if lost else ''}"
