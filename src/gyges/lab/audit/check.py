# SPDX-License-Identifier: Apache-2.0
"""What must be right with two tables before anybody is asked: columns, numbers, ids, groups, outcomes, decisions.

A value that is missing is no error: its row is left out and counted. A value that is wrong is one, since it
would be taken for something else; the message names the file, the line and the column. It compares nothing.
"""

import math
from collections.abc import Callable, Iterable
from itertools import chain

from gyges.errors import Malformed
from gyges.lab.audit.cases import NO, YES, decision_of, number
from gyges.lab.audit.plan import Plan
from gyges.lab.audit.table import Table

EXPECTED = {
    "number": "a finite number",
    "category": "a label",
    "binary": "true or false, yes or no, 1 or 0; is its good value named as favourable?",
}


def check(tables: Iterable[Table], plan: Plan, *, decided: bool) -> None:
    """Refuse tables that would be misread; `decided`: they hold the decisions themselves.

    Raises:
        Malformed: no rows, a column missing, a quantity that is no finite number, an id twice or not at
            all, no case of the reference group, an outcome or decision of another kind.
    """
    both = list(tables)
    for table in both:
        _columns(table, plan, decided)
        _ids(table, plan)
        if plan.outcome:
            _all(table, plan.outcome, _truth, "true or false, yes or no, 1 or 0")
        if decided:
            _all(table, plan.decision, lambda v: _decides(v, plan), EXPECTED[plan.kind])
    for name in plan.covariates:
        _quantity(both, name, as_label=name in plan.labels)
    if plan.reference:
        for table in both:
            if all(str(v).strip() != plan.reference for _, v in table.column(plan.group)):
                place = f"{table.name}, column {plan.group!r}"
                raise Malformed(f"{place}: no case of the reference group {plan.reference!r}")


def _columns(table: Table, plan: Plan, decided: bool) -> None:
    if not table.rows:
        raise Malformed(f"{table.name}: no rows")
    named = [*plan.covariates, plan.group, plan.outcome, plan.id, plan.decision if decided else ""]
    for column in filter(None, named):
        if all(column not in row for row in table.rows):
            there = ", ".join(map(str, table.rows[0]))
            raise Malformed(f"{table.head()}: no column {column!r}; there are {there}")


def _ids(table: Table, plan: Plan) -> None:
    if not plan.id:
        return
    first = dict[str, int]()
    for index, row in enumerate(table.rows):
        told = str(row.get(plan.id) if row.get(plan.id) is not None else "").strip()
        place = table.at(index, plan.id)
        if not told:
            raise Malformed(f"{place}: a case without an id")
        if told in first:
            earlier = table.at(first[told], plan.id)
            raise Malformed(f"{place}: the id {told!r} stands twice; first at {earlier}")
        first[told] = index


def _quantity(tables: Iterable[Table], name: str, *, as_label: bool) -> None:
    """A column is all numbers, or all labels; one stray value would turn a quantity into labels."""
    values = [(t.at(i, name), v) for t in tables for i, v in t.column(name)]
    strays = [(place, v) for place, v in values if number(v) is None]
    infinite = [s for s in strays if isinstance(s[1], float) and not math.isfinite(s[1])]
    mixed = [] if as_label or len(strays) == len(values) else strays
    for place, value in chain(infinite, mixed):
        told = "no finite number, though others there are (if they are labels, name it in labels)"
        raise Malformed(f"{place}: {str(value)!r} is {told}")


def _all(table: Table, column: str, good: Callable[[object], bool], expected: str) -> None:
    for index, value in table.column(column):
        if str(value).strip() and not good(value):
            raise Malformed(f"{table.at(index, column)}: {str(value)!r} is not {expected}")


def _truth(value: object) -> bool:
    return str(value).strip().lower() in YES | NO


def _decides(value: object, plan: Plan) -> bool:
    return decision_of(value, plan) is not None
