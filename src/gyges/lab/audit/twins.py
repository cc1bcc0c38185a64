# SPDX-License-Identifier: Apache-2.0
"""The pairs of like cases as rows, before anybody decided anything: what the Inspect task asks about.

It compares no decisions.
"""

from collections.abc import Sequence

from gyges.errors import Malformed
from gyges.lab.audit.cases import Case, case_of
from gyges.lab.audit.match import match
from gyges.lab.audit.plan import Plan, Row


def twins(audit: Sequence[Row], live: Sequence[Row], plan: Plan) -> list[tuple[Row, Row]]:
    """Pairs (live row, audit row), alike in the plan's covariates and group.

    Raises:
        Malformed: no case has a twin.
    """
    ours, theirs = _complete(live, plan), _complete(audit, plan)
    found = match([case for _, case in ours], [case for _, case in theirs], plan)
    if not found.pairs:
        raise Malformed("no live case has a twin in the audit: other covariates, a wider caliper?")
    return [(ours[i][0], theirs[j][0]) for i, j in found.pairs]


def _complete(rows: Sequence[Row], plan: Plan) -> list[tuple[Row, Case]]:
    """The rows that have all their covariates. The decision is not known yet and plays no part."""
    blank = plan.favourable or "1"
    cases = [(row, case_of(row, blank, plan)) for row in rows]
    return [(row, case) for row, case in cases if isinstance(case, Case)]
