# SPDX-License-Identifier: Apache-2.0
"""The selftest: that promises hold in a small run, that a broken one is called broken, and how sure that is."""

import pytest
from scipy.stats import binom

from gyges.drift import simulate, sources
from gyges.drift.selftest import LEVEL, Counted, Suite, Verdict, judged, power, selftest, tail
from gyges.drift.suites import suites
from gyges.drift.words import Unusable

SMALL = [suite for suite in suites() if suite.name.startswith(("events", "daily", "cue, d"))]


def quiet(_what: str, _at: int, _of: int) -> None:
    """Nobody listens."""


def counts(wrong: int) -> Suite:
    """A suite of 1,000 runs in which `wrong` go wrong."""
    return Suite(name="counts", says="", budget=0.05, runs=1000, units=100, tried=lambda *_: wrong)


@pytest.mark.parametrize("k", [0, 1, 50, 73, 999, 1000])
def test_the_tail_is_the_binomial_law(k: int) -> None:
    """It agrees with SciPy, from certain to hardly possible."""
    expected = binom.sf(k - 1, 1000, 0.05)
    assert tail(k, 1000, 0.05) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_a_tail_of_no_promise_is_refused() -> None:
    """A share of 0 or 1, and no runs at all, promise nothing."""
    for n, p in ((0, 0.05), (10, 0.0), (10, 1.0)):
        with pytest.raises(Unusable, match="a promise needs runs"):
            tail(1, n, p)


@pytest.mark.slow
def test_twice_the_promise_is_nearly_always_seen() -> None:
    """Each suite has the power that the release needs, at its full size."""
    assert min(power(suite.runs, suite.budget) for suite in suites()) > 0.9


def test_the_verdict_turns_where_chance_falls_below_the_level() -> None:
    """One run fewer than the first impossible count still holds; twice the promise does not."""
    limit = next(k for k in range(1001) if binom.sf(k - 1, 1000, 0.05) < LEVEL)
    found = list(selftest([counts(limit - 1), counts(limit), counts(100)], 0, tell=quiet))
    assert [one.verdict for one in found] == [Verdict.HELD, Verdict.BROKEN, Verdict.BROKEN]
    assert [one.good for one in found] == [True, False, False]
    assert found[2].rate == 0.1


def test_a_misuse_that_is_not_refused_is_not_good() -> None:
    """What does not raise is told as such, whatever was counted."""
    seen = Counted(runs=100, units=10, wrong=0)

    def refuses() -> None:
        raise Unusable("no")

    base = {"name": "m", "says": "", "budget": 0.05, "runs": 100, "units": 10}
    verdicts = [
        judged(Suite(**base, tried=lambda *_: 0, refused=refused), seen).verdict  # type: ignore[arg-type]
        for refused in (refuses, lambda: None)
    ]
    assert verdicts == [Verdict.REFUSED, Verdict.NOT_REFUSED]


def test_a_detector_that_breaks_its_promise_is_called_broken() -> None:
    """Episodes of clustered sessions, taken one by one by the real detector, are found out."""

    def tried(runs: int, units: int, seed: int) -> int:
        found = simulate.watch(
            sources.Loose(0.1, 0.1), simulate.ranked(runs), runs, threshold=units / 0.05,
            change=units, units=units, seed=seed,
        )  # fmt: skip
        return int((found.alarms > 0).sum())

    suite = Suite(name="loose", says="", budget=0.05, runs=200, units=600, tried=tried)
    (found,) = selftest([suite], 3, tell=quiet)
    assert found.verdict is Verdict.BROKEN


@pytest.mark.slow
def test_small_suites_hold_and_repeat() -> None:
    """The same seed counts the same; every verdict is good; progress names each suite."""
    heard: list[str] = []
    first = list(selftest(SMALL, 7, small=10, tell=lambda what, *_: heard.append(what)))
    assert first == list(selftest(SMALL, 7, small=10, tell=quiet))
    assert all(one.good for one in first)
    assert heard[:-1] == [suite.name for suite in SMALL]


@pytest.mark.slow
def test_every_suite_runs() -> None:
    """All suites at a tenth of their size: the whole monitor, the gap's interval and both misuses among them."""
    found = list(selftest(suites(), 11, small=10, tell=quiet))
    assert [one.name for one in found if not one.good] == []
    assert sum(one.verdict is Verdict.REFUSED for one in found) == 2


def test_no_suite_is_refused() -> None:
    """An empty selftest would hold by saying nothing."""
    with pytest.raises(Unusable, match="no suite"):
        list(selftest([], 0, tell=quiet))
