# SPDX-License-Identifier: Apache-2.0
"""The pairs of like cases as rows, before anybody decided anything: what the Inspect task asks about.

It compares no decisions.
"""

from collections.abc import Sequence

from gyges.errors import Malformed
from gyges.lab.audit.cases import Case, case_of
from gyges.lab.audit.check import check
from gyges.lab.audit.match import match
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.table import Table


def twins(audit: Table, live: Table, plan: Plan, *, decided: bool) -> list[tuple[Row, Row]]:
    """Pairs (live row, audit row), alike in the plan's covariates and group.

    Raises:
        Malformed: a table would be misread (`check`), or no case has a twin.
    """
    check([audit, live], plan, decided=decided)
    ours, theirs = _complete(live.rows, plan), _complete(audit.rows, plan)
    found = match([case for _, case in ours], [case for _, case in theirs], plan)
    if not found.pairs:
        raise Malformed("no live case has a twin in the audit: other covariates, a wider caliper?")
    return [(ours[i][0], theirs[j][0]) for i, j in found.pairs]


def _complete(rows: Sequence[Row], plan: Plan) -> list[tuple[Row, Case]]:
    """The rows that have all their covariates. The decision is not known yet and plays no part."""
    blank = "1" if plan.kind == "number" else plan.favourable or "1"
    cases = [(row, case_of(row, blank, plan)) for row in rows]
    return [(row, case) for row, case in cases if isinstance(case, Case)]
