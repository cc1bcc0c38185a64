# SPDX-License-Identifier: Apache-2.0
"""Drift and the ring test on recorded agents: what real runs hang together like, and what a change of model looks like.

    nothing changes   one model's runs in random orders, each a session, or four of one task a session
    another model     600 of one model's runs, then 600 of another's on the same tasks and attacks
    another defence   the same model, then with a defence against injected instructions
    ring test         a coin chooses between two sets of runs: of one model, or one with and one without a defence

That an order is random makes it one in which nothing changes, whatever the runs are like. What is measured was
chosen before looking, and nothing is tuned on it. Without the recordings beside the repository it says so.
"""

import random
import statistics
from collections.abc import Iterable, Sequence

from bench.measure import Row, sig, target
from bench.recorded_runs import FEATURES, FILE, Run, runs
from gyges.drift.coin import Design
from gyges.drift.monitor import Monitor
from gyges.drift.plans import Terms
from gyges.drift.ring import Ring
from gyges.drift.units import single
from gyges.drift.words import Budget, Cue, Episode

MODEL = "gpt-4o-2024-05-13"
ATTACKS = ("", "important_instructions")
TASKS = 622  # runs of every model on the tasks and attacks that are compared
EACH, SESSIONS, TOGETHER = 600, 2000, 4
STEP_MS = 60_000
SPENT = 0.5
"""False alarms that the budget allows in the sessions of one order where nothing changes."""
ALPHA = 0.05
DESIGN = Design(id="recorded", share=0.5)


def bench(*, quick: bool) -> list[Row]:
    """All rows of this bench."""
    if not FILE.exists():
        return [
            Row(
                metric="not measured",
                value=0.0,
                unit="",
                note="no recordings beside the repository",
            )
        ]
    known, orders, times = runs(), 2 if quick else 100, 1 if quick else 5
    alike = {name: [r for r in found if r.attack in ATTACKS] for name, found in known.items()}
    alike = {name: found for name, found in alike.items() if len(found) == TASKS}
    others = [name for name in alike if not name.startswith(MODEL)]
    defended = [name for name in alike if name.startswith(f"{MODEL}-")]
    return [
        _quiet("one run a session", [[r] for r in known[MODEL]], SESSIONS, orders),
        _quiet("four runs of a task a session", _by_task(known[MODEL]), SESSIONS // TOGETHER, orders),
        _changed("another model", alike, others[:1] if quick else others, times),
        _changed("another defence", alike, defended[:1] if quick else defended, times),
        _rung("nothing differs", [(known[MODEL], known[MODEL])] * orders, promised=True),
        _rung("no defence where unwatched", [(alike[MODEL], alike[d]) for d in defended] * times),
    ]  # fmt: skip


def _quiet(what: str, sessions: Sequence[list[Run]], length: int, orders: int) -> Row:
    """Alarms in random orders of the same sessions."""
    rang = [
        _watch(f"{what} {n}", random.Random(n).sample(sessions, length), Budget(alarms=SPENT, sessions=length))
        for n in range(orders)
    ]  # fmt: skip
    count = sum(len(alarms) for alarms in rang)
    row = Row(
        metric=f"false alarms, {what}", value=sig(count / orders), unit=f"in {length:,} sessions",
        n=orders, note=f"{count} alarms in {sum(map(bool, rang))} of {orders} random orders",
    )  # fmt: skip
    return target(row, SPENT, of="value")


def _changed(what: str, alike: dict[str, list[Run]], afters: Iterable[str], times: int) -> Row:
    """The median delay from `MODEL` to each of these."""
    delays: list[int] = []
    early = never = 0
    for name in afters:
        for n in range(times):
            rng = random.Random(f"{name} {n}")
            sessions = [[r] for r in rng.sample(alike[MODEL], EACH) + rng.sample(alike[name], EACH)]
            rang = _watch(f"{name} {n}", sessions, Budget())
            early += sum(at < EACH for at in rang)
            late = [at - EACH + 1 for at in rang if at >= EACH]
            delays += late[:1]
            never += not late
    found = len(delays)
    return Row(
        metric=f"delay, {what}", value=sig(statistics.median(delays)) if delays else 0.0,
        unit="sessions", n=found + never,
        note=f"found {found} of {found + never} times; {early} alarms before the change",
    )  # fmt: skip


def _rung(
    what: str, pairs: Sequence[tuple[list[Run], list[Run]]], *, promised: bool = False
) -> Row:
    """In how many ring tests anything rang, of 600 sessions each: unwatched runs, and watched ones."""
    rang, at = 0, []
    for n, (unwatched, watched) in enumerate(pairs):
        rng = random.Random(n)
        first = _ring(rng.sample(unwatched, EACH), rng.sample(watched, EACH), rng)
        rang += first > 0
        at += [first] if first else []
    row = Row(
        metric=f"ring test, {what}", value=sig(100 * rang / len(pairs)), unit="% rang", n=len(pairs),
        note=f"alpha {ALPHA:g}, {EACH} sessions" + (f"; median at {statistics.median(at):g}" if at else ""),
    )  # fmt: skip
    return target(row, 100 * ALPHA, of="value") if promised else row


def _watch(seed: str, sessions: Iterable[list[Run]], budget: Budget) -> list[int]:
    """Each alarm's session, from 0."""
    monitor = Monitor(FEATURES, Terms(budget=budget, seed=seed, reference=200, keep=0))
    for place, session in enumerate(sessions):
        at = place * STEP_MS
        for n, run in enumerate(session):
            monitor.observe(Episode(
                id=f"{place}.{n}", agent="a", at=at, session=str(place), values=run.values,
            ))  # fmt: skip
        monitor.close("a", str(place), at)
    return sorted(alarm.at // STEP_MS for alarm in monitor.unsettled())


def _ring(unwatched: Iterable[Run], watched: Iterable[Run], rng: random.Random) -> int:
    """With which session a feature rang first, from 1; 0: none did."""
    ring = Ring(DESIGN, FEATURES, alpha=ALPHA)
    for place, pair in enumerate(zip(watched, unwatched, strict=True)):
        arm = rng.random() < DESIGN.share
        cue = Cue(design=DESIGN.id, unwatched=arm)
        episode = Episode(id=str(place), agent="a", at=place, values=pair[arm].values, cue=cue)
        if ring.step(single(episode)):
            return place + 1
    return 0


def _by_task(found: Iterable[Run]) -> list[list[Run]]:
    """Runs of one task, four at a time."""
    tasks: dict[str, list[Run]] = {}
    for run in found:
        tasks.setdefault(run.task, []).append(run)
    return [
        mine[at : at + TOGETHER]
        for mine in tasks.values()
        for at in range(0, len(mine) - TOGETHER + 1, TOGETHER)
    ]
