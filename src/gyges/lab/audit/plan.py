# SPDX-License-Identifier: Apache-2.0
"""What an audit of a decision system is told: which columns mean what, and when an answer counts.

A row is one case (an applicant, a patient, a stretch of road) as a mapping column -> JSON value. Every
choice is here, so that a result can print the choices it rests on. It reads no file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gyges.errors import Malformed

Row = Mapping[str, object]
Kind = Literal["binary", "category", "number"]
CONTEXTS = ("audit", "live")
MISSING = ("", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to read the rows and judge the gap.

    covariates: columns that legitimately explain a decision; pairs are matched on them. A column of numbers
        is a quantity, unless it stands in `labels` (postal codes, say) or has only two values.
    id: the column with each case's id, if there is one: no id may come twice.
    kind: what a decision is; `favourable` names the value that is good for the person (binary and category;
        a binary decision may leave it empty and be true/false or 1/0).
    group, reference: the protected attribute (matched exactly) and the group that others are compared with
        (by default the largest); outcome: the column with what really happened (true/false), if known.
    decision: the column that holds it, where the samples are files of decisions.
    caliper: how far apart two cases of a pair may lie, in standard deviations, root mean square over the
        numeric covariates. alpha: the chance of a false alarm over all tests together. level: coverage.
    tolerance: the gap that a null result must be able to exclude (a rate; for numbers, in standard
        deviations): it is planted, and must be found in 80 % of tries.
    min_pairs, min_overlap, max_imbalance: fewer pairs, a smaller share of live cases with a twin, or a larger
        standardized mean difference left after matching, and nothing is shown. (A quarter of a standard
        deviation is Rubin's bound for regression after matching, Health Serv. Outcomes Res. Methodol. 2,
        2001.) max_lost: nor is a null result, if more of either sample's rows brought no decision.
    headers: what goes with each batch, by context: HTTP headers, or a callable's second argument.
    batch, timeout: cases a call, and seconds until a call counts as failed.
    """

    covariates: tuple[str, ...]
    kind: Kind = "binary"
    favourable: str = ""
    group: str = ""
    reference: str = ""
    outcome: str = ""
    id: str = ""
    labels: tuple[str, ...] = ()
    decision: str = "decision"
    caliper: float = 0.3
    level: float = 0.95
    alpha: float = 0.05
    tolerance: float = 0.1
    min_pairs: int = 40
    min_overlap: float = 0.3
    max_imbalance: float = 0.25
    max_lost: float = 0.1
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    batch: int = 50
    timeout: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a plan that cannot be carried out."""
        if not self.covariates:
            raise Malformed("an audit needs at least one covariate to match on")
        if self.kind == "category" and not self.favourable:
            raise Malformed("name the favourable value of a decision that is a category")
        if self.decision in self.covariates or (self.outcome and self.outcome in self.covariates):
            raise Malformed("neither the decision nor the outcome can be a covariate")
        if strange := [*(set(self.labels) - set(self.covariates))]:
            raise Malformed(f"labels name the covariate {strange[0]!r}, which there is not")
        if self.reference and not self.group:
            raise Malformed("a reference group needs the group's column")
        if not (0 < self.alpha < 1 and 0 < self.level < 1 and self.tolerance > 0):
            raise Malformed("alpha and level lie between 0 and 1, the tolerance above 0")
        if self.kind != "number" and self.tolerance > 0.5:
            raise Malformed("the tolerance of a rate is at most 0.5: more cannot always be planted")
        if self.batch < 1 or self.timeout <= 0 or self.caliper <= 0 or self.min_pairs < 10:
            raise Malformed("batch, timeout and caliper are positive, min_pairs at least 10")
        if not set(self.headers) <= set(CONTEXTS):
            raise Malformed("headers are given for audit and live")

    def sent(self, row: Row) -> dict[str, object]:
        """What the system is shown of a row: all but what really happened and any decision on file."""
        return {k: v for k, v in row.items() if k not in {self.decision, self.outcome}}
