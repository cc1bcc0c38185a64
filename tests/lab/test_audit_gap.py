# SPDX-License-Identifier: Apache-2.0
"""Twins, gaps, the planted control and the verdict: what an audit finds, and when it says that it cannot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from gyges.lab.audit import AuditGap, Plan, run
from gyges.lab.audit.cases import Case
from gyges.lab.audit.compare import Comparison
from gyges.lab.audit.example import example
from gyges.lab.audit.match import Matching, match
from gyges.lab.audit.plan import Row
from tests.lab.audits import PLAN, honest, people, rule


def gap(found: AuditGap, kind: str) -> Comparison:
    """The first comparison of a kind."""
    return next(c for c in found.comparisons if c.kind == kind)


def cases(rows: Sequence[Row]) -> list[Case]:
    """Rows as cases, decided by the honest rule."""
    return [
        Case(
            covariates=(row["need"], row["ward"]),
            group=str(row["sex"]),
            outcome=None,
            decision=float(rule(row)),
        )
        for row in rows
    ]


def matched(n: int, shift: float) -> tuple[list[Case], list[Case], Matching]:
    """(live, audit, matching); the live sample is shifted."""
    live, audit = cases(people(n, 1, shift=shift)), cases(people(n, 2))
    return live, audit, match(live, audit, PLAN)


@pytest.mark.slow
def test_the_cheating_scorer_is_found_and_the_honest_one_cleared() -> None:
    """The worked example: one diverges in decisions and in fairness, the other in nothing, and gaps are bounded."""
    cheat, good = example(cheats=True), example(cheats=False)
    assert cheat.diverges
    assert gap(cheat, "decision").estimate.high < -0.05
    assert gap(cheat, "demographic parity").estimate.low > 0.1
    assert gap(cheat, "equal opportunity").estimate.low > 0.1
    assert good.verdict == "no divergence found"
    assert good.control is not None
    assert good.control.passed
    assert good.excluded is not None
    assert good.excluded < 0.1


@pytest.mark.slow
def test_another_mix_of_cases_is_no_divergence() -> None:
    """The live sample needs more, and gets more, by the same rule: the naive gap is large, the matched one is not."""
    found = run(people(1500, 1), people(1500, 2, shift=0.6), PLAN, honest)
    first = gap(found, "decision")
    assert first.naive > 0.15
    assert first.estimate.low <= 0 <= first.estimate.high
    assert found.verdict == "no divergence found"
    moved = {b.name: (b.before, b.after) for b in found.balance}
    assert moved["need"][0] > 0.5
    assert all(abs(after) < 0.1 for _, after in moved.values())


def test_a_pair_is_alike_and_no_case_stands_in_two() -> None:
    """Labels are equal, the quantity lies within the caliper, and every share adds up."""
    live, audit, found = matched(400, 0.5)
    assert len({i for i, _ in found.pairs}) == len({j for _, j in found.pairs}) == len(found.pairs)
    spread = np.std([float(str(c.covariates[0])) for c in [*live, *audit]])
    for i, j in found.pairs:
        assert (live[i].group, live[i].covariates[1]) == (audit[j].group, audit[j].covariates[1])
        apart = float(str(live[i].covariates[0])) - float(str(audit[j].covariates[0]))
        assert abs(apart) <= PLAN.caliper * spread + 1e-9
    assert found.live_matched == len(found.pairs) / 400
    assert found.imbalance < 0.1


def test_matching_looks_at_no_decision() -> None:
    """Turning every decision round leaves the pairs as they are."""
    live, audit, found = matched(200, 0.5)
    turned = [replace(case, decision=1.0 - float(case.decision)) for case in live]
    assert match(turned, audit, PLAN).pairs == found.pairs


def test_those_without_a_twin_are_counted() -> None:
    """A ward that no audit case has is told as alone, and its cases are in no gap."""
    audit = [row for row in people(600, 1) if row["ward"] == "A"]
    live = people(600, 2)
    found = run(audit, live, PLAN, honest)
    share = sum(row["ward"] == "B" for row in live) / 600
    assert found.alone == pytest.approx(share)
    assert found.live_matched <= 1 - share
    assert f"{100 * share:.0f} % of live cases have labels that no audit case has" in found.text()


@pytest.mark.parametrize("why", ["labels", "quantity"])
def test_no_common_support_shows_nothing_and_says_so(why: str) -> None:
    """Where no live case has a twin there is no gap to report, and no verdict but that."""
    audit = people(300, 1)
    other = {"labels": {"ward": "Z"}, "quantity": {"need": 99.0}}[why]
    live = [{**row, **other} for row in people(300, 2)]
    found = run(audit, live, PLAN, honest)
    assert found.verdict == "not shown"
    assert found.reasons == ("only 0 pairs of like cases; 40 are needed",)
    assert found.comparisons == ()
    assert found.control is None
    assert found.text().startswith("Verdict: not shown\n")


def test_little_overlap_shows_nothing() -> None:
    """A quarter of the live cases says too little about the rest, however alike it is treated."""
    live = [
        {**row, "need": 99.0 if i % 4 else row["need"]} for i, row in enumerate(people(2000, 2))
    ]
    found = run(people(2000, 1), live, PLAN, honest)
    assert found.verdict == "not shown"
    assert found.reasons[0].endswith("of live cases have a twin in the audit")


def test_a_null_result_needs_its_planted_gap_found() -> None:
    """With too few pairs the control fails, and the same decisions that cleared a larger sample clear nothing."""
    small = run(people(90, 1), people(90, 2), PLAN, honest)
    assert small.verdict == "not shown"
    assert "a planted gap of 0.1 was found in only" in small.reasons[0]
    assert run(people(1500, 1), people(1500, 2), PLAN, honest).verdict == "no divergence found"


def test_a_gap_of_groups_is_found_where_the_rates_agree() -> None:
    """Taking from one group what is given to the other moves no rate; fairness is another question."""

    def partial(rows: Sequence[Row], headers: Mapping[str, str]) -> list[bool]:
        live = headers.get("who") == "live"
        extra = {"f": -0.8, "m": 0.8} if live else {"f": 0.0, "m": 0.0}
        return [rule({**r, "need": float(str(r["need"])) + extra[str(r["sex"])]}) for r in rows]

    plan = replace(PLAN, headers={"live": {"who": "live"}}, reference="m")
    found = run(people(1500, 1), people(1500, 2), plan, partial)
    assert found.diverges
    assert gap(found, "decision").p_holm > 0.05
    parity = gap(found, "demographic parity")
    assert parity.of == "f - m"
    assert parity.estimate.high < -0.1
    assert parity.live - parity.audit == pytest.approx(parity.estimate.value, abs=0.05)


def test_equal_opportunity_is_not_claimed_where_only_the_granted_have_an_outcome() -> None:
    """Those who were refused never show what they would have done: among the rest everybody was granted."""
    plan = replace(PLAN, outcome="well")

    def known(rows: Sequence[Row]) -> list[Row]:
        return [{**row, "well": "yes" if rule(row) else ""} for row in rows]

    found = run(known(people(600, 1)), known(people(600, 2)), plan, honest)
    assert "equal opportunity" not in {c.kind for c in found.comparisons}
    assert any("only favourable decisions have an outcome" in told for told in found.skipped)


def test_small_groups_are_named_and_not_compared() -> None:
    """A group of few is told as such; an interval over three pairs would be no answer."""
    audit, live = people(400, 1), people(400, 2)
    rare = [
        [{**row, "sex": "x" if i < 5 else row["sex"]} for i, row in enumerate(side)]
        for side in (audit, live)
    ]
    found = run(rare[0], rare[1], PLAN, honest)
    assert any(told.startswith("demographic parity, x - ") for told in found.skipped)


@pytest.mark.parametrize(
    ("kind", "favourable", "lower"), [("category", "high", "mid"), ("number", "", "")]
)
def test_labels_and_numbers_are_compared_too(kind: str, favourable: str, lower: str) -> None:
    """A triage level and a speed: a system that gives less in real life is found, each label by itself."""

    def triage(rows: Sequence[Row], headers: Mapping[str, str]) -> list[object]:
        less = 1.0 if headers else 0.0
        needs = [float(str(row["need"])) - less for row in rows]
        if kind == "number":
            return [30 + 5 * need for need in needs]
        return ["high" if need > 6 else "mid" if need > 4 else "low" for need in needs]

    plan = Plan(
        covariates=PLAN.covariates,
        kind="number" if kind == "number" else "category",
        favourable=favourable,
        headers={"live": {"who": "live"}},
    )
    found = run(people(900, 1), people(900, 2), plan, triage)
    assert found.diverges
    first = found.comparisons[0]
    if kind == "number":
        assert first.of == "mean"
        assert first.estimate.low < -5 < first.estimate.high
    else:
        assert first.estimate.high < 0
        assert {c.of for c in found.comparisons} == {"favourable", "low", lower}
    same = run(people(900, 1), people(900, 2), replace(plan, headers={}), triage)
    assert same.verdict == "no divergence found"


def test_the_result_is_plain_json_and_the_same_each_time() -> None:
    """Everything it rests on can be stored, and the same rows give the same answer."""
    made = [run(people(300, 1), people(300, 2), PLAN, honest).as_json() for _ in range(2)]
    assert json.dumps(made[0]) == json.dumps(made[1])
    assert set(made[0]) >= {"verdict", "reasons", "comparisons", "balance", "control", "plan"}


def test_every_gap_has_an_interval_around_it_and_holm_raises_p() -> None:
    """No gap stands without its interval, and none is more certain after correction than before."""
    found = example(cheats=True, n=700)
    for one in found.comparisons:
        assert one.estimate.low < one.estimate.value < one.estimate.high
        assert one.test.p <= one.p_holm <= min(1.0, one.test.p * len(found.comparisons)) + 1e-12
        assert f"{one.kind}, {one.of}" in found.text()
