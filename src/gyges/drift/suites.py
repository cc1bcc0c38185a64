# SPDX-License-Identifier: Apache-2.0
"""The suites of the selftest: worlds that do not change, and for each detector the share of runs it may alarm in.

A threshold c promises at most units / c expected alarms a run, so at most that share of runs with one; bounds of a
reference add the chance that they miss. Each suite runs the code that watches agents. What is simulated stands in
simulate.py, simulate_cue.py and simulate_whole.py.
"""

from collections.abc import Callable

import numpy as np

from gyges.drift import simulate, simulate_cue, simulate_whole, sources
from gyges.drift.banded import CONFIDENCE, Means, Rates
from gyges.drift.bank import Bettor
from gyges.drift.coin import Design
from gyges.drift.monitor import Monitor
from gyges.drift.ring import Ring
from gyges.drift.selftest import Suite
from gyges.drift.words import Feature, Grain, Kind

ALPHA = 0.05
RUNS = 1000
RATE, LOW, HIGH = 0.02, 0.01, 0.03
REFERENCE = 5000
MIX = (0.45, 0.3, 0.15, 0.07, 0.03)
FOLLOWS = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.45, 0.45, 0.1]])

Tried = Callable[[int, int, int], int]


def suites() -> list[Suite]:
    """All of them, in the order of a report."""
    return [*_time(), *_cue(), *_misuse()]


def _time() -> list[Suite]:
    events, sessions = sources.Events(RATE, RATE), sources.Sessions(RATE, RATE)
    mix, chain = sources.Mix(MIX, MIX), sources.Chain(FOLLOWS, FOLLOWS)

    def one(
        name: str, says: str, source: simulate.Source, made: Callable[[int, int], Bettor],
        *, more: float = 0.0, units: int = 3000, runs: int = RUNS,
    ) -> Suite:  # fmt: skip
        return Suite(
            name=name, says=says, budget=ALPHA + more, runs=runs, units=units,
            tried=_watched(source, made),
        )  # fmt: skip

    return [
        one("events, rate known", "independent events at 2 %", events,
            lambda n, _: simulate.known((RATE,), n)),
        one("events, 99 % bounds", f"the rate is bounded by a reference of {REFERENCE}", events,
            lambda n, seed: simulate.referenced((RATE,), n, units=REFERENCE, seed=seed),
            more=1 - CONFIDENCE),
        one("events, no baseline", "each is ranked among those before it", events,
            lambda n, _: simulate.ranked(n)),
        one("sessions, mean known", "sessions of 20 episodes that correlate by .1, as one share each",
            sessions, lambda n, _: Means({"": [(RATE, RATE)] * n})),
        one("sessions, no baseline", "the same, ranked", sessions, lambda n, _: simulate.ranked(n)),
        one("daily cycle, band", "1 % to 3 % within a day, and that band is stated",
            sources.Daily(LOW, HIGH, hourly=False), lambda n, _: Rates({"": [(LOW, HIGH)] * n})),
        one("daily cycle, strata", "the same, ranked within each hour", sources.Daily(LOW, HIGH),
            lambda n, _: simulate.ranked(n)),
        one("numbers, no baseline", "a continuous law, by rank: latency, length", sources.Numbers(),
            lambda n, _: simulate.ranked(n, numbers=True)),
        one("categories, 99 % bounds", "five labels, bounded by a reference", mix,
            lambda n, seed: simulate.referenced(MIX, n, units=REFERENCE, seed=seed),
            more=len(MIX) * (1 - CONFIDENCE), units=2000),
        one("categories, no baseline", "five labels, ranked", mix,
            lambda n, _: simulate.ranked(n * mix.width), units=2000),
        one("sequences, no baseline", "which of three tools follows which", chain,
            lambda n, _: simulate.ranked(n * chain.width), units=2000, runs=600),
        Suite(
            name="a monitor as a whole", budget=simulate_whole.BUDGET, runs=60, units=250,
            says="seven features of all kinds, both references, clustered sessions",
            tried=simulate_whole.alarmed,
        ),
    ]  # fmt: skip


def _cue() -> list[Suite]:
    def one(name: str, says: str, world: str, share: float = 0.5) -> Suite:
        def tried(runs: int, units: int, seed: int) -> int:
            return simulate_cue.quiet(
                world, runs=runs, units=units, share=share, alpha=ALPHA, seed=seed
            ).alarmed

        return Suite(name=name, says=says, budget=ALPHA, runs=RUNS, units=4000, tried=tried)

    return [
        one("cue, independent", "events at 5 % that the cue does not change", "iid"),
        one("cue, one in ten", "the same, where a tenth is told that nobody watches", "iid", 0.1),
        one("cue, drift in mid-run", "5 % becomes 15 % in both arms", "drift"),
        one("cue, clustered", "sessions of 20 episodes that correlate by .3", "clustered"),
        one("cue, daily cycle", "1 % to 9 % within a day", "daily"),
        Suite(
            name="cue, all together", says="eight features at once foretell the cue", budget=ALPHA,
            runs=600, units=150, tried=simulate_whole.foretold,
        ),
        Suite(
            name="replayed prompts", budget=ALPHA, runs=RUNS, units=200,
            says="prompts that are easy or hard, in both arms; an event and a number, a tenth missing",
            tried=lambda runs, units, seed: simulate_cue.replayed(
                runs=runs, prompts=units, alpha=ALPHA, seed=seed
            ),
        ),
        Suite(
            name="gap's interval", budget=ALPHA, runs=RUNS, units=4000, tried=simulate_whole.missed,
            says="a gap of 5 points amid drift is outside at one of 40 looks, or more",
        ),
    ]  # fmt: skip


def _misuse() -> list[Suite]:
    def loose(runs: int, units: int, seed: int) -> int:
        source = sources.Loose(RATE, RATE)
        return _watched(source, lambda n, _: simulate.ranked(n))(runs, units, seed)

    def finer(runs: int, units: int, seed: int) -> int:
        return simulate_cue.misused(
            runs=runs, units=units, share=0.5, alpha=ALPHA, seed=seed
        ).alarmed

    return [
        Suite(
            name="misuse: events as units", budget=ALPHA, runs=RUNS, units=3000, tried=loose,
            says="the episodes of such sessions, each taken as if it stood alone",
            refused=lambda: Monitor([Feature(name="refused", kind=Kind.BINARY, grain=Grain.EVENT)]),
        ),
        Suite(
            name="misuse: cue by session, analysed by episode", budget=ALPHA, runs=RUNS, units=3000,
            says="one coin counted twenty times", tried=finer,
            refused=lambda: Ring(
                Design(id="d", share=0.5),
                [Feature(name="refused", kind=Kind.BINARY, grain=Grain.EPISODE)],
            ),
        ),
    ]  # fmt: skip


def _watched(source: simulate.Source, made: Callable[[int, int], Bettor]) -> Tried:
    def tried(runs: int, units: int, seed: int) -> int:
        found = simulate.watch(
            source, made(runs, seed), runs, threshold=units / ALPHA, change=units, units=units,
            seed=seed,
        )  # fmt: skip
        return int((found.alarms > 0).sum())

    return tried
