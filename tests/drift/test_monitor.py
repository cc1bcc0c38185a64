# SPDX-License-Identifier: Apache-2.0
"""The monitor as its users see it: exact replays and restarts, settled alarms, families apart, nothing silent."""

import math
from dataclasses import replace

import pytest

from gyges.drift.alarms import Act, Alarm, Family, Reference, Tier
from gyges.drift.monitor import Monitor, Tally
from gyges.drift.plans import Terms
from gyges.drift.words import Cue, Episode, Feature, Grain, Kind, Unusable, Value
from tests.drift.world import FEATURES, IDLE, RATES, TERMS, Office, play

BUSY = Office(session=2, change=180, after={"refused": 0.8, "seconds": 1.5}, stratum="desk")
EPISODES = list(BUSY.episodes(320))
SMALL = replace(TERMS, reference=60, keep=50, cooldown=20)
WATCHED = (*FEATURES[:2], *FEATURES[7:])
SHIFT = Office(change=400, after={"refused": 0.7})


def _alarm(alarms: list[Alarm], reference: Reference = Reference.PAST) -> Alarm:
    return next(a for a in alarms if (a.tier, a.reference) == (Tier.ALARM, reference))


@pytest.mark.slow
def test_a_replay_is_exact() -> None:
    """The same episodes give the same alarms and the same bytes."""
    one, other = Monitor(WATCHED, SMALL), Monitor(WATCHED, SMALL)
    told = [one.observe(e) for e in EPISODES]
    assert told == [other.observe(e) for e in EPISODES]
    assert one.dump() == other.dump()
    assert any(a.tier is Tier.ALARM for alarms in told for a in alarms)


@pytest.mark.slow
def test_a_crash_changes_nothing_wherever_it_happens() -> None:
    """Dumped and loaded at every position of a run, a monitor goes on exactly as one that was not."""
    whole, crashed = Monitor(WATCHED, SMALL), Monitor(WATCHED, SMALL)
    for episode in EPISODES:
        crashed = Monitor.load(crashed.dump())
        assert crashed.observe(episode) == whole.observe(episode)
    assert crashed.dump() == whole.dump()
    assert whole.unsettled() == crashed.unsettled() != ()


@pytest.mark.slow
def test_a_restart_keeps_what_people_did_and_can_still_explain() -> None:
    """Acts, frozen baselines, mutes and cases survive."""
    monitor = Monitor(WATCHED, replace(SMALL, keep=1000))
    alarms = play(monitor, SHIFT, 500)
    monitor.freeze(
        "clerk",
        list(Office(seed=5).episodes(100)),
        by="ada",
        why="tests",
        at=1,
        family=Family.DEPLOYMENT,
    )
    monitor.ack(_alarm(alarms).id, Act.MUTE, by="ada", why="known", at=2)
    again = Monitor.load(monitor.dump())
    assert again.acts() == monitor.acts()
    name = _alarm(alarms, Reference.FIRST).id
    assert again.explain(name, k=3) == monitor.explain(name, k=3)
    rest = [replace(e, id=f"r{e.id}", at=e.at + 10**8) for e in SHIFT.episodes(60)]
    assert [again.observe(e) for e in rest] == [monitor.observe(e) for e in rest]


@pytest.mark.parametrize("cut", [0, 10, 30, 200, -1])
def test_bytes_that_are_no_dump_are_refused(cut: int) -> None:
    """A dump that is cut short is refused, not half read."""
    data = Monitor(WATCHED, SMALL).dump() if cut < 40 else _dumped()
    with pytest.raises(Unusable, match="state: "):
        Monitor.load(data[:cut])


def _dumped() -> bytes:
    monitor = Monitor(WATCHED, SMALL)
    play(monitor, BUSY, 10)
    return monitor.dump()


BAD = {
    "episode clerk-3: came before": replace(EPISODES[3], at=EPISODES[20].at),
    "episode x: the clock went backwards": replace(EPISODES[3], id="x"),
    "refused is nan": replace(EPISODES[20], id="x", values={"refused": math.nan}),
    "seconds is nan": replace(EPISODES[20], id="x", values={"seconds": math.nan}),
    "topic is 3": replace(EPISODES[20], id="x", values={"topic": 3}),
    "both need an id": replace(EPISODES[20], id="x", agent=""),
}


@pytest.mark.parametrize("told", BAD)
def test_what_is_refused_has_changed_nothing(told: str) -> None:
    """A bad episode is refused by name, and the state is what it was, bit for bit."""
    monitor = Monitor(WATCHED, SMALL)
    play(monitor, BUSY, 20)
    before = monitor.dump()
    with pytest.raises(Unusable, match=told):
        monitor.observe(BAD[told])
    assert monitor.dump() == before


def test_a_stranger_with_bad_numbers_is_not_remembered() -> None:
    """An agent whose first episode is refused has not been seen."""
    monitor = Monitor(WATCHED, SMALL)
    with pytest.raises(Unusable):
        monitor.observe(Episode(id="a", agent="new", at=-1))
    assert monitor.agents() == ()
    with pytest.raises(Unusable, match="agent new: has not been seen"):
        monitor.spent("new")


def test_events_are_refused_unless_forced() -> None:
    """A feature by event is refused with the measured correlation; forced, it is taken."""
    event = replace(RATES[0], grain=Grain.EVENT)
    sample = list(Office(session=5, clusters=True, base=0.3).episodes(500))
    with pytest.raises(Unusable, match=r"intra-class correlation 0\.\d\d in 100 sessions"):
        Monitor([event], TERMS, sample=sample)
    forced = Monitor([event], TERMS, forced=True)
    forced.observe(sample[0])
    assert Monitor.load(forced.dump()).dump() == forced.dump()


def test_grains_are_kept_apart() -> None:
    """An episode is one unit for features by episode at once, and for features by session when it closes."""
    by_episode = replace(RATES[1], grain=Grain.EPISODE)
    monitor = Monitor([RATES[0], by_episode], TERMS)
    play(monitor, Office(session=3), 3)
    assert monitor.tally("clerk", "denied").units == 3
    assert monitor.tally("clerk", "refused").units == 0
    monitor.advance("clerk", 10 * IDLE)
    assert monitor.tally("clerk", "refused").units == 1
    assert monitor.spent("clerk") == pytest.approx((3 + 1) / 2 / 2000)


def test_a_session_closes_by_word() -> None:
    """What a closed session rings is told at the close."""
    monitor = Monitor(RATES, TERMS)
    episode = Episode(id="a", agent="clerk", at=5, session="s", values={"refused": True})
    assert monitor.observe(episode) == []
    assert monitor.close("clerk", "s", 6) == []
    assert monitor.tally("clerk", "refused") == Tally(units=1, missing=0, unknown=0, unbet=0)
    with pytest.raises(Unusable, match="session s: is not open"):
        monitor.close("clerk", "s", 7)


def test_nothing_is_lost_in_silence() -> None:
    """Missing values and unknown labels are counted for each feature."""
    monitor = Monitor(FEATURES, TERMS)
    monitor.observe(Episode(id="a", agent="clerk", at=0, values={"topic": "weather"}))
    monitor.observe(Episode(id="b", agent="clerk", at=0, values={"tools": ("dig", "read")}))
    assert monitor.tally("clerk", "topic") == Tally(units=2, missing=1, unknown=1, unbet=0)
    assert monitor.tally("clerk", "tools") == Tally(units=2, missing=1, unknown=1, unbet=0)
    assert monitor.tally("clerk", "refused").missing == 2
    with pytest.raises(Unusable, match="feature nose: is not one"):
        monitor.tally("clerk", "nose")


@pytest.mark.slow
def test_a_timeline_shows_units_changes_and_alarms() -> None:
    """As many points as are kept, with what changed and what rang."""
    monitor = Monitor(FEATURES, replace(TERMS, keep=100))
    play(monitor, SHIFT, 460)
    line = monitor.timeline("clerk", "tools")
    assert line.values.shape == (100, 4)
    assert line.labels == ("read", "write", "search", "other")
    assert len(line.at) == len(line.units) == len(line.evidence) == 100
    assert [c.what for c in line.changes] == ["model"]
    rang = monitor.timeline("clerk", "refused")
    assert Tier.ALARM in {a.tier for a in rang.alarms}
    assert rang.evidence.max() >= 1


@pytest.mark.slow
def test_an_alarm_knows_the_budget_that_was_spent() -> None:
    """At most so many false alarms are expected by now, and the threshold follows from the budget."""
    monitor = Monitor(RATES, TERMS)
    alarm = _alarm(play(monitor, SHIFT, 460))
    units = int(alarm.unit.split("-")[1]) + 1
    assert alarm.spent == pytest.approx(units / 2000)
    assert alarm.threshold == pytest.approx(2000 * len(RATES) / 0.8)
    assert alarm.evidence >= alarm.threshold


@pytest.mark.slow
def test_agents_do_not_disturb_each_other() -> None:
    """Two agents in one monitor ring as each does alone."""
    both, one = Monitor(RATES, TERMS), Monitor(RATES, TERMS)
    other = replace(SHIFT, agent="porter", seed=5)
    alone = [one.observe(e) for e in SHIFT.episodes(450)]
    mixed: list[list[Alarm]] = []
    for mine, theirs in zip(SHIFT.episodes(450), other.episodes(450), strict=True):
        mixed.append(both.observe(mine))
        both.observe(theirs)
    assert mixed == alone


@pytest.mark.parametrize(
    "terms",
    [
        {"cooldown": -1},
        {"keep": -1},
        {"reference": 29},
        {"idle_ms": -1},
        {"baseline": Reference.FIRST},
    ],
)
def test_terms_that_make_no_sense_are_refused(terms: dict[str, int]) -> None:
    """A monitor says what is wrong with its settings."""
    with pytest.raises(Unusable, match="terms: "):
        Terms(**terms)  # type: ignore[arg-type]


def test_open_sessions_with_every_kind_of_value_survive() -> None:
    """Vectors, calls and cues of a session that is still open come back as they were."""
    vector = Feature(name="where", kind=Kind.VECTOR, centres=((0.0, 0.0), (1.0, 1.0)))
    monitor = Monitor([vector, *FEATURES], TERMS)
    cue = Cue(design="d", unwatched=True)
    values: dict[str, Value] = {
        "where": (0.2, 0.1),
        "tools": ("read",),
        "refused": True,
        "seconds": 2.0,
    }
    episode = Episode(id="a", agent="clerk", at=0, session="s", values=values, cue=cue)
    monitor.observe(episode)
    again = Monitor.load(monitor.dump())
    kept = again.fleet.agents["clerk"].sessions.open["s"]
    assert kept == [episode]
