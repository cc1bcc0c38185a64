# SPDX-License-Identifier: Apache-2.0
"""Promises and delays, by simulation: null streams keep their budget, changes are found as soon as they were measured.

Delays are medians. `found` is what the method's first measurement gave, in units after the change; here a delay may
be 15 % above it. Seeds are other ones than those that bets were chosen on.
"""

import numpy as np
import pytest

from gyges.drift.banded import Means, Rates
from gyges.drift.bank import Bettor
from gyges.drift.simulate import Source, Watched, known, ranked, referenced, watch
from gyges.drift.sources import Chain, Daily, Events, Loose, Mix, Numbers, Sessions
from gyges.drift.words import Direction, Unusable

RUNS = 400
LATE = 1.15
FIVE_IN_100 = 0.05
HOURS = {str(hour): [(Daily().rate(hour), Daily().rate(hour))] * RUNS for hour in range(24)}
TOOLS = (0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.03, 0.02)
TO_RARE = (0.2, 0.2, 0.15, 0.12, 0.1, 0.08, 0.08, 0.07)
TO_COMMON = (0.2, 0.3, 0.15, 0.12, 0.1, 0.08, 0.03, 0.02)

NULLS: dict[str, tuple[Source, Bettor, int]] = {
    "rate known": (Events(0.02, 0.02), known((0.02,), RUNS), 10_000),
    "rate by rank": (Events(0.02, 0.02), ranked(RUNS), 10_000),
    "number by rank": (Numbers(), ranked(RUNS, numbers=True), 5_000),
    "session known": (Sessions(0.02, 0.02), Means({"": [(0.02, 0.02)] * RUNS}), 5_000),
    "session by rank": (Sessions(0.02, 0.02), ranked(RUNS), 5_000),
    "daily, a band": (Daily(hourly=False), Rates({"": [(0.01, 0.03)] * RUNS}), 10_000),
    "daily, by hour": (Daily(), Rates(HOURS), 10_000),
    "tools known": (Mix(TOOLS, TOOLS), known(TOOLS, RUNS), 4_000),
    "tools by rank": (Mix(TOOLS, TOOLS), ranked(RUNS * 8), 1_500),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NULLS)
def test_nothing_keeps_its_budget(name: str) -> None:
    """Where nothing changes, 5 alarms in 100 runs are the budget, resets included; twice as many would fail."""
    source, bettor, units = NULLS[name]
    found = watch(
        source, bettor, RUNS, threshold=units / FIVE_IN_100, change=units, units=units, seed=61
    )
    assert found.alarms.sum() <= RUNS * FIVE_IN_100 + 3 * (RUNS * FIVE_IN_100) ** 0.5


def delay(
    source: Source, bettor: Bettor, *, change: int, threshold: float = 2e6, runs: int = RUNS
) -> Watched:
    """What is seen of a change."""
    return watch(
        source, bettor, runs, threshold=threshold, change=change, units=change + 30_000, seed=62
    )


def told(found: Watched, before: float) -> None:
    """The median delay is near what was measured before, and hardly a run alarmed earlier."""
    assert before / 2 < found.delay <= LATE * before
    assert found.early <= FIVE_IN_100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "before"), [(0.05, 583), (0.03, 3411), (0.10, 131), (0.01, 2549)]
)
def test_a_known_rate_is_found(after: float, before: float) -> None:
    """A rate of 2 % that was known, and moved."""
    told(delay(Events(0.02, after), known((0.02,), RUNS), change=2000), before)


@pytest.mark.slow
@pytest.mark.parametrize(("after", "before"), [(0.05, 689), (0.10, 170)])
def test_a_rate_is_found_without_a_baseline(after: float, before: float) -> None:
    """A rate of 2 % that nobody told, after 20,000 units."""
    told(delay(Events(0.02, after), ranked(200), change=20_000, runs=200), before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "before"),
    [
        (Numbers(move=0.2), 762),
        (Numbers(move=0.5), 146),
        (Numbers(tail=0.05), 537),
        (Numbers(spread=1.3), 236),
    ],
)
def test_a_number_is_found(source: Numbers, before: float) -> None:
    """All move, a few move far, or all spread."""
    told(delay(source, ranked(150, numbers=True), change=20_000, runs=150), before)


@pytest.mark.slow
@pytest.mark.parametrize(("band", "before"), [((0.02, 0.02), 1339), ((0.015, 0.025), 2159)])
def test_a_session_mean_is_found(band: tuple[float, float], before: float) -> None:
    """Sessions of 20 that hang together, 2.5 times as many events; the delay was measured in events."""
    found = delay(Sessions(0.02, 0.05), Means({"": [band] * RUNS}), change=1000, threshold=1e5)
    told(found, before / 20)


@pytest.mark.slow
def test_a_session_is_found_without_a_baseline() -> None:
    """The same, with nothing known."""
    told(delay(Sessions(0.02, 0.05), ranked(RUNS), change=1000, threshold=1e5), 1779 / 20)


@pytest.mark.slow
def test_a_daily_cycle_is_seen_through_by_the_hour() -> None:
    """2.5 times as many events on a cycle from 1 % to 3 %, each hour against its own rate."""
    told(delay(Daily(), Rates(HOURS), change=2000), 506)


@pytest.mark.slow
def test_a_daily_cycle_is_seen_through_by_a_band() -> None:
    """The same against the band [1 %, 3 %], no later than ln(bets * c) / KL of the new mean from the band's end."""
    found = delay(Daily(hourly=False, day=24), Rates({"": [(0.01, 0.03)] * RUNS}), change=2000)
    divergence = 0.05 * np.log(0.05 / 0.03) + 0.95 * np.log(0.95 / 0.97)
    assert found.delay <= np.log(7 * 2e6) / divergence
    assert found.early == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "bounds", "before"),
    [(TO_RARE, False, 263), (TO_COMMON, False, 377), (TO_RARE, True, 406), (TO_COMMON, True, 586)],
)
def test_a_tool_mix_is_found(after: tuple[float, ...], *, bounds: bool, before: float) -> None:
    """A tenth of the calls go to other tools; known shares, and 99 % bounds from 5,000 calls."""
    bettor = referenced(TOOLS, 200, units=5000, seed=63) if bounds else known(TOOLS, 200)
    told(delay(Mix(TOOLS, after), bettor, change=1000, runs=200), before)


@pytest.mark.slow
def test_a_bigram_sees_what_a_mix_cannot() -> None:
    """Calls change their order while each tool is used as often as before: pairs find it, the mix never does."""
    before = np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]])
    after = before.T
    pairs = delay(Chain(before, after), known(tuple(before.ravel()), 100), change=500, runs=100)
    assert pairs.delay < 100
    mix = Mix((1 / 3,) * 3, (1 / 3,) * 3)
    shares = watch(mix, known(mix.before, 100), 100, threshold=2e6, change=500, units=3000, seed=64)
    assert np.isinf(shares.delay)


@pytest.mark.slow
def test_the_wrong_unit_breaks_the_promise() -> None:
    """Events of sessions that hang together, taken one by one, alarm in most runs where 1 in 100 were promised."""
    loose = Loose(0.02, 0.02)
    found = watch(
        loose, known((0.02,), RUNS), RUNS, threshold=2e6, change=20_000, units=20_000, seed=65
    )
    assert found.early > 0.5


def test_the_seed_decides() -> None:
    """A simulation is the same again, and another with another seed."""
    made = [
        watch(Events(0.1, 0.5), ranked(50), 50, threshold=200, change=100, units=400, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert made[0].first.tolist() == made[1].first.tolist() != made[2].first.tolist()


def test_the_change_comes_after_so_many_units() -> None:
    """From never to always: the first alarm is at the first unit after the change, a delay of 1."""
    found = watch(Events(0.0, 1.0), known((0.02,), 5), 5, threshold=24, change=20, units=40, seed=0)
    assert found.first.tolist() == [21] * 5
    assert found.delay == 1


def test_delays_are_told_of_runs_that_were_quiet_before() -> None:
    """An early alarm is a false one and has no delay; a run that never alarms has an infinite one."""
    first, alarms = np.array([0, 5, 10, 11, 40]), np.ones(5, dtype=np.int64)
    found = Watched(change=10, units=99, threshold=9.0, first=first, alarms=alarms)
    assert found.early == 2 / 5
    assert found.delays.tolist() == [np.inf, 1, 30]
    assert found.delay == 30


def test_a_direction_sees_its_own_change_only() -> None:
    """Looking up finds a rise and no fall."""
    for after, finds in ((0.6, True), (0.1, False)):
        bettor = ranked(20, direction=Direction.UP)
        found = watch(Events(0.3, after), bettor, 20, threshold=1e4, change=300, units=900, seed=3)
        assert np.isfinite(found.delay) == finds


@pytest.mark.parametrize(("runs", "change", "units"), [(0, 1, 2), (1, 3, 2), (1, -1, 2)])
def test_a_simulation_that_cannot_be_is_refused(runs: int, change: int, units: int) -> None:
    """No run, and a change outside."""
    with pytest.raises(Unusable, match=r"^simulation: "):
        watch(Events(0.1, 0.2), ranked(1), runs, threshold=9, change=change, units=units, seed=0)
