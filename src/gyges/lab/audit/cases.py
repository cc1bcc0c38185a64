# SPDX-License-Identifier: Apache-2.0
"""Rows and decisions -> cases that can be compared. What cannot be read is counted by its reason.

An error is never a decision: a call that failed, a decision that is not of the plan's kind and a row without a
covariate are left out of all rates and told in `Sample.lost`.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from gyges.errors import Malformed
from gyges.lab.audit.plan import MISSING, Plan, Row

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


def read_csv(path: str | Path) -> list[dict[str, object]]:
    """The rows of a CSV file with a header line, values as text.

    Raises:
        Malformed: it cannot be read, has no rows, or a row has another number of fields.
    """
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            # Typed as text throughout, but surplus fields come as a list under the key None.
            found = [cast("dict[object, object]", row) for row in csv.DictReader(file, strict=True)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Malformed(f"{path}: {error}") from None
    if not found:
        raise Malformed(f"{path}: no rows")
    for line, row in enumerate(found, start=2):
        if not all(isinstance(name, str) and isinstance(v, str) for name, v in row.items()):
            raise Malformed(f"{path}: line {line} does not have the header's fields")
    return [{str(name): value for name, value in row.items()} for row in found]


def sample(rows: Sequence[Row], decisions: Iterable[object], plan: Plan) -> Sample:
    """Bring rows and decisions together.

    Raises:
        Malformed: there are no rows, a column that the plan names is in none of them, or a binary decision
            has more than one value besides the favourable one.
    """
    if not rows:
        raise Malformed("a sample without rows")
    named = [*plan.covariates, *([plan.group] if plan.group else [])]
    for column in [*named, *([plan.outcome] if plan.outcome else [])]:
        if all(column not in row for row in rows):
            raise Malformed(f"no row has the column {column!r}")
    lost, cases = Counter[str](), list[Case]()
    given_values = list(decisions)
    _one_other(given_values, plan)
    for row, given in zip(rows, given_values, strict=True):
        found = case_of(row, given, plan)
        if isinstance(found, str):
            lost[found] += 1
        else:
            cases.append(found)
    return Sample(cases=tuple(cases), rows=len(rows), lost=dict(lost))


def decision_of(given: object, plan: Plan) -> float | str | None:
    """A decision in the plan's kind; None if it is none."""
    told = str(given).strip()
    if given in MISSING or told == "":
        return None
    if plan.kind == "number":
        return number(given)
    if plan.kind == "category":
        return told
    if plan.favourable:
        return float(told == plan.favourable)
    folded = told.lower()
    return float(folded in YES) if folded in YES | NO else None


def number(given: object) -> float | None:
    """A finite number from JSON or text; None if it is none."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        found = float(given)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def numeric(values: Iterable[object]) -> bool:
    """Whether a covariate is a quantity: all numbers, and more than two different ones."""
    found = {number(value) for value in values}
    return None not in found and len(found) > 2


def _one_other(decisions: Sequence[object], plan: Plan) -> None:
    if plan.kind != "binary" or not plan.favourable:
        return
    told = {str(d).strip() for d in decisions if not isinstance(d, Failed) and d not in MISSING}
    others = sorted(told - {plan.favourable, ""})
    if len(others) > 1:
        raise Malformed(
            f"a binary decision with the values {', '.join(others[:4])}: is it a category?"
        )


def case_of(row: Row, given: object, plan: Plan) -> Case | str:
    """One row with its decision; why not, if it cannot be compared."""
    if isinstance(given, Failed):
        return given.reason
    if any(row.get(name) in MISSING for name in (*plan.covariates, *filter(None, [plan.group]))):
        return "a covariate is missing"
    decision = decision_of(given, plan)
    if decision is None:
        return "the decision cannot be read"
    told = str(row.get(plan.outcome, "")).strip().lower()
    return Case(
        covariates=tuple(row[name] for name in plan.covariates),
        group=str(row[plan.group]) if plan.group else "",
        outcome=True if told in YES else False if told in NO else None,
        decision=decision,
    )
