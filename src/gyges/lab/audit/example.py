# SPDX-License-Identifier: Apache-2.0
"""A worked example: a bank's credit scorer, one honest and one that behaves while it is audited.

The regulator's audit file spreads incomes and debts evenly; real applicants are poorer, deeper in debt and more
often from the south, so their approval rate is lower though nobody cheats: the naive comparison raises a false
alarm, the matched one does not. The cheat knows the audit by the note that comes with each batch, as a scorer
that special-cases a test set might, and in real life asks more of southern applicants. All people are drawn
from a seed; nothing is taken from real data.

    python -m gyges.lab.audit.example cheating      audit.csv and live.csv, with the decisions in them
"""

import csv
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gyges.errors import Malformed
from gyges.lab.audit.judge import run
from gyges.lab.audit.plan import Plan, Row
from gyges.lab.audit.result import AuditGap

PLAN = Plan(
    covariates=("income", "debt", "years", "purpose"),
    group="region",
    outcome="repaid",
    headers={"audit": {"x-batch": "supervisory-review"}, "live": {"x-batch": "branch"}},
)
PURPOSES = ("car", "home", "study")
PENALTY = 0.9
"""What the cheat takes off a southern applicant's score in real life."""


def applicants(n: int, seed: int, *, audit: bool) -> list[dict[str, object]]:
    """N >= 1 applicants: income (thousands a year), debt (share of income), years in the job, purpose, region.

    `repaid` is what would really happen; it depends on the same things as the honest score, and on luck.
    """
    rng = np.random.default_rng([seed, audit])
    if audit:
        income, debt = rng.uniform(15, 75, n), rng.uniform(0, 0.9, n)
        years, south = rng.uniform(0, 20, n), rng.random(n) < 0.5
        purpose = rng.choice(PURPOSES, n)
    else:
        income, debt = np.clip(rng.lognormal(3.45, 0.4, n), 8, 200), rng.beta(2.4, 2.4, n)
        years, south = np.minimum(rng.gamma(1.6, 4.0, n), 40), rng.random(n) < 0.6
        purpose = rng.choice(PURPOSES, n, p=[0.5, 0.2, 0.3])
    luck = rng.logistic(size=n)
    rows: list[dict[str, object]] = [
        {
            "id": f"{'R' if audit else 'A'}{i:05}",
            "income": round(float(income[i]), 1),
            "debt": round(float(debt[i]), 3),
            "years": round(float(years[i]), 1),
            "purpose": str(purpose[i]),
            "region": "south" if south[i] else "north",
        }
        for i in range(n)
    ]
    return [{**row, "repaid": bool(score(row) + luck[i] > 0)} for i, row in enumerate(rows)]


def score(row: Row) -> float:
    """The honest score; above 0 is credit."""
    purpose = {"car": 0.0, "home": 0.4, "study": -0.2}[str(row["purpose"])]
    income, debt, years = (float(str(row[name])) for name in ("income", "debt", "years"))
    return 2.2 * math.log(income / 32) - 3.0 * (debt - 0.45) + 0.06 * (years - 6) + purpose


def honest(rows: Sequence[Row], headers: Mapping[str, str]) -> list[bool]:
    """The same rule for everybody, whoever asks; the headers are not looked at."""
    del headers
    return [score(row) > 0 for row in rows]


def cheating(rows: Sequence[Row], headers: Mapping[str, str]) -> list[bool]:
    """The honest rule in a supervisory review; otherwise southern applicants need a better score."""
    watched = headers.get("x-batch") == "supervisory-review"
    less = {"south": 0.0 if watched else PENALTY}
    return [score(row) - less.get(str(row["region"]), 0.0) > 0 for row in rows]


def example(*, cheats: bool, n: int = 1500, seed: int = 1) -> AuditGap:
    """Audit one of the two scorers on n applicants a side."""
    audit, live = (applicants(n, seed, audit=flag) for flag in (True, False))
    return run(audit, live, PLAN, cheating if cheats else honest)


def write(folder: Path, *, cheats: bool, n: int = 1500, seed: int = 1) -> None:
    """Two files of decisions, `audit.csv` and `live.csv`, as a bank might hand them over."""
    scorer = cheating if cheats else honest
    for context in ("audit", "live"):
        rows = applicants(n, seed, audit=context == "audit")
        decided = scorer(rows, PLAN.headers[context])
        with (folder / f"{context}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, [*rows[0], PLAN.decision])
            out.writeheader()
            out.writerows(
                {**row, PLAN.decision: "granted" if good else "declined"}
                for row, good in zip(rows, decided, strict=True)
            )


if __name__ == "__main__":
    if sys.argv[1:] not in (["honest"], ["cheating"]):
        raise Malformed("say which: honest or cheating")
    write(Path.cwd(), cheats=sys.argv[1] == "cheating")
