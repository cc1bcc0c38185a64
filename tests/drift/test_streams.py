# SPDX-License-Identifier: Apache-2.0
"""One agent's streams: what each reference sees, what the budget adds up to, what is left alone and counted."""

from dataclasses import replace

import numpy as np
import pytest

from gyges.drift.alarms import Family, Reference, Tier
from gyges.drift.banded import mean_band
from gyges.drift.baseline import First, freeze, share_factors
from gyges.drift.bets import stakes_of
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Plan, Terms, plans
from gyges.drift.rows import Row, row_of
from gyges.drift.streams import STRATA, Line, Rang
from gyges.drift.units import single
from gyges.drift.words import Budget, Direction, Episode, Feature, Grain, Kind, Unusable
from tests.drift.world import FEATURES, RATES, TERMS, Office

REFUSED = Feature(name="refused", kind=Kind.BINARY)
STRICT = replace(TERMS, budget=Budget(alarms=1, sessions=200_000))
SECONDS = Feature(name="seconds", kind=Kind.NUMBER)


def _line(*features: Feature, terms: Terms = TERMS) -> Line:
    (plan,) = plans(features, terms)
    return Line(plan, "clerk")


def _steps(line: Line, office: Office, count: int) -> list[Rang]:
    return [rang for e in office.episodes(count) for rang in line.step(single(e))]


def _alarms(found: list[Rang], reference: Reference) -> list[Rang]:
    return [r for r in found if r.tier is Tier.ALARM and r.snapshot.spec.reference is reference]


@pytest.mark.parametrize("baseline", [Reference.PAST, Reference.FROZEN])
def test_the_budget_adds_up(baseline: Reference) -> None:
    """Expected false alarms a unit, over all parts and features, are exactly what the budget allows."""
    features = (*FEATURES, replace(REFUSED, name="stated", tolerance=(0.1, 0.2), weight=3))
    (plan,) = plans(features, replace(TERMS, baseline=baseline))
    line = Line(plan, "clerk")
    line.freeze(_rows(plan, 100), Family.DRIFT)
    rate = sum((1 / part.bank.thresholds).sum() for part in line.parts)
    assert rate == pytest.approx(TERMS.budget.alarms / TERMS.budget.sessions)


def _rows(plan: Plan, count: int) -> list[Row]:
    return [row_of(plan.layout, single(e)) for e in Office(seed=9).episodes(count)]


@pytest.mark.parametrize("direction", Direction)
def test_first_bets_as_bands_do(direction: Direction) -> None:
    """Its factors are those of a bounded mean at the ends of the same band."""
    made = share_factors(np.array([0.3]), np.array([0.1]), np.array([0.2]), direction)
    stake, mean = stakes_of(0.1, 0.2, direction).T
    assert made[:, 0] == pytest.approx(1 + stake * (0.3 - mean), rel=1e-6)


def test_the_first_reference_is_the_bounds_of_the_first_units() -> None:
    """Kept as running sums, it gives the bounds that the values themselves give, and then never moves."""
    rng = np.random.default_rng(1)
    values = rng.beta(1, 4, size=(400, 3))
    first = First(3, Direction.BOTH, 300, 3, number=False)
    for row in values:
        first.factors(row, row, "")
    for stream in range(3):
        wanted = mean_band(values[:300, stream], 1 - 0.01 / 3)
        assert first.bands[""][:, stream] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.slow
def test_bounds_of_a_reference_cover_the_truth_for_all_streams_at_once() -> None:
    """In a hundred references of four streams each, at most a few have any bound that misses."""
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(100):
        values = (rng.random((100, 4)) < 0.1).astype(float)
        bands, _ = freeze(values, [""] * 100, number=False, rates=True, of=4)
        missed += bool(((bands[""][0] > 0.1) | (bands[""][1] < 0.1)).any())
    assert missed <= 5


@pytest.mark.slow
def test_a_number_is_compared_on_the_scale_of_its_reference() -> None:
    """Frozen seconds ring when they double, whatever their unit, and stay quiet while they do not."""
    line = _line(SECONDS, terms=replace(TERMS, baseline=Reference.FROZEN))
    line.freeze(_rows(line.plan, 600), Family.DRIFT)
    office = Office(change=600, after={"seconds": 0.7})
    found = _alarms(_steps(line, office, 900), Reference.FROZEN)
    assert found
    assert line.units > 600
    assert not _alarms(_steps(_again(line), Office(seed=3), 600), Reference.FROZEN)


def _again(line: Line) -> Line:
    made = _line(*line.plan.layout.features, terms=replace(TERMS, baseline=Reference.FROZEN))
    made.freeze(_rows(made.plan, 600), Family.DRIFT)
    return made


@pytest.mark.slow
def test_a_stated_band_is_not_left_for_nothing() -> None:
    """Within its band a rate earns nothing; outside it rings soon."""
    stated = replace(REFUSED, tolerance=(0.05, 0.15))
    line = _line(stated)
    found = _steps(line, Office(change=500, after={"refused": 0.4}), 700)
    rang = _alarms(found, Reference.TOLERANCE)
    assert len(rang) >= 1
    assert not _alarms(_steps(_line(stated), Office(), 500), Reference.TOLERANCE)


def test_a_band_can_be_stated_of_rates_only() -> None:
    """A stated band on a number, or one that is none, is refused with the feature's name."""
    with pytest.raises(Unusable, match="feature seconds: a band can be stated of a rate"):
        _line(replace(SECONDS, tolerance=(0.1, 0.2)))
    with pytest.raises(Unusable, match="feature refused: a band of rates must satisfy"):
        _line(replace(REFUSED, tolerance=(0.3, 0.2)))


@pytest.mark.slow
def test_a_missing_value_leaves_its_sums_alone_and_is_counted() -> None:
    """Units that did not measure a feature change nothing but the count of what is missing."""
    line = _line(REFUSED, SECONDS)
    _steps(line, Office(), 300)
    before = [part.bank.sums.copy() for part in line.parts]
    line.step(single(Episode(id="x", agent="clerk", at=10**9, values={})))
    assert all(np.array_equal(a, p.bank.sums) for a, p in zip(before, line.parts, strict=True))
    assert line.missing.tolist() == [1, 1]


@pytest.mark.slow
def test_strata_have_baselines_of_their_own() -> None:
    """Day and night with different rates are quiet in strata, and ring without them."""
    rng = np.random.default_rng(4)

    def found(strata: bool) -> list[Rang]:
        line, rang = _line(REFUSED, terms=STRICT), list[Rang]()
        for at in range(1500):
            night = at % 200 >= 100
            value = bool(rng.random() < (0.5 if night else 0.05))
            name = ("night" if night else "day") if strata else ""
            episode = Episode(
                id=str(at), agent="clerk", at=at, stratum=name, values={"refused": value}
            )
            rang += line.step(single(episode))
        return [r for r in rang if r.tier is Tier.ALARM]

    assert found(strata=True) == []
    assert found(strata=False)


def test_a_stratum_without_a_frozen_band_is_not_bet_on_and_is_counted() -> None:
    """Units of a stratum that the reference never saw change nothing but a count."""
    line = _line(REFUSED, terms=replace(TERMS, baseline=Reference.FROZEN))
    line.freeze(_rows(line.plan, 200), Family.DRIFT)
    (frozen,) = [p for p in line.parts if p.spec.reference is Reference.FROZEN]
    _steps(line, Office(stratum="night", after={"refused": 0.9}, change=0), 100)
    assert not frozen.bank.sums.any()
    line.step(single(Episode(id="none", agent="clerk", at=10**9, stratum="night")))
    assert frozen.unbet.tolist() == [100]


@pytest.mark.slow
def test_strata_beyond_counting_are_pooled_and_counted() -> None:
    """A stratum that is new each time cannot hide an agent, nor fill the memory: the rest have one baseline."""
    line, rang = _line(REFUSED), list[Rang]()
    for at, episode in enumerate(Office(change=700, after={"refused": 0.7}).episodes(800)):
        rang += line.step(single(replace(episode, stratum=f"task {at}")))
    assert len(line.strata) == STRATA
    assert line.crowded == 800 - STRATA
    assert _alarms(rang, Reference.PAST)


def test_after_an_alarm_a_feature_stays_out_and_begins_again() -> None:
    """During the cool-down its sums stay at 0; then they grow, and the alarm comes again if the change stays."""
    line = _line(replace(REFUSED, tolerance=(0.05, 0.15)), terms=replace(TERMS, cooldown=30))
    rang: list[int] = []
    quiet: list[bool] = []
    for at, episode in enumerate(Office(change=0, after={"refused": 0.6}).episodes(200)):
        if any(r.tier is Tier.ALARM for r in line.step(single(episode))):
            rang.append(at)
        quiet.append(not line.parts[0].bank.sums.any())
    assert len(rang) >= 2
    assert all(quiet[rang[0] : rang[0] + 31])
    assert not quiet[rang[0] + 31]
    assert rang[1] - rang[0] > 30


def test_watch_is_told_once_and_before_the_alarm() -> None:
    """A change shows on watch before it alarms, and not at every unit."""
    found = _steps(_line(REFUSED, terms=STRICT), Office(change=400, after={"refused": 0.5}), 500)
    tiers = [r.tier for r in found if r.snapshot.spec.reference is Reference.PAST]
    assert tiers[:2] == [Tier.WATCH, Tier.ALARM]


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", [None, (0.1, 0.1)])
@pytest.mark.parametrize("seed", [1, 2])
def test_honest_agents_keep_the_budget(tolerance: tuple[float, float] | None, seed: int) -> None:
    """Two hundred rates that never change ring no more often than budgeted, resets included: twice is too often."""
    features = [
        replace(REFUSED, name=f"f{at}", tolerance=tolerance, grain=Grain.EPISODE)
        for at in range(200)
    ]
    terms = Terms(
        budget=Budget(alarms=30, sessions=500), seed="salt", cooldown=0, reference=100, keep=0
    )
    monitor, rng, alarms = Monitor(features, terms), np.random.default_rng(seed), 0
    for at in range(600):
        hits = rng.random(200) < 0.1
        values = {f"f{k}": bool(hit) for k, hit in enumerate(hits)}
        found = monitor.observe(Episode(id=str(at), agent="clerk", at=at, values=values))
        alarms += sum(a.tier is Tier.ALARM for a in found)
    assert monitor.spent("clerk") == pytest.approx(36)
    assert alarms <= 36 + 3 * 36**0.5


def test_all_features_share_one_step() -> None:
    """Features of one direction and kind lie in one part, however many they are."""
    line = _line(*RATES, SECONDS)
    assert [p.spec.reference for p in line.parts] == [
        Reference.PAST, Reference.PAST, Reference.FIRST, Reference.FIRST,
    ]  # fmt: skip
