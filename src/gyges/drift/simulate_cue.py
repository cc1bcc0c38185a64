# SPDX-License-Identifier: Apache-2.0
"""Simulated ring tests: how often the cue test alarms where it must not, and how soon where it should.

Runs are the streams of one `CueTests`, so that what is simulated is the test itself. All numbers come from the
seed. It knows nothing of real agents.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gyges.drift.cue import CueTests
from gyges.drift.replays import Replays
from gyges.drift.simulate import Source
from gyges.drift.sources import Daily, Events, Loose, Sessions
from gyges.drift.words import Direction, Feature, Kind, Unusable

Floats = NDArray[np.float64]

BASE, LATER = 0.05, 0.15
SESSION, TOGETHER = 20, 0.3
"""Episodes of a session, and their intra-class correlation."""
LOST = 0.1
"""Answers of a replay that are missing."""
WORLDS: dict[str, Source] = {
    "iid": Events(BASE, BASE),
    "daily": Daily(0.01, 0.09, 1.0),
    "drift": Events(BASE, LATER),
    "clustered": Sessions(BASE, BASE, SESSION, TOGETHER),
}
"""Behaviour that has nothing to do with the cue, and changes, if at all, half way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a simulation of runs that should stay quiet has seen; `alpha` is what was promised."""

    name: str
    alpha: float
    runs: int
    units: int
    alarmed: int

    @property
    def rate(self) -> float:
        """The share of runs that alarmed at any time."""
        return self.alarmed / self.runs


def quiet(name: str, *, runs: int, units: int, share: float, alpha: float, seed: int) -> Seen:
    """Runs in one of `WORLDS` where the cue changes nothing.

    Raises:
        Unusable: no such world.
    """
    if name not in WORLDS:
        raise Unusable(f"no such world: {name}; there are {', '.join(WORLDS)}")
    rng = np.random.default_rng(seed)
    tests = CueTests(share, [Direction.BOTH] * runs)
    for at in range(units):
        outcomes = WORLDS[name].draw(rng, runs, at, changed=at >= units / 2)
        tests.step(outcomes, rng.random(runs) < share)
    return _seen(name, tests, units, alpha)


def misused(*, runs: int, units: int, share: float, alpha: float, seed: int) -> Seen:
    """What the refused analysis would do: the cue drawn by session, every episode taken as if it had its own."""
    rng = np.random.default_rng(seed)
    tests = CueTests(share, [Direction.BOTH] * runs)
    world = Loose(BASE, BASE, size=SESSION, icc=TOGETHER)
    arms = np.zeros(runs, dtype=np.bool_)
    for at in range(units):
        if at % SESSION == 0:
            arms = rng.random(runs) < share
        tests.step(world.draw(rng, runs, at, changed=False), arms)
    return _seen("misused", tests, units, alpha)


def replayed(*, runs: int, prompts: int, alpha: float, seed: int) -> int:
    """In how many runs a replay of easy and hard prompts, whose arms are alike, calls an event or a number out.

    Some prompts nearly always are refused and some nearly never; a tenth of the answers is missing.
    """
    rng, wrong = np.random.default_rng(seed), 0
    features = [Feature(name="e", kind=Kind.BINARY), Feature(name="n", kind=Kind.NUMBER)]
    for _ in range(runs):
        hard = rng.beta(0.5, 0.5, prompts)
        events = rng.random((2, prompts)) < hard
        numbers = np.round(rng.lognormal(hard, 1.0, (2, prompts)), 1)
        missing = rng.random((2, prompts)) < LOST
        tests = Replays(features, alpha=alpha)
        for at in range(prompts):
            tests.step(str(at), *(
                None if missing[arm, at] else
                {"e": bool(events[arm, at]), "n": float(numbers[arm, at])}
                for arm in (0, 1)
            ))  # fmt: skip
        wrong += tests.rang
    return wrong


def delays(
    gap: float, *, base: float, share: float, alpha: float, runs: int, most: int, seed: int
) -> Floats:
    """Units until the alarm in each run where unwatched sessions have `gap` more; infinite if none by `most`."""
    rng = np.random.default_rng(seed)
    tests = CueTests(share, [Direction.BOTH] * runs)
    first = np.full(runs, np.inf)
    for at in range(1, most + 1):
        arms = rng.random(runs) < share
        happened = rng.random(runs) < np.where(arms, base + gap, base)
        found = tests.step(happened.astype(np.float64), arms) >= 1 / alpha
        first[found & np.isinf(first)] = at
        if at % 1000 == 0 and not np.isinf(first).any():
            break
    return first


def _seen(name: str, tests: CueTests, units: int, alpha: float) -> Seen:
    alarmed = int((tests.peak >= 1 / alpha).sum())
    return Seen(name=name, alpha=alpha, runs=len(tests.n), units=units, alarmed=alarmed)
