# SPDX-License-Identifier: Apache-2.0
"""Scales of numbers: held once for both references, taken over once, and kept whatever the live part forgets."""

import tracemalloc

import numpy as np
import pytest

from gyges.drift.alarms import Act
from gyges.drift.baseline import First
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.ranked import Ranked
from gyges.drift.words import Budget, Direction, Episode, Feature, Kind

WIDE = 300
FEATURES = tuple(Feature(name=f"n{at}", kind=Kind.NUMBER) for at in range(WIDE))
TERMS = Terms(budget=Budget(alarms=1, sessions=100), keep=0, reference=100)


def episode(at: int, values: dict[str, float], agent: str = "clerk") -> Episode:
    """One of the agent's, at its second."""
    return Episode(id=f"{agent}-{at}", agent=agent, at=at * 1000, values=dict(values))


def observed(monitor: Monitor, units: range, seed: int = 1) -> None:
    """Let it see these units; the second half of the features comes every other time."""
    rng = np.random.default_rng(seed)
    for at in units:
        drawn = rng.normal(size=WIDE).tolist()
        few = drawn if at % 2 else drawn[: WIDE // 2]
        monitor.observe(episode(at, {f"n{k}": value for k, value in enumerate(few)}))


def scales(monitor: Monitor) -> tuple[Ranked, First]:
    """The two that hold the agent's edges."""
    live, first = (part.bettor for part in monitor.fleet.agents["clerk"].lines[0].parts)
    assert isinstance(live, Ranked)
    assert isinstance(first, First)
    return live, first


@pytest.mark.slow
def test_both_references_hold_one_scale() -> None:
    """While streams collect their edges and after, in a monitor that was loaded too; its dump is the same."""
    monitor = Monitor(FEATURES, TERMS)
    for units in (range(90), range(90, 140)):
        observed(monitor, units)
        for one in (monitor, Monitor.load(monitor.dump())):
            live, first = scales(one)
            assert first.edges is live.edges
            assert one.dump() == monitor.dump()
    assert live.ready().all()


def test_a_scale_that_was_taken_over_stays() -> None:
    """Where the live part forgets a stream, the first reference goes on with the edges it knew, for ever."""
    rng = np.random.default_rng(3)
    live, first = Ranked(np.ones(2, dtype=np.bool_)), First(2, Direction.BOTH, 50, 2, number=True)
    for at in range(63):
        live.factors(rng.normal(size=2) if at else np.array([0.0, np.nan]), rng.random(2), "")
        first.adopt(live.edges)
    known = first.edges[0].copy()
    assert first.lacks()
    live.forget(np.array([0]))
    for _ in range(64):
        live.factors(rng.normal(5, 1, size=2), rng.random(2), "")
        first.adopt(live.edges)
    assert not first.lacks()
    assert first.edges[0].tolist() == known.tolist() != live.edges[0].tolist()
    assert first.edges[1].tolist() == live.edges[1].tolist()


def test_two_scales_do_not_get_into_each_other() -> None:
    """What one live part knows and another does not is written to neither."""
    one, two = (np.full((2, 63), np.nan, dtype=np.float32) for _ in range(2))
    one[0], two[1] = 1.0, 2.0
    first = First(2, Direction.BOTH, 50, 2, number=True)
    for edges in (one, two):
        first.adopt(edges)
    assert first.edges[:, 0].tolist() == [1.0, 2.0]
    assert np.isnan(one[1]).all()
    assert np.isnan(two[0]).all()


@pytest.mark.slow
def test_who_is_loaded_goes_on_alike_after_forgetting() -> None:
    """A monitor that was dumped after a stream began anew, with the same values, dumps the same ever after."""
    one = Monitor((FEATURES[0], FEATURES[1]), Terms(budget=Budget(alarms=1, sessions=2), keep=0))
    alarms = [
        alarm.id
        for at in range(300)
        for alarm in one.observe(episode(at, {"n0": 0.0 if at < 200 else 1.0}))
        if alarm.reference == "past"
    ]
    one.ack(alarms[-1], Act.REBASELINE, by="Audrey", why="new tools", at=300_000)
    for at in range(300, 400):
        one.observe(episode(at, {"n0": 0.0}))
    two = Monitor.load(one.dump())
    for at in range(400, 500):
        for each in (one, two):
            each.observe(episode(at, {"n0": 0.0, "n1": at / 7}))
        assert one.dump() == two.dump(), at


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.SHARE, Kind.NUMBER])
def test_a_fleet_fits_into_memory(kind: Kind) -> None:
    """300 features of 1,000 agents take less than 200 MB, all that a monitor holds, counted on four agents."""
    features = [Feature(name=f"n{at}", kind=kind) for at in range(WIDE)]
    monitor, rng = Monitor(features, TERMS), np.random.default_rng(1)
    tracemalloc.start()
    try:
        for agent in range(4):
            for at in range(70):
                values = {f.name: float(v) for f, v in zip(features, rng.random(WIDE), strict=True)}
                monitor.observe(episode(at, values, str(agent)))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held / 4 * 1000 < 200e6
