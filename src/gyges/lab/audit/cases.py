# SPDX-License-Identifier: Apache-2.0
"""Rows and decisions -> cases that can be compared. What cannot be read is counted by its reason.

An error is never a decision: a call that failed, a decision that is not of the plan's kind and a row without a
covariate are left out of all rates and told in `Sample.lost`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gyges.errors import Malformed
from gyges.lab.audit.plan import MISSING, Plan, Row
from gyges.lab.audit.table import Table

YES = {"true", "1", "1.0", "yes"}
NO = {"false", "0", "0.0", "no"}


class Failed:
    """Stands where a decision would, when a call brought none; `reason` in a few words."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One decided case. `decision` is 1.0 or 0.0 (favourable or not), a label, or a number."""

    covariates: tuple[object, ...]
    group: str
    outcome: bool | None
    decision: float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The cases of one context, how many rows there were, and why others are missing: reason -> count."""

    cases: tuple[Case, ...]
    rows: int
    lost: Mapping[str, int]


def sample(table: Table, decisions: Iterable[object], plan: Plan) -> Sample:
    """Bring rows and decisions together; the decisions are as many as the rows."""
    lost, cases = Counter[str](), list[Case]()
    for row, given in zip(table.rows, decisions, strict=True):
        found = case_of(row, given, plan)
        if isinstance(found, str):
            lost[found] += 1
        else:
            cases.append(found)
    return Sample(cases=tuple(cases), rows=len(table.rows), lost=dict(lost))


def agreed(given: Sequence[tuple[Table, Sequence[object]]], plan: Plan) -> None:
    """Hold both samples' decisions against the value that is named as favourable.

    Raises:
        Malformed: nobody ever got it, so it is misspelt or nothing can be compared; or a binary decision
            has more than one other value in the two samples together.
    """
    if not plan.favourable:
        return
    told = [
        (table, index, text_of(decision))
        for table, decisions in given
        for index, decision in enumerate(decisions)
        if decision_of(decision, plan) is not None
    ]
    values = list(dict.fromkeys(value for _, _, value in told))
    if told and plan.favourable not in values:
        shown = ", ".join(map(repr, values[:4]))
        raise Malformed(f"no decision is the favourable {plan.favourable!r}; there are {shown}")
    others = [value for value in values if value != plan.favourable]
    if plan.kind == "binary" and len(others) > 1:
        table, index = next((t, i) for t, i, value in told if value == others[1])
        place = table.at(index, plan.decision)
        raise Malformed(
            f"{place}: {others[1]!r} is neither {plan.favourable!r} nor {others[0]!r}: a category?"
        )


def decision_of(given: object, plan: Plan) -> float | str | None:
    """A decision in the plan's kind; None if it is none."""
    if not isinstance(given, str | int | float) or text_of(given) in {"", "nan", "inf", "-inf"}:
        return None
    if plan.kind == "number":
        return number(given)
    if plan.kind == "category":
        return text_of(given)
    if plan.favourable:
        return float(text_of(given) == plan.favourable)
    folded = text_of(given).lower()
    return float(folded in YES) if folded in YES | NO else None


def text_of(given: object) -> str:
    """A value as text, without space around it."""
    return str(given).strip()


def number(given: object) -> float | None:
    """A finite number from JSON or text; None if it is none."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        found = float(given)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def numeric(values: Iterable[object]) -> bool:
    """Whether a covariate is a quantity: all numbers, and more than two different ones."""
    found = {number(value) for value in values}
    return None not in found and len(found) > 2


def case_of(row: Row, given: object, plan: Plan) -> Case | str:
    """One row with its decision; why not, if it cannot be compared."""
    if isinstance(given, Failed):
        return given.reason
    for name in filter(None, (*plan.covariates, plan.group)):
        if row.get(name) is None or not text_of(row[name]):
            return f"no {name}"
    decision = decision_of(given, plan)
    if decision is None:
        return "no decision" if given in MISSING else "the decision cannot be read"
    told = text_of(row.get(plan.outcome, "")).lower()
    return Case(
        covariates=tuple(row[name] for name in plan.covariates),
        group=text_of(row[plan.group]) if plan.group else "",
        outcome=True if told in YES else False if told in NO else None,
        decision=decision,
    )
